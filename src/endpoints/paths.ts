/** The table of URLs: below the issuer, each path under the name that discovery gives it, and the paths it has no name for. */

/** OpenID Connect Discovery §3. Everything here is advertised under its own name. */
export const ENDPOINTS = {
  authorization_endpoint: '/oauth2/authorize',
  token_endpoint: '/oauth2/token',
  userinfo_endpoint: '/userinfo',
  jwks_uri: '/jwks',
  registration_endpoint: '/oauth2/clients',
  end_session_endpoint: '/oauth2/end_session',
  check_session_iframe: '/oauth2/check_session',
} as const

/** Those that a browser is sent to. The others are called by clients on their back ends. */
export const FRONT_CHANNEL: readonly string[] = [
  'authorization_endpoint',
  'end_session_endpoint',
  'check_session_iframe',
] satisfies (keyof typeof ENDPOINTS)[]

export const PATHS = {
  home: '/',
  discovery: '/.well-known/openid-configuration',
  oauth_discovery: '/.well-known/oauth-authorization-server',
  webfinger: '/.well-known/webfinger',
  client_configuration: '/oauth2/clients/:client_id',
  distributed_claims: '/claims/:source',
  end_session_confirm: '/oauth2/end_session/confirm',
  user: '/users/:sub',
  revoke_tokens: '/users/:sub/revoke-tokens',
  rotate_keys: '/admin/keys/rotate',
  journal: '/admin/journal',
  self_login: '/oidc/login',
  self_login_authorized: '/oidc/authorized',
  self_login_success: '/oidc/success',
  healthz: '/healthz',
  tls_ca: '/tls/ca.pem',
  config_schema: '/config.schema.json',
} as const

/** What an isolated issuer may be called: what needs no encoding in a URL, and isn't dots alone. */
export const isIssuerName = (name: string) => /^(?!\.+$)[A-Za-z0-9._~-]{1,64}$/.test(name)

/** The name of the isolated issuer that a path is below. */
export function findIssuerName(path: string): string | undefined {
  const [, name] = /\/issuers\/([^/]+)(?:\/|$)/.exec(path) ?? []
  return name !== undefined && isIssuerName(name) ? name : undefined
}
