/** Generated from schema/config.schema.json by `npm run types`; do not edit. */

/**
 * How long: a time, or an object with `min` and `max` of which a time between is chosen.
 */
export type DelayOrRange =
  | number
  | string
  | {
      /**
       * The shortest time.
       */
      min: Delay
      /**
       * The longest time.
       */
      max: Delay
    }
/**
 * How the client authenticates at the token endpoint.
 */
export type ClientAuthMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'client_secret_jwt'
  | 'private_key_jwt'
  | 'tls_client_auth'
  | 'self_signed_tls_client_auth'
  | 'none'
/**
 * Seconds as a number, or a text such as `15m`, `1h`, `30d`, `1h30m` (s, m, h, d, w).
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Duration".
 */
export type Duration = number | string
/**
 * A signature algorithm of RFC 7518 §3.1 or RFC 8037 (EdDSA, with Ed25519).
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Alg".
 */
export type Alg = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA'
/**
 * A signature algorithm, by a key (RFC 7518 §3.1, RFC 8037), by the client_secret (HS256, HS384, HS512), or none.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "ResponseAlg".
 */
export type ResponseAlg =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'none'
/**
 * How a content encryption key is encrypted or agreed upon (RFC 7518 §4.1).
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "KeyManagementAlg".
 */
export type KeyManagementAlg =
  | 'RSA-OAEP'
  | 'RSA-OAEP-256'
  | 'RSA-OAEP-384'
  | 'RSA-OAEP-512'
  | 'ECDH-ES'
  | 'ECDH-ES+A128KW'
  | 'ECDH-ES+A192KW'
  | 'ECDH-ES+A256KW'
  | 'A128KW'
  | 'A192KW'
  | 'A256KW'
  | 'dir'
/**
 * How content is encrypted (RFC 7518 §5.1).
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "ContentEncryption".
 */
export type ContentEncryption = 'A128CBC-HS256' | 'A192CBC-HS384' | 'A256CBC-HS512' | 'A128GCM' | 'A192GCM' | 'A256GCM'
/**
 * How clients encrypt to a key (RFC 7518 §4.1): ECDH-ES and its like with P-256.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "EncryptionAlg".
 */
export type EncryptionAlg =
  | 'RSA-OAEP'
  | 'RSA-OAEP-256'
  | 'RSA-OAEP-384'
  | 'RSA-OAEP-512'
  | 'ECDH-ES'
  | 'ECDH-ES+A128KW'
  | 'ECDH-ES+A192KW'
  | 'ECDH-ES+A256KW'
/**
 * A time such as `2030-01-01T00:00:00Z`, or seconds since 1970.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Time".
 */
export type Time = number | string
/**
 * Seconds as a number, or a text such as `200ms`, `2s`, `1m30s` (ms, s, m, h), up to an hour.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Delay".
 */
export type Delay = number | string

/**
 * The configuration of oidc-provider-mock: who can log in, which applications may ask, and how the provider behaves.
 */
