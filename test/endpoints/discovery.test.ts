/** The provider's metadata: what it says must be so. OpenID Connect Discovery §3 and §4. */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { createApp, exchange, getTokens, getUserinfo, jsonOf, logIn, REDIRECT_URI, refresh, register } from '../app.js'

const PATH = '/.well-known/openid-configuration'

t.test('OpenID Connect Discovery §3: every member', async (t) => {
  const test = await createApp(t, { keys: [{ alg: 'ES256' }, { alg: 'EdDSA' }, { alg: 'ES256', kid: '2' }] })
  const answer = await test.get(PATH, { headers: { host: 'localhost:9400' } })
  const { claims_supported, ...rest } = jsonOf(t, answer)
  const issuer = 'http://localhost:9400'
  t.strictSame(rest, {
    issuer,
    authorization_endpoint: `${issuer}/oauth2/authorize`,
    token_endpoint: `${issuer}/oauth2/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    registration_endpoint: `${issuer}/oauth2/clients`,
    end_session_endpoint: `${issuer}/oauth2/end_session`,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    scopes_supported: ['openid', 'profile', 'email', 'address', 'phone'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256', 'EdDSA'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    code_challenge_methods_supported: ['S256', 'plain'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    claims_parameter_supported: false,
  })
  const claims = claims_supported as string[]
  t.strictSame(claims.slice(0, 6), ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time'])
  t.equal(claims.length, 6 + 14 + 2 + 1 + 2)
  t.equal(new Set(claims).size, claims.length)
  t.match(answer.body, '{\n  "issuer"', 'indented, for people')
})

interface Metadata {
  readonly [endpoint: string]: unknown
  readonly grant_types_supported: string[]
  readonly id_token_signing_alg_values_supported: string[]
  readonly response_modes_supported: string[]
  readonly token_endpoint_auth_methods_supported: string[]
  readonly scopes_supported: string[]
  readonly code_challenge_methods_supported: string[]
}

t.test('what is advertised works', async (t) => {
  const test = await createApp(t, {
    keys: [{ alg: 'ES256' }, { alg: 'EdDSA' }],
    scopes: { groups: { claims: ['groups'] } },
    users: [{ sub: 'alice', claims: { groups: ['admin'] } }],
  })
  const metadata = (await test.get(PATH)).json<Metadata>()
  for (const [name, url] of Object.entries(metadata)) {
    if (!/_endpoint$|_uri$/.test(name)) continue
    const answers = await Promise.all([test.get(String(url)), test.post(String(url))])
    t.ok(
      answers.some(({ statusCode }) => statusCode !== 404 && statusCode !== 405),
      `${name} is there`,
    )
  }
  for (const alg of metadata.id_token_signing_alg_values_supported) {
    const client = await register(test, { id_token_signed_response_alg: alg, token_endpoint_auth_method: 'none' })
    const { id_token } = await getTokens(test, { client_id: client.client_id })
    t.equal(decodeProtectedHeader(id_token).alg, alg)
  }
  for (const response_mode of metadata.response_modes_supported) {
    const query = new URLSearchParams({
      client_id: 'app',
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      response_mode,
    })
    const { location } = (await test.post(`/oauth2/authorize?${query}`, { sub: 'alice' })).headers
    t.match(String(location), response_mode === 'query' ? /\?code=/ : /#code=/)
  }
  for (const token_endpoint_auth_method of metadata.token_endpoint_auth_methods_supported) {
    t.match(await register(test, { token_endpoint_auth_method }), { token_endpoint_auth_method })
  }
  for (const code_challenge_method of metadata.code_challenge_methods_supported) {
    const params = await logIn(test, { code_challenge: 'c'.repeat(43), code_challenge_method })
    t.ok(params.has('code'), code_challenge_method)
  }
  for (const grant_type of metadata.grant_types_supported) {
    t.notMatch((await exchange(test, { grant_type })).json(), { error: 'unsupported_grant_type' }, grant_type)
  }
  const tokens = await getTokens(test, { scope: metadata.scopes_supported.join(' ') })
  t.equal(tokens.scope, metadata.scopes_supported.join(' '))
  t.match((await getUserinfo(test, tokens.access_token)).json(), { groups: ['admin'] })
})

t.test('custom scopes and their claims are advertised', async (t) => {
  const test = await createApp(t, { scopes: { groups: { claims: ['groups', 'email'] }, email: { claims: ['alias'] } } })
  const metadata = (await test.get(PATH)).json<{ scopes_supported: string[]; claims_supported: string[] }>()
  t.strictSame(metadata.scopes_supported.slice(-1), ['groups'])
  t.strictSame(
    metadata.claims_supported.filter((claim) => ['groups', 'alias', 'email'].includes(claim)),
    ['email', 'alias', 'groups'],
  )
})

t.test('an isolated issuer lists only URLs of its own', async (t) => {
  const test = await createApp(t)
  const metadata = (await test.get(`/issuers/one${PATH}`, { headers: { host: 'h:1' } })).json<Record<string, unknown>>()
  t.equal(metadata.issuer, 'http://h:1/issuers/one')
  const urls = Object.entries(metadata).filter(([name]) => /_endpoint$|_uri$/.test(name))
  t.equal(urls.length, 6)
  for (const [name, url] of urls) t.match(url, /^http:\/\/h:1\/issuers\/one\/\w/, name)
})

const ISSUERS: [string, Parameters<typeof createApp>[1], Record<string, string>, string, string][] = [
  ['Host', {}, { host: 'idp:8080' }, 'http://idp:8080', 'http://idp:8080'],
  ['X-Forwarded', {}, { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.b' }, 'https://a.b', 'https://a.b'],
  ['X-Forwarded-Port', {}, { host: 'a', 'x-forwarded-port': '81' }, 'http://a:81', 'http://a:81'],
  [
    'X-Forwarded that is not trusted',
    { server: { trust_forwarded: false } },
    { host: 'a', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil', 'x-forwarded-port': '1' },
    'http://a',
    'http://a',
  ],
  ['a fixed issuer', { issuer: 'https://idp.example' }, { host: 'a' }, 'https://idp.example', 'https://idp.example'],
  ['a fixed issuer with slash', { issuer: 'https://idp.example/' }, {}, 'https://idp.example/', 'https://idp.example'],
  ['a fixed issuer with path', { issuer: 'https://a.b/c/' }, {}, 'https://a.b/c/', 'https://a.b/c'],
  ['a fixed issuer, whatever the Host', { issuer: 'https://a.b' }, { host: '<x>' }, 'https://a.b', 'https://a.b'],
]
for (const [title, config, headers, issuer, base] of ISSUERS) {
  t.test(`OpenID Connect Discovery §4.3: the issuer by ${title}, the same in tokens`, async (t) => {
    const test = await createApp(t, config)
    const metadata = jsonOf(t, await test.get(PATH, { headers }))
    t.equal(metadata.issuer, issuer)
    t.equal(metadata.token_endpoint, `${base}/oauth2/token`)
    const code = (await logIn(test)).get('code')!
    const tokens = (await exchange(test, { code }, '', headers)).json<{ id_token: string; refresh_token: string }>()
    t.equal(decodeJwt(tokens.id_token).iss, issuer)
    t.equal((await refresh(test, tokens.refresh_token)).statusCode, 200)
    const isolated = (await test.get(`/issuers/x${PATH}`, { headers })).json<{ issuer: string }>()
    t.equal(isolated.issuer, `${base}/issuers/x`)
  })
}

t.test('a Host that is no host is 400', async (t) => {
  const test = await createApp(t)
  for (const url of [PATH, '/jwks', '/issuers/x/jwks']) {
    const answer = await test.get(url, { headers: { host: 'evil"><script>' } })
    t.match(jsonOf(t, answer, 400), { error: 'invalid_request', error_description: /^the host is evil'><script>, exp/ })
  }
})
