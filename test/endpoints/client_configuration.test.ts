/** Clients that read, change and delete their registration. RFC 7592 §2. */
import t from 'tap'
import {
  basic,
  createApp,
  exchange,
  getTokens,
  getUserinfo,
  jsonOf,
  logIn,
  REDIRECT_URI,
  refresh,
  refused,
  register,
} from '../app.js'

const test = await createApp(t, {
  clients: [{ client_id: 'configured', redirect_uris: [REDIRECT_URI], client_secret: 's' }],
  lifetimes: { client_secret: '1h' },
})
const bearer = (token: unknown) => ({ authorization: `Bearer ${token}` })
type Registered = Awaited<ReturnType<typeof register>>

const send = (method: 'GET' | 'PUT' | 'DELETE', client_id: string, token: unknown, payload?: object) =>
  test.app.inject({ method, url: `/oauth2/clients/${client_id}`, headers: bearer(token), ...(payload && { payload }) })
const read = ({ client_id, registration_access_token: token }: Registered) => send('GET', client_id, token)
const change = ({ client_id, registration_access_token: token }: Registered, payload: object) =>
  send('PUT', client_id, token, payload)
const remove = ({ client_id, registration_access_token: token }: Registered) => send('DELETE', client_id, token)
const redirect_uris = [REDIRECT_URI]

