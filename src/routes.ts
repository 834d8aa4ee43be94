/** The route table: one row per URL of the provider. Paths, methods, CORS, refusals, discovery and the journal derive from it. */

export const METHODS_OF_ROUTES = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export type Method = (typeof METHODS_OF_ROUTES)[number]

export interface Route {
  readonly name: RouteName
  /** Path below the issuer; `:name` stands for a parameter. */
  readonly path: string
  /** Accepted methods, apart from the OPTIONS of a CORS preflight request. */
  readonly methods: readonly Method[]
  /** Caller: the end-user's browser, or the back end of a client. Decides between `public_url` and `internal_url`. */
  readonly channel: 'browser' | 'back'
  /** Format of a refusal: an HTML page, JSON, or the format that the Accept header prefers. */
  readonly answer: 'page' | 'json' | 'accepted'
  /** Whether scripts of other origins may call the route, and whether with cookies. False if they may not. */
  readonly cors: 'with_credentials' | 'without_credentials' | false
  /** Endpoint name in the journal and in fault rules; false keeps the exchange out of both. */
  readonly journal: EndpointName | false
  /** Whether discovery lists the URL, under the name of the row. */
  readonly advertised: boolean
  /** `admin_token`: a route of the admin API that scripts of other origins can call. `admin`: one that they cannot call. */
  readonly access: 'public' | 'admin_token' | 'admin'
  /** `process`: served at the root only, not below an isolated issuer. */
  readonly scope: 'issuer' | 'process'
  /** Error code for a body that cannot be parsed. */
  readonly bad_body: 'invalid_request' | 'invalid_client_metadata'
}

/** Endpoints as the journal and fault rules name them: as discovery does, without `_endpoint`, `_uri` or `_iframe`. */
export type EndpointName =
  | 'authorization'
  | 'token'
  | 'userinfo'
  | 'jwks'
  | 'introspection'
  | 'revocation'
  | 'device_authorization'
  | 'registration'
  | 'end_session'
  | 'check_session'
  | 'discovery'
  | 'webfinger'
  | 'device'

type Row = Omit<Route, 'name'>

const SHARED = {
  cors: 'without_credentials',
  journal: false,
  advertised: false,
  access: 'public',
  scope: 'issuer',
  bad_body: 'invalid_request',
} as const satisfies Partial<Row>
const PAGE = { ...SHARED, channel: 'browser', answer: 'page' } as const
const BACK = { ...SHARED, channel: 'back', answer: 'json' } as const
/**
 * Endpoints that read no cookie. Some libraries call them with `credentials: 'include'`, and browsers then refuse a response
 * that does not allow credentials. Fetch §3.2.5.
 */
const PROTOCOL = { ...BACK, cors: 'with_credentials' } as const
const DOCUMENT = { ...PROTOCOL, answer: 'accepted' } as const
const REGISTRATION = { ...PROTOCOL, journal: 'registration', bad_body: 'invalid_client_metadata' } as const
const CLAIMS = { ...BACK, access: 'admin_token' } as const
const ADMIN = { ...BACK, cors: false, access: 'admin' } as const
const PROCESS = { ...BACK, scope: 'process' } as const
/** OpenID Connect Discovery §3, RFC 8414 §2 and RFC 8628 §4 name these. */
const LISTED = { advertised: true } as const

const READ: Method[] = ['GET', 'HEAD']
const POST: Method[] = ['POST']
const DELETE: Method[] = ['DELETE']

