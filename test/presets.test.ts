/** URLs, discovery and claims of each preset, tested with a client library over a socket. */
import { createPublicKey } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import { findPreset, PRESETS } from '../src/config/presets.js'
import type { ConfigInput } from '../src/generated/input.js'
import { start } from './provider.js'

const REDIRECT_URI = 'http://localhost:3000/callback'
const ALICE = {
  sub: 'alice',
  claims: {
    email: 'alice@example.com',
    email_verified: true,
    preferred_username: 'ali',
    roles: ['admin'],
    groups: ['staff'],
    permissions: ['read:all'],
    hd: 'example.com',
  },
}

interface LoggedIn {
  readonly configuration: client.Configuration
  readonly tokens: client.TokenEndpointResponse
  readonly id_token: Record<string, unknown>
  readonly access_token: Record<string, unknown>
  /** Undefined for an opaque access token. */
  readonly header: ProtectedHeaderParameters | undefined
  readonly userinfo: Record<string, unknown>
}

/** A complete login at this issuer. The library requires the same issuer in discovery and ID token. */
async function logIn(issuer: string, authentication?: client.ClientAuth): Promise<LoggedIn> {
  const options = { execute: [client.allowInsecureRequests] }
  const configuration = await client.discovery(new URL(issuer), 'app', 'secret', authentication, options)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const code_challenge = await client.calculatePKCECodeChallenge(pkceCodeVerifier)
  const asked = {
    redirect_uri: REDIRECT_URI,
    scope: 'openid email profile',
    code_challenge,
    code_challenge_method: 'S256',
  }
  const url = client.buildAuthorizationUrl(configuration, asked)
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ sub: 'alice' }), redirect: 'manual' })
  const back = new URL(String(answer.headers.get('location')))
  const tokens = await client.authorizationCodeGrant(configuration, back, { pkceCodeVerifier })
  const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, client.skipSubjectCheck)
  // Google's access tokens are opaque.
  const isJwt = tokens.access_token.includes('.')
  const access_token = isJwt ? decodeJwt(tokens.access_token) : {}
  const header = isJwt ? decodeProtectedHeader(tokens.access_token) : undefined
  return { configuration, tokens, id_token: { ...tokens.claims() }, access_token, header, userinfo: { ...userinfo } }
}

const begin = async (t: Test, preset: (typeof PRESETS)[number], config: ConfigInput = {}) =>
  (await start(t, { preset, users: [ALICE], ...config })).provider.issuer

for (const preset of PRESETS) {
  t.test(
    `${preset}: login by discovery, also at an isolated issuer, and every advertised endpoint is served`,
    async (t) => {
      const { provider, url } = await start(t, { preset, users: [ALICE] })
      const { base_path, issuer_suffix, paths } = findPreset(preset)!
      t.equal(provider.issuer, url + base_path + issuer_suffix)
      for (const isolated of ['', '/issuers/worker-7']) {
        const issuer = url + base_path + isolated + issuer_suffix
        const { configuration, id_token } = await logIn(issuer)
        t.equal(id_token.iss, issuer)
        const metadata = configuration.serverMetadata() as unknown as Record<string, unknown>
        for (const [name, path] of Object.entries(paths)) {
          if (metadata[name] === undefined) continue
          t.equal(metadata[name], url + base_path + isolated + path, name)
          t.not((await fetch(String(metadata[name]), { redirect: 'manual' })).status, 404, `${name} is there`)
        }
      }
    },
  )
}

t.test('keycloak: roles are below realm_access, azp is the client, and the response has session_state', async (t) => {
  const issuer = await begin(t, 'keycloak')
  const { id_token, access_token, tokens } = await logIn(issuer)
  t.match(access_token, {
    realm_access: { roles: ['admin'] },
    azp: 'app',
    typ: 'Bearer',
    aud: 'account',
    groups: ['staff'],
  })
  t.match(id_token, { preferred_username: 'ali', azp: 'app', typ: 'ID' })
  t.notOk('roles' in id_token)
  t.notOk('resource_access' in access_token, 'what the user has not is left out')
  t.equal(tokens.expires_in, 300)
})

