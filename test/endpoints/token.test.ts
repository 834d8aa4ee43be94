/** The token endpoint: client authentication, and refusals before any grant. RFC 6749 §3.2 and §5. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { basic, createApp, exchange, getTokens, jsonOf, logIn, REDIRECT_URI, refused, register } from '../app.js'

const client = (client_id: string, more: object = {}) => ({ client_id, redirect_uris: [REDIRECT_URI], ...more })
const SECRET = 's3cret: ä%+&'
const CLIENTS: ConfigInput = {
  clients: [
    client('basic', { client_secret: SECRET, token_endpoint_auth_method: 'client_secret_basic' }),
    client('post', { client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' }),
    client('public', { token_endpoint_auth_method: 'none' }),
    client('a:b c', { client_secret: SECRET }),
    client('codes', { token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] }),
    client('nothing', { token_endpoint_auth_method: 'none', grant_types: [], response_types: [] }),
  ],
}

const shared = await createApp(t, CLIENTS)
const raw = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const urlSafe = (text: string) => `basic ${Buffer.from(text).toString('base64url')}`

/** Title, client of the code, form, Authorization. An empty client_id is omitted. */
const GOOD: [string, string, Record<string, string>, string?][] = [
  ['client_secret_basic', 'basic', { client_id: '' }, basic('basic', SECRET)],
  ['client_secret_basic with client_id in the form as well', 'basic', { client_id: 'basic' }, basic('basic', SECRET)],
  ['client_secret_basic with a colon in the client_id', 'a:b c', { client_id: '' }, basic('a:b c', SECRET)],
  ['client_secret_basic, not form-urlencoded', 'basic', { client_id: '' }, raw('basic:s3cret: ä%+&')],
  ['client_secret_post', 'post', { client_id: 'post', client_secret: SECRET }],
  ['none', 'public', { client_id: 'public' }],
  ['any method of a client without registration: none', 'app', {}],
  ['any method of a client without registration: post', 'app', { client_secret: 'any secret' }],
  ['any method of a client without registration: basic', 'app', { client_id: '' }, basic('app', 'any secret')],
  ['an empty secret of a client without registration', 'app', { client_id: '' }, basic('app', '')],
  ['base64url and a lower-case scheme', 'app', { client_id: '' }, urlSafe('app:???>>>')],
]
for (const [title, client_id, form, authorization] of GOOD) {
  t.test(`RFC 6749 §2.3.1: ${title}`, async (t) => {
    const code = (await logIn(shared, { client_id })).get('code')!
    const answer = await exchange(shared, { code, ...form }, '', authorization === undefined ? {} : { authorization })
    t.match(jsonOf(t, answer), { token_type: 'Bearer', access_token: /^ey/ })
  })
}

