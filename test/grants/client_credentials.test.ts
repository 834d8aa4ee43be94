/** The client_credentials grant. RFC 6749 §4.4. */
import type { LightMyRequestResponse } from 'fastify'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t, { type Test } from 'tap'
import { createApp, getUserinfo, jsonOf, refused, type TestApp } from '../app.js'

const CLIENT = {
  client_id: 'machine',
  client_secret: 'secret',
  grant_types: ['client_credentials' as const],
  response_types: [],
}

const SCOPES = { read: { claims: [] }, write: { claims: [] } }

interface Answer {
  readonly access_token: string
  readonly scope: string
  readonly client_id: string
  readonly client_secret: string
  readonly entries: readonly object[]
  readonly grants: readonly object[]
  readonly tokens: readonly object[]
}

const answerOf = (t: Test, response: LightMyRequestResponse, status?: number) =>
  jsonOf(t, response, status) as unknown as Answer

const basic = (client_id: string, secret: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`${client_id}:${secret}`).toString('base64')}` },
})

const request = (test: TestApp, form: Record<string, string> = {}, secret = 'secret') =>
  test.post('/oauth2/token', { grant_type: 'client_credentials', ...form }, basic('machine', secret))

const introspect = async (t: Test, test: TestApp, token: string) =>
  answerOf(t, await test.post('/oauth2/introspect', { token }, basic('machine', 'secret')))

t.test('RFC 6749 §4.4.3: a confidential client gets an access token and no refresh token', async (t) => {
  const test = await createApp(t, { clients: [{ ...CLIENT, scope: 'read write' }], scopes: SCOPES })
  const response = await request(test, { scope: 'read' })
  t.equal(response.headers['cache-control'], 'no-store')
  const tokens = answerOf(t, response)
  t.strictSame(Object.keys(tokens).sort(), ['access_token', 'expires_in', 'scope', 'token_type'])
  t.match(tokens, { token_type: 'Bearer', expires_in: 3600, scope: 'read' })
})

t.test('RFC 9068 §2.2: the subject is the client, and there is no auth_time', async (t) => {
  const test = await createApp(t, { clients: [CLIENT] })
  const { access_token } = answerOf(t, await request(test, { scope: 'read' }))
  t.match(decodeProtectedHeader(access_token), { typ: 'at+jwt' })
  const claims = decodeJwt(access_token)
  t.match(claims, {
    sub: 'machine',
    client_id: 'machine',
    iss: 'http://localhost',
    aud: 'http://localhost',
    scope: 'read',
  })
  t.notOk('auth_time' in claims)
})

t.test('RFC 7662 §2.2: introspection names the client as subject and no username', async (t) => {
  const test = await createApp(t, { clients: [CLIENT] })
  const { access_token } = answerOf(t, await request(test, { scope: 'read' }))
  const answer = await introspect(t, test, access_token)
  t.match(answer, { active: true, sub: 'machine', client_id: 'machine', scope: 'read', token_type: 'Bearer' })
  t.notOk('username' in answer)
  test.advance(3601)
  t.strictSame(await introspect(t, test, access_token), { active: false })
})

t.test('RFC 7009 §2.1: the client can revoke its token', async (t) => {
  const test = await createApp(t, { clients: [CLIENT] })
  const { access_token } = answerOf(t, await request(test))
  t.equal((await test.post('/oauth2/revoke', { token: access_token }, basic('machine', 'secret'))).statusCode, 200)
  t.strictSame(await introspect(t, test, access_token), { active: false })
})

t.test('RFC 6749 §3.3: an omitted scope is the registered one, and a larger one is reduced to it', async (t) => {
  const test = await createApp(t, { clients: [{ ...CLIENT, scope: 'openid read' }], scopes: SCOPES })
  t.equal(answerOf(t, await request(test)).scope, 'read')
  t.equal(answerOf(t, await request(test, { scope: 'read admin' })).scope, 'read')
})

t.test('openid and offline_access need an end-user: they are ignored with a remark in the journal', async (t) => {
  const test = await createApp(t, { clients: [CLIENT] })
  const tokens = answerOf(t, await request(test, { scope: 'openid read offline_access' }))
  t.equal(tokens.scope, 'read')
  t.notOk('id_token' in tokens)
  const { entries } = answerOf(t, await test.get('/admin/journal?event=scope_ignored'))
  t.match(entries, [{ endpoint: 'token', client_id: 'machine', remarks: [{ event: 'scope_ignored' }] }])
  t.notOk('sub' in entries[0]!)
})

t.test('OpenID Connect Core §5.3: userinfo refuses a token without an end-user', async (t) => {
  const test = await createApp(t, { clients: [CLIENT] })
  const { access_token } = answerOf(t, await request(test))
  refused(t, await getUserinfo(test, access_token), 'invalid_token', /no end-user/, 401)
})

t.test('RFC 6749 §4.4: a public client is refused', async (t) => {
  const test = await createApp(t, {
    clients: [
      { client_id: 'spa', token_endpoint_auth_method: 'none', grant_types: ['client_credentials'], response_types: [] },
    ],
  })
  const response = await test.post('/oauth2/token', { grant_type: 'client_credentials', client_id: 'spa' })
  refused(t, response, 'unauthorized_client', /^token_endpoint_auth_method of the client is none, expected/)
})

t.test('RFC 6749 §5.2: a wrong secret and a client without the grant are refused', async (t) => {
  const test = await createApp(t, {
    clients: [
      CLIENT,
      {
        client_id: 'web',
        client_secret: 'secret',
        redirect_uris: ['http://localhost/cb'],
        grant_types: ['authorization_code'],
      },
    ],
  })
  refused(t, await request(test, {}, 'wrong'), 'invalid_client', /^client_secret/, 401)
  const response = await test.post('/oauth2/token', { grant_type: 'client_credentials' }, basic('web', 'secret'))
  refused(t, response, 'unauthorized_client', /^grant_type is client_credentials, expected/)
})

t.test('an unregistered client can use it unless registered_clients is on', async (t) => {
  const lenient = await createApp(t)
  t.match(answerOf(t, await request(lenient, { scope: 'read' }, 'any')), { scope: 'read' })
  const strict = await createApp(t, { profile: 'strict' })
  refused(t, await request(strict, {}, 'any'), 'invalid_client', /machine/, 401)
})

t.test('RFC 7591 §2: a client registers for it without redirect_uris', async (t) => {
  const test = await createApp(t, { profile: 'strict', scopes: SCOPES })
  const payload = { grant_types: ['client_credentials'], scope: 'read' }
  const response = await test.app.inject({ method: 'POST', url: '/oauth2/clients', payload })
  const { client_id, client_secret } = answerOf(t, response, 201)
  const token = await test.post('/oauth2/token', { grant_type: 'client_credentials' }, basic(client_id, client_secret))
  t.equal(answerOf(t, token).scope, 'read')
})

t.test('the admin API lists grants and tokens without an end-user', async (t) => {
  const test = await createApp(t, { clients: [CLIENT] })
  const { access_token } = answerOf(t, await request(test, { scope: 'read' }))
  const { grants } = answerOf(t, await test.get('/admin/grants?client_id=machine'))
  t.match(grants, [{ client_id: 'machine', scope: 'read' }])
  t.notOk('sub' in grants[0]!)
  const { tokens } = answerOf(t, await test.get('/admin/tokens?client_id=machine'))
  t.match(tokens, [{ token: access_token, kind: 'access_token', client_id: 'machine' }])
})

t.test('a fault of the client changes its access token', async (t) => {
  const test = await createApp(t, {
    clients: [{ ...CLIENT, faults: [{ fault: 'access_token.wrong_aud', value: 'elsewhere' }] }],
  })
  const { access_token } = answerOf(t, await request(test))
  t.equal(decodeJwt(access_token).aud, 'elsewhere')
})

t.test('each preset issues an access token without an end-user', async (t) => {
  for (const preset of ['keycloak', 'entra', 'okta', 'auth0', 'cognito', 'google'] as const) {
    const test = await createApp(t, { preset, clients: [CLIENT] })
    const { access_token } = answerOf(t, await request(test, { scope: 'read' }))
    const asked = { client_id: CLIENT.client_id, client_secret: CLIENT.client_secret, token: access_token }
    t.match((await test.post('/oauth2/introspect', asked)).json(), { active: true, client_id: 'machine' }, preset)
  }
})