t.test('entra: tokens have tid, oid and scp but no scope, and endpoints are beside the issuer', async (t) => {
  const issuer = await begin(t, 'entra')
  const { id_token, access_token, configuration } = await logIn(issuer)
  t.match(access_token, {
    ver: '2.0',
    tid: /^[0-9a-f-]{36}$/,
    oid: /^[0-9a-f-]{36}$/,
    aud: 'app',
    scp: 'openid email profile',
  })
  t.notOk('scope' in access_token || 'client_id' in access_token)
  t.match(id_token, { oid: access_token.oid, tid: access_token.tid, roles: ['admin'], preferred_username: 'ali' })
  t.equal(configuration.serverMetadata().registration_endpoint, undefined)
  t.equal((await logIn(issuer)).id_token.oid, id_token.oid, 'the same for the same user')
})

t.test('okta: scp is a list, and tokens have cid and uid', async (t) => {
  const { access_token } = await logIn(await begin(t, 'okta'))
  const expected = { ver: 1, aud: 'api://default', cid: 'app', uid: 'alice', sub: 'ali', groups: ['staff'] }
  t.match(access_token, { ...expected, scp: ['openid', 'email', 'profile'] })
})

t.test('auth0: the issuer ends with a slash, and the access token has permissions', async (t) => {
  const issuer = await begin(t, 'auth0')
  t.ok(issuer.endsWith('/'))
  const { access_token, id_token } = await logIn(issuer)
  t.match(access_token, { permissions: ['read:all'], aud: [issuer, `${issuer}userinfo`], azp: 'app', iss: issuer })
  t.match(id_token, { nickname: 'ali', name: 'alice@example.com' })
  t.notOk('permissions' in id_token)
})

t.test('cognito: cognito:groups, no aud, and texts in userinfo', async (t) => {
  const { access_token, id_token, userinfo } = await logIn(await begin(t, 'cognito'))
  t.match(access_token, { token_use: 'access', 'cognito:groups': ['staff'], username: 'ali', client_id: 'app' })
  t.notOk('aud' in access_token)
  t.match(id_token, { token_use: 'id', 'cognito:username': 'ali', 'cognito:groups': ['staff'] })
  t.equal(userinfo.email_verified, 'true')
  t.notOk('phone_number_verified' in userinfo)
})

t.test('google: hd and azp, no logout, and a lifetime of 3599 seconds', async (t) => {
  const { id_token, tokens, configuration } = await logIn(await begin(t, 'google'))
  t.match(id_token, { hd: 'example.com', azp: 'app' })
  t.equal(tokens.expires_in, 3599)
  t.equal(configuration.serverMetadata().end_session_endpoint, undefined)
})

t.test('access tokens have the form of the provider: its typ, none, or opaque', async (t) => {
  const headers = { keycloak: 'JWT', entra: 'JWT', auth0: 'JWT', okta: undefined, cognito: undefined }
  for (const [preset, typ] of Object.entries(headers) as [keyof typeof headers, string | undefined][]) {
    const { header } = await logIn(await begin(t, preset))
    t.equal(header?.typ, typ, preset)
    t.type(header?.kid, 'string', preset)
  }
  const { tokens, header } = await logIn(await begin(t, 'google'))
  t.equal(header, undefined)
  t.match(tokens.access_token, /^[\w-]{43}$/)
})

t.test('the form of access tokens takes precedence over the preset', async (t) => {
  const jwt = await logIn(await begin(t, 'google', { access_tokens: { format: 'jwt', typ: 'JWT' } }))
  t.match(jwt.access_token, { azp: 'app' })
  t.equal(jwt.header?.typ, 'JWT')
  t.equal((await logIn(await begin(t, 'keycloak', { access_tokens: { typ: 'at+jwt' } }))).header?.typ, 'at+jwt')
})

