/** The records of a store: plain JSON, with the field names of the specifications. */
import type { JWK } from 'jose'
import type { DeepReadonly } from '../config/snapshot.js'
import type { FaultDoor } from '../faults/catalogue.js'
import type { Counter } from '../faults/counter.js'
import type { FaultRule } from '../faults/rules.js'
import type * as config from '../generated/types.js'

/** A record of any collection. */
export interface StoredRecord {
  /**
   * Seconds since the epoch by the clock of the issuer. The protocol judges it by the time of the request. A store may use
   * it to choose the records that make room, or to delete records: see `RETENTION`.
   */
  readonly expires_at: number
}

/** The authorization of a client, by an end-user or on its own: the root of its codes and tokens. */
export interface Grant extends StoredRecord {
  /** The end-user; absent for a grant without one, such as client_credentials. */
  readonly sub?: string
  readonly client_id: string
  readonly scope: string
  /** Time of the login in seconds since the epoch; absent without an end-user. */
  readonly auth_time?: number
  /** Identifier of the login that led to the grant; absent without an end-user. */
  readonly sid?: string
  readonly acr?: string
  /** The parameter `claims` of the authorization request. */
  readonly claims?: ClaimsRequest
  /** The resources of the authorization request; absent if it had none. RFC 8707 §2.1. */
  readonly resource?: readonly string[]
  /** Identifier shared by the journal entries of this login. */
  readonly flow_id?: string
  /** Faults chosen on the login page for this login. */
  readonly faults?: readonly FaultRule[]
  /** Set by a logout (OpenID Connect Back-Channel Logout §2.7): the refresh tokens of the grant have ended. */
  readonly refresh_ended?: true
}

/** A fault rule of run time. */
export interface StoredFaultRule extends StoredRecord {
  readonly rule: FaultRule
  readonly counter: Counter
}

/** Counter of a fault rule of another source. */
export interface FaultCounter extends StoredRecord, Counter {}

/** A key that a fault publishes under the `kid` of a signing key. */
export interface FaultDecoy extends StoredRecord {
  readonly jwk: Readonly<JWK>
}

/** Doors at which faults declared at run time act. */
export interface FaultDeclarations extends StoredRecord {
  /** Number of rules of run time ever added: the latest id. */
  readonly added: number
  /** Number of rules of run time by door. */
  readonly rules: { readonly [D in FaultDoor]?: number }
  /** Doors of rules of users and clients that were put at run time. May include doors of rules that are gone. */
  readonly owners: readonly FaultDoor[]
}

/** OpenID Connect Core §5.5: individually requested claims, by the place where they are returned. */
export interface ClaimsRequest {
  readonly userinfo?: Readonly<Record<string, ClaimRequest | null>>
  readonly id_token?: Readonly<Record<string, ClaimRequest | null>>
}

/** OpenID Connect Core §5.5.1. */
export interface ClaimRequest {
  readonly essential?: boolean
  readonly value?: unknown
  readonly values?: readonly unknown[]
}

/** A session of one browser. */
export interface Session extends StoredRecord {
  /** Logged-in end-users, the latest login first. */
  readonly accounts: readonly Account[]
  /** Random value that changes at each login and logout; `session_state` is computed from it. */
  readonly browser_state: string
}

/** One end-user's login in a browser. */
export interface Account {
  readonly sub: string
  /** Session identifier, as in ID tokens and logout tokens. */
  readonly sid: string
  /** Seconds since the epoch. */
  readonly auth_time: number
  readonly acr?: string
  /** Identifier shared by the journal entries of this login. */
  readonly flow_id?: string
  /** Clients that received a response in this login and are notified of its logout. */
  readonly client_ids: readonly string[]
}

/** The scope and claims that an end-user has agreed to release to a client. */
export interface Consent extends StoredRecord {
  readonly scope: string
  readonly claims?: ClaimsRequest
}

/** The `jti` values that a client has used. */
export interface UsedJtis extends StoredRecord {
  /** Expiry of the assertion by the hash of its `jti`. */
  readonly jtis: Readonly<Record<string, number>>
}

/** A document of a client, such as a JWKS. */
export interface FetchedDocument extends StoredRecord {
  readonly body: string
}

