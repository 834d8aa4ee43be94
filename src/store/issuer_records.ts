/** The records of an issuer's clock and keys: plain JSON. */
import type { StoredRecord } from './records.js'

/** The setting of a clock: it showed the time `shown` at the real time `at`, both in seconds since the epoch. */
export interface ClockSetting extends StoredRecord {
  readonly shown: number
  readonly at: number
  readonly frozen: boolean
  /** `clock.start` of the configuration that the setting follows. */
  readonly start?: number
  /** Whether the clock was moved, so that it no longer follows the configuration. */
  readonly moved: boolean
}

/** A generated key and its identifier in the JWKS. */
export interface GeneratedKeyName {
  /** Key of its record. */
  readonly key_id: string
  readonly kid: string
}

/** The keys of each entry of the configuration, by the identifier of the entry. */
export interface KeyLines extends StoredRecord {
  /** The first generated key. */
  readonly first: Readonly<Record<string, GeneratedKeyName>>
  /** The signing keys, in the order of `signs_from`. */
  readonly lines: Readonly<Record<string, readonly KeyTurn[]>>
}

/** A key of a line: it signs until the next one does. */
export interface KeyTurn {
  /** Absent for a configured key. */
  readonly key_id?: string
  readonly kid: string
  readonly signs_from: number
  /** Whether the key is in the JWKS. */
  readonly published: boolean
  /** Longest lifetime, in seconds, of the tokens that it may have signed. */
  readonly longest: number
}

/** A generated key as a private JWK (RFC 7517). */
export interface GeneratedKey extends StoredRecord {
  readonly alg: string
  readonly jwk: Readonly<Record<string, unknown>>
}
