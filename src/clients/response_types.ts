/** Response types and the grant types that they need. OAuth 2.0 Multiple Response Types, RFC 7591 §2.1. */
import type { GrantType, ResponseType } from '../generated/types.js'
import { VALUES } from '../generated/values.js'
import type { Finding, Metadata } from './findings.js'

/** The parts of an authorization response. */
export interface Parts {
  readonly code: boolean
  readonly token: boolean
  readonly id_token: boolean
}

/** The response types and the parts of their responses. */
export const RESPONSE_TYPES = Object.fromEntries(
  VALUES.ResponseType.map((name) => [name, readParts(name.split(' '))]),
) as Readonly<Record<ResponseType, Parts>>

/** Grant types that end with a redirect. RFC 6749 §4.1 and §4.2. */
const REDIRECTING: readonly GrantType[] = ['authorization_code', 'implicit']

function readParts(words: readonly string[]): Parts {
  return { code: words.includes('code'), token: words.includes('token'), id_token: words.includes('id_token') }
}

/** Returns the client's response types whose responses have certain parts. */
export function findResponseTypes(
  { response_types = [] }: Metadata,
  select: (parts: Parts) => boolean,
): ResponseType[] {
  return response_types.filter((type) => type !== undefined).filter((type) => select(RESPONSE_TYPES[type]))
}

/** Returns the grant types that the client's response types need. */
export function listNeededGrantTypes(metadata: Metadata): GrantType[] {
  const code = findResponseTypes(metadata, (parts) => parts.code)
  const implicit = findResponseTypes(metadata, (parts) => parts.token || parts.id_token)
  return [
    ...(code.length > 0 ? (['authorization_code'] as const) : []),
    ...(implicit.length > 0 ? (['implicit'] as const) : []),
  ]
}

/** Whether the client is sent to a redirect URI. Undefined grant types are invalid and count as redirecting. */
export function isRedirected({ grant_types = REDIRECTING }: Pick<Metadata, 'grant_types'>): boolean {
  return REDIRECTING.some((grant) => grant_types.includes(grant))
}

// RFC 7591 §2.1: each response type goes with a grant type.
export function* checkGrantTypes(metadata: Metadata): Iterable<Finding> {
  const { grant_types, response_types = [] } = metadata
  if (grant_types === undefined || grant_types.includes(undefined)) return
  // A client that is never redirected has no use for response_types, so their default does not conflict.
  if (!isRedirected(metadata) && response_types.join() === 'code') return
  const missing = listNeededGrantTypes(metadata).filter((grant) => !grant_types.includes(grant))
  if (missing.length === 0) return
  const wanted = `${missing.join(' and ')} for the response_types ${response_types.join(', ')}`
  yield {
    path: ['grant_types'],
    message: `is [${grant_types.join(', ')}], expected also ${wanted}; set grant_types: [${[...grant_types, ...missing].join(', ')}]`,
    rule: 'consistent_grant_types',
  }
}
