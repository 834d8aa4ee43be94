/** The ID token: its claims, its signature by each algorithm, and its protected claims. OpenID Connect Core §2. */
import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, getTokens, getUserinfo, REDIRECT_URI, refresh, register, type TestApp } from '../app.js'

const jwksOf = async ({ get }: TestApp, base = '') =>
  createLocalJWKSet((await get(`${base}/jwks`)).json<JSONWebKeySet>())

/** The algorithms of RFC 7518 §3.1 and RFC 8037, with the hash function of at_hash. */
const ALGS = [
  ['RS256', 'sha256'],
  ['RS384', 'sha384'],
  ['RS512', 'sha512'],
  ['PS256', 'sha256'],
  ['PS384', 'sha384'],
  ['PS512', 'sha512'],
  ['ES256', 'sha256'],
  ['ES384', 'sha384'],
  ['ES512', 'sha512'],
  ['EdDSA', 'sha512'],
] as const

for (const [alg, hash] of ALGS) {
  t.test(`RFC 7518 §3.1: an ID token by ${alg} verifies against the served key`, async (t) => {
    const test = await createApp(t, { keys: [{ alg }], isolated_keys: true })
    const { id_token, access_token } = await getTokens(test, { nonce: 'n' })
    const options = { issuer: 'http://localhost', audience: 'app', algorithms: [alg], typ: 'JWT' }
    const { payload, protectedHeader } = await jwtVerify(id_token, await jwksOf(test), options)
    const { keys } = (await test.get('/jwks')).json<JSONWebKeySet>()
    t.equal(protectedHeader.kid, keys[0]!.kid)
    // OpenID Connect Core §3.1.3.6: at_hash is the left half of the access token's hash.
    const digest = createHash(hash).update(access_token).digest()
    t.equal(payload.at_hash, digest.subarray(0, digest.length / 2).toString('base64url'))
    await jwtVerify(access_token, await jwksOf(test), { typ: 'at+jwt', issuer: 'http://localhost', algorithms: [alg] })
    await t.rejects(
      jwtVerify(id_token, await jwksOf(test, '/issuers/other')),
      'keys of another issuer do not verify it',
    )
  })
}

t.test(
  'OpenID Connect Core §2: an ID token has iss, sub, aud, exp, iat, auth_time and the unchanged nonce',
  async (t) => {
    const test = await createApp(t)
    const { id_token } = await getTokens(test, {
      sub: 'bob',
      client_id: 'my app',
      nonce: ' n"\\ü',
      scope: 'openid email',
    })
    const { iat, exp, auth_time, at_hash, sid, ...rest } = decodeJwt(id_token)
    t.strictSame(rest, {
      iss: 'http://localhost',
      sub: 'bob',
      aud: 'my app',
      nonce: ' n"\\ü',
      email: 'bob@example.com',
    })
    t.ok(Math.abs(iat! - Date.now() / 1000) < 60)
    t.equal(exp, iat! + 3600)
    t.ok(Number(auth_time) <= iat! && Number(auth_time) > iat! - 60)
    t.match(at_hash, /^[\w-]{22}$/)
    t.match(sid, /^[\w-]{43}$/)
  },
)

t.test(
  'OpenID Connect Core §3.1.3.6: without a nonce in the request, the ID token has none, even if the user has such a claim',
  async (t) => {
    const test = await createApp(t, { users: [{ sub: 'alice', claims: { nonce: 'x' } }] })
    t.notOk('nonce' in decodeJwt((await getTokens(test)).id_token))
    t.equal(decodeJwt((await getTokens(test, { nonce: 'n' })).id_token).nonce, 'n')
  },
)

t.test('OpenID Connect Core §2: acr is the requested context that the login had, even after a refresh', async (t) => {
  const test = await createApp(t, { acr_values: ['silver', 'gold'] })
  const { id_token, refresh_token } = await getTokens(test, { acr_values: 'bronze gold' })
  t.equal(decodeJwt(id_token).acr, 'gold')
  t.equal(decodeJwt((await refresh(test, refresh_token)).json<{ id_token: string }>().id_token).acr, 'gold')
  t.notOk('acr' in decodeJwt((await getTokens(test)).id_token), 'no acr without a request for one')
})

t.test('OpenID Connect Core §15.1: the default algorithm is RS256, and the header has a kid', async (t) => {
  const test = await createApp(t, { keys: [{ alg: 'ES256' }, { alg: 'RS256', kid: 'mine' }] })
  const { id_token } = await getTokens(test)
  t.strictSame(decodeProtectedHeader(id_token), { alg: 'RS256', kid: 'mine', typ: 'JWT' })
})

