/** Token revocation. RFC 7009. */
import t from 'tap'
import { basic, createApp, getTokens, getUserinfo, jsonOf, refresh, refused, type TestApp } from '../app.js'

const PATH = '/oauth2/revoke'
const revoke = ({ post }: TestApp, form: Record<string, string>) => post(PATH, { client_id: 'app', ...form })

t.test('RFC 7009 §2.1: revocation of an access token ends only that token', async (t) => {
  const test = await createApp(t)
  const { access_token, refresh_token } = await getTokens(test)
  const answer = await revoke(test, { token: access_token, token_type_hint: 'refresh_token' })
  t.strictSame(jsonOf(t, answer), {})
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal((await getUserinfo(test, access_token)).statusCode, 401)
  const next = jsonOf(t, await refresh(test, refresh_token))
  t.equal((await getUserinfo(test, String(next.access_token))).statusCode, 200)
})

t.test('RFC 7009 §2.1: revocation of a refresh token ends all tokens of its grant', async (t) => {
  const test = await createApp(t)
  const { access_token, refresh_token } = await getTokens(test)
  const other = await getTokens(test)
  t.equal((await revoke(test, { token: refresh_token })).statusCode, 200)
  t.equal((await getUserinfo(test, access_token)).statusCode, 401)
  refused(t, await refresh(test, refresh_token), 'invalid_grant', /^refresh_token was revoked$/)
  t.equal((await getUserinfo(test, other.access_token)).statusCode, 200, 'another login remains valid')
})

t.test('RFC 7009 §2.2: revocation of an unknown or revoked token succeeds', async (t) => {
  const test = await createApp(t)
  const { access_token } = await getTokens(test)
  for (const token of ['unknown', access_token, access_token]) {
    const answer = await revoke(test, { token, token_type_hint: 'something_else' })
    t.strictSame(jsonOf(t, answer), {})
  }
  const late = await getTokens(test)
  await test.post('/users/alice/revoke-tokens')
  t.equal((await revoke(test, { token: late.refresh_token })).statusCode, 200, 'its grant has ended before')
})

t.test('RFC 7009 §2.1: a client cannot revoke a token of another client', async (t) => {
  const test = await createApp(t)
  const { access_token, refresh_token } = await getTokens(test)
  for (const token of [access_token, refresh_token]) {
    const answer = await revoke(test, { token, client_id: 'other' })
    refused(t, answer, 'invalid_grant', /^token belongs to client app, expected one of client other$/)
  }
  t.equal((await getUserinfo(test, access_token)).statusCode, 200)
  t.equal((await refresh(test, refresh_token)).statusCode, 200)
})

t.test('RFC 7009 §2.1: a public client revokes its own tokens, also under strict', async (t) => {
  const redirect_uris = ['http://localhost:8000/callback']
  const clients = ['app', 'other'].map((client_id) => ({
    client_id,
    redirect_uris,
    token_endpoint_auth_method: 'none' as const,
  }))
  const test = await createApp(t, { profile: 'strict', keys: [{ alg: 'ES256' }], encryption_keys: [], clients })
  const minted = await test.post('/admin/tokens', undefined, { payload: { sub: 'alice', client_id: 'app' } })
  const { access_token } = minted.json<{ access_token: string }>()
  const byOther = await revoke(test, { token: access_token, client_id: 'other' })
  refused(t, byOther, 'invalid_grant', /^token belongs to client app, expected one of client other$/)
  t.equal((await getUserinfo(test, access_token)).statusCode, 200)
  t.equal((await revoke(test, { token: access_token })).statusCode, 200)
  t.equal((await getUserinfo(test, access_token)).statusCode, 401)
})

t.test('RFC 7009 §2.1: the client must authenticate, and bad input is refused', async (t) => {
  const clients = [{ client_id: 'app', client_secret: 'secret', redirect_uris: ['http://localhost/'] }]
  const test = await createApp(t, { clients, rules: { default_client_metadata: true } })
  const wrong = { headers: { authorization: basic('app', 'wrong') } }
  refused(t, await test.post(PATH, { token: 'x' }, wrong), 'invalid_client', /client_secret/, 401)
  refused(t, await test.post(PATH, { token: 'x' }), 'invalid_client', /client_id is missing/, 401)
  refused(t, await revoke(test, { client_secret: 'secret' }), 'invalid_client', /used client_secret_post/, 401)
  const right = { headers: { authorization: basic('app', 'secret') } }
  refused(t, await test.post(PATH, {}, right), 'invalid_request', /^token is missing$/)
  t.equal((await test.get(PATH)).statusCode, 405)
})
