/** Where a request says that it reached us: the base from which the issuer and every URL follow. */
import type { IncomingHttpHeaders } from 'node:http'
import { invalidRequest, shown } from '../errors.js'

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

/** What of a request decides it. */
export interface Arrival {
  readonly headers: IncomingHttpHeaders
  /** How it came, `http` or `https`. */
  readonly protocol: string
  /** Whether `X-Forwarded-*` counts. Of several values the first does: it is what the browser saw. */
  readonly trusted: boolean
  /** The host where the request names none (HTTP/1.0). */
  readonly fallback: string
}

export function readOrigin({ headers, protocol, trusted, fallback }: Arrival): string {
  const forwarded = (name: string) => (trusted ? firstOf(headers[name]) : undefined)
  const proto = (forwarded('x-forwarded-proto') ?? protocol).toLowerCase()
  const host = forwarded('x-forwarded-host') ?? headers.host ?? fallback
  const port = forwarded('x-forwarded-port')
  // RFC 3986 §3.2.2: a registered name or an IP literal; anything else could escape into pages and metadata.
  const [, name, ownPort] = /^([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?$/.exec(host) ?? []
  if (name === undefined)
    throw invalidRequest(`the host is ${shown(host)}, expected a name or address and maybe a port`)
  if (!Object.hasOwn(DEFAULT_PORTS, proto))
    throw invalidRequest(`X-Forwarded-Proto is ${shown(proto)}, expected http or https`)
  if (port !== undefined && !/^[0-9]{1,5}$/.test(port)) {
    throw invalidRequest(`X-Forwarded-Port is ${shown(port)}, expected a number`)
  }
  const chosen = port ?? ownPort
  return `${proto}://${name}${chosen === undefined || chosen === DEFAULT_PORTS[proto] ? '' : `:${chosen}`}`
}

/** The path that a proxy says it shows us below, without a slash at its end; undefined where none says so. */
export function readPrefix({ headers, trusted }: Pick<Arrival, 'headers' | 'trusted'>): string | undefined {
  const prefix = trusted ? firstOf(headers['x-forwarded-prefix']) : undefined
  if (prefix === undefined) return undefined
  // One slash between parts and no dots alone: as a link on a page it must not lead to another host or path.
  if (!/^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]{1,64}){0,16}\/?$/.test(prefix)) {
    throw invalidRequest(`X-Forwarded-Prefix is ${shown(prefix)}, expected a path such as /auth`)
  }
  return prefix.replace(/\/$/, '')
}

/** The URL of a request without the path that a proxy left in front. */
export function stripPath(url: string, path: string): string {
  if (path === '' || !url.startsWith(path)) return url
  const rest = url.slice(path.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : url
}

/** The first of a header's values, which is what the browser saw; undefined where there is none. */
export function firstOf(header: string | string[] | undefined): string | undefined {
  const value = [header].flat()[0]?.split(',')[0]?.trim()
  return value === '' ? undefined : value
}
