/** The admin API for clients of the configuration and of run time. */
import t from 'tap'
import { basic, exchange, getTokens, getUserinfo, jsonOf, logIn, REDIRECT_URI, refused, register } from '../app.js'
import { createAdminApp } from './api.js'

const WEB = { client_id: 'web', client_secret: 'secret', redirect_uris: [REDIRECT_URI] }
const BODY = { client_secret: 'other', redirect_uris: ['http://localhost:9000/cb'] }

t.test('the list has every client with its secrets and its origin: the file, a put, a registration', async (t) => {
  const test = await createAdminApp(t, { clients: [WEB, { ...WEB, client_id: 'app' }] })
  const registered = await register(test, { client_name: 'Dynamic', 'client_name#de': 'Dynamisch' })
  t.equal((await test.call('PUT', '/clients/app', BODY)).statusCode, 200)
  t.equal((await test.call('PUT', '/clients/new', BODY)).statusCode, 201)
  const { clients } = jsonOf(t, await test.call('GET', '/clients')) as { clients: Record<string, unknown>[] }
  t.match(clients, [
    { ...WEB, origin: 'file', subject_type: 'public' },
    { ...BODY, client_id: 'app', origin: 'put', client_id_issued_at: Number },
    {
      client_id: registered.client_id,
      client_secret: registered.client_secret,
      registration_access_token: String,
      localized: { 'client_name#de': 'Dynamisch' },
      origin: 'registered',
    },
    { ...BODY, client_id: 'new', origin: 'put' },
  ])
  t.equal(clients.length, 4)
  t.match(jsonOf(t, await test.call('GET', '/clients/web')), { ...WEB, origin: 'file' })
  t.equal((jsonOf(t, await test.call('GET', '/issuers/x/clients')).clients as object[]).length, 2)
})

t.test('a client that was put works like a client of the file', async (t) => {
  const test = await createAdminApp(t, { require_registration: true, wildcard_redirect_uris: true })
  t.equal((await test.get(`/oauth2/authorize?client_id=web&response_type=code`)).statusCode, 400)
  await test.call('PUT', '/clients/web', { client_secret: 'secret', redirect_uris: ['http://localhost:*/callback'] })
  const code = (await logIn(test, { client_id: 'web' })).get('code') ?? ''
  const headers = { authorization: basic('web', 'wrong') }
  t.equal((await exchange(test, { code, client_id: '' }, '', headers)).statusCode, 401)
  headers.authorization = basic('web', 'secret')
  t.equal((await exchange(test, { code, client_id: '' }, '', headers)).statusCode, 200)
})

t.test(
  'RFC 7396: PATCH changes the current client, and a registered client can still manage its registration',
  async (t) => {
    const test = await createAdminApp(t, { clients: [WEB] })
    t.match(jsonOf(t, await test.call('PATCH', '/clients/web', { client_name: 'Web' })), {
      ...WEB,
      client_name: 'Web',
      origin: 'put',
    })
    t.notMatch(jsonOf(t, await test.call('PATCH', '/clients/web', { client_name: null })), { client_name: String })
    const { client_id, registration_access_token } = await register(test)
    const changed = jsonOf(t, await test.call('PATCH', `/clients/${client_id}`, { client_name: 'Mine' }))
    t.match(changed, { client_name: 'Mine', origin: 'registered', registration_access_token: String })
    const headers = { authorization: `Bearer ${registration_access_token}` }
    t.match(jsonOf(t, await test.get(`/oauth2/clients/${client_id}`, { headers })), { client_name: 'Mine' })
    const put = jsonOf(t, await test.call('PUT', `/clients/${client_id}`, BODY))
    t.match(put, { origin: 'put' })
    t.equal((await test.get(`/oauth2/clients/${client_id}`, { headers })).statusCode, 401, 'but not after a put')
  },
)

t.test('DELETE removes the client and its tokens until the client is put or reset', async (t) => {
  const test = await createAdminApp(t, { clients: [{ ...WEB, client_id: 'app', token_endpoint_auth_method: 'none' }] })
  const { access_token } = await getTokens(test)
  t.equal((await test.call('DELETE', '/clients/app')).statusCode, 204)
  t.equal((await getUserinfo(test, access_token)).statusCode, 401)
  t.equal(
    (await test.get(`/oauth2/authorize?client_id=app&response_type=code&redirect_uri=${REDIRECT_URI}`)).statusCode,
    400,
  )
  refused(t, await test.call('GET', '/clients/app'), 'not_found', /^there is no client app$/, 404)
  t.strictSame(jsonOf(t, await test.call('GET', '/clients')), { clients: [] })
  await test.call('POST', '/reset', { parts: ['clients'] })
  t.match(jsonOf(t, await test.call('GET', '/clients/app')), { origin: 'file' })
  t.equal((await logIn(test)).has('code'), true)
})