export interface Config {
  /**
   * Where an editor finds this schema. The provider ignores it.
   */
  $schema?: string
  /**
   * The issuer identifier: an http or https URL without query and fragment. Left out, it is `public_url`, or else follows the host of each request.
   */
  issuer?: string
  /**
   * What browsers visit: an http or https URL without query and fragment. Discovery bases the endpoints that a browser is sent to on it. Left out, the issuer.
   */
  public_url?: string
  /**
   * What back ends call: an http or https URL without query and fragment. Discovery bases the token endpoint, JWKS and the like on it. Left out, the issuer.
   */
  internal_url?: string
  /**
   * How exact the provider is: `lenient` takes what a toy may take, `strict` does what a certified OpenID Provider does. It sets the `rules`, `sessions.single_sign_on`, and the keys where `keys` and `encryption_keys` are left out.
   */
  profile: 'lenient' | 'strict'
  /**
   * Single rules, each on or off whatever the profile says. A rule that is left out is on under `strict` and off under `lenient`.
   */
  rules: {
    /**
     * Only clients that are configured or registered may ask. RFC 6749 §2.
     */
    registered_clients?: boolean
    /**
     * No `*` in redirect_uris is a wildcard: comparison is exact. RFC 9700 §2.1.
     */
    exact_redirect_uris?: boolean
    /**
     * A client that registers is held to what its application_type allows in redirect_uris: a web application with the implicit grant has https and no localhost, a native one its own scheme or a loopback address. OpenID Connect Registration §2.
     */
    application_type?: boolean
    /**
     * A client that registers has the grant_types that its response_types need. RFC 7591 §2.1.
     */
    consistent_grant_types?: boolean
    /**
     * Scopes that are neither standard nor under `scopes` are not granted. OpenID Connect Core §3.1.2.1.
     */
    known_scopes?: boolean
    /**
     * Whoever asks for an ID token or calls userinfo has the scope `openid`. OpenID Connect Core §3.1.2.1 and §5.3.
     */
    openid_scope?: boolean
    /**
     * A request whose answer carries an ID token through the browser has a nonce. OpenID Connect Core §3.2.2.1 and §3.3.2.11.
     */
    nonce_in_front_channel?: boolean
    /**
     * A public client that asks for a code sends a code_challenge. RFC 9700 §2.1.1.
     */
    pkce_for_public_clients?: boolean
    /**
     * A request_uri is one of the client's request_uris. OpenID Connect Registration §2.
     */
    registered_request_uris?: boolean
    /**
     * A client authenticates in one way at a time. RFC 6749 §2.3.
     */
    one_client_authentication?: boolean
    /**
     * Where there is an access token, the claims of a scope come from userinfo and not in the ID token. OpenID Connect Core §5.4.
     */
    scope_claims_at_userinfo?: boolean
    /**
     * A claim that no scope names is released only if the parameter `claims` asks for it. OpenID Connect Core §5.4 and §5.5.
     */
    requested_claims_only?: boolean
    /**
     * A refresh token takes the scope `offline_access`, which takes `prompt=consent`. OpenID Connect Core §11.
     */
    offline_access?: boolean
    /**
     * A public client gets a new refresh token at each refresh, and the use of an old one ends the grant. RFC 9700 §4.14.2.
     */
    rotate_refresh_tokens?: boolean
    /**
     * A code that comes twice ends the grant and all its tokens. RFC 6749 §4.1.2.
     */
    revoke_on_code_reuse?: boolean
    /**
     * Every authorization response carries `iss`. RFC 9207 §2.
     */
    iss_parameter?: boolean
    /**
     * Every authorization response of a login carries `session_state`, and discovery names the check_session_iframe. OpenID Connect Session Management §2 and §3.
     */
    session_state?: boolean
    /**
     * After a logout the browser goes only where the client registered. OpenID Connect RP-Initiated Logout §3.
     */
    registered_post_logout_redirect_uris?: boolean
    /**
     * A logout with a post_logout_redirect_uri has an id_token_hint of this issuer, and every id_token_hint is one. OpenID Connect RP-Initiated Logout §2.
     */
    verified_id_token_hint?: boolean
  }
  /**
   * What the provider remembers of a browser.
   */
  sessions: {
    /**
     * Whether who has logged in before, and has agreed for this client, is not asked again. Otherwise the form is shown each time, and only `prompt=none` is answered from the session. Left out, on under `strict` and off under `lenient`.
     */
    single_sign_on?: boolean
  }
  /**
   * How the server listens and what it believes about requests. `host`, `port`, `http_port`, `body_limit`, `max_issuers`, and whether there is TLS, take effect at start only.
   */
  server: {
    /**
     * The address to listen on. `0.0.0.0` listens on all of them, which a container needs.
     */
    host: string
    /**
     * The TCP port to listen on; 0 picks a free one.
     */
    port: number
    /**
     * A path such as `/auth`, below which a reverse proxy shows the provider. Everything is served below it and at the root, so the proxy may strip it or not. Left out, the path of `public_url`, or else of `issuer`.
     */
    base_path?: string
    /**
     * Whether `X-Forwarded-Proto`, `-Host`, `-Port` and `-Prefix` say where a browser sees the provider: from everybody (`true`), from nobody, or from these proxies only: IP addresses, ranges such as `10.0.0.0/8`, `loopback`, `linklocal`, `uniquelocal`.
     */
    trust_forwarded: boolean | string[]
    /**
     * Serves https instead of http: with `cert` and `key`, which are read again when they change, or with `self_signed`.
     */
    tls?: {
      /**
       * A PEM file with the certificate, then the intermediate ones; a relative path starts from the config file's folder.
       */
      cert?: string
      /**
       * A PEM file with the certificate's private key; a relative path starts from the config file's folder.
       */
      key?: string
      /**
       * Whether a certificate authority and a certificate are made at each start. The authority is served at `/tls/ca.pem`. Takes effect at start only.
       */
      self_signed: boolean
      /**
       * The host names and IP addresses that the self-signed certificate is for; `*.example.test` is a name, too. Takes effect at start only.
       *
       * @minItems 1
       */
      names: string[]
      /**
       * A file that the self-signed certificate's authority is written to; a relative path starts from the config file's folder. Takes effect at start only.
       */
      ca_file?: string
      /**
       * Whether clients are asked for a certificate, for `tls_client_auth` and `self_signed_tls_client_auth`. A browser that has certificates of its own may ask its user for one, too. Takes effect at start only.
       */
      client_certificates: boolean
      /**
       * A PEM file with the authorities whose certificates `tls_client_auth` accepts; a relative path starts from the config file's folder. Left out, the well-known ones. Takes effect at start only.
       */
      client_ca?: string
    }
    /**
     * A second port for plain http beside TLS; 0 picks a free one.
     */
    http_port?: number
    /**
     * Origins whose scripts may call every endpoint but the authorization endpoint and `/admin/…`; `*` means any.
     */
    cors_origins: string[]
    /**
     * The largest request body that is read, in bytes. A larger one is answered with 413.
     */
    body_limit: number
    /**
     * How many isolated issuers (`/issuers/{name}`) are kept. The least recently used goes first.
     */
    max_issuers: number
    /**
     * The bearer token, of letters, digits and `-._~+/`, that `/admin` asks for. Left out, it asks for none, and refuses pages of other sites.
     */
    admin_token?: string
  }
  /**
   * What is logged and how. Secrets, codes and tokens never are.
   */
  log: {
    /**
     * The least severe level that is logged. `debug` adds a line for each request.
     */
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
    /**
     * `pretty` for people, `json` for machines, `auto` for pretty on a terminal and JSON elsewhere. Takes effect at start only.
     */
    format: 'auto' | 'pretty' | 'json'
  }
  /**
   * Whether only clients that are registered or listed under `clients` may ask. Otherwise any client_id, secret and redirect_uri is accepted.
   */
  require_registration: boolean
  /**
   * Whether an authorization request without `nonce` is refused.
   */
  require_nonce: boolean
  /**
   * Whether an authorization request without `code_challenge` is refused.
   */
  require_pkce: boolean
  /**
   * Whether the token response carries a refresh token.
   */
  issue_refresh_token: boolean
  /**
   * Whether a `*` in the redirect_uris of any client stands for any characters but `/`, `?`, `#`, `@`, `:` and the backslash, for preview environments.
   */
  wildcard_redirect_uris: boolean
  /**
   * How long each kind of token is good for, and other things that expire.
   */
  lifetimes: {
    /**
     * Lifetime of an authorization code.
     */
    authorization_code: Duration
    /**
     * Lifetime of an access token.
     */
    access_token: Duration
    /**
     * Lifetime of an ID token.
     */
    id_token: Duration
    /**
     * Lifetime of a refresh token.
     */
    refresh_token: Duration
    /**
     * How long a device waits for the end-user. RFC 8628 §3.2.
     */
    device_code: Duration
    /**
     * How long a browser stays logged in.
     */
    session: Duration
    /**
     * How long the secret of a client that registers is good for. Left out, for ever.
     */
    client_secret?: Duration
  }
  /**
   * Custom scopes by name. A claim that is named here appears only if one of its scopes was granted. `profile`, `email`, `address`, `phone` and `offline_access` keep their meaning and get the claims as well; `openid` can't be defined.
   */
  scopes: {
    [k: string]: Scope
  }
  /**
   * The predefined users, in the order in which the login page shows them.
   */
  users: User[]
  /**
   * The applications that are registered from the start. Each is held to what is written here.
   */
  clients: Client[]
  /**
   * The signing keys. Every key is published at the JWKS endpoint. Left out, one generated RS256 key; under `strict` also PS256, ES256 and EdDSA.
   *
   * @minItems 1
   */
  keys?: Key[]
  /**
   * The keys to which clients encrypt request objects. Every key is published at the JWKS endpoint, with `use: enc`. Left out, none; under `strict` a generated one for RSA-OAEP and one for ECDH-ES.
   */
  encryption_keys?: EncryptionKey[]
  /**
   * When generated and configured signing keys are replaced by new ones. An old key stays published until the last token that it signed has expired.
   */
  key_rotation: {
    /**
     * How long a key signs. Left out, for ever; `POST /admin/keys/rotate` rotates at any time.
     */
    period?: Duration
    /**
     * How long before its first use a new key is published, where a period rotates; less than the period. Left out, a tenth of the period.
     */
    publish_ahead?: Duration
  }
  /**
   * Dynamic client registration.
   */
  registration: {
    /**
     * What a registration has to carry as bearer token (RFC 7591 §3). Left out, anybody may register.
     */
    initial_access_token?: string
  }
  /**
   * What pairwise subject identifiers are computed with, beside the sector and the `sub`. The same salt gives the same identifiers.
   */
  pairwise_salt: string
  /**
   * The authentication context class references that a login can have, for `acr_values_supported`. A request gets the first that it asks for.
   *
   * Items: One value, such as `urn:example:gold`.
   */
  acr_values: string[]
  /**
   * Members of the discovery document that are to say something else: each value takes the place of what is derived, and null removes the member.
   */
  discovery: {
    [k: string]: unknown
  }
  /**
   * How the provider calls others: for jwks_uri, request_uri, sector_identifier_uri and back-channel logout.
   */
  outbound: {
    /**
     * A PEM file with certificates to trust besides the well-known ones; a relative path starts from the config file's folder.
     */
    ca?: string
    /**
     * Whether a server's certificate is not verified at all. For local use only.
     */
    insecure: boolean
    /**
     * How long one call may take, all in all.
     */
    timeout: Duration
    /**
     * The largest answer that is read, in bytes.
     */
    max_size: number
  }
  /**
   * What goes wrong on purpose. Of several faults at one point the first that matches wins, after those of run time, of the user and of the client.
   *
   * @maxItems 1000
   */
  faults: Fault[]
  /**
   * The `sub` of a user who is logged in at once, without a page, whoever asks.
   */
  auto_login?: string
  /**
   * Whether a request with `login_hint` is logged in at once as that user, without a page.
   */
  auto_login_hint: boolean
  /**
   * The time that issuers live in.
   */
  clock: {
    /**
     * The time at which the clock of an issuer starts, such as `2030-01-01T00:00:00Z`, or in seconds since 1970. Left out, the real time.
     */
    start?: Time
    /**
     * Whether the clock stands still until it is moved.
     */
    frozen: boolean
  }
  /**
   * What each issuer keeps of the last exchanges, for `GET /admin/journal`.
   */
  journal: {
    /**
     * How many entries are kept; the oldest go.
     */
    max_entries: number
    /**
     * How many characters of JSON the entries may have together; the oldest go.
     */
    max_size: number
    /**
     * How many characters of a request's or an answer's body are kept.
     */
    max_body: number
  }
  /**
   * Which provider to look like: its paths, claim names and quirks. What the configuration says itself counts more.
   */
  preset?: 'keycloak' | 'entra' | 'okta' | 'auth0' | 'cognito' | 'google'
}
/**
 * A custom scope.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Scope".
 */
