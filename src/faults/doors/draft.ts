/** JWTs before they are signed. RFC 7515. */
import type { KeyObject } from 'node:crypto'
import type { CryptoKey } from 'jose'
import type { SigningKey } from '../../config/snapshot.js'

export interface Draft {
  readonly header: { readonly alg: string; readonly kid?: string; readonly typ?: string }
  readonly claims: Readonly<Record<string, unknown>>
  /** Undefined for a JWT without a signature. */
  readonly key?: CryptoKey | KeyObject | Uint8Array | undefined
  /** Changes the signed JWT. */
  readonly spoil?: (jwt: string) => string
}

/** @param typ the header's `typ`, so that one kind of token cannot pass for another (RFC 8725 §3.11). */
export function draftJwt(
  { alg, kid, privateKey }: SigningKey,
  typ: string | undefined,
  claims: Draft['claims'],
): Draft {
  return { header: { alg, kid, ...(typ !== undefined && { typ }) }, claims, key: privateKey }
}
