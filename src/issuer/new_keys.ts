/** Generates keys for the issuers of a process: the first keys once for all issuers, and RSA keys ahead of their use. */
import { setTimeout } from 'node:timers/promises'
import type { JWK } from 'jose'
import { generateMaterial, type KeyAlg, type Material, makeKey } from '../config/key_material.js'
import type { Snapshot } from '../config/snapshot.js'
import { cached, type KeyCache, type NewKey } from './generated_keys.js'
import { identifyEntries, type KeyEntry } from './key_lines.js'

export interface NewKeys {
  /** Returns the first key of an entry, which is the same for all callers. */
  first(entry: KeyEntry): Promise<NewKey>
  /** Returns a key for one caller. Its `kid`, unless given, is its thumbprint (RFC 7638). */
  generate(alg: KeyAlg, kid: string | undefined): Promise<NewKey>
  /** Generates the keys that the first request needs, so that it does not wait for them. */
  prepare(snapshot: Snapshot): Promise<void>
}

/** Number of issuers whose RSA keys are generated ahead. One key takes as long as thousands of other operations. */
const ISSUERS_AHEAD = 4
/** Largest number of keys that are generated ahead. */
const MOST_AHEAD = 24

const isRsa = (alg: KeyAlg) => /^(RS|PS)/.test(alg)

export function createNewKeys(): NewKeys {
  const firsts: KeyCache = new Map()
  /** Unused RSA keys. Every algorithm of RSA can use them. */
  const ahead: Material[] = []
  let wanted = 0
  let isFilling = false

  /** Generates one key at a time, so that signatures do not wait for a thread. Does not keep a process alive that has ended. */
  const fill = async () => {
    if (isFilling) return
    isFilling = true
    try {
      while (ahead.length < wanted) {
        ahead.push(await generateMaterial('RS256'))
        await setTimeout(1, undefined, { ref: false })
      }
    } finally {
      isFilling = false
    }
  }
  const takeMaterial = async (alg: KeyAlg): Promise<Material> => {
    const material = (isRsa(alg) && ahead.shift()) || (await generateMaterial(alg))
    // Not before the taken key is ready, so that generating others does not delay it.
    void Promise.allSettled([fill()])
    return material
  }
  const generate: NewKeys['generate'] = async (alg, kid) => {
    const material = await takeMaterial(alg)
    return { key: await makeKey(material, alg, kid), jwk: { ...material.key.export({ format: 'jwk' }) } as JWK }
  }
  const first: NewKeys['first'] = ({ id, key: { alg, kid } }) => cached(firsts, id, () => generate(alg, kid))
  return {
    first,
    generate,
    prepare: async ({ keys, encryption_keys, config }) => {
      const entries = [keys, encryption_keys].flatMap(identifyEntries).filter(({ key }) => 'generate' in key)
      await Promise.all(entries.map(first))
      const rsa = entries.filter(({ key }) => isRsa(key.alg)).length
      wanted = config.isolated_keys ? Math.min(rsa * ISSUERS_AHEAD, MOST_AHEAD) : 0
      await fill()
    },
  }
}
