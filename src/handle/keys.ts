/** Lists, rotates and withdraws the signing keys of an issuer. */

import type { DeclaredFault } from '../faults/doors/find.js'
import type { KeyStatus } from '../issuer/key_lines.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** Options of a key rotation. */
export interface KeyRotation {
  /** Rotates only keys of this algorithm. Absent: all algorithms. */
  readonly alg?: KeyStatus['alg']
  /**
   * `graceful`: the new key is published, and the current key signs until `publish_ahead` has passed on the clock of the issuer.
   * `abrupt`: the new key signs at once. Default: `graceful` if the new key can be published first.
   */
  readonly mode?: 'graceful' | 'abrupt'
  /** Time between publication and first signature: seconds, or a text such as `1h`. Default: that of the configuration, or 60 seconds. */
  readonly publish_ahead?: number | string
  /** The `kid` of the new key. It can be the `kid` of an existing key. */
  readonly kid?: string
  /** Whether the JWKS contains the new key. Default: true. */
  readonly published?: boolean
}

/** A refused call throws an `AdminError`. */
export interface KeysHandle {
  /** Returns all signing keys with their status. */
  list(): Promise<readonly KeyStatus[]>
  /** Publishes new signing keys and returns all keys: `signs_from` and `signs_until` say which key signs when. */
  rotate(rotation?: KeyRotation): Promise<readonly KeyStatus[]>
  /** Removes the key from the JWKS. The current key continues to sign. */
  withdraw(kid: string): Promise<readonly KeyStatus[]>
  /** Adds the fault `jwks.{how}`, such as `jwks.empty`. Deleting the fault or resetting the keys ends it. */
  break(how: string): Promise<DeclaredFault>
  /** Restores the keys of the start and deletes the faults of the JWKS. */
  reset(): Promise<readonly KeyStatus[]>
}

export const createKeysHandle = ({ call }: Caller): KeysHandle => ({
  list: async () => (await call<KeysAnswer>('GET', PATHS.admin_keys)).keys,
  rotate: async (rotation = {}) => (await call<KeysAnswer>('POST', PATHS.rotate_keys, { body: rotation })).keys,
  withdraw: async (kid) => (await call<KeysAnswer>('DELETE', PATHS.admin_key, { params: { kid } })).keys,
  break: (how) => call('POST', PATHS.break_jwks, { body: { how } }),
  reset: async () => (await call<KeysAnswer>('POST', PATHS.reset_keys)).keys,
})

interface KeysAnswer {
  readonly keys: readonly KeyStatus[]
}
