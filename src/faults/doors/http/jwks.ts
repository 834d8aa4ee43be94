/** Broken sets of keys. RFC 7517 §5 says what a set is, and that keys of unknown types are to be ignored. */
import type { JWK } from 'jose'
import { generateKey } from '../../../config/keys.js'
import type { Context } from '../../../context.js'
import type { Alg } from '../../../generated/types.js'

type PublicJwk = Readonly<JWK>

/** Other keys under the `kid` of ours: for each of ours always the same one. */
export type Decoys = (key: PublicJwk) => Promise<PublicJwk>

export function createDecoys(): Decoys {
  const made = new WeakMap<PublicJwk, Promise<PublicJwk>>()
  return (key) => {
    const decoy = made.get(key) ?? generateKey(key.alg as Alg, key.kid).then(({ publicJwk }) => publicJwk)
    made.set(key, decoy)
    return decoy
  }
}

const signs = ({ use }: PublicJwk) => use === 'sig'

/** Of each algorithm the first key signs. */
const signersOf = (keys: readonly PublicJwk[]) =>
  keys.filter((key, index) => signs(key) && keys.findIndex(({ alg }) => alg === key.alg) === index)

/** Each key that signs, with another one under its `kid`. */
export async function decoysOf(keys: readonly PublicJwk[], decoy: Decoys): Promise<ReadonlyMap<PublicJwk, PublicJwk>> {
  return new Map(await Promise.all(signersOf(keys).map(async (key) => [key, await decoy(key)] as const)))
}

/** What was published before the last rotation of each algorithm; where none has rotated, all do now. */
export async function staleKeys(keys: readonly PublicJwk[], ctx: Context): Promise<readonly PublicJwk[]> {
  const line = await ctx.tellKeys()
  const rotated = line.filter(({ status }) => status === 'retired').map(({ alg }) => alg)
  const young = line.filter(({ status, alg }) => status === 'current' && rotated.includes(alg))
  if (rotated.length === 0) await ctx.rotateKeys({ publish_ahead: 0 })
  return keys.filter((key) => !young.some(({ kid }) => kid === key.kid))
}

/** RFC 7517 §5: of a type that nobody knows, on a curve that nobody knows, secret, for another use, or without a type. */
export const UNUSABLE: readonly object[] = [
  { kty: 'AKP', alg: 'ML-DSA-44', use: 'sig', kid: 'unknown-type', pub: 'AQAB' },
  { kty: 'EC', crv: 'P-192', alg: 'ES192', use: 'sig', kid: 'unknown-curve', x: 'AQAB', y: 'AQAB' },
  { kty: 'oct', alg: 'HS256', use: 'sig', kid: 'symmetric', k: 'bm8gc2VjcmV0IGF0IGFsbCwgc2luY2UgcHVibGlzaGVk' },
  { kty: 'RSA', alg: 'RSA-OAEP-256', use: 'enc', kid: 'encryption', n: 'AQAB', e: 'AQAB' },
  { use: 'sig', kid: 'without-type' },
]