const TABLE = {
  // OAuth 2.0 for Browser-Based Apps: scripts never call the authorization endpoint, so it has no CORS.
  authorization_endpoint: {
    ...PAGE,
    ...LISTED,
    path: '/oauth2/authorize',
    methods: [...READ, 'POST'],
    cors: false,
    journal: 'authorization',
  },
  token_endpoint: { ...PROTOCOL, ...LISTED, path: '/oauth2/token', methods: POST, journal: 'token' },
  userinfo_endpoint: { ...PROTOCOL, ...LISTED, path: '/userinfo', methods: [...READ, 'POST'], journal: 'userinfo' },
  jwks_uri: { ...DOCUMENT, ...LISTED, path: '/jwks', methods: READ, journal: 'jwks' },
  introspection_endpoint: {
    ...PROTOCOL,
    ...LISTED,
    path: '/oauth2/introspect',
    methods: POST,
    journal: 'introspection',
  },
  revocation_endpoint: { ...PROTOCOL, ...LISTED, path: '/oauth2/revoke', methods: POST, journal: 'revocation' },
  device_authorization_endpoint: {
    ...PROTOCOL,
    ...LISTED,
    path: '/oauth2/device_authorization',
    methods: POST,
    journal: 'device_authorization',
  },
  registration_endpoint: { ...REGISTRATION, ...LISTED, path: '/oauth2/clients', methods: POST },
  end_session_endpoint: {
    ...PAGE,
    ...LISTED,
    path: '/oauth2/end_session',
    methods: [...READ, 'POST'],
    journal: 'end_session',
  },
  check_session_iframe: {
    ...PAGE,
    ...LISTED,
    path: '/oauth2/check_session',
    methods: READ,
    answer: 'accepted',
    journal: 'check_session',
  },
  home: { ...PAGE, path: '/', methods: READ },
  // The description of a realm, at the URL of an issuer of the preset keycloak.
  realm: { ...PROTOCOL, path: '/realm', methods: READ },
  discovery: { ...DOCUMENT, path: '/.well-known/openid-configuration', methods: READ, journal: 'discovery' },
  oauth_discovery: {
    ...DOCUMENT,
    path: '/.well-known/oauth-authorization-server',
    methods: READ,
    journal: 'discovery',
  },
  // RFC 7033 §5: scripts of every origin may read the response: `*`.
  webfinger: {
    ...DOCUMENT,
    cors: 'without_credentials',
    path: '/.well-known/webfinger',
    methods: READ,
    journal: 'webfinger',
  },
  client_configuration: { ...REGISTRATION, path: '/oauth2/clients/:client_id', methods: [...READ, 'PUT', 'DELETE'] },
  distributed_claims: { ...PROTOCOL, path: '/claims/:source', methods: READ },
  end_session_confirm: { ...PAGE, path: '/oauth2/end_session/confirm', methods: POST, journal: 'end_session' },
  // RFC 8628 §3.3: the page on which the end-user enters a user_code.
  device: { ...PAGE, path: '/oauth2/device', methods: [...READ, 'POST'], cors: false, journal: 'device' },
  user: { ...CLAIMS, path: '/users/:sub', methods: ['PUT'] },
  revoke_tokens: { ...CLAIMS, path: '/users/:sub/revoke-tokens', methods: POST },
  openapi: { ...ADMIN, path: '/admin/openapi.json', methods: READ },
  admin_issuer: { ...ADMIN, path: '/admin/issuer', methods: READ },
  admin_users: { ...ADMIN, path: '/admin/users', methods: READ },
  admin_user: { ...ADMIN, path: '/admin/users/:sub', methods: [...READ, 'PUT', 'PATCH', 'DELETE'] },
  admin_clients: { ...ADMIN, path: '/admin/clients', methods: READ },
  admin_client: { ...ADMIN, path: '/admin/clients/:client_id', methods: [...READ, 'PUT', 'PATCH', 'DELETE'] },
  admin_tokens: { ...ADMIN, path: '/admin/tokens', methods: [...READ, 'POST'] },
  admin_tokens_revoke: { ...ADMIN, path: '/admin/tokens/revoke', methods: POST },
  admin_sessions: { ...ADMIN, path: '/admin/sessions', methods: READ },
  admin_session: { ...ADMIN, path: '/admin/sessions/:sid', methods: DELETE },
  admin_grants: { ...ADMIN, path: '/admin/grants', methods: READ },
  admin_grant: { ...ADMIN, path: '/admin/grants/:grant_id', methods: DELETE },
  admin_login: { ...ADMIN, path: '/admin/login', methods: POST },
  device_codes: { ...ADMIN, path: '/admin/device_codes', methods: READ },
  approve_device_code: { ...ADMIN, path: '/admin/device_codes/:user_code/approve', methods: POST },
  deny_device_code: { ...ADMIN, path: '/admin/device_codes/:user_code/deny', methods: POST },
  clock: { ...ADMIN, path: '/admin/clock', methods: [...READ, 'PUT'] },
  clock_advance: { ...ADMIN, path: '/admin/clock/advance', methods: POST },
  clock_freeze: { ...ADMIN, path: '/admin/clock/freeze', methods: POST },
  clock_resume: { ...ADMIN, path: '/admin/clock/resume', methods: POST },
  clock_reset: { ...ADMIN, path: '/admin/clock/reset', methods: POST },
  admin_keys: { ...ADMIN, path: '/admin/keys', methods: READ },
  admin_key: { ...ADMIN, path: '/admin/keys/:kid', methods: DELETE },
  rotate_keys: { ...ADMIN, path: '/admin/keys/rotate', methods: POST },
  break_jwks: { ...ADMIN, path: '/admin/keys/break', methods: POST },
  reset_keys: { ...ADMIN, path: '/admin/keys/reset', methods: POST },
  faults: { ...ADMIN, path: '/admin/faults', methods: [...READ, 'POST', 'DELETE'] },
  fault: { ...ADMIN, path: '/admin/faults/:id', methods: [...READ, 'DELETE'] },
  fault_catalogue: { ...ADMIN, path: '/admin/faults/catalogue', methods: READ },
  journal: { ...ADMIN, path: '/admin/journal', methods: [...READ, 'DELETE'] },
  journal_stream: { ...ADMIN, path: '/admin/journal/stream', methods: ['GET'] },
  admin_config: { ...ADMIN, path: '/admin/config', methods: READ },
  reload_config: { ...ADMIN, path: '/admin/config/reload', methods: POST },
  admin_reset: { ...ADMIN, path: '/admin/reset', methods: POST },
  self_login: { ...PAGE, path: '/oidc/login', methods: [...READ, 'POST'] },
  self_login_authorized: { ...PAGE, path: '/oidc/authorized', methods: [...READ, 'POST'] },
  self_login_success: { ...PAGE, path: '/oidc/success', methods: READ },
  healthz: { ...PROCESS, path: '/healthz', methods: READ },
  tls_ca: { ...PROCESS, path: '/tls/ca.pem', methods: READ },
  config_schema: { ...PROCESS, path: '/config.schema.json', methods: READ },
  users_schema: { ...PROCESS, path: '/users.schema.json', methods: READ },
} as const satisfies Readonly<Record<string, Row>>