t.test('RFC 7592 §2.1: a client reads its registration at its registration_client_uri', async (t) => {
  const metadata = { initiate_login_uri: 'https://rp.example/login', 'client_name#de': 'Bäckerei' }
  const client = await register(test, metadata)
  t.match(client, metadata)
  const url = String(client.registration_client_uri)
  t.equal(url, `http://localhost/oauth2/clients/${client.client_id}`)
  const answer = await test.app.inject({
    url: new URL(url).pathname,
    headers: bearer(client.registration_access_token),
  })
  t.strictSame(jsonOf(t, answer), client)
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('registration_client_uri begins with internal_url and the path of the issuer', async (t) => {
  const other = await createApp(t, { issuer: 'https://op.example', internal_url: 'https://op.internal/auth' })
  const client = await register(other, {}, '/issuers/a')
  const url = `https://op.internal/auth/issuers/a/oauth2/clients/${client.client_id}`
  t.equal(client.registration_client_uri, url)
  const headers = bearer(client.registration_access_token)
  t.equal((await other.get(`/issuers/a/oauth2/clients/${client.client_id}`, { headers })).statusCode, 200)
  t.equal((await other.get(`/oauth2/clients/${client.client_id}`, { headers })).statusCode, 401)
})

t.test('RFC 7592 §2.1: every method is refused without the registration access token of the client', async (t) => {
  const [client, other] = [await register(test), await register(test)]
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    const payload = { redirect_uris }
    const wrong = await send(method, client.client_id, other.registration_access_token, payload)
    refused(t, wrong, 'invalid_token', /^the registration access token is not the one of client /, 401)
    t.match(wrong.headers['www-authenticate'], /^Bearer .*error="invalid_token"/)
    for (const client_id of ['configured', 'nobody', '__proto__']) {
      const answer = await send(method, client_id, 'undefined', payload)
      refused(t, answer, 'invalid_token', new RegExp(`^no client ${client_id} has registered itself here$`), 401)
    }
    const url = `/oauth2/clients/${client.client_id}`
    const none = await test.app.inject({ method, url, payload })
    refused(t, none, 'invalid_token', /^the registration access token is missing/, 401)
    t.equal(none.headers['www-authenticate'], 'Bearer realm="oidc-provider-mock"')
    const secret = { authorization: basic(client.client_id, client.client_secret) }
    const byOther = await test.app.inject({ method, url, payload, headers: secret })
    refused(t, byOther, 'invalid_token', /^the Authorization header is invalid, expected Bearer/, 401)
  }
  t.equal((await read(client)).statusCode, 200, 'is still there')
})

t.test('RFC 7592 §2.2: a change replaces all metadata', async (t) => {
  const client = await register(test, { client_name: 'Old', contacts: ['a@b'], 'client_name#de': 'Alt' })
  const { client_id, client_secret } = client
  const uri = 'http://localhost:8000/new'
  const wanted = { client_id, client_secret, redirect_uris: [uri], 'client_name#de': 'Neu', contacts: null }
  const changed = jsonOf(t, await change(client, wanted))
  const kept = { client_id, client_secret, client_secret_expires_at: client.client_secret_expires_at }
  const { client_id_issued_at, registration_access_token, registration_client_uri } = client
  t.match(changed, { ...kept, client_id_issued_at, registration_access_token, registration_client_uri })
  t.match(changed, { redirect_uris: [uri], 'client_name#de': 'Neu' })
  t.notOk('client_name' in changed || 'contacts' in changed, 'what is left out or null is gone')
  t.strictSame(jsonOf(t, await read(client)), changed)
  const code = (await logIn(test, { client_id, redirect_uri: uri })).get('code')!
  const headers = { authorization: basic(client_id, client_secret) }
  t.match(jsonOf(t, await exchange(test, { code, client_id: '', redirect_uri: uri }, '', headers)), {
    token_type: 'Bearer',
  })
})

t.test('RFC 7592 §2.2: a secret is issued when it is needed, and replaced after it has expired', async (t) => {
  const client = await register(test, { token_endpoint_auth_method: 'none' })
  t.equal(client.client_secret, undefined)
  const first = jsonOf(t, await change(client, { redirect_uris }))
  t.match(first, { client_secret: /^[\w-]{43}$/, token_endpoint_auth_method: 'client_secret_basic' })
  test.advance(3000)
  t.equal(jsonOf(t, await change(client, { redirect_uris })).client_secret, first.client_secret)
  test.advance(3000)
  const second = jsonOf(t, await change(client, { redirect_uris }))
  t.match(second.client_secret, /^[\w-]{43}$/)
  t.not(second.client_secret, first.client_secret)
  t.ok(Number(second.client_secret_expires_at) > Number(first.client_secret_expires_at))
  const without = jsonOf(t, await change(client, { redirect_uris, token_endpoint_auth_method: 'none' }))
  t.notOk('client_secret' in without || 'client_secret_expires_at' in without)
})

t.test('RFC 7592 §2.2: a client cannot change members of the provider', async (t) => {
  const client = await register(test, { client_name: 'Old' })
  const bad: [object, string, RegExp][] = [
    [{ redirect_uris, client_id: 'other' }, 'invalid_client_metadata', /^client_id differs from the client's own/],
    [
      { redirect_uris, client_secret: 'mine' },
      'invalid_client_metadata',
      /^client_secret differs from the client's own/,
    ],
    [
      { redirect_uris, registration_access_token: 'x' },
      'invalid_client_metadata',
      /^registration_access_token is present, expected a request without it/,
    ],
    [
      { redirect_uris, registration_client_uri: 'x' },
      'invalid_client_metadata',
      /^registration_client_uri is present, expected a request without it/,
    ],
    [
      { redirect_uris, client_secret_expires_at: 0 },
      'invalid_client_metadata',
      /^client_secret_expires_at is present, expected a request without it/,
    ],
    [
      { redirect_uris, client_id_issued_at: 0 },
      'invalid_client_metadata',
      /^client_id_issued_at is present, expected a request without it/,
    ],
    [{}, 'invalid_redirect_uri', /^redirect_uris is missing or empty/],
    [{ redirect_uris: null }, 'invalid_redirect_uri', /^redirect_uris is missing or empty/],
    [{ redirect_uris: ['https://a/#b'] }, 'invalid_redirect_uri', /^redirect_uris\[0\] .* without a fragment$/],
    [{ redirect_uris, initiate_login_uri: 'http://a/' }, 'invalid_client_metadata', /^initiate_login_uri/],
    [[], 'invalid_client_metadata', /^the body is invalid, expected a JSON object/],
  ]
  for (const [payload, error, message] of bad) refused(t, await change(client, payload), error, message)
  t.match(jsonOf(t, await read(client)), { client_name: 'Old' }, 'nothing has changed')
})

t.test('RFC 7592 §2.3: a deleted client loses its grants, codes and tokens', async (t) => {
  const metadata = { token_endpoint_auth_method: 'none' }
  const [client, other] = [await register(test, metadata), await register(test, metadata)]
  const { client_id } = client
  const code = (await logIn(test, { client_id })).get('code')!
  const [tokens, others] = [await getTokens(test, { client_id }), await getTokens(test, { client_id: other.client_id })]
  const answer = await remove(client)
  t.equal(answer.statusCode, 204)
  t.equal(answer.body, '')
  t.equal(answer.headers['cache-control'], 'no-store')
  refused(t, await read(client), 'invalid_token', /has registered itself here$/, 401)
  refused(t, await remove(client), 'invalid_token', /has registered itself here$/, 401)
  refused(t, await exchange(test, { code, client_id }), 'invalid_grant', /./)
  refused(t, await refresh(test, tokens.refresh_token, { client_id }), 'invalid_grant', /./)
  t.equal((await getUserinfo(test, tokens.access_token)).statusCode, 401)
  t.equal((await getUserinfo(test, others.access_token)).statusCode, 200, "another client's stay")
})
