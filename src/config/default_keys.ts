/** The keys of a configuration that lists none. */

import type { Config, EncryptionKey, Key } from '../generated/types.js'
import type { Pruned } from './schema.js'

interface Lists {
  readonly keys: readonly (Pruned<Key> | undefined)[]
  readonly encryption_keys: readonly (Pruned<EncryptionKey> | undefined)[]
}

/** OpenID Connect Core §15.1: RS256 there must be. Under `strict` there is one key of each family. */
const DEFAULT_KEYS: Readonly<Record<Config['profile'], Lists>> = {
  lenient: { keys: [{ alg: 'RS256' }], encryption_keys: [] },
  strict: {
    keys: [{ alg: 'RS256' }, { alg: 'PS256' }, { alg: 'ES256' }, { alg: 'EdDSA' }],
    encryption_keys: [{ alg: 'RSA-OAEP' }, { alg: 'ECDH-ES' }],
  },
}

/** Both lists, each as the configuration has it, or else as its profile has it; empty where the schema refused it. */
export function listKeys(config: Pruned<Config>): Lists {
  const standard = DEFAULT_KEYS[config.profile ?? 'lenient']
  return {
    keys: 'keys' in config ? (config.keys ?? []) : standard.keys,
    encryption_keys: 'encryption_keys' in config ? (config.encryption_keys ?? []) : standard.encryption_keys,
  }
}
