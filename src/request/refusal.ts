/** The one error handler: answers every refusal that is not redirected to a client, as JSON or as a page. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Snapshot } from '../config/snapshot.js'
import { describeDecision } from '../directory/decision.js'
import { headersTooLarge, methodNotAllowed, notFound, OAuthError, serverError, unreadableRequest } from '../errors.js'
import { type Pages, renderPage } from '../pages/render.js'
import { endpointOf, findRoute, findRouteAt, METHODS_OF_ROUTES, type Method, type Route } from '../routes.js'
import { allowFraming } from './framing.js'
import { urlOf } from './routed_url.js'
import { suggestUrl } from './wrong_path.js'

/** Characters of JSON that is indented. In deep values, indentation takes several times as much as the values. */
const MOST_INDENTED = 16_384

/** Serializes JSON, with indentation unless it is long, so that people can read it. */
export function toJson(payload: unknown): string {
  const text = JSON.stringify(payload)
  return `${text.length > MOST_INDENTED ? text : JSON.stringify(payload, null, 2)}\n`
}

export const pathOf = (request: FastifyRequest) => urlOf(request).split('?')[0]!.slice(0, 200)
export const describeRequest = (request: FastifyRequest) => `${request.method} ${pathOf(request)}`

/** Returns the format of a refusal: that of the route, or the preferred one of the Accept header. */
function answerFor(request: FastifyRequest): 'page' | 'json' {
  const { answer = 'accepted' } = findRoute(request.routeOptions.url) ?? {}
  if (answer !== 'accepted') return answer
  return request.accepts().type(['json', 'html']) === 'html' ? 'page' : 'json'
}

/**
 * Answers with the refusal. An error of another type becomes a refusal first.
 * @param origin the origin of the client that a message of the page may be sent to.
 */
export function refuse(
  error: FastifyError | OAuthError,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: 'page' | 'json' = answerFor(request),
  origin?: string,
): FastifyReply {
  const refusal = error instanceof OAuthError ? error : asRefusal(error, request)
  const { log } = request.ctx ?? request
  // A fault rule can refuse with a status of 500, which is no failure of the provider.
  if (refusal.status >= 500 && refusal !== error) log.error({ err: error, path: pathOf(request) }, 'a request failed')
  else {
    const decision = request.ctx && describeDecision(request.ctx.snapshot, refusal)
    log.warn({ path: pathOf(request), status: refusal.status, ...refusal.toJSON(), ...decision }, 'request refused')
  }
  reply.code(refusal.status).headers(refusal.headers)
  if (answer === 'json') return reply.type('application/json; charset=utf-8').send(toJson(refusal))
  // A request for an isolated issuer with an invalid name has no context.
  if (request.ctx !== null) request.ctx.exchange.answer = refusal.toJSON()
  const framed = allowFraming(request, reply, refusal, origin)
  const { error: code, message: description, status } = refusal
  const entry = describeEntry(request, status, framed === undefined)
  // A page that others can frame has nothing to press.
  const frame = framed === undefined && request.ctx !== null ? request.ctx.frame() : {}
  const page = renderPage('error', { error: code, description, status, ...entry, ...framed }, frame)
  return reply.type('text/html; charset=utf-8').send(page)
}

/** Describes where the journal has the request: by its flow, or as the latest entry of its endpoint with its status. */
function describeEntry(request: FastifyRequest, status: number, linked: boolean): Pick<Pages['error'], 'entry'> {
  const endpoint = endpointOf(request.routeOptions.url)
  if (endpoint === undefined || request.ctx === null) return {}
  const { flow_id } = request.ctx.exchange
  const { journal } = request.ctx.frame()
  const query = new URLSearchParams(flow_id ? { flow_id } : { endpoint, status: String(status), limit: '1' })
  return { entry: { ...(linked && journal && { url: `${journal}?${query}` }), ...(flow_id && { flow_id }) } }
}