export interface Scope {
  /**
   * What the scope is for; shown on the login page.
   */
  description?: string
  /**
   * The claims that the scope releases.
   */
  claims: string[]
}
/**
 * A predefined user.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "User".
 */
export interface User {
  /**
   * The subject identifier, unique among the users.
   */
  sub: string
  /**
   * The name that the login page shows beside `sub`.
   */
  display_name?: string
  /**
   * A line for the login page: what this user is for.
   */
  description?: string
  /**
   * Claims for the ID token and userinfo, each released by its scope.
   */
  claims: Claims
  /**
   * More claims for the ID token only, whatever the scope.
   */
  id_token: Claims
  /**
   * More claims for userinfo only, whatever the scope.
   */
  userinfo: Claims
  /**
   * More claims for the access token only, whatever the scope.
   */
  access_token: Claims
  /**
   * Claims that others vouch for, by the name of the source (OpenID Connect Core §5.6.2). They are released like the user's own. Left out, there are none.
   */
  claim_sources?: {
    [k: string]: ClaimSource
  }
  /**
   * What goes wrong for this user, so that it is enough to log in as them.
   *
   * @maxItems 1000
   */
  faults?: Fault[]
}
/**
 * A source of aggregated claims, which come with the answer as a signed JWT, or of distributed claims, which the client fetches.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "ClaimSource".
 */
