/** The table of URLs: below the issuer, each path under the name that discovery gives it, and the paths it has no name for. */

/** Whether the text can name an isolated issuer: characters that a URL does not encode (RFC 3986 §2.3), not only dots. */
export const isIssuerName = (name: string) => /^(?!\.+$)[A-Za-z0-9._~-]{1,64}$/.test(name)

/** OpenID Connect Discovery §3, RFC 8414 §2 and RFC 8628 §4. Everything here is advertised under its own name. */
export const ENDPOINTS = {
  authorization_endpoint: '/oauth2/authorize',
  token_endpoint: '/oauth2/token',
  userinfo_endpoint: '/userinfo',
  jwks_uri: '/jwks',
  introspection_endpoint: '/oauth2/introspect',
  revocation_endpoint: '/oauth2/revoke',
  device_authorization_endpoint: '/oauth2/device_authorization',
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
  /** The page on which the end-user enters a user_code (RFC 8628 §3.3). */
  device: '/oauth2/device',
  user: '/users/:sub',
  revoke_tokens: '/users/:sub/revoke-tokens',
  openapi: '/admin/openapi.json',
  admin_issuer: '/admin/issuer',
  admin_users: '/admin/users',
  admin_user: '/admin/users/:sub',
  admin_clients: '/admin/clients',
  admin_client: '/admin/clients/:client_id',
  admin_tokens: '/admin/tokens',
  admin_tokens_revoke: '/admin/tokens/revoke',
  admin_sessions: '/admin/sessions',
  admin_session: '/admin/sessions/:sid',
  admin_grants: '/admin/grants',
  admin_grant: '/admin/grants/:grant_id',
  admin_login: '/admin/login',
  device_codes: '/admin/device_codes',
  approve_device_code: '/admin/device_codes/:user_code/approve',
  deny_device_code: '/admin/device_codes/:user_code/deny',
  clock: '/admin/clock',
  clock_advance: '/admin/clock/advance',
  clock_freeze: '/admin/clock/freeze',
  clock_resume: '/admin/clock/resume',
  clock_reset: '/admin/clock/reset',
  admin_keys: '/admin/keys',
  admin_key: '/admin/keys/:kid',
  rotate_keys: '/admin/keys/rotate',
  break_jwks: '/admin/keys/break',
  reset_keys: '/admin/keys/reset',
  faults: '/admin/faults',
  fault: '/admin/faults/:id',
  fault_catalogue: '/admin/faults/catalogue',
  journal: '/admin/journal',
  journal_stream: '/admin/journal/stream',
  admin_config: '/admin/config',
  reload_config: '/admin/config/reload',
  admin_reset: '/admin/reset',
  self_login: '/oidc/login',
  self_login_authorized: '/oidc/authorized',
  self_login_success: '/oidc/success',
  healthz: '/healthz',
  tls_ca: '/tls/ca.pem',
  config_schema: '/config.schema.json',
} as const

/** The endpoint that a route belongs to, as faults and the journal name it: as discovery does, less `_endpoint` and its like. */
export function endpointOf(route: string | undefined): string | undefined {
  const path = route?.replace(/^\/issuers\/:issuer/, '')
  const [name] = Object.entries(ENDPOINTS).find(([, known]) => known === path) ?? []
  return name?.replace(/_(endpoint|uri|iframe)$/, '') ?? BESIDES.get(path)
}

const BESIDES: ReadonlyMap<string | undefined, string> = new Map([
  [PATHS.discovery, 'discovery'],
  [PATHS.oauth_discovery, 'discovery'],
  [PATHS.webfinger, 'webfinger'],
  [PATHS.client_configuration, 'registration'],
  [PATHS.end_session_confirm, 'end_session'],
  [PATHS.device, 'device'],
])

/** The name of the isolated issuer that a path is below. */
export function findIssuerName(path: string): string | undefined {
  const [, name] = /\/issuers\/([^/]+)(?:\/|$)/.exec(path) ?? []
  return name !== undefined && isIssuerName(name) ? name : undefined
}
