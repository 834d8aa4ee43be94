/** Comparison of a redirect_uri with the registered ones. RFC 6749 §3.1.2: https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2 */
import { splitPattern } from '../clients/redirect_uris.js'
import type { Client } from '../directory/clients.js'

/** Tells whether a URI equals one of the client's redirect_uris, character for character. RFC 9700 §2.1. */
export function isRegistered({ redirect_uris, application_type }: Client, uri: string): boolean {
  if (redirect_uris === 'any' || redirect_uris.includes(uri)) return true
  return application_type === 'native' && differsInPort(redirect_uris, uri)
}

/**
 * Tells whether a URI is a registered one with another port of the loopback interface. RFC 8252 §7.3, RFC 9700 §4.1.3: a native
 * application can use any.
 */
export function differsInPort(registered: readonly string[], uri: string): boolean {
  return registered.map(withoutPort).includes(withoutPort(uri))
}

/** Removes the port of an http URI on the loopback interface. */
function withoutPort(uri: string): string {
  return uri.replace(/^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d+)?(?=[/?]|$)/, '$1')
}

/** Tells whether a URI matches one of the client's redirect_uris with wildcards. */
export function fitsPattern({ redirect_uris, wildcard_redirect_uris }: Client, uri: string): boolean {
  return wildcard_redirect_uris && redirect_uris !== 'any' && fitsSome(redirect_uris, uri)
}

/** Tells whether a URI matches one of the URIs with wildcards. */
export function fitsSome(patterns: readonly string[], uri: string): boolean {
  // RFC 3986 §5.2.4: dot segments would lead out of the registered path.
  if (DOT_SEGMENT.test(uri.split('?')[0]!)) return false
  return patterns.some((pattern) => fits(pattern, uri) || fits(pattern.replace(ANY_PORT, '$1'), uri))
}

const DOT_SEGMENT = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i

/** A wildcard in place of the port. It matches the default port as well, which URIs leave out. */
const ANY_PORT = /^([^/?#]*\/\/[^/?#]*):\*+(?=[/?]|$)/

// Departure: RFC 9700 §2.1 requires exact comparison. The host of a preview environment is unknown at registration. A `*`
// never spans a separator, so that it can change neither the registered end of the host nor the path; `**` spans those of a path.
function fits(pattern: string, uri: string): boolean {
  const parts = splitPattern(pattern)
  if (parts === undefined) return pattern === uri
  const start = endOfMatch(parts.head, uri)
  const end = endOfMatch(reverse(parts.tail), reverse(uri))
  if (start === undefined || end === undefined || start + end > uri.length) return false
  const between = uri.slice(start, uri.length - end)
  return !(parts.isDeep ? NOT_OF_PATH : SEPARATOR).test(between)
}

/** Returns the number of characters that the shortest match at the start of a text takes; undefined without a match. */
function endOfMatch(pattern: string, text: string): number | undefined {
  const [start = '', ...parts] = pattern.split('*')
  if (!text.startsWith(start)) return undefined
  // The first occurrence of each part is sufficient, so that the time is linear.
  let position = start.length
  for (const part of parts) {
    const found = text.indexOf(part, position)
    if (found === -1 || SEPARATOR.test(text.slice(position, found))) return undefined
    position = found + part.length
  }
  return position
}

const reverse = (text: string) => [...text].reverse().join('')

const SEPARATOR = /[/?#@\\:]/
const NOT_OF_PATH = /[?#\\]/
