/** The keys that one issuer signs with: those of the configuration, and those it generates for itself. */
import { generateKey } from './config/keys.js'
import type { DecryptionKey, GeneratedKey, SigningKey, Snapshot } from './config/snapshot.js'
import type { Alg } from './config/types.js'

export interface Keys {
  /** Every key of the snapshot, in its order. */
  list(snapshot: Snapshot): Promise<readonly SigningKey[]>
  /** Every key of the snapshot that clients encrypt to, in its order. */
  listEncryption(snapshot: Snapshot): Promise<readonly DecryptionKey[]>
}

/**
 * Keys of one issuer. A generated key is made at its first use and stays as long as the configuration asks for it: a
 * reload keeps the object of an unchanged entry, and so the key and the tokens that it signed.
 */
export function createKeys(): Keys {
  const generated = new WeakMap<GeneratedKey, Promise<SigningKey>>()
  const own = (key: GeneratedKey) => {
    const made = generated.get(key) ?? generateKey(key.alg, key.kid)
    generated.set(key, made)
    return made
  }
  return {
    listEncryption: async ({ encryption_keys }) => encryption_keys.filter((key) => 'privateKey' in key),
    list: ({ keys }) => Promise.all(keys.map((key) => ('generate' in key ? own(key) : key))),
  }
}

/** The algorithm of tokens for which nobody chose one: RS256 where there is such a key, else that of the first key. */
export function defaultAlg(snapshot: Snapshot): Alg {
  const algs = snapshot.keys.map((key) => key.alg)
  return algs.includes('RS256') ? 'RS256' : algs[0]!
}