t.test('the configuration takes precedence over the preset', async (t) => {
  const { provider, url } = await start(t, {
    preset: 'keycloak',
    users: [ALICE],
    server: { base_path: '/realms/mine' },
    lifetimes: { access_token: '7m' },
  })
  t.equal(provider.issuer, `${url}/realms/mine`)
  const { tokens } = await logIn(provider.issuer)
  t.equal(tokens.expires_in, 420)
})

t.test('a fixed issuer with the suffix of the preset has its endpoints beside it', async (t) => {
  const { url } = await start(t, { preset: 'entra', users: [ALICE], issuer: 'http://op.example/my-tenant/v2.0' })
  const answer = await fetch(`${url}/my-tenant/v2.0/.well-known/openid-configuration`)
  t.match(await answer.json(), {
    issuer: 'http://op.example/my-tenant/v2.0',
    token_endpoint: 'http://op.example/my-tenant/oauth2/v2.0/token',
  })
  const below = await fetch(`${url}/my-tenant/issuers/x/v2.0/.well-known/openid-configuration`)
  t.match(await below.json(), { issuer: 'http://op.example/my-tenant/issuers/x/v2.0' })
})

t.test('cognito: the endpoints are served beside the configured issuer and below it', async (t) => {
  for (const [issuer, base] of [
    ['http://op.example/a', ''],
    ['http://op.example/my/own', '/my'],
  ] as const) {
    const { url } = await start(t, { preset: 'cognito', users: [ALICE], issuer })
    const { pathname } = new URL(issuer)
    t.match(await readDiscovery(url, issuer), {
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      token_endpoint: `http://op.example${base}/oauth2/token`,
    })
    const query = 'client_id=app&redirect_uri=http://localhost/cb&response_type=code'
    for (const path of [base, pathname]) {
      t.equal((await fetch(`${url}${path}/oauth2/authorize?${query}`)).status, 200, path)
      t.equal((await fetch(`${url}${path}/oauth2/token`)).status, 405, path)
      t.equal((await fetch(`${url}${path}/oauth2/introspect`)).status, 405, path)
    }
    t.equal((await fetch(`${url}${pathname}${pathname}/oauth2/token`)).status, 404)
  }
})

t.test('a fixed issuer without its suffix must match the base_path', async (t) => {
  const issuer = 'http://op.example/my-tenant/v2.0'
  const { url } = await start(t, { preset: 'entra', issuer, server: { base_path: '/my-tenant' } })
  t.equal((await fetch(`${url}/my-tenant/oauth2/v2.0/token`)).status, 405)
  await t.rejects(start(t, { preset: 'entra', issuer, server: { base_path: '/other' } }), {
    message: /base_path is "\/other", expected "\/my-tenant", the path of issuer/,
  })
})

t.test('with a preset, the issuer follows public_url', async (t) => {
  const { provider } = await start(t, { preset: 'auth0', public_url: 'http://op.example:9400' })
  t.equal(provider.issuer, 'http://op.example:9400/')
})

/** Requests the discovery document at an issuer, over the URL of this machine. */
const readDiscovery = async (url: string, issuer: string) =>
  (await fetch(`${url}${new URL(issuer).pathname.replace(/\/$/, '')}/.well-known/openid-configuration`)).json()

/** An issuer of each provider, with names of its own, and the part of the path that endpoints have. */
const OWN_ISSUERS: Record<(typeof PRESETS)[number], [issuer: string, jwks_uri: string]> = {
  keycloak: ['https://sso.example/realms/acme', 'https://sso.example/realms/acme/protocol/openid-connect/certs'],
  entra: [
    'https://login.microsoftonline.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    'https://login.microsoftonline.example/72f988bf-86f1-41af-91ab-2d7cd011db47/discovery/v2.0/keys',
  ],
  okta: ['https://dev.okta.example/oauth2/aus123', 'https://dev.okta.example/oauth2/aus123/v1/keys'],
  auth0: ['https://acme.auth0.example/', 'https://acme.auth0.example/.well-known/jwks.json'],
  cognito: [
    'https://cognito-idp.eu-west-1.example/eu-west-1_abc',
    'https://cognito-idp.eu-west-1.example/eu-west-1_abc/.well-known/jwks.json',
  ],
  google: ['https://accounts.google.example', 'https://accounts.google.example/oauth2/v3/certs'],
}