const BAD: [string, 'PUT' | 'PATCH', unknown, RegExp][] = [
  [
    'an unknown member',
    'PUT',
    { ...BODY, redirect_url: '' },
    /^\/redirect_url is not a known key; did you mean redirect_uris/,
  ],
  ['no redirect_uris', 'PUT', { client_secret: 'x' }, /^\/redirect_uris is missing or empty, expected/],
  [
    'no secret',
    'PUT',
    { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'client_secret_basic' },
    /^\/client_secret is missing, expected one for token_endpoint_auth_method client_secret_basic;/,
  ],
  [
    'a fragment',
    'PUT',
    { ...BODY, redirect_uris: ['http://a/#b'] },
    /^\/redirect_uris\/0 is .*, expected a URI without a fragment/,
  ],
  ['an unknown scope', 'PUT', { ...BODY, scope: 'openid nope' }, /^\/scope has the scope 'nope', expected/],
  [
    'an algorithm without key',
    'PUT',
    { ...BODY, id_token_signed_response_alg: 'PS256' },
    /^\/id_token_signed_response_alg/,
  ],
  ['another client_id', 'PUT', { ...BODY, client_id: 'x' }, /^\/client_id is 'x', expected 'web' as in the path$/],
  ['no body', 'PUT', undefined, /^the body is missing/],
  ['no redirect_uris', 'PATCH', { redirect_uris: null }, /^\/redirect_uris is missing or empty, expected/],
  [
    'a secret that is not a text',
    'PATCH',
    { client_secret: 7 },
    /^\/client_secret is a number \(not shown\), expected a text; put it in quotes$/,
  ],
  ['nothing', 'PATCH', {}, /^the body is empty, expected at least 1 member$/],
]
for (const [title, method, body, message] of BAD) {
  t.test(`${method} with ${title} is refused, and nothing is changed`, async (t) => {
    const test = await createAdminApp(t, { clients: [WEB] })
    const before = (await test.call('GET', '/clients')).body
    refused(t, await test.call(method, '/clients/web', body), 'invalid_request', message)
    t.equal((await test.call('GET', '/clients')).body, before)
  })
}

t.test('an unknown client_id is 404, and the log has no secret', async (t) => {
  const test = await createAdminApp(t)
  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    const body = method === 'PATCH' ? { client_name: 'x' } : undefined
    refused(t, await test.call(method, '/clients/nobody', body), 'not_found', /^there is no client nobody$/, 404)
  }
  await test.call('PUT', '/clients/web', { ...BODY, client_secret: 'do-not-log-me' })
  await test.call('PUT', '/clients/web', { ...BODY, client_secret: ['do-not-log-me'] })
  t.notMatch(JSON.stringify(test.log), 'do-not-log-me')
})

t.test('a fault for another issuer could never happen, and is refused', async (t) => {
  const test = await createAdminApp(t)
  const faults = (issuer: string) => ({ faults: [{ fault: 'id_token.expired', match: { issuer } }] })
  const message = /^\/faults\/0\/match\/issuer is 'x', expected 'default'/
  const whole = { client_secret: 's', redirect_uris: ['http://localhost/cb'] }
  refused(t, await test.call('PUT', '/clients/app', { ...whole, ...faults('x') }), 'invalid_request', message)
  t.equal((await test.call('PUT', '/clients/app', { ...whole, ...faults('default') })).statusCode, 201)
  refused(t, await test.call('PATCH', '/clients/app', faults('x')), 'invalid_request', message)
  t.equal((await test.call('PATCH', '/clients/app', { faults: null })).statusCode, 200)
})

t.test('a fault of the file for another issuer does not prevent a change', async (t) => {
  const own = { faults: [{ fault: 'id_token.expired' as const, match: { issuer: 'x' } }] }
  const test = await createAdminApp(t, {
    clients: [{ client_id: 'app', ...own, client_secret: 's', redirect_uris: ['http://localhost/cb'] }],
  })
  t.equal((await test.call('PATCH', '/clients/app', { client_name: 'B' })).statusCode, 200)
})
