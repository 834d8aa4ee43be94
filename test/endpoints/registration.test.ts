/** Dynamic client registration. RFC 7591. */
import t from 'tap'
import { basic, createApp, exchange, jsonOf, logIn, REDIRECT_URI, refused, register } from '../app.js'

const test = await createApp(t)
const post = (payload: unknown) =>
  test.app.inject({ method: 'POST', url: '/oauth2/clients', payload: payload as object, headers: JSON_TYPE })
const JSON_TYPE = { 'content-type': 'application/json' }
const redirect_uris = [REDIRECT_URI]

t.test('RFC 7591 §3.2.1: the answer has the id, the secret and the metadata with its defaults', async (t) => {
  const answer = await post({ redirect_uris })
  const { client_id, client_secret, client_id_issued_at, registration_access_token, ...rest } = jsonOf(t, answer, 201)
  t.match(client_id, /^[\w-]{43}$/)
  t.match(client_secret, /^[\w-]{43}$/)
  t.ok(Math.abs(Number(client_id_issued_at) - Date.now() / 1000) < 60)
  t.strictSame(rest, {
    redirect_uris,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    subject_type: 'public',
    application_type: 'web',
    require_auth_time: false,
    frontchannel_logout_session_required: false,
    backchannel_logout_session_required: false,
    client_secret_expires_at: 0,
    registration_client_uri: `http://localhost/oauth2/clients/${client_id}`,
  })
  t.match(registration_access_token, /^[\w-]{43}$/)
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('RFC 7591 §3.2.1: what was registered is in the answer; unknown members are ignored', async (t) => {
  const metadata = {
    redirect_uris: [REDIRECT_URI, 'com.example:/cb'],
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    client_name: 'Größe',
    scope: 'openid email',
    id_token_signed_response_alg: 'ES256',
    post_logout_redirect_uris: ['http://localhost/bye'],
  }
  const unknown = {
    client_id: 'mine',
    client_secret: 'mine',
    client_id_issued_at: 1,
    registration_access_token: 'mine',
  }
  const registered = jsonOf(t, await post({ ...metadata, ...unknown }), 201)
  t.match(registered, metadata)
  for (const [name, value] of Object.entries(unknown)) t.not(registered[name], value, name)
})

t.test('RFC 7591 §2: a client of method none has no secret', async (t) => {
  const registered = jsonOf(t, await post({ redirect_uris, token_endpoint_auth_method: 'none' }), 201)
  t.equal(registered.client_secret, undefined)
  t.equal(registered.client_secret_expires_at, undefined)
})

for (const method of ['client_secret_basic', 'client_secret_post', 'none']) {
  t.test(`a client that registered ${method} logs in by it`, async (t) => {
    const { client_id, client_secret } = await register(test, { token_endpoint_auth_method: method })
    const code = (await logIn(test, { client_id })).get('code')!
    const form = { client_id, ...(method === 'client_secret_post' && { client_secret }) }
    const inHeader = method === 'client_secret_basic'
    const headers: Record<string, string> = inHeader ? { authorization: basic(client_id, client_secret) } : {}
    t.match(jsonOf(t, await exchange(test, { code, ...form }, '', headers)), { token_type: 'Bearer' })
  })
}

t.test('a list is taken once for each value, and may be empty', async (t) => {
  const registered = await register(test, { grant_types: ['refresh_token', 'refresh_token'], response_types: [] })
  t.strictSame(registered.grant_types, ['refresh_token'])
  t.strictSame(registered.response_types, [])
})

t.test('two registrations are two clients', async (t) => {
  const [one, other] = [await register(test), await register(test)]
  t.not(one.client_id, other.client_id)
  t.not(one.client_secret, other.client_secret)
})

const BAD_URIS: [string, unknown, RegExp][] = [
  ['missing', undefined, /^redirect_uris is missing, expected a list/],
  ['empty', [], /^redirect_uris is empty/],
  ['null', null, /^redirect_uris is null, expected a list/],
  ['a text', REDIRECT_URI, /^redirect_uris is http:.*, expected a list/],
  ['an object', {}, /^redirect_uris is an object/],
  ['a list of numbers', [1], /^redirect_uris\[0\] is 1, expected a text$/],
  ['a list of lists', [REDIRECT_URI, [REDIRECT_URI]], /^redirect_uris\[1\] is a list of 1/],
  ['too long a list', Array(101).fill(REDIRECT_URI), /^redirect_uris is a list of 101/],
  ['relative', ['/callback'], /^redirect_uris\[0\] is \/callback, expected an absolute URI/],
  ['an empty text', [''], /^redirect_uris\[0\] is /],
  ['with fragment', [REDIRECT_URI, `${REDIRECT_URI}#x`], /^redirect_uris\[1\] .* without fragment/],
  ['a script', ['javascript:alert(1)'], /not a script$/],
]
for (const [title, uris, message] of BAD_URIS) {
  t.test(`RFC 7591 §3.2.2: redirect_uris ${title}: invalid_redirect_uri`, async (t) => {
    refused(t, await post({ redirect_uris: uris }), 'invalid_redirect_uri', message)
  })
}

const BAD_METADATA: [object, RegExp][] = [
  [{ token_endpoint_auth_method: 1 }, /^token_endpoint_auth_method is 1/],
  [{ token_endpoint_auth_method: null }, /^token_endpoint_auth_method is null/],
  [{ token_endpoint_auth_method: ['none'] }, /^token_endpoint_auth_method is a list of 1/],
  [{ token_endpoint_auth_method: 'toString' }, /^token_endpoint_auth_method is toString/],
  [{ grant_types: 'authorization_code' }, /^grant_types is authorization_code, expected a list of up to 100$/],
  [{ grant_types: ['authorization_code', 'password'] }, /^grant_types\[1\] is password, expected one of/],
  [{ grant_types: {} }, /^grant_types is an object/],
  [{ response_types: ['token'] }, /^response_types\[0\] is token, expected one of code, id_token/],
  [{ response_types: true }, /^response_types is true/],
  [{ scope: ['openid'] }, /^scope is a list of 1, expected a text$/],
  [{ scope: null }, /^scope is null/],
  [{ client_name: 5 }, /^client_name is 5, expected a text$/],
  [{ client_name: {} }, /^client_name is an object/],
  [{ id_token_signed_response_alg: 'RS256' }, /^id_token_signed_response_alg is RS256, expected one of ES256, HS256/],
  [{ id_token_signed_response_alg: 256 }, /^id_token_signed_response_alg is 256/],
  [{ post_logout_redirect_uris: 'x:y' }, /^post_logout_redirect_uris is x:y, expected a list/],
  [{ post_logout_redirect_uris: [null] }, /^post_logout_redirect_uris\[0\] is null/],
  [{ post_logout_redirect_uris: ['/bye'] }, /^post_logout_redirect_uris\[0\] is \/bye, expected an absolute/],
]
for (const [metadata, message] of BAD_METADATA) {
  t.test(`RFC 7591 §3.2.2: ${JSON.stringify(metadata)}: invalid_client_metadata`, async (t) => {
    refused(t, await post({ redirect_uris, ...metadata }), 'invalid_client_metadata', message)
  })
}

const BROKEN: [string, unknown, string, number][] = [
  ['broken JSON', '{"redirect_uris": [', 'application/json', 400],
  ['no body', undefined, 'application/json', 400],
  ['an empty body', '', 'application/json', 400],
  ['a list', '[]', 'application/json', 400],
  ['null', 'null', 'application/json', 400],
  ['a text', '"x"', 'application/json', 400],
  ['__proto__', '{"__proto__": {}}', 'application/json', 400],
  ['a body that is too large', `{"x": "${'x'.repeat(2 ** 21)}"}`, 'application/json', 413],
  ['plain text', '{}', 'text/plain', 415],
  ['a form', 'redirect_uris=http://a/&redirect_uris=http://b/', 'application/x-www-form-urlencoded', 400],
]
for (const [title, payload, type, status] of BROKEN) {
  t.test(`RFC 7591 §3.2.2: ${title}: invalid_client_metadata as JSON`, async (t) => {
    const headers = { 'content-type': type, accept: 'text/html' }
    const answer = await test.post('/oauth2/clients', undefined, { payload: payload as string, headers })
    refused(t, answer, 'invalid_client_metadata', /./, status)
  })
}
