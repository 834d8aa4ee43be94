/** Where a request says that it reached us: the origin from which the issuer and every URL follow. */
import type { IncomingHttpHeaders } from 'node:http'
import { invalidRequest, shown } from './oauth/errors.js'

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

/**
 * @param trust_forwarded whether `X-Forwarded-Proto`, `-Host` and `-Port` count. Of several values the first does: it is
 *   what the browser saw.
 * @param fallback the host where the request names none (HTTP/1.0).
 */
export function readOrigin(headers: IncomingHttpHeaders, trust_forwarded: boolean, fallback: string): string {
  const forwarded = (name: string) => {
    const value = trust_forwarded ? [headers[name]].flat()[0]?.split(',')[0]?.trim() : undefined
    return value === '' ? undefined : value
  }
  const proto = (forwarded('x-forwarded-proto') ?? 'http').toLowerCase()
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