export interface ClaimSource {
  /**
   * The claims by name, with their values.
   */
  claims: Claims
  /**
   * Whether the client has to fetch the claims. Otherwise they come along, aggregated.
   */
  distributed: boolean
  /**
   * Where a client fetches distributed claims. Left out, from this provider.
   */
  endpoint?: string
  /**
   * The bearer token for `endpoint`. Left out, for this provider's own endpoint, the access token of the answer.
   */
  access_token?: string
}
/**
 * What goes wrong, where, and how often. Nothing said about how often is always.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Fault".
 */
export interface Fault {
  /**
   * A name from the catalogue of faults, such as `id_token.expired`.
   */
  fault:
    | 'id_token.bad_signature'
    | 'id_token.alg_none'
    | 'id_token.wrong_alg'
    | 'id_token.hs256_with_public_key'
    | 'id_token.missing_kid'
    | 'id_token.unknown_kid'
    | 'id_token.unpublished_key'
    | 'id_token.malformed'
    | 'id_token.wrong_iss'
    | 'id_token.wrong_aud'
    | 'id_token.wrong_typ'
    | 'id_token.missing_iss'
    | 'id_token.missing_aud'
    | 'id_token.missing_iat'
    | 'id_token.missing_exp'
    | 'id_token.expired'
    | 'id_token.not_yet_valid'
    | 'id_token.stale_iat'
    | 'id_token.extra_aud'
    | 'id_token.wrong_azp'
    | 'id_token.missing_sub'
    | 'id_token.wrong_nonce'
    | 'id_token.missing_nonce'
    | 'id_token.wrong_at_hash'
    | 'id_token.missing_at_hash'
    | 'id_token.wrong_c_hash'
    | 'id_token.missing_c_hash'
    | 'id_token.wrong_s_hash'
    | 'id_token.missing_s_hash'
    | 'access_token.bad_signature'
    | 'access_token.alg_none'
    | 'access_token.wrong_alg'
    | 'access_token.hs256_with_public_key'
    | 'access_token.missing_kid'
    | 'access_token.unknown_kid'
    | 'access_token.unpublished_key'
    | 'access_token.malformed'
    | 'access_token.wrong_iss'
    | 'access_token.wrong_aud'
    | 'access_token.wrong_typ'
    | 'access_token.missing_iss'
    | 'access_token.missing_aud'
    | 'access_token.missing_iat'
    | 'access_token.missing_exp'
    | 'access_token.expired'
    | 'access_token.not_yet_valid'
    | 'access_token.stale_iat'
    | 'access_token.missing_sub'
    | 'access_token.missing_scope'
    | 'access_token.insufficient_scope'
    | 'userinfo.bad_signature'
    | 'userinfo.alg_none'
    | 'userinfo.wrong_alg'
    | 'userinfo.hs256_with_public_key'
    | 'userinfo.missing_kid'
    | 'userinfo.unknown_kid'
    | 'userinfo.unpublished_key'
    | 'userinfo.malformed'
    | 'userinfo.wrong_iss'
    | 'userinfo.wrong_aud'
    | 'userinfo.wrong_sub'
    | 'userinfo.missing_sub'
    | 'userinfo.rejects_token'
    | 'userinfo.insufficient_scope'
    | 'introspection.inactive'
    | 'jarm.bad_signature'
    | 'jarm.alg_none'
    | 'jarm.wrong_alg'
    | 'jarm.hs256_with_public_key'
    | 'jarm.missing_kid'
    | 'jarm.unknown_kid'
    | 'jarm.unpublished_key'
    | 'jarm.malformed'
    | 'jarm.wrong_iss'
    | 'jarm.wrong_aud'
    | 'authorize.error'
    | 'authorize.wrong_state'
    | 'authorize.missing_state'
    | 'authorize.wrong_iss'
    | 'authorize.missing_iss'
    | 'authorize.missing_code'
    | 'authorize.replayed_code'
    | 'authorize.double_callback'
    | 'authorize.html_500'
    | 'token.error'
    | 'token.missing_id_token'
    | 'token.missing_expires_in'
    | 'token.expires_in_string'
    | 'token.missing_token_type'
    | 'token.token_type_case'
    | 'token.missing_access_token'
    | 'token.extra_members'
    | 'token.wrong_content_type'
    | 'token.refresh_wrong_iss'
    | 'token.refresh_wrong_sub'
    | 'token.refresh_not_rotated'
    | 'token.refresh_reuse_revokes_all'
    | 'token.authorization_pending'
    | 'token.slow_down'
    | 'token.expired_token'
    | 'token.access_denied'
    | 'discovery.wrong_issuer'
    | 'discovery.missing_member'
    | 'discovery.extra_member'
    | 'discovery.not_found'
    | 'discovery.invalid_json'
    | 'jwks.empty'
    | 'jwks.duplicate_kid'
    | 'jwks.reused_kid'
    | 'jwks.missing_kid'
    | 'jwks.stale'
    | 'jwks.unavailable'
    | 'jwks.mixed_types'
    | 'jwks.rotated'
    | 'jwks.rotated_before_signing'
    | 'logout_token.bad_signature'
    | 'logout_token.alg_none'
    | 'logout_token.wrong_alg'
    | 'logout_token.hs256_with_public_key'
    | 'logout_token.missing_kid'
    | 'logout_token.unknown_kid'
    | 'logout_token.unpublished_key'
    | 'logout_token.malformed'
    | 'logout_token.wrong_iss'
    | 'logout_token.wrong_aud'
    | 'logout_token.wrong_typ'
    | 'logout_token.missing_iss'
    | 'logout_token.missing_aud'
    | 'logout_token.missing_iat'
    | 'logout_token.missing_exp'
    | 'logout_token.expired'
    | 'logout_token.not_yet_valid'
    | 'logout_token.stale_iat'
    | 'logout_token.missing_events'
    | 'logout_token.wrong_event'
    | 'logout_token.with_nonce'
    | 'logout_token.missing_sub_and_sid'
    | 'end_session.missing_state'
    | 'end_session.wrong_state'
    | 'logout.not_delivered'
    | 'registration.error'
    | 'registration.drops_member'
    | 'http.status'
    | 'http.delay'
    | 'http.timeout'
    | 'http.reset'
    | 'http.truncate'
    | 'http.slow_body'
    | 'http.malformed_json'
    | 'http.redirect'
    | 'http.wrong_content_type'
    | 'http.gzip_garbage'
  /**
   * What the exchange must be about; left out, any.
   */
  match?: FaultMatch
  /**
   * It happens so often at most.
   */
  times?: number
  /**
   * So many exchanges that match go well first.
   */
  after?: number
  /**
   * It happens at every so many exchanges that match: 3 is the third, the sixth and so on.
   */
  every?: number
  /**
   * How probable it is at each exchange that matches, above 0 and up to 1.
   */
  probability?: number
  /**
   * What the probability's choices follow from, so that a run can be repeated. Left out, one is chosen.
   */
  seed?: number
  /**
   * The HTTP status.
   */
  status?: number
  /**
   * HTTP headers by name, such as `Retry-After`.
   */
  headers?: {
    [k: string]: string
  }
  /**
   * The body: a text, sent as it is, or any other JSON value. Left out, the body is empty.
   */
  body?:
    | {
        [k: string]: unknown
      }
    | unknown[]
    | string
    | number
    | boolean
    | null
  /**
   * The media type of the body. Left out, what fits it: `application/json`, or `text/html` for a text.
   */
  content_type?: string
  delay?: DelayOrRange
  /**
   * Where a redirect leads.
   */
  location?: string
  /**
   * A number of bytes.
   */
  bytes?: number
  /**
   * The error code, such as `access_denied`.
   */
  error?: string
  /**
   * The error's description.
   */
  error_description?: string
  /**
   * The name of a member.
   */
  member?: string
  /**
   * The value that is there instead.
   */
  value?:
    | {
        [k: string]: unknown
      }
    | unknown[]
    | string
    | number
    | boolean
    | null
  /**
   * The scopes that are there instead, separated by spaces.
   */
  scope?: string
}
/**
 * A registered client; names and meaning are those of RFC 7591 §2.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Client".
 */
