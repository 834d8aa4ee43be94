/** The HTTP server: registers every plugin in one visible list. */
import { METHODS } from 'node:http'
import accepts from '@fastify/accepts'
import cookie from '@fastify/cookie'
import cors, { type FastifyCorsOptions } from '@fastify/cors'
import helmet from '@fastify/helmet'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { admin } from './admin/index.js'
import { userClaims } from './admin/user_claims.js'
import type { Snapshot } from './config/snapshot.js'
import type { Context } from './context.js'
import { createHostWarning } from './doctor/hosts.js'
import { authorization } from './endpoints/authorization.js'
import { checkSession } from './endpoints/check_session.js'
import { configSchema } from './endpoints/config_schema.js'
import { device } from './endpoints/device.js'
import { deviceAuthorization } from './endpoints/device_authorization.js'
import { discovery } from './endpoints/discovery.js'
import { distributedClaims } from './endpoints/distributed_claims.js'
import { endSessionEndpoint } from './endpoints/end_session.js'
import { type Health, healthz } from './endpoints/healthz.js'
import { home } from './endpoints/home.js'
import { introspection } from './endpoints/introspection.js'
import { jwks } from './endpoints/jwks.js'
import { realm } from './endpoints/realm.js'
import { registration } from './endpoints/registration.js'
import { revocation } from './endpoints/revocation.js'
import { tlsCa } from './endpoints/tls_ca.js'
import { token } from './endpoints/token.js'
import { userinfo } from './endpoints/userinfo.js'
import { webfinger } from './endpoints/webfinger.js'
import { createHttpFaults } from './faults/doors/http/hooks.js'
import { selfLogin } from './interaction/self_login.js'
import type { Issuer } from './issuer/issuers.js'
import type { Outbound } from './outbound.js'
import { contentSecurityPolicy } from './pages/content_security_policy.js'
import { type Access, createAccess } from './request/access.js'
import { readBodies } from './request/bodies.js'
import { createContext } from './request/create_context.js'
import { recordExchange } from './request/exchange.js'
import { requireFittingHeaders } from './request/headers.js'
import { identify } from './request/identify.js'
import { requireHost } from './request/origin.js'
import {
  acceptedBy,
  describeRequest,
  pathOf,
  refuse,
  refuseConnect,
  refuseMethod,
  refuseUnknown,
  refuseUnparsed,
  toJson,
} from './request/refusal.js'
import { isolatedName, rewriteUrl } from './request/routed_url.js'
import { findRoute, findRouteAt, METHODS_OF_ROUTES, ROUTES, type Route } from './routes.js'
import type { Identity } from './tls/identity.js'
import { protocolOptions, REQUEST_TIMEOUT } from './tls/protocol_options.js'

declare module 'fastify' {
  interface FastifyRequest {
    ctx: Context
  }
  interface FastifyContextConfig {
    /** Read by @fastify/cors; left out, the route has CORS. */
    cors?: false
  }
}

/** Everything that the server needs from the process. Without an identity, it uses plain http. */
export interface Foundation extends Partial<Identity> {
  /** Returns the snapshot in force; each request reads it once. */
  current(): Snapshot
  /** Returns the issuer with this name, created on first use; without a name, the default issuer. */
  findIssuer(name: string | undefined): Issuer
  health(): Health
  /** Requests to clients. */
  readonly outbound: Outbound
  /** Reads the configuration again. Resolves to whether the new configuration is in force. */
  reload(): Promise<boolean>
  readonly schema: object
  readonly log: FastifyBaseLogger
}

type Parts = Foundation & { readonly access: Access }

/** Creates a server that can listen, or take requests by `inject`. */
export async function createServer(foundation: Foundation): Promise<FastifyInstance> {
  const { body_limit, max_header_size } = foundation.current().config.server
  const app = Fastify({
    ...protocolOptions(foundation, max_header_size),
    loggerInstance: foundation.log,
    // Fastify's own log lines contain URLs with codes and tokens; `logRequest` writes lines without them.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: body_limit,
    requestTimeout: REQUEST_TIMEOUT,
    rewriteUrl: (request) => rewriteUrl(foundation.current(), request),
    // A path appended to an issuer with a trailing slash is a common mistake that the reference accepts.
    routerOptions: { maxParamLength: 2048, ignoreDuplicateSlashes: true },
    clientErrorHandler: (error, socket) => refuseUnparsed(foundation.log, error, socket, max_header_size),
    // No hook has run for these requests, so the headers that make a page safe are missing: the answer is JSON.
    frameworkErrors: (error, request, reply) => void refuse(error, request, reply, 'json'),
  })
  app.server.on('connect', (_request, socket) => refuseConnect(socket))
  // Fastify requires a content type of QUERY, which a path can accept only if it has the method.
  for (const method of METHODS.filter((name) => name === 'QUERY')) app.addHttpMethod(method, { overrideExisting: true })
  app.decorateRequest('ctx', null as unknown as Context)
  app.setReplySerializer(toJson)
  app.setErrorHandler<FastifyError>((error, request, reply) => refuse(error, request, reply))
  app.setNotFoundHandler((request, reply) => refuseUnknown(foundation.current(), request, reply))
  app.addHook('onResponse', logRequest)
  readBodies(app)

  await app.register(accepts)
  await app.register(cookie)
  await app.register(helmet, HELMET)
  const policy = contentSecurityPolicy()
  app.addHook('onRequest', async (_request, reply) => void reply.header('content-security-policy', policy))
  app.addHook('onRequest', requireHost)

  await app.register(async (scope) => {
    scope.addHook('onRoute', (options) => {
      if (findRoute(options.url)?.cors === false) options.config = { ...options.config, cors: false }
    })
    // Fetch §3.2. The configuration in force says which origins are allowed.
    await scope.register(cors, {
      delegator: (request, done) => done(null, corsOptions(foundation.current(), request)),
    })
    const parts = { ...foundation, access: createAccess(foundation.current().config.server) }
    await scope.register(serveProcess, parts)
    await scope.register(serveIssuers, parts)
  })
  return app
}