t.test('a registered algorithm is used while a key for it exists, else the default algorithm', async (t) => {
  const test = await createApp(t, { keys: [{ alg: 'PS256' }, { alg: 'RS256' }, { alg: 'EdDSA' }] })
  const client = await register(test, { id_token_signed_response_alg: 'EdDSA', token_endpoint_auth_method: 'none' })
  const algOf = async () => decodeProtectedHeader((await getTokens(test, { client_id: client.client_id })).id_token).alg
  t.equal(await algOf(), 'EdDSA')
  await test.reload({ keys: [{ alg: 'PS256' }, { alg: 'RS256' }] })
  t.equal(await algOf(), 'RS256')
})

t.test('lifetimes follow the configuration', async (t) => {
  const test = await createApp(t, { lifetimes: { id_token: '2m', access_token: '1m' } })
  const { id_token, access_token, expires_in } = await getTokens(test)
  const [id, access] = [decodeJwt(id_token), decodeJwt(access_token)]
  t.equal(id.exp! - id.iat!, 120)
  t.equal(access.exp! - access.iat!, 60)
  t.equal(expires_in, 60)
})

t.test('tokens stay valid and verifiable after a reload', async (t) => {
  const test = await createApp(t)
  const { id_token, access_token, refresh_token } = await getTokens(test)
  await test.reload({ users: [{ sub: 'new' }] })
  await t.resolves(jwtVerify(id_token, await jwksOf(test)))
  t.equal((await getUserinfo(test, access_token)).statusCode, 200)
  t.equal((await refresh(test, refresh_token)).statusCode, 200)
})

const PROTOCOL = { iss: 'x', sub: 'alice', aud: 'x', exp: 1, iat: 1, auth_time: 1, at_hash: 'x', jti: 'x', scope: 'x' }

t.test('claims of a user never override claims of the protocol', async (t) => {
  const user = { sub: 'alice', claims: PROTOCOL }
  const test = await createApp(t, { users: [user] })
  const { id_token, access_token } = await getTokens(test)
  const [id, access] = [decodeJwt(id_token), decodeJwt(access_token)]
  t.match(id, { iss: 'http://localhost', sub: 'alice', aud: 'app' })
  t.match(access, { iss: 'http://localhost', sub: 'alice', aud: 'http://localhost', client_id: 'app', scope: 'openid' })
  t.not(id.at_hash, 'x')
  t.not(access.jti, 'x')
  for (const claims of [id, access])
    for (const name of ['exp', 'iat', 'auth_time']) t.ok(Number(claims[name]) > 1, name)
})

t.test('claims for one place are in that place only, with any scope', async (t) => {
  const user = { sub: 'alice', id_token: { a: 1, email: 'id@x' }, access_token: { b: [2] }, userinfo: { c: { d: 3 } } }
  const test = await createApp(t, { users: [user] })
  const { id_token, access_token } = await getTokens(test, { scope: 'openid' })
  const places = [decodeJwt(id_token), decodeJwt(access_token), (await getUserinfo(test, access_token)).json<object>()]
  const found = places.map((claims) =>
    Object.keys(claims)
      .filter((name) => ['a', 'b', 'c', 'email'].includes(name))
      .toSorted(),
  )
  t.strictSame(found, [['a', 'email'], ['b'], ['c']])
})

const SCOPES: ConfigInput = {
  scopes: { groups: { claims: ['groups'] } },
  users: [{ sub: 'alice', claims: { name: 'Alice', email: 'a@x', groups: ['admin'], level: 3 } }],
  clients: [
    {
      client_id: 'web',
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
      scope: 'openid email groups',
    },
  ],
}
const RELEASED: [string, string, string, string[]][] = [
  ['app', 'openid', 'openid', ['level']],
  ['app', 'openid profile custom', 'openid profile custom', ['level', 'name']],
  ['app', 'openid groups', 'openid groups', ['groups', 'level']],
  ['web', 'openid profile email groups', 'openid email groups', ['email', 'groups', 'level']],
]
for (const [client_id, scope, granted, names] of RELEASED) {
  t.test(
    `OpenID Connect Core §5.4: the claims of "${scope}" for ${client_id} are in the ID token and at userinfo`,
    async (t) => {
      const test = await createApp(t, SCOPES)
      const tokens = await getTokens(test, { client_id, scope })
      t.equal(tokens.scope, granted)
      t.equal(decodeJwt(tokens.access_token).scope, granted)
      const own = ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'at_hash', 'sid']
      const inToken = Object.keys(decodeJwt(tokens.id_token)).filter((name) => !own.includes(name))
      const inUserinfo = Object.keys((await getUserinfo(test, tokens.access_token)).json<object>())
      t.strictSame(inToken.toSorted(), names)
      t.strictSame(inUserinfo.filter((name) => name !== 'sub').toSorted(), names)
    },
  )
}
