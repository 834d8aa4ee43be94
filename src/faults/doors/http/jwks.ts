/** Broken key sets. RFC 7517 §5 defines key sets; clients ignore keys of unknown types. */
import { calculateJwkThumbprint, type JWK } from 'jose'
import { generateKey } from '../../../config/keys.js'
import type { Context } from '../../../context.js'
import type { Alg } from '../../../generated/types.js'
import { NEVER } from '../../../store/collections.js'

type PublicJwk = Readonly<JWK>

const signs = ({ use }: PublicJwk) => use === 'sig'

/** Returns the keys that sign: the first one of each algorithm. */
const signersOf = (keys: readonly PublicJwk[]) =>
  keys.filter((key, index) => signs(key) && keys.findIndex(({ alg }) => alg === key.alg) === index)

/** Returns each signing key with a decoy: another key under its `kid`, always the same one. */
export async function decoysOf(
  keys: readonly PublicJwk[],
  { store }: Context,
): Promise<ReadonlyMap<PublicJwk, PublicJwk>> {
  const decoyOf = async (key: PublicJwk) => {
    const id = await calculateJwkThumbprint(key)
    const known = await store.fault_decoys.get(id)
    if (known !== undefined) return known.jwk
    const { publicJwk } = await generateKey(key.alg as Alg, key.kid)
    const kept = await store.fault_decoys.update(id, (record) => record ?? { jwk: publicJwk, expires_at: NEVER })
    return kept!.jwk
  }
  return new Map(await Promise.all(signersOf(keys).map(async (key) => [key, await decoyOf(key)] as const)))
}

/** Returns the keys published before the last rotation of each algorithm. Without a rotation yet, rotates all keys. */
export async function staleKeys(keys: readonly PublicJwk[], ctx: Context): Promise<readonly PublicJwk[]> {
  const line = await ctx.keys.status()
  const rotated = line.filter(({ status }) => status === 'retired').map(({ alg }) => alg)
  const young = line.filter(({ status, alg }) => status === 'current' && rotated.includes(alg))
  if (rotated.length === 0) await ctx.keys.rotate({ publish_ahead: 0 })
  return keys.filter((key) => !young.some(({ kid }) => kid === key.kid))
}

/** Keys that no client can use (RFC 7517 §5): an unknown type, an unknown curve, a secret, another use, and no type. */
export const UNUSABLE: readonly object[] = [
  { kty: 'AKP', alg: 'ML-DSA-44', use: 'sig', kid: 'unknown-type', pub: 'AQAB' },
  { kty: 'EC', crv: 'P-192', alg: 'ES192', use: 'sig', kid: 'unknown-curve', x: 'AQAB', y: 'AQAB' },
  { kty: 'oct', alg: 'HS256', use: 'sig', kid: 'symmetric', k: 'bm8gc2VjcmV0IGF0IGFsbCwgc2luY2UgcHVibGlzaGVk' },
  { kty: 'RSA', alg: 'RSA-OAEP-256', use: 'enc', kid: 'encryption', n: 'AQAB', e: 'AQAB' },
  { use: 'sig', kid: 'without-type' },
]