for (const [preset, [issuer, jwks_uri]] of Object.entries(OWN_ISSUERS) as [
  (typeof PRESETS)[number],
  [string, string],
][]) {
  t.test(`${preset}: names in paths and claims follow the configured issuer`, async (t) => {
    const { url } = await start(t, { preset, issuer, users: [ALICE], access_tokens: { format: 'jwt' } })
    const { origin } = new URL(issuer)
    const metadata = (await readDiscovery(url, issuer)) as Record<string, string>
    t.match(metadata, { issuer, jwks_uri })
    t.equal((await fetch(jwks_uri.replace(origin, url))).status, 200)
    const { base_path, name } = findPreset(preset)!
    const literal = name ?? base_path.split('/').at(-1)
    if (literal !== '') t.notMatch(JSON.stringify(metadata), `/${literal}`, 'no name of the preset is left')
    const body = { sub: 'alice', client_id: 'app', scope: 'openid' }
    const minted = await fetch(`${url}/admin/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const { id_token, access_token } = (await minted.json()) as Record<'id_token' | 'access_token', string>
    for (const token of [id_token, access_token]) {
      t.equal(decodeJwt(token).iss, issuer)
      if (literal !== '') t.notMatch(JSON.stringify(decodeJwt(token)), new RegExp(`[/"]${literal}"`))
    }
    if (preset === 'entra') t.equal(decodeJwt(id_token).tid, '72f988bf-86f1-41af-91ab-2d7cd011db47')
    if (preset === 'okta') t.equal(decodeJwt(access_token).aud, 'api://aus123')
  })
}

t.test('cognito: an issuer without a path keeps the name of the pool', async (t) => {
  const { url } = await start(t, { preset: 'cognito', issuer: 'http://op.example' })
  t.match(await readDiscovery(url, 'http://op.example'), {
    issuer: 'http://op.example',
    jwks_uri: 'http://op.example/us-east-1_mock/.well-known/jwks.json',
  })
})

t.test('okta: without a path, the audience of access tokens is the issuer', async (t) => {
  const issuer = await begin(t, 'okta', { server: { base_path: '/' } })
  t.equal((await logIn(issuer)).access_token.aud, issuer)
})

for (const [preset, repeats] of [
  ['keycloak', true],
  ['entra', true],
  ['okta', true],
  ['auth0', false],
  ['cognito', false],
] as const) {
  t.test(
    `${preset}: a refresh ${repeats ? 'has' : 'does not have'} a refresh token, under every profile`,
    async (t) => {
      for (const profile of ['lenient', 'strict'] as const) {
        const clients = [{ client_id: 'app', client_secret: 'secret', redirect_uris: [REDIRECT_URI] }]
        const config = {
          profile,
          clients: clients.map((one) => ({ ...one, token_endpoint_auth_method: 'client_secret_post' as const })),
        }
        const { configuration, tokens } = await logIn(await begin(t, preset, config))
        const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token!)
        t.equal(refreshed.refresh_token, repeats ? tokens.refresh_token : undefined)
        t.ok((await client.refreshTokenGrant(configuration, tokens.refresh_token!)).access_token, 'and it stays valid')
      }
    },
  )
}

t.test('a refresh without a preset has no refresh token', async (t) => {
  const { provider } = await start(t)
  const { configuration, tokens } = await logIn(provider.issuer)
  t.equal((await client.refreshTokenGrant(configuration, tokens.refresh_token!)).refresh_token, undefined)
})

t.test(
  'keycloak: refresh tokens are JWTs, which rotate, refresh and are introspected, revoked and minted',
  async (t) => {
    const { provider, url } = await start(t, {
      preset: 'keycloak',
      users: [ALICE],
      rules: { rotate_refresh_tokens: true },
      clients: [{ client_id: 'app', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }],
    })
    const { configuration, tokens, id_token } = await logIn(provider.issuer, client.None())
    const first = tokens.refresh_token!
    t.strictSame(decodeProtectedHeader(first), { alg: 'HS512', typ: 'JWT' })
    t.equal(Buffer.from(first.split('.')[2]!, 'base64url').length, 64)
    const claims = decodeJwt(first)
    const { issuer: iss } = provider
    const expected = { typ: 'Refresh', iss, aud: iss, sub: 'alice', azp: 'app', sid: id_token.sid, jti: /./ }
    t.match(claims, { ...expected, scope: 'openid email profile' })
    t.equal(claims.exp! - claims.iat!, 1800)
    const { refresh_token: second } = await client.refreshTokenGrant(configuration, first)
    t.not(second, first)
    t.match(decodeJwt(second!), { typ: 'Refresh', sub: 'alice', exp: claims.exp })
    t.match(await client.tokenIntrospection(configuration, second!), { active: true, sub: 'alice' })
    await client.tokenRevocation(configuration, second!)
    t.strictSame(await client.tokenIntrospection(configuration, second!), { active: false })
    const answer = await fetch(`${url}/admin/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sub: 'alice', client_id: 'app', kind: 'refresh_token', expires_in: -60 }),
    })
    const minted = decodeJwt(((await answer.json()) as { refresh_token: string }).refresh_token)
    t.match(minted, { typ: 'Refresh', sub: 'alice' })
    t.ok(minted.iat! <= minted.exp!)
  },
)