export interface AuthorizationCode extends StoredRecord {
  readonly grant_id: string
  readonly client_id: string
  readonly redirect_uri: string
  readonly nonce?: string
  readonly code_challenge?: string
  readonly code_challenge_method?: 'plain' | 'S256'
  /** Set by the first redemption, so that a second one is recognized. */
  /** The use of the code: its time, and by which request, such as `client my-app in flow N8qT1QYwSMmFk-5LqT1QYw`. */
  readonly redeemed?: { readonly at: number; readonly by: string }
}

export interface AccessToken extends StoredRecord {
  readonly grant_id: string
  readonly scope: string
  /** The claims of an opaque token, and of a JWT in which a fault changed only the JWT; absent for other JWTs, which have their own. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Set by a fault of the token: introspection says that it is inactive, or has other members; null removes one. */
  readonly introspection?: 'inactive' | Readonly<Record<string, unknown>>
}

export interface RefreshToken extends StoredRecord {
  readonly grant_id: string
  /** The access token of the same response, which the first refresh revokes. */
  readonly access_token?: string
  /** Set when another refresh token has replaced this one. */
  readonly rotation?: Rotation
}

/** The first replacement of a refresh token. */
export interface Rotation {
  /** Seconds since the epoch. */
  readonly at: number
  /** Seconds in which the refresh token is accepted again. */
  readonly reuse_interval: number
}

/** RFC 8628 §3.2. */
export interface DeviceCode extends StoredRecord {
  /** The code that the end-user types in, as the device shows it. */
  readonly user_code: string
  readonly client_id: string
  readonly scope: string
  /** The requested resources; absent if there are none. RFC 8707 §2. */
  readonly resource?: readonly string[]
  /** Minimum seconds between polls; `slow_down` increases it. */
  readonly interval: number
  /** Time of the latest poll in seconds since the epoch. */
  readonly last_poll?: number
  readonly flow_id: string
  /** The end-user's answer. */
  readonly answer?: DeviceAnswer
}

export interface DeviceAnswer {
  /** Absent if the end-user denied access. */
  readonly grant_id?: string
}

/** A user of run time. */
export interface StoredUser
  extends StoredRecord,
    DeepReadonly<Omit<config.User, 'id_token' | 'userinfo' | 'access_token'>> {
  /** Additional claims for one place; none if absent. */
  readonly id_token?: Readonly<Record<string, unknown>>
  readonly userinfo?: Readonly<Record<string, unknown>>
  readonly access_token?: Readonly<Record<string, unknown>>
  /** `put` and `deleted` (admin API) override the configuration; `login` (unknown `sub`) does not. */
  readonly origin: 'put' | 'login' | 'deleted'
}

/** Client metadata (RFC 7591 §2): the members of a configured client and those that only registration has. */
export interface ClientMetadata
  extends DeepReadonly<
    Omit<
      config.Client,
      | 'client_id'
      | 'client_secret'
      | 'wildcard_redirect_uris'
      | 'faults'
      | 'auto_login'
      | 'users_only'
      | 'access_tokens'
    >
  > {
  /** Metadata in several languages, such as `client_name#de` (RFC 7591 §2.2). */
  readonly localized?: Readonly<Record<string, string>>
  readonly software_statement?: string
}

/** A client of run time: its metadata and the members that the provider adds. */
export interface StoredClient extends StoredRecord, ClientMetadata {
  readonly client_id: string
  /** `put` or `deleted` by the admin API; absent if the client registered itself. */
  readonly origin?: 'put' | 'deleted'
  readonly wildcard_redirect_uris?: boolean
  readonly faults?: readonly FaultRule[]
  readonly auto_login?: string
  readonly users_only?: boolean
  readonly access_tokens?: DeepReadonly<NonNullable<config.Client['access_tokens']>>
  readonly client_secret?: string
  readonly client_id_issued_at: number
  /** Seconds since the epoch; 0 is never. */
  readonly client_secret_expires_at?: number
  /** Token that reads, changes and deletes the registration (RFC 7592). */
  readonly registration_access_token?: string
}

/** End-users of the latest logins who are not in the configuration. */
export interface RecentUsers extends StoredRecord {
  /** The latest login first. */
  readonly subs: readonly string[]
}
