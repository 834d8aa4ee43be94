/** Comparison of a redirect_uri with the registered ones. RFC 6749 §3.1.2: https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2 */
import type { Client } from '../directory/clients.js'

/** Tells whether a URI equals one of the client's redirect_uris, character for character. RFC 9700 §2.1. */
export function isRegistered({ redirect_uris, application_type }: Client, uri: string): boolean {
  if (redirect_uris === 'any' || redirect_uris.includes(uri)) return true
  // RFC 8252 §7.3, RFC 9700 §4.1.3: a native application on the loopback interface can use any port.
  return application_type === 'native' && redirect_uris.map(withoutPort).includes(withoutPort(uri))
}

/** Removes the port of an http URI on the loopback interface. */
function withoutPort(uri: string): string {
  return uri.replace(/^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d+)?(?=[/?]|$)/, '$1')
}

/** Tells whether a URI matches one of the client's redirect_uris with wildcards. */
export function fitsPattern({ redirect_uris, wildcard_redirect_uris }: Client, uri: string): boolean {
  return wildcard_redirect_uris && redirect_uris !== 'any' && redirect_uris.some((pattern) => fits(pattern, uri))
}

// Departure: RFC 9700 §2.1 requires exact comparison. The host of a preview environment is unknown at registration. A `*`
// never spans a separator, so that it can change neither the registered end of the host nor the path.
function fits(pattern: string, uri: string): boolean {
  const [start = '', ...parts] = pattern.split('*')
  const end = parts.pop()
  if (end === undefined || !uri.startsWith(start) || !uri.endsWith(end)) return false
  // The first occurrence of each part is sufficient, so that the time is linear.
  let position = start.length
  for (const part of parts) {
    const found = uri.indexOf(part, position)
    if (found === -1 || SEPARATOR.test(uri.slice(position, found))) return false
    position = found + part.length
  }
  return position <= uri.length - end.length && !SEPARATOR.test(uri.slice(position, uri.length - end.length))
}

const SEPARATOR = /[/?#@\\:]/
