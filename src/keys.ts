/** The keys that one issuer signs with: those of the configuration, and those it generates for itself. */
import { generateKey } from './config/keys.js'
import type { GeneratedKey, SigningKey, Snapshot } from './config/snapshot.js'
import type { Alg } from './config/types.js'

export interface Keys {
  /** Every key of the snapshot, in its order. */
  list(snapshot: Snapshot): Promise<readonly SigningKey[]>
}

/** Keys of one issuer. A generated key is made at its first use and stays as long as the configuration asks for it. */
export function createKeys(): Keys {
  const generated = new Map<string, Promise<SigningKey>>()
  const own = (key: GeneratedKey, nth: number) => {
    // The same entry of the next snapshot is the same key: a reload must not invalidate tokens.
    const name = `${key.alg} ${key.kid ?? nth}`
    const made = generated.get(name) ?? generateKey(key.alg, key.kid)
    generated.set(name, made)
    return made
  }
  return {
    list: (snapshot) => {
      const seen = new Map<Alg, number>()
      const keys = snapshot.keys.map((key) => {
        if (!('generate' in key)) return key
        const nth = seen.get(key.alg) ?? 0
        seen.set(key.alg, nth + 1)
        return own(key, nth)
      })
      return Promise.all(keys)
    },
  }
}

/** The algorithm of tokens for which nobody chose one: RS256 where there is such a key, else that of the first key. */
export function defaultAlg(snapshot: Snapshot): Alg {
  const algs = snapshot.keys.map((key) => key.alg)
  return algs.includes('RS256') ? 'RS256' : algs[0]!
}
