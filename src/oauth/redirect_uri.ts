/** Which redirect_uri is believed. RFC 6749 §3.1.2: https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2 */
import type { Client } from '../directory/clients.js'

/** RFC 9700 §2.1: whether the URI is one of the client's, character for character. */
export function isRegistered({ redirect_uris, application_type }: Client, uri: string): boolean {
  if (redirect_uris === 'any' || redirect_uris.includes(uri)) return true
  // RFC 8252 §7.3, RFC 9700 §4.1.3: but for the port of a native application, which gets one when it listens.
  return application_type === 'native' && redirect_uris.map(withoutPort).includes(withoutPort(uri))
}

/** A URI of this machine by http, whichever port it has; any other as it is. */
function withoutPort(uri: string): string {
  return uri.replace(/^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d+)?(?=[/?]|$)/, '$1')
}

/** Whether the URI fits one of the client's patterns, where it has such. */
export function fitsPattern({ redirect_uris, wildcard_redirect_uris }: Client, uri: string): boolean {
  return wildcard_redirect_uris && redirect_uris !== 'any' && redirect_uris.some((pattern) => fits(pattern, uri))
}

// Departure: RFC 9700 §2.1 demands exact comparison; a preview environment's host isn't known beforehand. A `*` never
// spans a separator, so it can move neither the host's registered end nor the path.
function fits(pattern: string, uri: string): boolean {
  const [start = '', ...parts] = pattern.split('*')
  const end = parts.pop()
  if (end === undefined || !uri.startsWith(start) || !uri.endsWith(end)) return false
  // The first place of each part is as good as any later one, so there is no way back to try: no URI takes long.
  let position = start.length
  for (const part of parts) {
    const found = uri.indexOf(part, position)
    if (found === -1 || SEPARATOR.test(uri.slice(position, found))) return false
    position = found + part.length
  }
  return position <= uri.length - end.length && !SEPARATOR.test(uri.slice(position, uri.length - end.length))
}

const SEPARATOR = /[/?#@\\:]/
