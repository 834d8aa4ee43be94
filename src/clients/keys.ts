/** The public keys of a client. RFC 7517 §4 and §5, RFC 7518 §6. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Finding, Metadata } from './findings.js'

/** A key as the client published it. */
export type ClientJwk = Readonly<Record<string, unknown>>

const MAX_KEYS = 100

/** Members of a public key that the provider reads. RFC 7517 §4, RFC 7518 §6.2.1 and §6.3.1, RFC 8037 §2. */
const READ = ['kty', 'use', 'alg', 'kid', 'crv', 'x', 'y', 'n', 'e'] as const

/** Returns the keys with the members that the provider reads; others, such as certificates, take memory only. */
export function pruneKeys(keys: readonly ClientJwk[]): ClientJwk[] {
  return keys.map((jwk) => {
    const present = READ.filter((member) => Object.hasOwn(jwk, member))
    return Object.fromEntries(present.map((member) => [member, jwk[member]]))
  })
}

/** Returns client metadata whose jwks has only keys, with the members that the provider reads. RFC 7591 §3.2.1 allows it. */
export function pruneJwks<M extends { readonly jwks?: { readonly keys: readonly ClientJwk[] } }>(metadata: M): M {
  return metadata.jwks === undefined ? metadata : { ...metadata, jwks: { keys: pruneKeys(metadata.jwks.keys) } }
}

/** Returns what is expected of a JWK Set, or undefined if the value is one. RFC 7517 §5: an object whose member `keys` is a list of JWKs. */
export function expectJwks(value: unknown): string | undefined {
  const { keys } = (value ?? {}) as { readonly keys?: unknown }
  if (!Array.isArray(keys)) return 'a JWK Set: an object with the list keys'
  if (keys.length > MAX_KEYS) return `a JWK Set of at most ${MAX_KEYS} keys, not ${keys.length}`
  return keys.every(isKeyOrInvalid) ? undefined : 'a JWK Set in which every key is an object'
}

/** An undefined key is one that the schema has refused already. */
function isKeyOrInvalid(key: unknown): boolean {
  return key === undefined || (typeof key === 'object' && key !== null && !Array.isArray(key))
}

/** Returns the public key of a JWK, or undefined if its members form none. */
export function importKey(jwk: ClientJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

// Departure: RFC 7517 §5 ignores a key that can't be read. Its author learns of the mistake here.
export function* checkKeys({ jwks }: Metadata): Iterable<Finding> {
  for (const [index, jwk] of (jwks?.keys ?? []).entries()) {
    const message = jwk && findProblem(jwk)
    if (message) yield { path: ['jwks', 'keys', index], message }
  }
}

const isTextOrMissing = (value: unknown) => value === undefined || typeof value === 'string'

function findProblem(jwk: ClientJwk): string | undefined {
  // RFC 7518 §6.2.2, §6.3.2 and §6.4.1: the members of private and symmetric keys.
  const secret = ['d', 'k'].find((member) => Object.hasOwn(jwk, member))
  if (secret !== undefined) return `has ${secret}, expected a public key, which has neither d nor k`
  // RFC 7517 §4 and RFC 7518 §6: the values are strings.
  const shapeless = READ.find((member) => !isTextOrMissing(jwk[member]))
  if (shapeless !== undefined) return `has a ${shapeless} that is not a text, expected a text`
  if (importKey(jwk) !== undefined) return undefined
  return 'is not a readable public key, expected kty with n and e for RSA, crv, x and y for EC, or crv and x for OKP'
}
