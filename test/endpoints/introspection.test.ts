/** Token introspection. RFC 7662. */
import { decodeJwt } from 'jose'
import t from 'tap'
import { basic, createApp, getTokens, jsonOf, refresh, refused, register, type TestApp } from '../app.js'

const PATH = '/oauth2/introspect'
const USERS = [
  { sub: 'alice', claims: { preferred_username: 'ally' }, access_token: { roles: ['admin'] } },
  { sub: 'bob' },
]

const ask = ({ post }: TestApp, form: Record<string, string>, headers: Record<string, string> = {}) =>
  post(PATH, { client_id: 'api', ...form }, { headers })

t.test('RFC 7662 §2.2: the response for an access token has every member and its own claims', async (t) => {
  const test = await createApp(t, { users: USERS })
  const { access_token } = await getTokens(test, { scope: 'openid email' })
  const answer = await ask(test, { token: access_token })
  const { iat, jti, auth_time, ...rest } = jsonOf(t, answer)
  const claims = decodeJwt(access_token)
  t.match({ iat, jti, auth_time }, { iat: claims.iat, jti: claims.jti, auth_time: Number })
  t.strictSame(rest, {
    ...{ active: true, iss: 'http://localhost', aud: 'http://localhost', client_id: 'app' },
    ...{ sub: 'alice', username: 'ally', scope: 'openid email', token_type: 'Bearer', exp: claims.exp },
    roles: ['admin'],
  })
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('RFC 7662 §2.2: the response for a refresh token has no token_type', async (t) => {
  const test = await createApp(t)
  const { refresh_token } = await getTokens(test, { sub: 'bob' })
  const { exp, ...rest } = jsonOf(t, await ask(test, { token: refresh_token, token_type_hint: 'access_token' }))
  t.type(exp, 'number')
  t.strictSame(rest, {
    ...{ active: true, iss: 'http://localhost', sub: 'bob', client_id: 'app', username: 'bob' },
    ...{ aud: 'http://localhost', scope: 'openid' },
  })
})

t.test('RFC 7662 §2.2: an unknown, expired or revoked token is only inactive', async (t) => {
  const test = await createApp(t, { lifetimes: { access_token: '1m', refresh_token: '1h' } })
  const inactive = async (token: string, title: string) =>
    t.strictSame(jsonOf(t, await ask(test, { token })), { active: false }, title)
  const { id_token, access_token, refresh_token } = await getTokens(test, { sub: 'alice' })
  await inactive('unknown', 'unknown')
  await inactive(id_token, 'an ID token is inactive')
  test.advance(60)
  await inactive(access_token, 'an expired access token')
  t.match(jsonOf(t, await ask(test, { token: refresh_token })), { active: true })
  const second = await getTokens(test, { sub: 'alice' })
  test.advance(3600 - 60)
  await inactive(refresh_token, 'an expired refresh token')
  const third = await getTokens(test, { sub: 'alice' })
  await test.post('/users/alice/revoke-tokens')
  await inactive(second.refresh_token, 'a revoked refresh token')
  await inactive(third.access_token, 'a revoked access token')
})

t.test('a token of a deleted client or user is inactive', async (t) => {
  const clients = [{ client_id: 'app', redirect_uris: ['http://localhost:8000/callback'], client_secret: 's' }]
  const strict = { rules: { registered_clients: true } }
  const api = { client_id: 'api', redirect_uris: ['http://localhost/'], token_endpoint_auth_method: 'none' as const }
  const test = await createApp(t, { ...strict, clients: [...clients, api], users: USERS })
  const { access_token } = await getTokens(test, { client_secret: 's' }).catch(() => ({ access_token: '' }))
  t.equal(access_token, undefined, 'the client has a secret')
  const code = new URL(String((await test.post(AUTHORIZE, { sub: 'alice' })).headers.location)).searchParams.get(
    'code',
  )!
  const form = { grant_type: 'authorization_code', redirect_uri: 'http://localhost:8000/callback', code }
  const headers = { authorization: basic('app', 's') }
  const tokens = (await test.post('/oauth2/token', form, { headers })).json<{ access_token: string }>()
  const status = async () => jsonOf(t, await ask(test, { token: tokens.access_token })).active
  t.equal(await status(), true)
  await test.reload({ ...strict, clients: [...clients, api], users: [] })
  t.equal(await status(), false, 'after the deletion of the user')
  await test.reload({ ...strict, clients: [api], users: USERS })
  t.equal(await status(), false, 'after the deletion of the client')
})

const AUTHORIZE = `/oauth2/authorize?${new URLSearchParams({
  client_id: 'app',
  redirect_uri: 'http://localhost:8000/callback',
  response_type: 'code',
})}`

t.test('RFC 9700 §4.14.2: a rotated refresh token is inactive after its reuse_interval', async (t) => {
  const test = await createApp(t, { rules: { rotate_refresh_tokens: true } })
  const { client_id } = await register(test, { token_endpoint_auth_method: 'none' })
  const { refresh_token } = await getTokens(test, { client_id })
  const next = (await refresh(test, refresh_token, { client_id })).json<{ refresh_token: string }>()
  t.match(jsonOf(t, await ask(test, { token: refresh_token })), { active: true })
  test.advance(10)
  t.match(jsonOf(t, await ask(test, { token: refresh_token })), { active: false })
  t.match(jsonOf(t, await ask(test, { token: next.refresh_token })), { active: true })
})

t.test('OpenID Connect Core §8: a pairwise subject has no username', async (t) => {
  const test = await createApp(t, { users: USERS })
  const { client_id } = await register(test, { subject_type: 'pairwise', token_endpoint_auth_method: 'none' })
  const { access_token, id_token } = await getTokens(test, { client_id })
  const answer = jsonOf(t, await ask(test, { token: access_token }))
  t.equal(answer.sub, decodeJwt(id_token).sub)
  t.notOk('username' in answer)
})

t.test(
  'a token of which a fault with jwt_only changes the JWT is active, with the claims without the fault',
  async (t) => {
    const test = await createApp(t, { faults: [{ fault: 'access_token.malformed', jwt_only: true }] })
    const { access_token } = await getTokens(test)
    const answer = jsonOf(t, await ask(test, { token: access_token }))
    t.match(answer, { active: true, sub: 'alice', scope: 'openid' })
    t.match(answer.jti, /./)
  },
)

t.test('username is the sub if preferred_username is not a text', async (t) => {
  const test = await createApp(t, { users: [{ sub: 'alice', claims: { preferred_username: 5 } }] })
  const { access_token } = await getTokens(test)
  t.equal(jsonOf(t, await ask(test, { token: access_token })).username, 'alice')
})

t.test('RFC 7662 §2.1: the caller authenticates as at the token endpoint', async (t) => {
  const clients = [{ client_id: 'api', client_secret: 'secret', redirect_uris: ['http://localhost/'] }]
  const test = await createApp(t, { clients, rules: { registered_clients: true } })
  const right = { authorization: basic('api', 'secret') }
  t.match(jsonOf(t, await test.post(PATH, { token: 'x' }, { headers: right })), { active: false })
  const wrong = { authorization: basic('api', 'wrong') }
  refused(t, await test.post(PATH, { token: 'x' }, { headers: wrong }), 'invalid_client', /client_secret/, 401)
  refused(t, await test.post(PATH, { token: 'x' }), 'invalid_client', /client_id is missing/, 401)
  refused(
    t,
    await ask(test, { token: 'x', client_id: 'other' }),
    'invalid_client',
    /expected a configured or registered client/,
    401,
  )
})

t.test('RFC 7662 §2.1: with the rule authenticated_introspection, a public client is refused', async (t) => {
  const redirect_uris = ['http://localhost/']
  const clients = [
    { client_id: 'api', client_secret: 'secret', redirect_uris },
    { client_id: 'public', token_endpoint_auth_method: 'none' as const, redirect_uris },
    {
      client_id: 'app',
      client_secret: 'secret',
      token_endpoint_auth_method: 'client_secret_post' as const,
      redirect_uris,
    },
  ]
  const test = await createApp(t, { clients, rules: { authenticated_introspection: true, registered_clients: true } })
  const minted = await test.post('/admin/tokens', undefined, { payload: { sub: 'alice', client_id: 'app' } })
  const { access_token } = minted.json<{ access_token: string }>()
  const challenge = 'Basic realm="oidc-provider-mock"'
  const bad: [Record<string, string>, Record<string, string>, RegExp][] = [
    [{ client_id: 'public' }, {}, /^client public used none, expected client authentication/],
    [
      { client_id: 'api' },
      {},
      /^client api used none, expected client_secret_basic, client_secret_post or client_secret_jwt; client_secret is missing, send/,
    ],
    [{ client_id: 'app', client_secret: 'wrong' }, {}, /^client_secret is wrong/],
    [{}, {}, /^client_id is missing/],
    [
      {},
      { authorization: `Bearer ${access_token}` },
      /^the Authorization header is invalid: its scheme is Bearer, expected Basic/,
    ],
    [{ client_id: 'unknown' }, {}, /expected a configured or registered client$/],
  ]
  for (const [form, headers, message] of bad) {
    const answer = await test.post(PATH, { token: access_token, ...form }, { headers })
    refused(t, answer, 'invalid_client', message, 401)
    t.equal(answer.headers['www-authenticate'], challenge)
    t.notOk('active' in answer.json())
  }
  const basicOfApi = { headers: { authorization: basic('api', 'secret') } }
  t.match(
    jsonOf(t, await test.post(PATH, { token: access_token }, basicOfApi)),
    { active: true, client_id: 'app' },
    'RFC 7662 §1: a resource server introspects the tokens of other clients',
  )
  const own = await test.post(PATH, { token: access_token, client_id: 'app', client_secret: 'secret' })
  t.match(jsonOf(t, own), { active: true })
  t.equal(own.headers['www-authenticate'], undefined)
  const { introspection_endpoint_auth_methods_supported: methods, ...metadata } = (
    await test.get('/.well-known/openid-configuration')
  ).json<Record<string, string[]>>()
  t.strictSame(
    [...methods!, 'none'],
    metadata.revocation_endpoint_auth_methods_supported,
    'RFC 7009 §2.1: a public client can revoke its tokens',
  )
})

t.test('RFC 7662 §2.1: without the rule, a request of a public client is answered with a remark', async (t) => {
  const test = await createApp(t)
  const { client_id } = await register(test, { token_endpoint_auth_method: 'none' })
  t.match(jsonOf(t, await test.post(PATH, { token: 'x', client_id })), { active: false })
  const { entries } = (await test.get('/admin/journal?event=would_be_refused')).json()
  t.match(entries.at(-1).remarks[0].details, { rule: 'authenticated_introspection', error: 'invalid_client' })
})

t.test('RFC 7662 §2.1: an invented secret of an unregistered client is no authentication', async (t) => {
  const test = await createApp(t, { rules: { authenticated_introspection: true } })
  const { client_id, client_secret } = await register(test)
  const { access_token: token } = (
    await test.post('/admin/tokens', undefined, { payload: { sub: 'alice', client_id } })
  ).json<{ access_token: string }>()
  const message =
    /^client invented is not registered, expected a client that authenticates, such as by a client_secret$/
  const bad: [Record<string, string>, Record<string, string>][] = [
    [{ client_id: 'invented', client_secret: 'x' }, {}],
    [{}, { authorization: basic('invented', 'x') }],
    [{ client_id: 'invented' }, {}],
  ]
  for (const [form, headers] of bad) {
    const answer = await test.post(PATH, { token, ...form }, { headers })
    refused(t, answer, 'invalid_client', message, 401)
    t.notOk('active' in answer.json())
  }
  const right = { authorization: basic(client_id, client_secret) }
  t.match(jsonOf(t, await test.post(PATH, { token }, { headers: right })), { active: true })
  await test.reload({})
  const invented = await test.post(PATH, { token, client_id: 'invented', client_secret: 'x' })
  t.match(jsonOf(t, invented), { active: true }, 'without the rule')
})

t.test('RFC 7662 §2.1: bad input is refused', async (t) => {
  const test = await createApp(t)
  refused(t, await ask(test, {}), 'invalid_request', /^token is missing$/)
  const twice = { payload: 'client_id=api&token=a&token=b', headers: FORM }
  refused(t, await test.post(PATH, undefined, twice), 'invalid_request', /^token has 2 values/)
  const hints = { payload: 'client_id=api&token=a&token_type_hint=b&token_type_hint=c', headers: FORM }
  refused(t, await test.post(PATH, undefined, hints), 'invalid_request', /^token_type_hint has 2 values/)
  refused(t, await ask(test, { token: 'x'.repeat(65_537) }), 'invalid_request', /^token has 65537 characters/)
  const json = { payload: { token: 'x' } }
  refused(t, await test.post(PATH, undefined, json), 'invalid_request', /^content type is application\/json/)
  t.equal((await test.get(PATH)).statusCode, 405)
})

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