t.test('keycloak: a refresh token with a long scope can be used', async (t) => {
  const { provider, url } = await start(t, { preset: 'keycloak', users: [ALICE] })
  const answer = await fetch(`${url}/admin/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      sub: 'alice',
      client_id: 'app',
      kind: 'refresh_token',
      scope: `openid ${'s'.repeat(8000)}`,
    }),
  })
  const { refresh_token } = (await answer.json()) as { refresh_token: string }
  t.ok(refresh_token.length > 8192)
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, client_id: 'app', client_secret: 'x' })
  t.equal((await fetch(`${provider.issuer}/protocol/openid-connect/token`, { method: 'POST', body })).status, 200)
})

t.test('keycloak: the login status frame is also the page that tests cookies, and knows the logins', async (t) => {
  const { url } = await start(t, { preset: 'keycloak' })
  const endpoint = `${url}/realms/mock/protocol/openid-connect`
  for (const path of ['login-status-iframe.html', '3p-cookies/step1.html'])
    t.match(await (await fetch(`${endpoint}/${path}`)).text(), /<body data-cookie="[^"]+" data-login-status>/)
  const query = new URLSearchParams({ client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code' })
  const form = { method: 'POST', body: new URLSearchParams({ sub: 'alice' }), redirect: 'manual' } as const
  const { headers } = await fetch(`${endpoint}/auth?${query}`, form)
  t.match(headers.getSetCookie().join(), /oidc_browser_state_\w+=[\w-]{43}\.[\w-]{43};/)
  const other = await start(t, {})
  const login = await fetch(`${other.url}/oauth2/authorize?${query}`, form)
  t.match(login.headers.getSetCookie().join(), /oidc_browser_state_\w+=[\w-]{43};/)
  t.notMatch(await (await fetch(`${other.url}/oauth2/check_session`)).text(), /<body[^>]*data-login-status/)
})

t.test('keycloak: the URL of a realm is JSON with the public key', async (t) => {
  const { url } = await start(t, { preset: 'keycloak', keys: [{ alg: 'RS256' }] })
  for (const [path, realm] of [
    ['/realms/mock', 'mock'],
    ['/realms/mock?x=1', 'mock'],
    ['/realms/mock/issuers/worker-7', 'mock'],
  ]) {
    const answer = await fetch(url + path, { headers: { accept: 'application/json' } })
    const base = url + path!.split('?')[0]
    const body = (await answer.json()) as Record<string, string>
    t.match(body, {
      realm,
      'token-service': `${base}/protocol/openid-connect`,
      'account-service': `${base}/account`,
      'tokens-not-before': 0,
    })
    const key = createPublicKey({ key: Buffer.from(body.public_key!, 'base64'), format: 'der', type: 'spki' })
    const jwks = (await (await fetch(`${base}/protocol/openid-connect/certs`)).json()) as { keys: { n: string }[] }
    t.equal(key.export({ format: 'jwk' }).n, jwks.keys[0]!.n)
  }
  const home = await fetch(`${url}/realms/mock/`)
  t.match(home.headers.get('content-type'), 'text/html', 'with a slash, it is the home page')
})

t.test('other presets, and the mock itself, have no realm', async (t) => {
  const { url } = await start(t, { preset: 'okta' })
  t.match((await fetch(`${url}/oauth2/default?x=1`)).headers.get('content-type'), 'text/html')
  t.equal((await fetch(`${url}/realm`)).status, 404)
})

t.test('keycloak: a POST of the refresh token logs out', async (t) => {
  const { configuration, tokens } = await logIn(await begin(t, 'keycloak'))
  const logOut = (form: Record<string, string>) =>
    fetch(configuration.serverMetadata().end_session_endpoint!, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'app', client_secret: 'secret', ...form }),
    })
  const { refresh_token = '' } = tokens
  const foreign = await logOut({ refresh_token, client_id: 'other' })
  t.equal(foreign.status, 400)
  t.match(await foreign.json(), { error: 'invalid_grant', error_description: /belongs to client app/ })
  t.equal((await logOut({ refresh_token })).status, 204)
  await t.rejects(client.refreshTokenGrant(configuration, refresh_token), { message: /./ })
  await t.rejects(
    client.fetchUserInfo(configuration, tokens.access_token, 'alice'),
    'the access token has ended as well',
  )
  t.match(await (await logOut({ refresh_token })).json(), { error: 'invalid_grant' })
  t.match(await (await logOut({})).text(), /<form/, 'without a refresh token, the page asks')
})

t.test('the logout of a preset reads the parameter of its provider', async (t) => {
  const uri = 'http://localhost:3000/bye'
  for (const [preset, path] of [
    ['auth0', `/v2/logout?client_id=app&returnTo=${uri}`],
    ['cognito', `/logout?client_id=app&logout_uri=${uri}`],
  ] as const) {
    const { url } = await start(t, { preset })
    const page = await (await fetch(url + path)).text()
    t.match(page, uri, preset)
    const hidden = [...page.matchAll(/name="([^"]+)" value="([^"]+)"/g)].map(([, name, value]): [string, string] => [
      name!,
      value!,
    ])
    const answer = await fetch(`${url}/oauth2/end_session/confirm`, {
      method: 'POST',
      body: new URLSearchParams(hidden),
      redirect: 'manual',
    })
    t.equal(answer.headers.get('location'), uri)
  }
})

t.test('cognito: /login is the authorization endpoint', async (t) => {
  const { url } = await start(t, { preset: 'cognito' })
  const query = new URLSearchParams({ client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code' })
  t.equal((await fetch(`${url}/login?${query}`)).status, 200)
})

t.test(
  'the rules that SDKs of a provider rely on hold under strict, with a line in the log; rules overrides them',
  async (t) => {
    const { lines } = await start(t, { preset: 'auth0', profile: 'strict', rules: { offline_access: true } })
    const [line] = lines().filter(({ msg }) => msg.startsWith('preset auth0'))
    t.equal(
      line?.msg,
      'preset auth0 keeps rules of profile strict off, since its SDKs do not follow them: scope_claims_at_userinfo, requested_claims_only, verified_id_token_hint; rules switches them on',
    )
    const lenient = await start(t, { preset: 'auth0' })
    t.strictSame(
      lenient.lines().filter(({ msg }) => msg.startsWith('preset ')),
      [],
    )
  },
)

t.test('other rules follow the profile', async (t) => {
  const { url } = await start(t, { preset: 'keycloak', profile: 'strict' })
  const query = new URLSearchParams({ client_id: 'unknown', redirect_uri: REDIRECT_URI, response_type: 'code' })
  t.equal((await fetch(`${url}/realms/mock/protocol/openid-connect/auth?${query}`)).status, 400)
})
