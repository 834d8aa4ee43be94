/** What has happened at one issuer. The store knows no protocol: it keeps records and hands them back. */

/** A few verbs for every kind of record. Keys are opaque; records are plain JSON. */
export interface Collection<R> {
  /** Keeps the record under the key, in place of what was there. */
  put(key: string, record: R): Promise<void>
  get(key: string): Promise<R | undefined>
  /** Removes and returns in one step: of all callers only one gets the record. */
  take(key: string): Promise<R | undefined>
  /** Removes; nothing happens where there is nothing. */
  delete(key: string): Promise<void>
  /** Every key and record, the least recently put or read first. */
  list(): Promise<readonly (readonly [string, R])[]>
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
  /** By `sub`. */
  readonly users: Collection<StoredUser>
  /** By `client_id`. */
  readonly clients: Collection<StoredClient>
  /** By `sub`: who logged in lately without being predefined. */
  readonly recent_users: Collection<RecentUser>
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

export interface RefreshToken {
  readonly grant_id: string
  /** The access token that stops working at the next refresh. */
  readonly access_token: string
  readonly expires_at: number
}

export interface StoredUser {
  readonly sub: string
  readonly claims: Readonly<Record<string, unknown>>
  /** `put` over HTTP lies over the configuration; `login` with an unknown `sub` lies under it. */
  readonly origin: 'put' | 'login'
}

/** A dynamically registered client (RFC 7591), with what the directory needs of it. */
export interface StoredClient {
  readonly client_id: string
  readonly client_id_issued_at: number
  readonly client_secret?: string
  readonly client_name?: string
  readonly redirect_uris: readonly string[]
  readonly post_logout_redirect_uris?: readonly string[]
  readonly token_endpoint_auth_method: 'client_secret_basic' | 'client_secret_post' | 'none'
  readonly grant_types: readonly ('authorization_code' | 'refresh_token')[]
  readonly response_types: readonly 'code'[]
  readonly scope?: string
  readonly id_token_signed_response_alg?: string
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