/** The routes of the process, which an isolated issuer does not have. */
const serveProcess: FastifyPluginAsync<Parts> = async (scope, { access, ...foundation }) => {
  scope.addHook('onRequest', async (request, reply) => {
    return isolatedName(request) === undefined ? undefined : reply.callNotFound()
  })
  await scope.register(healthz, {
    health: () => foundation.health(),
    mayAdminister: (request) => access.mayAdminister(request, foundation.current()),
  })
  await scope.register(configSchema)
  if (foundation.ca !== undefined) await scope.register(tlsCa, { ca: foundation.ca })
  refuseOtherMethods(scope, 'process')
}

/** The routes of every issuer. A request for an isolated issuer has the same paths, since `rewriteUrl` shortens them. */
const serveIssuers: FastifyPluginAsync<Parts> = async (scope, { access, ...foundation }) => {
  const warnOfHost = createHostWarning((message) => foundation.log.warn(message))
  const faults = createHttpFaults(scope.server, { record: recordExchange, describe: describeRequest })
  scope.addHook('onRequest', async (request) => {
    request.ctx = await createContext(foundation, access, request)
    requireFittingHeaders(request, request.ctx.snapshot.config.server.max_header_size)
    warnOfHost(request.ctx.request_url, foundation.current().config)
  })
  scope.addHook('onRequest', access.requireAccess)
  scope.addHook('preHandler', identify)
  scope.addHook('preHandler', faults.before)
  scope.addHook('preSerialization', faults.changeMembers)
  scope.addHook('onSend', faults.send)
  await scope.register(authorization)
  await scope.register(device)
  await scope.register(discovery)
  await scope.register(webfinger)
  await scope.register(jwks)
  await scope.register(token)
  await scope.register(realm)
  await scope.register(userinfo)
  await scope.register(introspection)
  await scope.register(revocation)
  await scope.register(deviceAuthorization)
  await scope.register(distributedClaims)
  await scope.register(registration)
  await scope.register(endSessionEndpoint)
  await scope.register(checkSession)
  await scope.register(userClaims)
  await scope.register(selfLogin)
  await scope.register(home)
  await scope.register(admin, foundation)
  refuseOtherMethods(scope, 'issuer')
}

/** Returns the CORS settings of a request. A preflight request has no route of its own, but the URL of one. */
function corsOptions({ config }: Snapshot, { headers, routeOptions, url }: FastifyRequest): FastifyCorsOptions {
  const { cors_origins } = config.server
  const { origin = '' } = headers
  const isOpen = cors_origins.includes('*')
  const isAllowed = origin !== '' && (isOpen || cors_origins.includes(origin))
  const { cors: mode } = findRoute(routeOptions.url) ?? findRouteAt(url) ?? {}
  const credentials = isAllowed && mode === 'with_credentials'
  return {
    // Fetch §3.2.5: a response to a request with credentials names the origin.
    origin: isOpen && !credentials ? '*' : isAllowed && origin,
    credentials,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    exposedHeaders: ['WWW-Authenticate', 'X-Mock-Fault'],
    strictPreflight: false,
  }
}

/** Headers of every response, without those that break a login in a pop-up or over plain http. */
const HELMET = {
  // Pages need different policies, so a hook and the endpoints set this header.
  contentSecurityPolicy: false,
  frameguard: { action: 'deny' as const },
  // With helmet's default, no-referrer, browsers send `Origin: null` with the provider's own forms (Fetch §3.2).
  referrerPolicy: { policy: 'same-origin' as const },
  crossOriginEmbedderPolicy: false,
  crossOriginOpenerPolicy: false,
  crossOriginResourcePolicy: false,
  strictTransportSecurity: false,
}

/** RFC 9110 §15.5.6: a method that a path does not accept is answered with 405 and the accepted methods. */
function refuseOtherMethods(app: FastifyInstance, scope: Route['scope']): void {
  for (const route of ROUTES.filter((one) => one.scope === scope)) {
    const { path: url, methods } = route
    // The certificate is served only if there is one.
    if (!app.hasRoute({ url, method: methods[0]! })) continue
    const accepted = acceptedBy(route)
    const refused = METHODS_OF_ROUTES.filter((method) => !accepted.includes(method))
    app.route({ method: refused, url, handler: refuseMethod })
  }
}

async function logRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const ms = Math.round(reply.elapsedTime)
  const { log } = request.ctx ?? request
  log.debug({ method: request.method, path: pathOf(request), status: reply.statusCode, ms }, 'answered')
}
