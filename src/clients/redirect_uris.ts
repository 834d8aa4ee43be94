/** The redirect URIs of a client. RFC 6749 §3.1.2, RFC 7591 §2, OpenID Connect Registration §2 and OpenID Connect Core §8.1. */
import { shown, withoutUserInformation } from '../errors.js'
import { type Finding, has, type Metadata, type Settings } from './findings.js'
import { isRedirected } from './response_types.js'

/** Schemes whose URIs are content that a browser runs or shows: in a form of the provider, with the origin of the provider. */
const SCRIPTS = ['javascript:', 'data:', 'vbscript:', 'blob:', 'filesystem:']
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Returns what is expected of a URI that browsers are redirected to, or undefined if it is valid. */
export function expectRedirectUri(uri: string): string | undefined {
  // RFC 3986 §2: a URI is ASCII. A line break would also end the Location header.
  if (!/^[\x21-\x7e]+$/.test(uri)) return 'a URI of printable ASCII characters without spaces'
  // `localhost:3000/callback` is an absolute URI of the scheme `localhost`, which is never intended.
  if (!URL.canParse(uri) || /^[^/:?#]+:\d+([/?#]|$)/.test(uri)) {
    return 'an absolute URI such as http://localhost:3000/callback'
  }
  // RFC 6749 §3.1.2: the redirection endpoint URI must not include a fragment.
  if (uri.includes('#')) return 'a URI without a fragment'
  if (SCRIPTS.includes(new URL(uri).protocol)) return 'a URI that leads to an application, not a script'
  return undefined
}

/** Returns a URI that can be parsed if the pattern is valid: a port can't contain `*`, so a digit takes its place. */
function withoutWildcards(uri: string): string {
  return URL.canParse(uri) ? uri : uri.replaceAll('*', '1')
}

/** A part of a URI with wildcards before or after its longest wildcard. */
export interface Pattern {
  readonly head: string
  /** Whether the wildcard between head and tail is `**`, which matches separators of a path. */
  readonly isDeep: boolean
  readonly tail: string
}

/** The scheme and the authority of a URI, or the first segment of a URI without authority. */
const AUTHORITY = /^[^/?#]*(?:\/\/[^/?#]*)?/

/** Splits a URI at its `**`, else at its last `*`; undefined for a URI without wildcards. */
export function splitPattern(uri: string): Pattern | undefined {
  // A host has no path: there, any number of `*` is the same as one.
  const [authority] = AUTHORITY.exec(uri)!
  const pattern = authority.replaceAll(/\*+/g, '*') + uri.slice(authority.length).replaceAll(/\*{3,}/g, '**')
  const deep = pattern.indexOf('**')
  const last = pattern.lastIndexOf('*')
  if (last === -1) return undefined
  if (deep === -1) return { head: pattern.slice(0, last), isDeep: false, tail: pattern.slice(last + 1) }
  return { head: pattern.slice(0, deep), isDeep: true, tail: pattern.slice(deep + 2) }
}

export function* checkRedirectUris(metadata: Metadata, settings: Settings): Iterable<Finding> {
  const wildcards = metadata.wildcard_redirect_uris === true || settings.wildcard_redirect_uris
  const { redirect_uris } = metadata
  // RFC 7591 §2: clients that use flows with redirection must register their redirect URIs.
  if (redirect_uris?.length === 0 && isRedirected(metadata)) {
    yield { path: ['redirect_uris'], message: 'is missing or empty, expected at least one absolute URI' }
  }
  for (const member of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    for (const [index, uri] of (metadata[member] ?? []).entries()) {
      if (uri === undefined) continue
      const expected = wildcards ? expectPattern(uri) : (expectWithoutWildcard(member, uri) ?? expectRedirectUri(uri))
      const message = `is "${shown(withoutUserInformation(uri))}", expected ${expected}`
      if (expected !== undefined) yield { path: [member, index], message }
    }
  }
}

/** A `*` in a post_logout_redirect_uri is a character of the URI unless wildcards are on. */
function expectWithoutWildcard(member: string, uri: string): string | undefined {
  if (member !== 'redirect_uris' || !uri.includes('*')) return undefined
  return 'a URI without *; wildcard_redirect_uris: true makes * a wildcard, for this client or for all'
}

function expectPattern(uri: string): string | undefined {
  // The comparison takes linear time with one `**`.
  if (splitPattern(uri)?.tail.includes('**'))
    return 'at most one **; write * in place of the others, which matches a part between two slashes'
  return expectRedirectUri(withoutWildcards(uri))
}

/** Returns the hosts that can be the sector of a client. A scheme of an application's own has the host ''. */
export function hostsOf({
  sector_identifier_uri,
  redirect_uris,
}: {
  readonly sector_identifier_uri?: string | undefined
  readonly redirect_uris: readonly string[] | 'any'
}): readonly string[] {
  const uris = [sector_identifier_uri ?? redirect_uris].flat()
  return [...new Set(uris.map((uri) => new URL(withoutWildcards(uri)).hostname))]
}

// OpenID Connect Core §8.1: only one host can be the sector, so that with several or none a sector_identifier_uri must be registered.
export function* checkSector(metadata: Metadata): Iterable<Finding> {
  if (metadata.subject_type !== 'pairwise' || has(metadata, 'sector_identifier_uri')) return
  const uris = metadata.redirect_uris ?? [undefined]
  const valid = uris.filter((uri) => uri !== undefined).filter((uri) => URL.canParse(withoutWildcards(uri)))
  const hosts = hostsOf({ redirect_uris: valid })
  if (hosts.length === 1 ? hosts[0] !== '' : hosts.length === 0 && valid.length < uris.length) return
  const found = hosts.map((host) => host || 'none').join(', ') || 'none'
  const message = `is missing, expected one for pairwise because redirect_uris has the hosts ${found}`
  yield { path: ['sector_identifier_uri'], message }
}

/** Checks each redirect URI against the application_type. OpenID Connect Registration §2. */
export function* checkApplicationType(metadata: Metadata): Iterable<Finding> {
  const { application_type, grant_types = [], redirect_uris = [] } = metadata
  for (const [index, uri] of redirect_uris.entries()) {
    if (uri === undefined || !URL.canParse(uri)) continue
    const expected =
      application_type === 'native' ? expectNative(uri) : expectWeb(uri, grant_types.includes('implicit'))
    if (expected === undefined) continue
    const message = `is "${shown(withoutUserInformation(uri))}", expected ${expected}`
    yield { path: ['redirect_uris', index], message, rule: 'application_type' }
  }
}

/** A web application with the implicit grant must use https and must not use localhost. */
function expectWeb(uri: string, implicit: boolean): string | undefined {
  const { protocol, hostname } = new URL(uri)
  if (!implicit || (protocol === 'https:' && hostname !== 'localhost')) return undefined
  return 'https and another host than localhost, because the application_type is web and the grant_types have implicit'
}

/** A native application must use a scheme of its own, or http on this machine. */
function expectNative(uri: string): string | undefined {
  const { protocol, hostname } = new URL(uri)
  if (protocol !== 'https:' && (protocol !== 'http:' || LOOPBACK.includes(hostname))) return undefined
  return `a scheme of its own, or http with one of ${LOOPBACK.join(', ')}, because the application_type is native`
}
