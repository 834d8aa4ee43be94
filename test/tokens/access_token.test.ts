/** The access token: a JWT that resource servers can verify. RFC 9068. */
import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import t from 'tap'
import type { Client, ConfigInput, Fault } from '../../src/generated/input.js'
import {
  createApp,
  exchange,
  getTokens,
  getUserinfo,
  jsonOf,
  logIn,
  REDIRECT_URI,
  refresh,
  register,
  type TestApp,
  type Tokens,
} from '../app.js'

t.test('RFC 9068 §2: an access token has the required header and claims', async (t) => {
  const test = await createApp(t)
  const { access_token } = await getTokens(test, { scope: 'openid email' })
  const { kid, ...header } = decodeProtectedHeader(access_token)
  t.strictSame(header, { alg: 'ES256', typ: 'at+jwt' })
  t.type(kid, 'string')
  const { iat, exp, auth_time, jti, ...rest } = decodeJwt(access_token)
  const iss = 'http://localhost'
  t.strictSame(rest, { iss, sub: 'alice', aud: iss, client_id: 'app', scope: 'openid email' })
  t.equal(exp! - iat!, 3600)
  t.ok(Number(auth_time) <= iat!)
  t.match(jti, /^[\w-]{43}$/)
  const jwks = createLocalJWKSet((await test.get('/jwks')).json<JSONWebKeySet>())
  await t.resolves(jwtVerify(access_token, jwks, { issuer: iss, audience: iss, typ: 'at+jwt' }))
})

t.test('RFC 9068 §2.2: every access token is unique', async (t) => {
  const test = await createApp(t)
  const [one, other] = [await getTokens(test), await getTokens(test)]
  t.not(decodeJwt(one.access_token).jti, decodeJwt(other.access_token).jti)
  t.not(one.refresh_token, other.refresh_token)
})

t.test("the algorithm of a client's ID tokens does not apply to access tokens", async (t) => {
  const test = await createApp(t, { keys: [{ alg: 'ES256' }, { alg: 'EdDSA' }] })
  const client = await register(test, { id_token_signed_response_alg: 'EdDSA', token_endpoint_auth_method: 'none' })
  const { access_token, id_token } = await getTokens(test, { client_id: client.client_id })
  t.equal(decodeProtectedHeader(access_token).alg, 'ES256')
  t.equal(decodeProtectedHeader(id_token).alg, 'EdDSA')
})

const claimsOf = async (test: TestApp, options = {}) => decodeJwt((await getTokens(test, options)).access_token)
const typOf = async (test: TestApp, options = {}) =>
  decodeProtectedHeader((await getTokens(test, options)).access_token).typ
const client = (client_id: string, access_tokens?: Client['access_tokens']): Client => ({
  client_id,
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'none',
  ...(access_tokens && { access_tokens }),
})

t.test('typ is that of the client, else that of the configuration; null is none', async (t) => {
  const clients = [client('own', { typ: 'at+jwt' }), client('none', { typ: null }), client('other', { claims: {} })]
  const test = await createApp(t, { access_tokens: { typ: 'JWT' }, clients })
  t.equal(await typOf(test, { client_id: 'unregistered' }), 'JWT')
  t.equal(await typOf(test, { client_id: 'own' }), 'at+jwt')
  t.equal(await typOf(test, { client_id: 'other' }), 'JWT')
  t.equal(await typOf(test, { client_id: 'none' }), undefined)
  t.equal(await typOf(await createApp(t, { access_tokens: { typ: null } })), undefined)
})

t.test(
  'claims of the configuration, the client and the user are combined; the last one takes precedence',
  async (t) => {
    const test = await createApp(t, {
      access_tokens: { claims: { aud: 'api', plan: 'free', region: 'eu' } },
      clients: [client('app', { claims: { plan: 'pro', tier: 1 } })],
      users: [
        { sub: 'alice', access_token: { tier: 2 } },
        { sub: 'bob', access_token: { aud: ['other'] } },
      ],
    })
    t.match(await claimsOf(test), { aud: 'api', plan: 'pro', region: 'eu', tier: 2, sub: 'alice' })
    t.match(await claimsOf(test, { sub: 'bob' }), { aud: ['other'], plan: 'pro', region: 'eu', tier: 1, sub: 'bob' })
  },
)

t.test('claims of access tokens are also in those without an end-user', async (t) => {
  const test = await createApp(t, { access_tokens: { claims: { aud: 'api', plan: 'free' } } })
  const answer = await exchange(test, { grant_type: 'client_credentials', redirect_uri: '', client_secret: 's' })
  t.match(decodeJwt(answer.json<Tokens>().access_token), { aud: 'api', plan: 'free', sub: 'app' })
})

