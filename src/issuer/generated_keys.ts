/** The generated keys of an issuer: stored as private JWKs, and imported once per process. */
import type { JWK } from 'jose'
import { type KeyAlg, makeKey, readJwk } from '../config/key_material.js'
import type { PrivateKey } from '../config/snapshot.js'
import { randomToken } from '../random.js'
import { NEVER } from '../store/collections.js'
import type { GeneratedKeyName } from '../store/issuer_records.js'
import type { Store } from '../store/store.js'

/** Imported keys by `key_id`, and keys that are being generated. Another process has its own. */
export type KeyCache = Map<string, Promise<unknown>>

/** Largest number of cached keys; the oldest one is dropped. */
const MOST_CACHED = 200

/** Returns the cached value of a key, computed once. A failure is not cached. */
export async function cached<T>(cache: KeyCache, name: string, compute: () => Promise<T>): Promise<T> {
  const known = cache.get(name) as Promise<T> | undefined
  if (known !== undefined) return known
  const computing = compute()
  cache.set(name, computing)
  const [oldest] = cache.keys()
  if (cache.size > MOST_CACHED) cache.delete(oldest!)
  try {
    return await computing
  } catch (error) {
    cache.delete(name)
    throw error
  }
}

/** A generated key that no issuer has stored yet. */
export interface NewKey {
  readonly key: PrivateKey
  /** The private JWK. */
  readonly jwk: Readonly<JWK>
}

/** Stores a key that was generated. */
export async function storeKey(
  { generated_keys }: Store,
  cache: KeyCache,
  { key, jwk }: NewKey,
): Promise<GeneratedKeyName> {
  const key_id = randomToken()
  await generated_keys.put(key_id, { alg: key.alg, jwk: { ...jwk }, expires_at: NEVER })
  await cached(cache, key_id, async () => key)
  return { key_id, kid: key.kid }
}

/** Returns a generated key, imported from its record the first time. */
export function loadStoredKey(
  { generated_keys }: Store,
  cache: KeyCache,
  { key_id, kid }: GeneratedKeyName,
): Promise<PrivateKey> {
  return cached(cache, key_id, async () => {
    const record = (await generated_keys.get(key_id))!
    const alg = record.alg as KeyAlg
    return makeKey(readJwk(record.jwk as JWK, alg), alg, kid)
  })
}
