/** Generated from schema/config.schema.json by `npm run types`; do not edit. */

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
    }
    /**
     * A second port for plain http beside TLS; 0 picks a free one.
     */
    http_port?: number
    /**
     * Origins whose scripts may call every endpoint but the authorization endpoint; `*` means any.
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
   * How long each kind of token is good for.
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
   * The signing keys. Every key is published at the JWKS endpoint.
   *
   * @minItems 1
   */
  keys: Key[]
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
   * The secret, needed by every token_endpoint_auth_method but `none`.
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
  /**
   * How the client authenticates at the token endpoint.
   */
  token_endpoint_auth_method: 'client_secret_basic' | 'client_secret_post' | 'none'
  /**
   * The grants that the client may use at the token endpoint.
   */
  grant_types: ('authorization_code' | 'refresh_token')[]
  /**
   * The response types that the client may ask for.
   */
  response_types: 'code'[]
  /**
   * The scopes that the client may be granted, separated by spaces. Left out, everything it asks for.
   */
  scope?: string
  /**
   * The algorithm of the client's ID tokens. Left out, RS256 where there is such a key, else that of the first key.
   */
  id_token_signed_response_alg?: Alg
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
 * Claims by name, with any JSON value.
 *
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "Claims".
 */
export interface Claims {
  [k: string]: unknown
}
