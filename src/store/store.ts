/** What has happened at one issuer. The store knows no protocol: it keeps records and hands them back. */
import type { DeepReadonly } from '../config/snapshot.js'
import type * as config from '../generated/types.js'

/** A few verbs for every kind of record. Keys are opaque; records are plain JSON. */
export interface Collection<R> {
  /** Keeps the record under the key, and returns what was there before, in one step. */
  put(key: string, record: R): Promise<R | undefined>
  /** Keeps the record unless there is one under the key already: of all callers only one gets `true`. */
  add(key: string, record: R): Promise<boolean>
  get(key: string): Promise<R | undefined>
  /** Removes and returns in one step: of all callers only one gets the record. */
  take(key: string): Promise<R | undefined>
  /** Removes; nothing happens where there is nothing. */
  delete(key: string): Promise<void>
  /** Every key and record, the least recently put or read first. */
  list(): Promise<readonly (readonly [string, R])[]>
  /** Removes everything. */
  clear(): Promise<void>
}

export interface Store {
  /** By code. Single use. */
  readonly authorization_codes: Collection<AuthorizationCode>
  /** By grant_id. Tokens live while their grant lives. */
  readonly grants: Collection<Grant>
  /** By the token itself. */
  readonly access_tokens: Collection<AccessToken>
  /** By the token itself. */
  readonly refresh_tokens: Collection<RefreshToken>
  /** By the code itself: those that were used up, so that a second use is known as one. */
  readonly spent_tokens: Collection<SpentToken>
  /** By `sub`. */
  readonly users: Collection<StoredUser>
  /** By `client_id`. */
  readonly clients: Collection<StoredClient>
  /** By `sub`: who logged in lately without being predefined. */
  readonly recent_users: Collection<RecentUser>
  /** By the random id in the browser's cookie. */
  readonly sessions: Collection<Session>
  /** By `consentKey` of user and client: what was agreed to, so that it isn't asked again. */
  readonly consents: Collection<Consent>
  /** By client and `jti`: assertions and request objects that may not come twice. */
  readonly used_jtis: Collection<UsedJti>
  /** By URL: documents of clients, such as a JWKS. */
  readonly documents: Collection<FetchedDocument>
  /** By device_code: what devices wait for. RFC 8628. */
  readonly device_codes: Collection<DeviceCode>
  /** By device_code: what end-users said. Apart, so that a poll at the same time can't undo it. */
  readonly device_answers: Collection<DeviceAnswer>
  /** By a random id that the browser holds: logins of the built-in relying party. */
  readonly self_logins: Collection<SelfLogin>
}

/** What an end-user granted to a client: the root of every code and token that came of it. */
export interface Grant {
  readonly sub: string
  readonly client_id: string
  readonly scope: string
  /** When the end-user logged in, in seconds since the epoch. */
  readonly auth_time: number
  /** The login that the grant came of. */
  readonly sid: string
  readonly acr?: string
  /** The parameter `claims` of the request. */
  readonly claims?: ClaimsRequest
  /** What the entries of the journal that belong to this login have in common. */
  readonly flow_id?: string
  /** What was picked on the login page to go wrong for this login. */
  readonly faults?: readonly DeepReadonly<config.Fault>[]
}

/** OpenID Connect Core §5.5: the claims that were asked for one by one, by the place where they are wanted. */
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

/** What the provider remembers of a browser. */
export interface Session {
  /** Who has logged in, the latest first. */
  readonly accounts: readonly Account[]
  /** Changes with every login and logout: what `session_state` is computed from. */
  readonly browser_state: string
  readonly expires_at: number
}

/** One end-user's login in a browser. */
export interface Account {
  readonly sub: string
  /** The session's identifier, as ID tokens and logout tokens have it. */
  readonly sid: string
  /** Seconds since the epoch. */
  readonly auth_time: number
  readonly acr?: string
  /** That of the login, for the journal. */
  readonly flow_id?: string
  /** The clients that got something in this login, to be told of the logout. */
  readonly client_ids: readonly string[]
}

export interface Consent {
  readonly scope: string
  readonly claims?: ClaimsRequest
}

export interface UsedJti {
  readonly expires_at: number
}

export interface FetchedDocument {
  readonly body: string
  /** Seconds since the epoch. */
  readonly fetched_at: number
}

export interface AuthorizationCode {
  readonly grant_id: string
  readonly client_id: string
  readonly redirect_uri: string
  readonly nonce?: string
  readonly code_challenge?: string
  readonly code_challenge_method?: 'plain' | 'S256'
  /** Seconds since the epoch; the protocol judges it, not the store. */
  readonly expires_at: number
}

export interface AccessToken {
  readonly grant_id: string
  readonly scope: string
  readonly expires_at: number
}

/** RFC 8628 §3.2. */
export interface DeviceCode {
  /** What the end-user types in. */
  readonly user_code: string
  readonly client_id: string
  readonly scope: string
  readonly expires_at: number
  /** Seconds between polls; `slow_down` makes it more. */
  readonly interval: number
  readonly last_poll?: number
  readonly flow_id: string
}

export interface DeviceAnswer {
  /** Left out, the end-user refused. */
  readonly grant_id?: string
}

export interface RefreshToken {
  readonly grant_id: string
  /** The access token that stops working at the next refresh. */
  readonly access_token: string
  readonly expires_at: number
  /** Another has taken its place. */
  readonly rotated?: true
}

export interface SpentToken {
  readonly grant_id: string
}

export interface StoredUser extends DeepReadonly<Omit<config.User, 'id_token' | 'userinfo' | 'access_token'>> {
  /** Extra claims for one place; left out, none. */
  readonly id_token?: Readonly<Record<string, unknown>>
  readonly userinfo?: Readonly<Record<string, unknown>>
  readonly access_token?: Readonly<Record<string, unknown>>
  /** `put` and `deleted` over HTTP lie over the configuration; `login` with an unknown `sub` lies under it. */
  readonly origin: 'put' | 'login' | 'deleted'
}

/** What a client says of itself (RFC 7591 §2): what a client of the configuration has, and what only registration knows. */
export interface ClientMetadata
  extends DeepReadonly<
    Omit<config.Client, 'client_id' | 'client_secret' | 'wildcard_redirect_uris' | 'faults' | 'auto_login'>
  > {
  /** Metadata in several languages, such as `client_name#de` (RFC 7591 §2.2). */
  readonly localized?: Readonly<Record<string, string>>
  readonly software_statement?: string
}

/** A client of run time: its metadata, and what the provider adds. */
export interface StoredClient extends ClientMetadata {
  readonly client_id: string
  /** Registered by itself, or put by the admin API; left out, registered. */
  readonly origin?: 'put' | 'deleted'
  readonly wildcard_redirect_uris?: boolean
  readonly faults?: readonly DeepReadonly<config.Fault>[]
  readonly auto_login?: string
  readonly client_secret?: string
  readonly client_id_issued_at: number
  /** Seconds since the epoch; 0 is never. */
  readonly client_secret_expires_at?: number
  /** What reads, changes and deletes the registration (RFC 7592). */
  readonly registration_access_token?: string
}

export interface RecentUser {
  readonly sub: string
}

export interface SelfLogin {
  readonly redirect_uri: string
  readonly state: string
  readonly nonce: string
  readonly code_verifier: string
  /** Once the login is done. */
  readonly outcome?: {
    readonly token_response: Readonly<Record<string, unknown>>
    readonly id_token_claims: Readonly<Record<string, unknown>>
    readonly userinfo: Readonly<Record<string, unknown>>
    readonly id_token: string
  }
}
