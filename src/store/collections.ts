/** The table of collections: one row per kind of record, with its bounds, lifetime and indexes. */
import { fold } from '../config/search.js'
import type { Snapshot } from '../config/snapshot.js'
import { namesOf } from '../config/user_names.js'
import { LATEST_TIME } from '../duration.js'
import { doorOf } from '../faults/rules.js'
import type * as issuer_records from './issuer_records.js'
import type * as records from './records.js'
import type { SelfLogin } from './self_login.js'

/** A part of an issuer that can be reset by itself. */
export type ResetPart =
  | 'users'
  | 'clients'
  | 'tokens'
  | 'sessions'
  | 'grants'
  | 'device_codes'
  | 'faults'
  | 'clock'
  | 'keys'

type LifetimeKey = Exclude<keyof Snapshot['lifetimes'], 'client_secret'>

/**
 * Source of `expires_at`: a number of seconds; the sum of these lifetimes of the configuration; `never`; or `record` if each
 * writer decides, such as the `exp` of an assertion.
 */
export type Lifetime = number | readonly LifetimeKey[] | 'never' | 'record'

/** One row of the table. */
export interface CollectionRow<R extends records.StoredRecord, I extends string> {
  /** Largest number of records. The store chooses the records that make room. */
  readonly cap: number
  readonly lifetime: Lifetime
  readonly reset: ResetPart
  /** Values under which `listBy` finds a record: pure functions of the record. */
  readonly indexes?: { readonly [N in I]: (record: R) => readonly string[] }
  /** Records that are evicted together with a record: those that have its key under this index of this collection. */
  readonly dependants?: readonly (readonly [collection: string, index: string])[]
  /** Bytes that each record takes outside of the store. */
  readonly outside?: number
  /** Bytes of all records, if fewer than those of any collection. */
  readonly share?: number
  /** Selects records that are evicted only if no others are left: those of an administrator. */
  readonly isLasting?: (record: R) => boolean
  /** Set if records are never evicted: a write for which there is no room is refused. */
  readonly pinned?: true
}

const collection =
  <R extends records.StoredRecord>() =>
  <I extends string = never>(row: CollectionRow<R, I>): CollectionRow<R, I> =>
    row

/** Returns the index values of a member that a record may lack. */
const valuesOf = (value: string | undefined) => (value === undefined ? [] : [value])

/** Returns the one index value of records with faults, by which they are listed without reading all others. */
const faultsOf = ({ faults = [] }: { readonly faults?: readonly unknown[] }) => (faults.length > 0 ? ['some'] : [])

/** Records of a grant: an evicted grant must not leave a token behind. */
const OF_A_GRANT = [
  ['authorization_codes', 'grant_id'],
  ['access_tokens', 'grant_id'],
  ['refresh_tokens', 'grant_id'],
  ['device_codes', 'grant_id'],
] as const