export interface Client {
  /**
   * The client identifier, unique among the clients.
   */
  client_id: string
  /**
   * The secret, needed by client_secret_basic, client_secret_post and client_secret_jwt, by HS256 and its like, and by encryption with a shared key.
   */
  client_secret?: string
  /**
   * The name that the login page shows.
   */
  client_name?: string
  /**
   * Where answers may go. The redirect_uri of a request must be one of these, character for character.
   *
   * @minItems 1
   */
  redirect_uris: string[]
  /**
   * Whether a `*` in this client's redirect_uris stands for any characters but `/`, `?`, `#`, `@`, `:` and the backslash.
   */
  wildcard_redirect_uris: boolean
  /**
   * Where the browser may go after the end of the session. Left out, any URI is accepted.
   */
  post_logout_redirect_uris?: string[]
  token_endpoint_auth_method: ClientAuthMethod
  /**
   * The grants that the client may use. `implicit` is for response types with a token or an ID token.
   */
  grant_types: ('authorization_code' | 'implicit' | 'refresh_token' | 'urn:ietf:params:oauth:grant-type:device_code')[]
  /**
   * The response types that the client may ask for.
   */
  response_types: (
    'code' | 'id_token' | 'id_token token' | 'code id_token' | 'code token' | 'code id_token token' | 'none'
  )[]
  /**
   * The scopes that the client may be granted, separated by spaces. Left out, everything it asks for.
   */
  scope?: string
  /**
   * The algorithm of the client's ID tokens: one of the keys', `HS256`, `HS384` or `HS512` with the client_secret, or `none`. Left out, RS256 where there is such a key, else that of the first key.
   */
  id_token_signed_response_alg?: ResponseAlg
  /**
   * What the content key of the client's ID tokens is encrypted with. Left out, they are not encrypted.
   */
  id_token_encrypted_response_alg?: KeyManagementAlg
  /**
   * What the client's ID tokens are encrypted with. Left out, A128CBC-HS256.
   */
  id_token_encrypted_response_enc?: ContentEncryption
  /**
   * The algorithm that userinfo is signed with. Left out, userinfo is JSON.
   */
  userinfo_signed_response_alg?: ResponseAlg
  /**
   * What the content key of userinfo is encrypted with. Left out, it is not encrypted.
   */
  userinfo_encrypted_response_alg?: KeyManagementAlg
  /**
   * What userinfo is encrypted with. Left out, A128CBC-HS256.
   */
  userinfo_encrypted_response_enc?: ContentEncryption
  /**
   * The algorithm of the client's authorization responses in a response mode with `jwt`; not `none`. Left out, as for its ID tokens.
   */
  authorization_signed_response_alg?: ResponseAlg
  /**
   * What the content key of these responses is encrypted with. Left out, they are not encrypted.
   */
  authorization_encrypted_response_alg?: KeyManagementAlg
  /**
   * What these responses are encrypted with. Left out, A128CBC-HS256.
   */
  authorization_encrypted_response_enc?: ContentEncryption
  /**
   * The only algorithm that the client's request objects may have. Left out, any.
   */
  request_object_signing_alg?: ResponseAlg
  /**
   * The only algorithm to which the client encrypts request objects. Left out, any, or none.
   */
  request_object_encryption_alg?: KeyManagementAlg
  /**
   * The only method with which the client encrypts request objects. Left out, any.
   */
  request_object_encryption_enc?: ContentEncryption
  /**
   * The only algorithm of the client's assertions. Left out, any that fits the method.
   */
  token_endpoint_auth_signing_alg?: ResponseAlg
  /**
   * The client's public keys, for its assertions and request objects, and to encrypt to.
   */
  jwks?: {
    /**
     * The keys, as JWKs.
     *
     * @maxItems 100
     */
    keys: {
      [k: string]: unknown
    }[]
    [k: string]: unknown
  }
  /**
   * Where the client's public keys are; they are fetched when they are needed, and again for an unknown kid.
   */
  jwks_uri?: string
  /**
   * Whether the client sees the users' `sub`, or one of its sector's own.
   */
  subject_type: 'public' | 'pairwise'
  /**
   * Whose host is the client's sector, for `pairwise`. Left out, the host of its redirect_uris.
   */
  sector_identifier_uri?: string
  /**
   * What kind of application it is.
   */
  application_type: 'web' | 'native'
  /**
   * E-mail addresses of people who are responsible for the client.
   */
  contacts?: string[]
  /**
   * The client's home page; linked on the login page.
   */
  client_uri?: string
  /**
   * The client's logo; shown on the login page.
   */
  logo_uri?: string
  /**
   * How the client uses data; linked on the login page.
   */
  policy_uri?: string
  /**
   * The client's terms of service; linked on the login page.
   */
  tos_uri?: string
  /**
   * Where a third party can make the client begin a login, https.
   */
  initiate_login_uri?: string
  /**
   * The max_age of requests that have none, in seconds.
   */
  default_max_age?: number
  /**
   * Whether ID tokens need `auth_time`. They have it anyway.
   */
  require_auth_time: boolean
  /**
   * The acr_values of requests that have none.
   */
  default_acr_values?: string[]
  /**
   * The request_uri values that the client may use.
   */
  request_uris?: string[]
  /**
   * What is loaded in the browser when the user logs out.
   */
  frontchannel_logout_uri?: string
  /**
   * Whether frontchannel_logout_uri gets `iss` and `sid`.
   */
  frontchannel_logout_session_required: boolean
  /**
   * Where a logout token is sent when the user logs out.
   */
  backchannel_logout_uri?: string
  /**
   * Whether the logout token needs `sid`. It has it anyway.
   */
  backchannel_logout_session_required: boolean
  /**
   * The subject of the client's certificate, such as `CN=client,O=Example`, for `tls_client_auth`.
   */
  tls_client_auth_subject_dn?: string
  /**
   * A DNS name in the client's certificate, for `tls_client_auth`.
   */
  tls_client_auth_san_dns?: string
  /**
   * A URI in the client's certificate, for `tls_client_auth`.
   */
  tls_client_auth_san_uri?: string
  /**
   * An IP address in the client's certificate, for `tls_client_auth`.
   */
  tls_client_auth_san_ip?: string
  /**
   * An e-mail address in the client's certificate, for `tls_client_auth`.
   */
  tls_client_auth_san_email?: string
  /**
   * What software the client is, as its maker names it.
   */
  software_id?: string
  /**
   * Which version of the software it is.
   */
  software_version?: string
  /**
   * What goes wrong for this client.
   *
   * @maxItems 1000
   */
  faults?: Fault[]
  /**
   * The `sub` of a user who is logged in at once, without a page, where this client asks.
   */
  auto_login?: string
}
/**
 * A signing key. It comes from at most one of `file`, `pem`, `jwk` and `keep_in`; with none of them it is generated, for each issuer its own, and lost at the end.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Key".
 */
