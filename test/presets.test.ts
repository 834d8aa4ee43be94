/** URLs, discovery and claims of each preset, tested with a client library over a socket. */
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
async function logIn(issuer: string): Promise<LoggedIn> {
  const options = { execute: [client.allowInsecureRequests] }
  const configuration = await client.discovery(new URL(issuer), 'app', 'secret', undefined, options)
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