t.test('an access token with the typ of ID tokens is no id_token_hint', async (t) => {
  const test = await createApp(t, { access_tokens: { typ: 'JWT' } })
  const { access_token, id_token } = await getTokens(test)
  t.equal((await logIn(test, { id_token_hint: id_token, sub: 'bob' })).get('error'), 'login_required')
  t.equal((await logIn(test, { id_token_hint: access_token, sub: 'bob' })).get('error'), null)
})

const OPAQUE: ConfigInput = {
  access_tokens: { format: 'opaque', claims: { aud: 'api' } },
  users: [{ sub: 'alice', claims: { email: 'alice@example.com' }, access_token: { roles: ['admin'] } }],
}
const introspect = (test: TestApp, token: string) => test.post('/oauth2/introspect', { client_id: 'app', token })

t.test('RFC 6749 §1.4: an opaque access token works at userinfo, introspection, refresh and revocation', async (t) => {
  const test = await createApp(t, OPAQUE)
  const { access_token, id_token, refresh_token } = await getTokens(test, { scope: 'openid email' })
  t.match(access_token, /^[\w-]{43}$/)
  const half = createHash('sha256').update(access_token).digest().subarray(0, 16)
  t.equal(decodeJwt(id_token).at_hash, half.toString('base64url'))
  t.match((await getUserinfo(test, access_token)).json(), { sub: 'alice', email: 'alice@example.com' })
  const described = jsonOf(t, await introspect(test, access_token))
  const expected = { iss: 'http://localhost', sub: 'alice', client_id: 'app', scope: 'openid email', aud: 'api' }
  t.match(described, { active: true, token_type: 'Bearer', roles: ['admin'], ...expected })
  t.equal(Number(described.exp) - Number(described.iat), 3600)
  const [listed] = (await test.get('/admin/tokens?kind=access_token')).json<{ tokens: object[] }>().tokens
  t.match(listed, { token: access_token, payload: { roles: ['admin'], aud: 'api' } })
  t.notOk('header' in listed!)
  const second = (await refresh(test, refresh_token)).json<Tokens>().access_token
  t.match(second, /^[\w-]{43}$/)
  await test.post('/oauth2/revoke', { client_id: 'app', token: access_token })
  t.strictSame(jsonOf(t, await introspect(test, access_token)), { active: false })
  test.advance(3600)
  t.strictSame(jsonOf(t, await introspect(test, second)), { active: false })
})

t.test('one client can have opaque access tokens', async (t) => {
  const test = await createApp(t, { clients: [client('app', { format: 'opaque' }), client('other')] })
  t.notMatch((await getTokens(test)).access_token, '.')
  t.match(await claimsOf(test, { client_id: 'other' }), { sub: 'alice' })
})

t.test('an opaque access token is not in the journal and not in the log', async (t) => {
  const test = await createApp(t, OPAQUE)
  const { access_token } = await getTokens(test)
  await getUserinfo(test, access_token)
  await introspect(test, access_token)
  t.notMatch((await test.get('/admin/journal')).body, access_token)
  t.notMatch(JSON.stringify(test.log), access_token)
})

t.test(
  'a fault of the header or the signature cannot happen to an opaque access token, and a remark says so',
  async (t) => {
    const faults: Fault[] = [
      { fault: 'access_token.bad_signature' },
      { fault: 'access_token.wrong_typ', match: { client_id: 'other' } },
      { fault: 'access_token.wrong_aud', value: 'elsewhere' },
    ]
    const test = await createApp(t, { ...OPAQUE, faults })
    const { access_token } = await getTokens(test)
    t.match(jsonOf(t, await introspect(test, access_token)), { active: true, aud: 'elsewhere' })
    const { entries } = (await test.get('/admin/journal?endpoint=token')).json<{
      entries: { remarks: { message: string }[]; faults: object[] }[]
    }>()
    t.match(entries[0], {
      faults: [{ fault: 'access_token.wrong_aud' }],
      remarks: [{ message: 'access_token.bad_signature cannot happen: the access tokens of client app are opaque' }],
    })
    t.equal(entries[0]!.remarks.length, 1)
  },
)

t.test(
  'a fault that is about the JWT only changes nothing of an opaque access token, and a remark says so',
  async (t) => {
    const test = await createApp(t, { ...OPAQUE, faults: [{ fault: 'access_token.wrong_aud', jwt_only: true }] })
    const { access_token } = await getTokens(test)
    t.match(jsonOf(t, await introspect(test, access_token)), { active: true, aud: 'api' })
    t.match((await test.get('/admin/journal?endpoint=token')).body, 'access_token.wrong_aud changes nothing')
  },
)

t.test('access_token.wrong_typ is another typ than the configured one', async (t) => {
  for (const [typ, other] of [
    ['at+jwt', 'JWT'],
    ['JWT', 'logout+jwt'],
    [null, 'logout+jwt'],
  ] as const) {
    const test = await createApp(t, { access_tokens: { typ }, faults: [{ fault: 'access_token.wrong_typ' }] })
    t.equal(await typOf(test), other)
  }
})