export interface Key {
  /**
   * What the key signs with.
   */
  alg: Alg
  /**
   * The key's id. Left out, that of the JWK, else the key's RFC 7638 thumbprint.
   */
  kid?: string
  /**
   * A file with the private key, PKCS #8 PEM or JWK; a relative path starts from the config file's folder.
   */
  file?: string
  /**
   * The private key, PKCS #8 PEM.
   */
  pem?: string
  /**
   * The private key as a JWK.
   */
  jwk?: {
    [k: string]: unknown
  }
  /**
   * A file in which a generated key is kept as a JWK across restarts; made if it is not there.
   */
  keep_in?: string
}
/**
 * A key to encrypt to. It comes from at most one of `file`, `pem`, `jwk` and `keep_in`; with none of them it is generated, for each issuer its own, and lost at the end.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "EncryptionKey".
 */
export interface EncryptionKey {
  /**
   * How clients encrypt to the key.
   */
  alg: EncryptionAlg
  /**
   * The key's id. Left out, that of the JWK, else the key's RFC 7638 thumbprint.
   */
  kid?: string
  /**
   * A file with the private key, PKCS #8 PEM or JWK; a relative path starts from the config file's folder.
   */
  file?: string
  /**
   * The private key, PKCS #8 PEM.
   */
  pem?: string
  /**
   * The private key as a JWK.
   */
  jwk?: {
    [k: string]: unknown
  }
  /**
   * A file in which a generated key is kept as a JWK across restarts; made if it is not there.
   */
  keep_in?: string
}
/**
 * Claims by name, with any JSON value.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Claims".
 */
