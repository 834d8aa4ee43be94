/** Reads the base URL that a request used, from which the issuer and all URLs are derived. */
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Snapshot } from '../config/snapshot.js'
import { IN_PROCESS } from '../context.js'
import { invalidRequest, shown } from '../errors.js'
import { mainPortOf } from './admin_port.js'

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }
const LARGEST_PORT = 65_535

/** The parts of a request that decide its base URL. */
export interface Arrival {
  readonly headers: IncomingHttpHeaders
  /** Scheme of the connection, `http` or `https`. */
  readonly protocol: string
  /** Whether `X-Forwarded-*` and `Forwarded` are trusted. Of several values the first counts: the one that the browser used. */
  readonly trusted: boolean
  /** Host of a request without a Host header (HTTP/1.0). */
  readonly fallback: string
}

/** RFC 3986 §3.2.2: a registered name or an IP literal. Other characters could change the meaning of pages and metadata. */
const HOST = /^([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?$/

/** A hook that refuses a request without one valid host. RFC 9112 §3.2: a request of HTTP/1.1 has exactly one Host header. */
export async function requireHost({ raw, headers }: FastifyRequest): Promise<void> {
  // Node drops all but the first in `headers`.
  const sent = raw.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length
  if (sent > 1) throw invalidRequest(`the request has ${sent} Host headers, expected one`)
  if (sent === 0 && raw.httpVersion !== '1.0') throw invalidRequest('the Host header is missing, expected one')
  if (headers.host !== undefined) parseHost(headers.host)
}

/** Returns the name or address, and the port. */
export function parseHost(host: string): { readonly name: string; readonly port: string | undefined } {
  const [, name, port] = HOST.exec(host) ?? []
  // The pattern allows a port of 99999 and an address such as 1.2.3.999, which no URL can have.
  if (name !== undefined && URL.canParse(`http://${host}`)) return { name, port }
  throw invalidRequest(`the host is ${shown(host)}, expected a name or address, optionally with a port`)
}

/** Returns the URL of the provider as the request used it, with the base path. A request at the admin port is about the main port. */
export function readRequestUrl(snapshot: Snapshot, request: FastifyRequest): string {
  const called = readCalledUrl(snapshot, request)
  const main_port = mainPortOf(request.raw)
  if (main_port === undefined) return called
  const url = new URL(called)
  url.port = String(main_port)
  return url.href.replace(/\/$/, '')
}

/** Returns the URL that the request was sent to, with the base path. An invalid forwarded host is accepted if no URL is derived from it. */
export function readCalledUrl(snapshot: Snapshot, request: FastifyRequest): string {
  const { headers, protocol, socket } = request
  const arrival = {
    headers,
    protocol,
    trusted: isTrusted(snapshot, request),
    fallback: `localhost:${socket.localPort}`,
  }
  try {
    return readOrigin(arrival) + readBasePath(snapshot, request)
  } catch (error) {
    const known = snapshot.config.issuer ?? snapshot.config.public_url
    if (known === undefined) throw error
    return known
  }
}

/** Returns the path of the provider in the browser, without a trailing slash. */
export function readBasePath(snapshot: Snapshot, request: FastifyRequest): string {
  return readPrefix({ headers: request.headers, trusted: isTrusted(snapshot, request) }) ?? snapshot.base_path
}

const isTrusted = (snapshot: Snapshot, { socket }: FastifyRequest) =>
  socket.remoteAddress === IN_PROCESS || snapshot.trusts(socket.remoteAddress)

/** Returns scheme, host and port of the URL that the request used. */
export function readOrigin({ headers, protocol, trusted, fallback }: Arrival): string {
  const forwarded = (name: string) => (trusted ? firstOf(headers[name]) : undefined)
  // A proxy that sends both kinds of headers often passes on a Forwarded header of the proxy before it.
  const standard = trusted ? readForwarded(headers.forwarded) : {}
  const proto = (forwarded('x-forwarded-proto') ?? standard.proto ?? protocol).toLowerCase()
  const host = forwarded('x-forwarded-host') ?? standard.host ?? headers.host ?? fallback
  const port = forwarded('x-forwarded-port')
  const { name, port: ownPort } = parseHost(host)
  if (!Object.hasOwn(DEFAULT_PORTS, proto)) {
    const source = forwarded('x-forwarded-proto') === undefined ? 'proto of the header Forwarded' : 'X-Forwarded-Proto'
    throw invalidRequest(`${source} is ${shown(proto)}, expected http or https`)
  }
  if (port !== undefined && !(/^[0-9]{1,5}$/.test(port) && Number(port) <= LARGEST_PORT)) {
    throw invalidRequest(`X-Forwarded-Port is ${shown(port)}, expected a number up to ${LARGEST_PORT}`)
  }
  const chosen = port ?? ownPort
  return `${proto}://${name}${chosen === undefined || chosen === DEFAULT_PORTS[proto] ? '' : `:${chosen}`}`
}

/** Reads `proto` and `host` of the first element: the proxy that the browser used. RFC 7239 §4. */
function readForwarded(header: string | undefined): { readonly proto?: string; readonly host?: string } {
  // Departure: RFC 7239 §4 demands quotes for `[`, `]` and `:`. Many proxies omit them.
  const [first] = /^(?:[^",]|"(?:[^"\\]|\\.)*")*/.exec(header ?? '')!
  const pairs = [...first.matchAll(/(?:^|;)\s*(proto|host)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]+))/gi)]
  return Object.fromEntries(
    pairs.map(([, name = '', quoted, token]) => [name.toLowerCase(), token ?? quoted?.replaceAll(/\\(.)/g, '$1')]),
  )
}

/** Returns the path of X-Forwarded-Prefix without a trailing slash; undefined without that header. */
export function readPrefix({ headers, trusted }: Pick<Arrival, 'headers' | 'trusted'>): string | undefined {
  const prefix = trusted ? firstOf(headers['x-forwarded-prefix']) : undefined
  if (prefix === undefined) return undefined
  // Single slashes and no segment of dots only: a link on a page must not lead to another host or path.
  if (!/^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]{1,64}){0,16}\/?$/.test(prefix)) {
    throw invalidRequest(`X-Forwarded-Prefix is ${shown(prefix)}, expected a path such as /auth`)
  }
  return prefix.replace(/\/$/, '')
}

/** Returns the URL without the base path, which a proxy may have left in it. */
export function stripPath(url: string, path: string): string {
  if (path === '' || !url.startsWith(path)) return url
  const rest = url.slice(path.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : url
}

/** Returns the first value of a header, the one that the browser used; undefined without the header. */
export function firstOf(header: string | string[] | undefined): string | undefined {
  const value = [header].flat()[0]?.split(',')[0]?.trim()
  return value === '' ? undefined : value
}