const BASIC = 'Basic realm="oidc-provider-mock"'
const BAD: [string, Record<string, string>, string | undefined, RegExp][] = [
  [
    'a wrong secret, basic',
    { client_id: '' },
    basic('basic', 'wrong'),
    /^client_secret is wrong, expected that of client basic$/,
  ],
  ['a wrong secret, post', { client_id: 'post', client_secret: 'wrong' }, undefined, /^client_secret is wrong/],
  ['an empty secret', { client_id: '' }, basic('basic', ''), /^client_secret is wrong/],
  ['post instead of basic', { client_id: 'basic', client_secret: SECRET }, undefined, /used client_secret_post, expec/],
  [
    'none instead of basic',
    { client_id: 'basic' },
    undefined,
    /expected .* client_secret_basic; client_secret is missing, send it in a Basic header$/,
  ],
  [
    'an unknown scheme',
    { client_id: '' },
    'hunter2 abc',
    /^the Authorization header is invalid: its scheme is not Basic,/,
  ],
  ['basic instead of post', { client_id: '' }, basic('post', SECRET), /used client_secret_basic, expected .*_post$/],
  [
    'none instead of post',
    { client_id: 'post' },
    undefined,
    /expected .* client_secret_post; client_secret is missing, send it in the form$/,
  ],
  ['a secret of a public client', { client_id: 'public', client_secret: 'x' }, undefined, /expected .* none$/],
  ['basic of a public client', { client_id: '' }, basic('public', 'x'), /expected .* none$/],
  ['no client_id', { client_id: '' }, undefined, /^client_id is missing/],
  [
    'two client_ids',
    { client_id: 'public' },
    basic('basic', SECRET),
    /^client_id is public in the form, expected basic/,
  ],
  [
    'another scheme',
    { client_id: '' },
    'Bearer abc',
    /^the Authorization header is invalid: its scheme is Bearer, expected Basic/,
  ],
  [
    'basic without credentials',
    { client_id: '' },
    'Basic',
    /^the Authorization header is invalid: it has no credentials after the scheme, expected Basic/,
  ],
  [
    'basic with invalid base64',
    { client_id: '' },
    'Basic %%%',
    /^the Authorization header is invalid: its credentials are not base64, expected Basic/,
  ],
  [
    'basic without colon',
    { client_id: '' },
    raw('basic'),
    /^the Authorization header is invalid: the decoded text has no colon, expected Basic/,
  ],
  [
    'basic without client_id',
    { client_id: '' },
    raw(':secret'),
    /^the Authorization header is invalid: the decoded text has no client_id, expected Basic/,
  ],
]
for (const [title, form, authorization, message] of BAD) {
  t.test(`RFC 6749 §5.2: ${title} is invalid_client`, async (t) => {
    const test = await createApp(t, CLIENTS)
    const answer = await exchange(
      test,
      { code: 'x', ...form },
      '',
      authorization === undefined ? {} : { authorization },
    )
    refused(t, answer, 'invalid_client', message, 401)
    const challenge = authorization === undefined ? undefined : BASIC
    t.equal(answer.headers['www-authenticate'], challenge, 'a challenge only for a request with the header')
    t.notMatch(answer.body, SECRET)
  })
}

t.test('an empty client_secret is refused as empty', async (t) => {
  const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'basic', client_secret: '' }
  const message = /_basic; client_secret is empty, send it in a Basic header$/
  refused(t, await shared.post('/oauth2/token', form), 'invalid_client', message, 401)
})

t.test('an unknown client is invalid_client if registration is required', async (t) => {
  const test = await createApp(t, { ...CLIENTS, require_registration: true })
  refused(t, await exchange(test, { code: 'x' }), 'invalid_client', /^client_id is app, expected a configured/, 401)
  const answer = await exchange(test, { code: 'x', client_id: '' }, '', { authorization: basic('app', 'x') })
  refused(t, answer, 'invalid_client', /^client_id is app, expected a configured/, 401)
  t.equal(answer.headers['www-authenticate'], BASIC)
})

t.test('a registered client must use its authentication method and secret', async (t) => {
  const test = await createApp(t)
  const { client_id, client_secret } = await register(test)
  const code = (await logIn(test, { client_id })).get('code')!
  refused(t, await exchange(test, { code, client_id }), 'invalid_client', /used none/, 401)
  t.match(
    jsonOf(t, await exchange(test, { code, client_id: '' }, '', { authorization: basic(client_id, client_secret) })),
    {
      token_type: 'Bearer',
    },
  )
})

