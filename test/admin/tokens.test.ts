/** Tests of minting, listing and revoking tokens over HTTP. */
import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt } from 'jose'
import t from 'tap'
import { exchange, getTokens, getUserinfo, jsonOf, logIn, REDIRECT_URI, refresh, refused, register } from '../app.js'
import { createAdminApp } from './api.js'

const CLIENT = { client_id: 'app', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' as const }
const USERS = [{ sub: 'alice', claims: { email: 'a@x' } }]

interface Minted {
  readonly access_token: string
  readonly id_token: string
  readonly refresh_token: string
  readonly flow_id: string
  readonly grant_id: string
}

t.test('every endpoint accepts minted tokens like tokens of a login', async (t) => {
  const test = await createAdminApp(t, { users: USERS, clients: [CLIENT] })
  const order = { sub: 'alice', client_id: 'app', scope: 'openid email' }
  const minted = jsonOf(t, await test.call('POST', '/tokens', order), 201) as unknown as Minted
  t.strictSame(Object.keys(minted), ['grant_id', 'flow_id', 'access_token', 'id_token', 'refresh_token'])
  t.match(decodeJwt(minted.id_token), { sub: 'alice', aud: 'app', email: 'a@x', at_hash: String })
  t.match(decodeJwt(minted.access_token), { sub: 'alice', client_id: 'app', scope: 'openid email' })
  t.match(jsonOf(t, await getUserinfo(test, minted.access_token)), { sub: 'alice', email: 'a@x' })
  const refreshed = jsonOf(t, await refresh(test, minted.refresh_token))
  t.equal((await getUserinfo(test, String(refreshed.access_token))).statusCode, 200)
  const entries =
    test.app && (await test.get('/admin/journal')).json<{ entries: { endpoint: string; flow_id: string }[] }>().entries
  t.ok(entries.some(({ endpoint, flow_id }) => endpoint === 'userinfo' && flow_id === minted.flow_id))
})

t.test('aud and claims replace claims of the tokens; null removes a claim', async (t) => {
  const test = await createAdminApp(t, { users: USERS })
  const claims = { iss: 'https://evil.example', email: 'other@x', exp: 7, auth_time: null, sub: 'mallory' }
  const order = { sub: 'alice', client_id: 'any', aud: ['one', 'two'], claims }
  const minted = jsonOf(t, await test.call('POST', '/tokens', order), 201) as unknown as Minted
  const { auth_time: _, ...replaced } = claims
  for (const token of [minted.id_token, minted.access_token]) {
    t.match(decodeJwt(token), { ...replaced, aud: ['one', 'two'] })
    t.notHas(decodeJwt(token), 'auth_time')
  }
  t.match(jsonOf(t, await getUserinfo(test, minted.access_token)), { sub: 'alice' }, 'userinfo has the real subject')
})

for (const expires_in of [0, -60]) {
  t.test(`with expires_in ${expires_in} all tokens have expired`, async (t) => {
    const test = await createAdminApp(t)
    const minted = jsonOf(
      t,
      await test.call('POST', '/tokens', { sub: 'zoe', client_id: 'app', expires_in }),
      201,
    ) as unknown as Minted
    for (const token of [minted.id_token, minted.access_token]) {
      const { exp, iat, auth_time } = decodeJwt(token)
      t.equal(exp! - iat!, 3600, 'iat is before exp, as in a token that was kept for too long')
      t.equal(auth_time, iat)
      const now = Math.floor(Date.now() / 1000) + expires_in
      t.ok(exp! <= now && exp! > now - 30, 'exp is that far from now')
    }
    refused(t, await getUserinfo(test, minted.access_token), 'invalid_token', /expired/, 401)
    refused(t, await refresh(test, minted.refresh_token), 'invalid_grant', /expired/)
    t.match(jsonOf(t, await test.call('GET', '/tokens')), { tokens: [{ expired: true }, { expired: true }] })
  })
}

t.test('RFC 7519 §4.1: a token whose exp was set is not issued after it', async (t) => {
  const test = await createAdminApp(t, { preset: 'entra' })
  const order = { sub: 'zoe', client_id: 'app', claims: { exp: 1_000_000 } }
  const minted = jsonOf(t, await test.call('POST', '/tokens', order), 201) as unknown as Minted
  for (const token of [minted.id_token, minted.access_token]) {
    t.match(decodeJwt(token), { exp: 1_000_000, iat: 995_500, nbf: 995_500, auth_time: 995_500 })
  }
  const later = { ...order, claims: { exp: 9_999_999_999 } }
  const ahead = jsonOf(t, await test.call('POST', '/tokens', later), 201) as unknown as Minted
  t.ok(decodeJwt(ahead.id_token).iat! > 1_000_000_000, 'now')
})

t.test('RFC 7519 §4.1.6: the iat of an expired token is not before 1970', async (t) => {
  const test = await createAdminApp(t)
  for (const [exp, iat] of [
    [5, 0],
    [3605, 5],
    [-5, -5],
  ]) {
    const order = { sub: 'zoe', client_id: 'app', claims: { exp } }
    const minted = jsonOf(t, await test.call('POST', '/tokens', order), 201) as unknown as Minted
    for (const token of [minted.id_token, minted.access_token]) t.match(decodeJwt(token), { exp, iat, auth_time: iat })
  }
})

t.test('a refused request leaves no grant, no token and no user behind', async (t) => {
  const test = await createAdminApp(t)
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const { client_id } = await register(test, { id_token_encrypted_response_alg: 'RSA-OAEP', jwks: { keys: [weak] } })
  const answer = await test.call('POST', '/tokens', { sub: 'stranger', client_id })
  refused(t, answer, 'invalid_client_metadata', /^encryption by RSA-OAEP to client \S+ failed: /)
  t.strictSame(jsonOf(t, await test.call('GET', '/grants')), { grants: [] })
  t.strictSame(jsonOf(t, await test.call('GET', '/tokens')), { tokens: [] })
  t.equal((await test.call('GET', '/users/stranger')).statusCode, 404)
})

t.test('kind mints only one token', async (t) => {
  const test = await createAdminApp(t)
  const mint = async (kind: string) =>
    Object.keys(jsonOf(t, await test.call('POST', '/tokens', { sub: 'a', client_id: 'app', kind }), 201))
  for (const kind of ['access_token', 'id_token', 'refresh_token']) {
    t.strictSame(await mint(kind), ['grant_id', 'flow_id', kind])
  }
  const { tokens } = jsonOf(t, await test.call('GET', '/tokens?kind=refresh_token')) as { tokens: { token: string }[] }
  t.equal((await refresh(test, tokens[0]!.token)).statusCode, 200, 'the refresh token works alone')
})

t.test('issued tokens are listed and decoded; user, client and kind filter the list', async (t) => {
  const test = await createAdminApp(t)
  const [alice, bob] = [await getTokens(test), await getTokens(test, { sub: 'bob', client_id: 'other' })]
  const list = async (query = '') =>
    (jsonOf(t, await test.call('GET', `/tokens${query}`)).tokens as { token: string }[]).map(({ token }) => token)
  t.strictSame(await list(), [alice.access_token, bob.access_token, alice.refresh_token, bob.refresh_token])
  t.strictSame(await list('?sub=bob'), [bob.access_token, bob.refresh_token])
  t.strictSame(await list('?client_id=app&kind=access_token'), [alice.access_token])
  t.strictSame(await list('?sub=bob&client_id=app'), [])
  t.strictSame(await list('?sub=nobody'), [])
  const [first, , last] = jsonOf(t, await test.call('GET', '/tokens')).tokens as object[]
  t.match(first, {
    kind: 'access_token',
    sub: 'alice',
    client_id: 'app',
    scope: 'openid',
    expired: false,
    header: { typ: 'at+jwt' },
    payload: { sub: 'alice' },
  })
  t.notHas(last, 'payload', 'a token that is not a JWT has no payload')
})

t.test('one token, or all tokens of a user, a client or both can be revoked', async (t) => {
  const test = await createAdminApp(t)
  const revoke = async (body: object) => jsonOf(t, await test.call('POST', '/tokens/revoke', body)).revoked
  const one = await getTokens(test)
  t.equal(await revoke({ token: one.access_token }), 1)
  t.equal((await getUserinfo(test, one.access_token)).statusCode, 401)
  const again = jsonOf(t, await refresh(test, one.refresh_token))
  t.equal(await revoke({ token: one.refresh_token }), 1)
  t.equal(
    (await getUserinfo(test, String(again.access_token))).statusCode,
    401,
    'RFC 7009 §2.1: and those of its grant',
  )
  const [alice, bob] = [await getTokens(test), await getTokens(test, { sub: 'bob', client_id: 'other' })]
  t.equal(await revoke({ sub: 'nobody' }), 0)
  t.equal(await revoke({ sub: 'alice', client_id: 'other' }), 0)
  t.equal(await revoke({ sub: 'alice' }), 2)
  t.equal((await getUserinfo(test, alice.access_token)).statusCode, 401)
  t.equal((await getUserinfo(test, bob.access_token)).statusCode, 200)
  t.equal(await revoke({ client_id: 'other', kind: 'access_token' }), 1)
  t.equal((await getUserinfo(test, bob.access_token)).statusCode, 401)
  t.equal((await refresh(test, bob.refresh_token, { client_id: 'other' })).statusCode, 200)
})

t.test('grants are listed by user and client; the end of a grant ends its codes and tokens', async (t) => {
  const test = await createAdminApp(t)
  const [alice, bob] = [await getTokens(test), await getTokens(test, { sub: 'bob', client_id: 'other' })]
  type Grants = { grant_id: string; sub: string }[]
  const list = async (query = '') => jsonOf(t, await test.call('GET', `/grants${query}`)).grants as Grants
  t.match(await list(), [
    { sub: 'alice', client_id: 'app', scope: 'openid', flow_id: String, sid: String, auth_time: Number },
    { sub: 'bob', client_id: 'other' },
  ])
  t.match(await list('?client_id=other'), [{ sub: 'bob' }])
  const [grant] = await list('?sub=alice')
  t.equal((await test.call('DELETE', `/grants/${grant!.grant_id}`)).statusCode, 204)
  t.equal((await getUserinfo(test, alice.access_token)).statusCode, 401)
  t.equal((await getUserinfo(test, bob.access_token)).statusCode, 200)
  refused(t, await test.call('DELETE', `/grants/${grant!.grant_id}`), 'not_found', /^there is no grant/, 404)
  t.equal((await list()).length, 1)
})

const BAD: [string, string, unknown, RegExp][] = [
  ['no sub', '/tokens', { client_id: 'app' }, /^the body lacks the required key sub$/],
  ['no client_id', '/tokens', { sub: 'a' }, /^the body lacks the required key client_id$/],
  [
    'an unknown kind',
    '/tokens',
    { sub: 'a', client_id: 'b', kind: 'id' },
    /^\/kind is .id., expected one of access_token/,
  ],
  [
    'an unknown member',
    '/tokens',
    { sub: 'a', client_id: 'b', claim: {} },
    /^\/claim is not a known key; did you mean/,
  ],
  [
    'half a second',
    '/tokens',
    { sub: 'a', client_id: 'b', expires_in: 0.5 },
    /^\/expires_in is the number 0.5, expected a whole number/,
  ],
  [
    'more than a century',
    '/tokens',
    { sub: 'a', client_id: 'b', expires_in: 1e10 },
    /^\/expires_in is 10000000000, expected at most/,
  ],
  ['a number as audience', '/tokens', { sub: 'a', client_id: 'b', aud: 7 }, /^\/aud is the number 7, expected a text/],
  ['no body', '/tokens', undefined, /^the body is missing/],
  [
    'an unknown client',
    '/tokens',
    { sub: 'a', client_id: 'b' },
    /^client_id is b, expected a configured or registered client; add it under clients/,
  ],
  ['an empty body', '/tokens/revoke', {}, /^the body is empty, expected at least 1 member$/],
  [
    'a token and a filter',
    '/tokens/revoke',
    { token: 'x', sub: 'a' },
    /^\/token is set with sub, expected the token alone/,
  ],
  [
    'an unknown kind',
    '/tokens/revoke',
    { kind: 'id_token' },
    /^\/kind is .id_token., expected one of access_token, refresh_token/,
  ],
]
for (const [title, path, body, message] of BAD) {
  t.test(`POST ${path} with ${title} is refused, and nothing is changed`, async (t) => {
    const test = await createAdminApp(t, { require_registration: true })
    refused(t, await test.call('POST', path, body), 'invalid_request', message)
    t.strictSame(jsonOf(t, await test.call('GET', '/grants')), { grants: [] })
    t.strictSame(jsonOf(t, await test.call('GET', '/users')), { users: [] })
  })
}

t.test('a refresh token that ended with the logout of its login is not listed', async (t) => {
  const test = await createAdminApp(t, {
    users: USERS,
    clients: [{ ...CLIENT, backchannel_logout_uri: 'http://127.0.0.1:9/logout' }],
  })
  const { id_token } = await getTokens(test)
  const kinds = async () =>
    (jsonOf(t, await test.call('GET', '/tokens')).tokens as { kind: string }[]).map(({ kind }) => kind)
  t.strictSame(await kinds(), ['access_token', 'refresh_token'])
  await test.post('/oauth2/end_session/confirm', { id_token_hint: id_token })
  t.strictSame(await kinds(), ['access_token'])
  const code = (await logIn(test)).get('code') ?? ''
  const { sessions } = (await test.call('GET', '/sessions')).json<{ sessions: { sid: string }[] }>()
  for (const { sid } of sessions) await test.call('DELETE', `/sessions/${sid}?notify=true`)
  t.notOk('refresh_token' in jsonOf(t, await exchange(test, { code })), 'a code that is redeemed after the logout')
})

t.test('an unknown token is 404; a deleted user and an unknown filter are refused', async (t) => {
  const test = await createAdminApp(t, { users: USERS })
  refused(t, await test.call('POST', '/tokens/revoke', { token: 'x' }), 'not_found', /^there is no such token$/, 404)
  refused(
    t,
    await test.call('GET', '/tokens?user=alice'),
    'invalid_request',
    /^user is not a known key; known here: sub/,
  )
  refused(
    t,
    await test.call('GET', '/grants?user=alice'),
    'invalid_request',
    /^user is not a known key; known here: sub/,
  )
  await test.call('DELETE', '/users/alice')
  const order = { sub: 'alice', client_id: 'app' }
  refused(t, await test.call('POST', '/tokens', order), 'access_denied', /^user alice was deleted/)
  t.equal((await exchange(test, { code: 'x' })).statusCode, 400)
})
