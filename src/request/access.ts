/** Access to administration: where it is served, which hosts and pages can use it, and the admin token. */
import type { FastifyRequest } from 'fastify'
import type { Snapshot } from '../config/snapshot.js'
import { IN_PROCESS } from '../context.js'
import { foreignPage, invalidToken, nothingHere, shown } from '../errors.js'
import type { Config } from '../generated/types.js'
import { requireBearerToken } from '../oauth/bearer_token.js'
import { isSameSecret } from '../oauth/secret.js'
import { USER_AGENT } from '../outbound.js'
import { findRoute, type Route } from '../routes.js'
import { mainPortOf } from './admin_port.js'
import { hostNameOf, isKnownHost, isLocal } from './known_host.js'
import { readRequestUrl } from './origin.js'
import { configuredUrls } from './own_pages.js'
import { describeRequest } from './refusal.js'

/** Settings of the server that are fixed at start. */
type Place = Pick<Config['server'], 'host' | 'admin_port'>

export interface Access {
  /** A hook that refuses what the route table does not allow the caller. */
  requireAccess(request: FastifyRequest): Promise<void>
  /** Whether the caller may use the admin API. */
  mayAdminister(request: FastifyRequest, snapshot: Snapshot): boolean
}

export function createAccess(place: Place): Access {
  return {
    async requireAccess(request) {
      const { access, methods } = findRoute(request.routeOptions.url)!
      const { snapshot } = request.ctx
      // The program that has started the provider owns it.
      if (request.socket.remoteAddress === IN_PROCESS) return
      requireServed(request, access, place, snapshot)
      if (access === 'public') return
      refuseProviders(request)
      refusePages(request, access, place, snapshot)
      // The route answers 405 to other methods, with and without a token.
      if (methods.some((method) => method === request.method)) requireAdminToken(request, snapshot)
    },
    mayAdminister(request, snapshot) {
      try {
        requireServed(request, 'admin', place, snapshot)
        // Fetch Metadata §2.2: only the user sees the response of a navigation, also if a page of another site has caused it.
        if (request.headers['sec-fetch-mode'] !== 'navigate') refuseForeignOrigins(request, 'admin', snapshot)
        refuseUnknownHost(request, snapshot, isLocal(request.server.server, place.host))
        requireAdminToken(request, snapshot)
        return true
      } catch {
        // Whatever the reason, the caller gets no details.
        return false
      }
    },
  }
}

/** Refuses a route that is switched off, or that is served on the other port only. */
function requireServed(
  request: FastifyRequest,
  access: Route['access'],
  { admin_port }: Place,
  { config }: Snapshot,
): void {
  const main_port = mainPortOf(request.raw)
  const refuse = (reason: string) => nothingHere(`${describeRequest(request)}: ${reason}`)
  if (access === 'public') {
    if (main_port === undefined) return
    throw refuse(`the path is served only on port ${main_port}, and this is the port of server.admin_port`)
  }
  if (!config.server.admin) throw refuse('the admin API is switched off by server.admin')
  if (admin_port === undefined || main_port !== undefined) return
  throw refuse('the admin API is served only on the port of server.admin_port, which the log shows at the start')
}

/** Refuses calls of a provider: a client can name a URL of the admin API as its own. */
function refuseProviders({ headers }: FastifyRequest): void {
  if (headers['user-agent'] !== USER_AGENT) return
  throw foreignPage(`User-Agent is ${USER_AGENT}, expected a program other than a provider`)
}

/** Refuses requests that a page of another site can cause. */
function refusePages(request: FastifyRequest, access: Route['access'], { host }: Place, snapshot: Snapshot): void {
  refuseForeignOrigins(request, access, snapshot)
  refuseUnknownHost(request, snapshot, isLocal(request.server.server, host))
}

/** RFC 6454 §7: a script of another origin sends its Origin. Fetch Metadata §2.4: a link or an image sends Sec-Fetch-Site only. */
function refuseForeignOrigins(request: FastifyRequest, access: Route['access'], snapshot: Snapshot): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  const listed = access === 'admin' ? [] : snapshot.config.server.cors_origins
  if (listed.includes('*') || (origin !== undefined && listed.includes(origin))) return
  if (site === 'cross-site') {
    throw foreignPage('Sec-Fetch-Site is cross-site, expected a request of a program, or of a page of the provider')
  }
  if (origin === undefined) return
  const own = [...configuredUrls(snapshot), new URL(readRequestUrl(snapshot, request))].map((url) => url.origin)
  if (own.includes(origin)) return
  const advice = access === 'admin' || !URL.canParse(origin) ? '' : '; add it to server.cors_origins'
  throw foreignPage(
    `Origin is ${shown(origin)}, expected none, or ${[...new Set([...own, ...listed])].join(' or ')}${advice}`,
  )
}

/**
 * Refuses names that a site can give to the address of the provider, so that its page has the same origin (DNS rebinding).
 * Only the Host header counts, since such a page can send X-Forwarded-Host. With a token, which no page knows, any host is allowed.
 */
function refuseUnknownHost({ headers }: FastifyRequest, snapshot: Snapshot, loopback: boolean): void {
  const { admin_token, allowed_hosts } = snapshot.config.server
  // Browsers always send the header; programs of HTTP/1.0 may not.
  if (admin_token !== undefined || headers.host === undefined) return
  const name = hostNameOf(headers.host)
  if (isKnownHost(name, snapshot)) return
  // In a network, other machines use names that the configuration does not have. Names of the public DNS have a dot.
  const isListed = loopback || allowed_hosts.length > 0
  if (!isListed && (headers.origin === undefined || !name.includes('.'))) return
  throw foreignPage(
    `the host is ${shown(name)}, expected localhost, an IP address, or the host of a configured URL; a page of another site can use any other name: add it to server.allowed_hosts, or set public_url or server.admin_token`,
  )
}

/** RFC 6750 §2.1: the token is sent in the Authorization header. */
function requireAdminToken({ headers }: FastifyRequest, { config }: Snapshot): void {
  const { admin_token } = config.server
  if (admin_token === undefined) return
  const token = requireBearerToken(headers.authorization, 'admin token')
  if (!isSameSecret(token, admin_token)) throw invalidToken('the admin token is not the one of server.admin_token')
}