t.test('RFC 6749 §5.2: a missing, unknown or unregistered grant_type is refused', async (t) => {
  const test = await createApp(t, CLIENTS)
  for (const grant_type of ['password', 'implicit', 'toString', '__proto__', 'Authorization_Code']) {
    const answer = await exchange(test, { grant_type, client_id: '' })
    const message = new RegExp(
      `^grant_type is ${grant_type}, expected one of authorization_code, client_credentials, refresh_token, urn:.*:device_code$`,
    )
    refused(t, answer, 'unsupported_grant_type', message)
  }
  refused(t, await exchange(test, { grant_type: '' }), 'invalid_request', /^grant_type is missing$/)
  const notOwn = await exchange(test, { grant_type: 'refresh_token', client_id: 'codes', refresh_token: 'x' })
  refused(t, notOwn, 'unauthorized_client', /expected one of the client's grant_types: authorization_code$/)
  const none = await exchange(test, { client_id: 'nothing', code: 'x' })
  refused(t, none, 'unauthorized_client', /grant_types: it has none$/)
})

t.test('RFC 6749 §3.2: a repeated parameter is refused', async (t) => {
  const test = await createApp(t)
  for (const name of ['grant_type', 'client_id', 'client_secret', 'code', 'redirect_uri', 'code_verifier']) {
    const form = { grant_type: 'authorization_code', client_id: 'app', code: 'x' }
    const payload = `${new URLSearchParams(form)}&${name}=a&${name}=b`
    const answer = await test.post('/oauth2/token', undefined, {
      payload,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    refused(t, answer, 'invalid_request', new RegExp(`^${name} has [23] values`))
  }
})

const BODIES: [string, string, number][] = [
  ['application/json', '{"grant_type": "authorization_code"}', 400],
  ['application/json', '{', 400],
  ['text/plain', 'grant_type=authorization_code', 415],
  ['multipart/form-data; boundary=x', '--x--', 415],
]
for (const [type, payload, status] of BODIES) {
  t.test(`RFC 6749 §3.2: ${type} is not a form`, async (t) => {
    const answer = await shared.post('/oauth2/token', undefined, { payload, headers: { 'content-type': type } })
    refused(t, answer, 'invalid_request', /./, status)
  })
}

t.test('a missing, empty or too large body is refused', async (t) => {
  const test = await createApp(t, { server: { body_limit: 2000 } })
  refused(t, await test.post('/oauth2/token'), 'invalid_request', /^grant_type is missing$/)
  refused(t, await test.post('/oauth2/token', {}), 'invalid_request', /^grant_type is missing$/)
  refused(
    t,
    await exchange(test, { code: 'x'.repeat(3000) }),
    'invalid_request',
    /^the body is too large, expected at most 2000 bytes, the server.body_limit$/,
    413,
  )
})

t.test('RFC 9110 §15.5.14: a form of more than 1,000 parameters is refused', async (t) => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const send = (count: number) => shared.post('/oauth2/token', undefined, { payload: '&a'.repeat(count), headers })
  const message = /^the body has more parameters than the expected 1000$/
  refused(t, await send(999), 'invalid_request', /^grant_type is missing$/)
  refused(t, await send(1000), 'invalid_request', message, 413)
  refused(t, await send(100_000), 'invalid_request', message, 413)
})

t.test('RFC 6749 §5.1: neither responses nor refusals are cached', async (t) => {
  const test = await createApp(t)
  const code = (await logIn(test)).get('code')!
  for (const status of [200, 400]) {
    const answer = await exchange(test, { code })
    t.equal(answer.statusCode, status)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.equal(answer.headers.pragma, 'no-cache')
  }
})

t.test('RFC 6749 §5.1: the response has these members', async (t) => {
  const test = await createApp(t)
  const tokens = await getTokens(test, { scope: 'openid email' })
  t.strictSame(Object.keys(tokens), ['access_token', 'token_type', 'expires_in', 'scope', 'id_token', 'refresh_token'])
  t.match(tokens, { token_type: 'Bearer', expires_in: 3600, scope: 'openid email' })
  t.match(tokens.refresh_token, /^[\w-]{43}$/)
})

t.test('OpenID Connect Core §3.1.3.3: an ID token is issued only with the scope openid', async (t) => {
  const test = await createApp(t)
  for (const scope of ['', 'email', 'openid2 xopenid'])
    t.equal((await getTokens(test, { scope })).id_token, undefined, scope)
  t.type((await getTokens(test, { scope: 'email openid' })).id_token, 'string')
})
