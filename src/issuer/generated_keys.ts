/** The generated keys of an issuer: stored as private JWKs, and imported once per process. */
import type { JWK } from 'jose'
import { generateMaterial, type KeyAlg, makeKey, readJwk } from '../config/key_material.js'
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

/** Generates and stores a key. Its `kid`, unless given, is its thumbprint (RFC 7638). */
export async function generateStoredKey(
  { generated_keys }: Store,
  cache: KeyCache,
  alg: KeyAlg,
  kid: string | undefined,
): Promise<GeneratedKeyName> {
  const material = await generateMaterial(alg)
  const key = await makeKey(material, alg, kid)
  const key_id = randomToken()
  await generated_keys.put(key_id, { alg, jwk: { ...material.key.export({ format: 'jwk' }) }, expires_at: NEVER })
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
