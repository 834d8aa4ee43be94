/** The signing keys of an issuer, from a test's point of view. */

import type { DeclaredFault } from '../faults/doors/find.js'
import type { KeyStatus } from '../issuer/keys.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** How keys are to follow. */
export interface KeyRotation {
  /** Only keys of this algorithm; left out, all. */
  readonly alg?: KeyStatus['alg']
  /** How long the new key is published before it signs: seconds, or a text such as `1h`. Left out, it signs at once. */
  readonly publish_ahead?: number | string
  /** The `kid` of the new key, be it one that is there already. */
  readonly kid?: string
  /** `false`: the new key signs, but the JWKS doesn't have it. */
  readonly published?: boolean
}

/** Every call throws an `AdminError` if it is refused. */
export interface KeysHandle {
  /** Every key in line: `kid`, `alg`, and what it is at now. */
  list(): Promise<readonly KeyStatus[]>
  /** Has new keys follow. Answers with the keys in line. */
  rotate(rotation?: KeyRotation): Promise<readonly KeyStatus[]>
  /** Takes the key out of the JWKS; one that signs goes on signing. */
  withdraw(kid: string): Promise<readonly KeyStatus[]>
  /** Breaks the JWKS by the fault `jwks.HOW`, such as `empty`; deleting that fault, or a reset, mends it. */
  break(how: string): Promise<DeclaredFault>
  /** Goes back to the keys of the start, and mends the JWKS. */
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