export type RouteName = keyof typeof TABLE

export const ROUTES: readonly Route[] = Object.entries<Row>(TABLE).map(([name, row]) => ({
  ...row,
  name: name as RouteName,
}))

/** Paths by the name of their row. */
export const PATHS = Object.fromEntries(ROUTES.map(({ name, path }) => [name, path])) as {
  readonly [N in RouteName]: (typeof TABLE)[N]['path']
}

const BY_PATH: ReadonlyMap<string | undefined, Route> = new Map(ROUTES.map((route) => [route.path, route]))

/** Returns the row with this path, parameters written as in the table. */
export const findRoute = (path: string | undefined): Route | undefined => BY_PATH.get(path)

const PATTERNS: readonly (readonly [RegExp, Route])[] = ROUTES.map((route) => [
  new RegExp(`^${route.path.replaceAll('/', '/+').replaceAll(/:\w+/g, '[^/?]+')}(\\?|$)`),
  route,
])

/** Returns the row that serves a URL below the issuer. */
export const findRouteAt = (url: string): Route | undefined => PATTERNS.find(([pattern]) => pattern.test(url))?.[1]

/** Returns the name of the endpoint with this path, as the journal and fault rules have it. */
export const endpointOf = (path: string | undefined): EndpointName | undefined => findRoute(path)?.journal || undefined

/** Whether the text can name an isolated issuer: characters that a URL does not encode (RFC 3986 §2.3), not only dots. */
export const isIssuerName = (name: string) => /^(?!\.+$)[A-Za-z0-9._~-]{1,64}$/.test(name)

/** Returns the name of the isolated issuer that a path lies below. */
export function findIssuerName(path: string): string | undefined {
  const [, name] = /\/issuers\/([^/]+)(?:\/|$)/.exec(path) ?? []
  return name !== undefined && isIssuerName(name) ? name : undefined
}