export const COLLECTIONS = {
  /** Key: the code. A redeemed code is kept, so that a second redemption is recognized. */
  authorization_codes: collection<records.AuthorizationCode>()({
    cap: 10_000,
    lifetime: ['authorization_code'],
    reset: 'tokens',
    indexes: { grant_id: ({ grant_id }) => [grant_id] },
  }),
  /** Key: grant_id. Tokens are valid while their grant exists. */
  grants: collection<records.Grant>()({
    cap: 10_000,
    // No code or token of the grant lives longer.
    lifetime: ['authorization_code', 'device_code', 'refresh_token', 'access_token'],
    reset: 'grants',
    indexes: {
      sub: ({ sub }) => valuesOf(sub),
      client_id: ({ client_id }) => [client_id],
      sid: ({ sid }) => valuesOf(sid),
      flow_id: ({ flow_id }) => valuesOf(flow_id),
      faults: faultsOf,
    },
    dependants: OF_A_GRANT,
  }),
  /** Key: the token. */
  access_tokens: collection<records.AccessToken>()({
    cap: 10_000,
    lifetime: ['access_token'],
    reset: 'tokens',
    indexes: { grant_id: ({ grant_id }) => [grant_id] },
  }),
  /** Key: the token. */
  refresh_tokens: collection<records.RefreshToken>()({
    cap: 10_000,
    lifetime: ['refresh_token'],
    reset: 'tokens',
    indexes: { grant_id: ({ grant_id }) => [grant_id] },
  }),
  /** Key: sub. */
  users: collection<records.StoredUser>()({
    cap: 10_000,
    lifetime: 'never',
    reset: 'users',
    // Logins with unknown subs must not bring a deleted user back.
    isLasting: ({ origin }) => origin !== 'login',
    indexes: {
      origin: ({ origin }) => [origin],
      faults: faultsOf,
      created_email: ({ origin, claims }) => (origin === 'login' ? [String(claims.email)] : []),
      name: (user) => (user.origin === 'put' ? [...new Set(namesOf(user).map(fold))] : []),
    },
  }),
  /** Key: client_id. */
  clients: collection<records.StoredClient>()({
    cap: 1_000,
    lifetime: 'never',
    reset: 'clients',
    isLasting: ({ origin }) => origin !== undefined,
    indexes: { faults: faultsOf },
  }),
  /** One record. */
  recent_users: collection<records.RecentUsers>()({ cap: 1, lifetime: 'never', reset: 'users' }),
  /** Key: the random identifier in the browser's cookie. */
  sessions: collection<records.Session>()({
    cap: 10_000,
    lifetime: ['session'],
    reset: 'sessions',
    indexes: {
      sid: ({ accounts }) => accounts.map(({ sid }) => sid),
      sub: ({ accounts }) => accounts.map(({ sub }) => sub),
    },
  }),
  /** Key: `consentKey` of a user and a client. */
  consents: collection<records.Consent>()({ cap: 10_000, lifetime: 'never', reset: 'grants' }),
  /** Key: hash of the client_id. */
  used_jtis: collection<records.UsedJtis>()({
    // An evicted jti could be used again.
    pinned: true,
    cap: 10_000,
    lifetime: 'record',
    reset: 'tokens',
  }),
  /** Key: kind and URL of a client's document, such as a JWKS. */
  documents: collection<records.FetchedDocument>()({ cap: 1_000, lifetime: 'record', reset: 'clients' }),
  /** Key: device_code (RFC 8628). */
  device_codes: collection<records.DeviceCode>()({
    cap: 1_000,
    lifetime: ['device_code'],
    reset: 'device_codes',
    indexes: {
      user_code: ({ user_code }) => [user_code],
      grant_id: ({ answer }) => valuesOf(answer?.grant_id),
    },
  }),
  /** Key: a random identifier in the browser's cookie: logins of the built-in relying party. */
  self_logins: collection<SelfLogin>()({ cap: 100, lifetime: 3600, reset: 'sessions' }),
  /** Key: id of a fault rule of run time. */
  fault_rules: collection<records.StoredFaultRule>()({
    pinned: true,
    cap: 1_000,
    // Each request reads the rules of its doors.
    share: 3 * 1024 * 1024,
    lifetime: 'never',
    reset: 'faults',
    indexes: { door: ({ rule }) => [doorOf(rule)] },
  }),
  /** Key: identifier of a fault rule of a user, a client, a login or the configuration. */
  fault_counters: collection<records.FaultCounter>()({ cap: 10_000, lifetime: 'never', reset: 'faults' }),
  /** Key: thumbprint (RFC 7638) of the signing key that the decoy replaces. */
  fault_decoys: collection<records.FaultDecoy>()({ cap: 100, lifetime: 'never', reset: 'faults' }),
  /** One record: it says at which doors fault rules of run time can act. */
  fault_declarations: collection<records.FaultDeclarations>()({
    cap: 1,
    lifetime: 'never',
    reset: 'faults',
    pinned: true,
  }),
  /** One record: how far the clock was moved. */
  clock: collection<issuer_records.ClockSetting>()({ cap: 1, lifetime: 'never', reset: 'clock', pinned: true }),
  /** One record: which key of each entry signs, and since when. */
  key_lines: collection<issuer_records.KeyLines>()({ cap: 1, lifetime: 'never', reset: 'keys', pinned: true }),
  /** Key: key_id of a generated key. */
  generated_keys: collection<issuer_records.GeneratedKey>()({
    cap: 1_000,
    // The imported key.
    outside: 8192,
    lifetime: 'never',
    reset: 'keys',
    pinned: true,
  }),
}

export type CollectionName = keyof typeof COLLECTIONS

/** Record type of a collection. */
export type RecordOf<K extends CollectionName> =
  (typeof COLLECTIONS)[K] extends CollectionRow<infer R, infer _> ? R : never

/** Names of the indexes of a collection. */
export type IndexOf<K extends CollectionName> =
  (typeof COLLECTIONS)[K] extends CollectionRow<infer _, infer I> ? I : never

/** `expires_at` of records that do not expire: the latest time that a clock can be set to. */
export const NEVER = LATEST_TIME

/**
 * Seconds for which a store keeps a record at least, counted in real time from its latest write. The clock of an issuer can
 * be set back, so a store deletes a record by itself only when this time is over and `expires_at` has passed in real time.
 */
export const RETENTION = 7 * 24 * 3600

/** The `expires_at` of a record that is written now. */
export function expiryOf(
  name: CollectionName,
  { now, snapshot: { lifetimes } }: { readonly now: number; readonly snapshot: Pick<Snapshot, 'lifetimes'> },
): number {
  const lifetime: Lifetime = COLLECTIONS[name].lifetime
  if (typeof lifetime === 'string') return NEVER
  if (typeof lifetime === 'number') return now + lifetime
  return lifetime.reduce((time, key) => time + lifetimes[key], now)
}