/** Returns the methods that a route accepts, with the OPTIONS of a CORS preflight request. */
export const acceptedBy = ({ methods, cors }: Route): readonly Method[] => (cors ? [...methods, 'OPTIONS'] : methods)

/** Refuses a method that the path does not accept. RFC 9110 §15.5.6: the answer lists the accepted methods. */
export const refuseMethod = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  refuse(wrongMethod(request, findRoute(request.routeOptions.url)!), request, reply)

/** Refuses a path that no route has, and on other paths a method that no route has, such as QUERY or PROPFIND. */
export function refuseUnknown(snapshot: Snapshot, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isForeign = !METHODS_OF_ROUTES.some((method) => method === request.method)
  const route = isForeign ? findRouteAt(request.url) : undefined
  if (route !== undefined) return refuse(wrongMethod(request, route), request, reply)
  return refuse(notFound(describeRequest(request), suggestUrl(snapshot, request)), request, reply)
}

const wrongMethod = (request: FastifyRequest, route: Route) =>
  methodNotAllowed(describeRequest(request), acceptedBy(route).join(', '))

/** Converts an error of Fastify, such as a body that is too large, to a refusal. Every other error is a failure of the provider. */
function asRefusal(error: FastifyError, request: FastifyRequest): OAuthError {
  const status = error.statusCode ?? 500
  if (status >= 500) return serverError()
  return unreadableBody(request, explain(error, request), status)
}

/** Refuses a body with the error code of the route. */
export function unreadableBody(request: FastifyRequest, description: string, status: number): OAuthError {
  const { bad_body = 'invalid_request' } = findRoute(request.routeOptions.url) ?? {}
  return unreadableRequest(bad_body, description, status)
}

function explain({ code, message }: FastifyError, request: FastifyRequest): string {
  // Fastify's messages about a URL quote its query, which may contain codes and tokens.
  if (code === 'FST_ERR_BAD_URL') return `${describeRequest(request)}: the path is not percent-encoded UTF-8`
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return `${describeRequest(request)}: a part of the path is too long`
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return `the body is too large, expected at most ${request.routeOptions.bodyLimit} bytes, the server.body_limit`
  }
  if (code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return message
  const type = request.headers['content-type'] ?? 'missing'
  return `content type is ${type}, expected application/json or application/x-www-form-urlencoded`
}

const STATUSES: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** Refuses bytes that are not HTTP, on the socket itself. The log gets none of them, since they may contain secrets. */
export function refuseUnparsed(
  log: FastifyBaseLogger,
  { code }: NodeJS.ErrnoException,
  socket: Socket,
  max_header_size: number,
): void {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const refusal = headersTooLarge(
      `the request line and headers have more than ${2 * max_header_size} bytes, expected at most ${max_header_size}, the server.max_header_size`,
    )
    log.warn({ status: refusal.status, ...refusal.toJSON() }, 'request refused')
    answer(socket, refusal)
    return
  }
  const status = STATUSES[String(code)] ?? 400
  log.debug({ code, status }, 'received bytes that are not HTTP')
  answer(socket, unreadableRequest('invalid_request', `the request is not HTTP: ${code}`, status))
}

/** Refuses to be a proxy. RFC 9110 §9.3.6: the target of CONNECT is no path, so no route can refuse it. */
export const refuseConnect = (socket: Duplex): void =>
  answer(socket, methodNotAllowed('CONNECT', METHODS_OF_ROUTES.join(', ')))

/** Time for a client to read the refusal, in milliseconds. */
const LINGER = 100

function answer(socket: Duplex, refusal: OAuthError): void {
  // Node no longer listens for errors of this socket, such as a reset by the client.
  socket.on('error', () => undefined)
  const body = toJson(refusal)
  const headers = {
    ...refusal.headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end([`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`, ...lines, '', body].join('\r\n'))
  // A client that neither reads nor closes does not keep the connection.
  setTimeout(() => socket.destroy(), LINGER).unref()
}
