/** Checks whether clients can verify tokens with a JWKS. RFC 7517 §5. */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { Finding } from './finding.js'

/** RFC 7518 §6: members of private and symmetric keys. */
const SECRET_MEMBERS = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi']

type Members = Readonly<Record<string, unknown>>

/** Returns the first problem of the set, or an ok finding. */
export function judgeKeys({ keys }: Members, document: Members): Finding {
  const problem = problemOf(keys, document)
  if (problem === undefined)
    return { level: 'ok', about: 'keys', message: `public keys: ${(keys as unknown[]).length}, all good` }
  const advice = 'clients cannot rely on this set; check the keys of the configuration, and which program answers there'
  return { level: 'fail', about: 'keys', message: problem, advice }
}

function problemOf(keys: unknown, document: Members): string | undefined {
  if (!Array.isArray(keys) || keys.length === 0) return 'the JWKS has no keys'
  const kids = new Set<unknown>()
  for (const [index, key] of (keys as Members[]).entries()) {
    const name = `key ${index + 1}${typeof key?.kid === 'string' ? ` (${key.kid})` : ''}`
    const secret = SECRET_MEMBERS.find((member) => key?.[member] !== undefined)
    if (secret !== undefined) return `${name} is not public: it has ${secret}`
    if (!isPublicKey(key)) return `${name} is not a readable public key`
    if (key.kid !== undefined && kids.has(key.kid)) return `${name} has the same kid as another key`
    kids.add(key.kid)
  }
  const algs = [document.id_token_signing_alg_values_supported].flat()
  const named = (keys as Members[]).map(({ alg }) => alg)
  // RFC 7518 §3.2 and §3.6: HMAC algorithms use the client_secret, and none uses no key.
  const needed = algs.filter((alg) => typeof alg === 'string' && !/^(HS\d+|none)$/.test(alg))
  // A key without alg can be used with any algorithm of its kty.
  const missing = needed.find((alg) => !named.includes(alg) && !named.includes(undefined))
  return missing === undefined
    ? undefined
    : `the set has no key for ${missing}, but discovery lists it in id_token_signing_alg_values_supported`
}

function isPublicKey(key: Members): boolean {
  try {
    createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
    return true
  } catch {
    return false
  }
}