export interface Claims {
  [k: string]: unknown
}
/**
 * What an exchange must be about. All of it has to fit.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "FaultMatch".
 */
export interface FaultMatch {
  /**
   * The endpoint, as discovery names it, less `_endpoint`: `authorization`, `token`, `userinfo`, `introspection`, `revocation`, `device_authorization`, `device`, `jwks`, `discovery`, `webfinger`, `registration`, `end_session`, `check_session`. One, or a list of which any.
   *
   * @minItems 1
   */
  endpoint?: string | string[]
  /**
   * The client. One, or a list of which any.
   *
   * @minItems 1
   */
  client_id?: string | string[]
  /**
   * The end-user, by their own `sub`. One, or a list of which any.
   *
   * @minItems 1
   */
  sub?: string | string[]
  /**
   * The grant_type of a token request. One, or a list of which any.
   *
   * @minItems 1
   */
  grant_type?: string | string[]
  /**
   * A scope that was asked for or granted. One, or a list of which any.
   *
   * @minItems 1
   */
  scope?: string | string[]
  /**
   * The resource that was asked for (RFC 8707). One, or a list of which any.
   *
   * @minItems 1
   */
  resource?: string | string[]
  /**
   * The name of an isolated issuer, as in `/issuers/NAME`; `default` is the one at the root. One, or a list of which any.
   *
   * @minItems 1
   */
  issuer?: string | string[]
}
