/** Judges a JWKS: whether clients can verify tokens with it. RFC 7517 §5. */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { Finding } from './finding.js'

/** RFC 7518 §6: what only a private or symmetric key has. */
const SECRET_MEMBERS = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi']

type Members = Readonly<Record<string, unknown>>

/** The first thing that is wrong with the set, or that it is good. */
export function judgeKeys({ keys }: Members, document: Members): Finding {
  const problem = problemOf(keys, document)
  if (problem === undefined)
    return { level: 'ok', about: 'keys', message: `public keys: ${(keys as unknown[]).length}, all good` }
  const advice =
    'no client can rely on this set; look at the keys of the configuration, or at what answers there instead'
  return { level: 'fail', about: 'keys', message: problem, advice }
}

function problemOf(keys: unknown, document: Members): string | undefined {
  if (!Array.isArray(keys) || keys.length === 0) return 'the JWKS has no keys'
  const kids = new Set<unknown>()
  for (const [index, key] of (keys as Members[]).entries()) {
    const name = `key ${index + 1}${typeof key?.kid === 'string' ? ` (${key.kid})` : ''}`
    const secret = SECRET_MEMBERS.find((member) => key?.[member] !== undefined)
    if (secret !== undefined) return `${name} is not public: it has ${secret}`
    if (!isPublicKey(key)) return `${name} is no public key that can be read`
    if (key.kid !== undefined && kids.has(key.kid)) return `${name} has the kid of another one`
    kids.add(key.kid)
  }
  const algs = [document.id_token_signing_alg_values_supported].flat()
  const named = (keys as Members[]).map(({ alg }) => alg)
  // RFC 7518 §3.2 and §3.6: HS256 and its like take the client_secret, and none takes nothing.
  const needed = algs.filter((alg) => typeof alg === 'string' && !/^(HS\d+|none)$/.test(alg))
  // A key without alg is for any algorithm of its kind.
  const missing = needed.find((alg) => !named.includes(alg) && !named.includes(undefined))
  return missing === undefined
    ? undefined
    : `no key is for ${missing}, though discovery says that ID tokens are signed with it`
}

function isPublicKey(key: Members): boolean {
  try {
    createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
    return true
  } catch {
    return false
  }
}
