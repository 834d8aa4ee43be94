/** The parameters of each response type and their hashes in the ID token. OAuth 2.0 Multiple Response Types and OpenID Connect Core §3. */
import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, exchange, getUserinfo, jsonOf, REDIRECT_URI, type TestApp, type Tokens } from '../app.js'

/** The parameters of a response and their place. */
async function authorize({ post }: TestApp, query: Record<string, string>) {
  const all = { client_id: 'app', redirect_uri: REDIRECT_URI, scope: 'openid email', nonce: 'n', ...query }
  const answer = await post(`/oauth2/authorize?${new URLSearchParams(all)}`, { sub: 'alice' })
  const { hash, searchParams } = new URL(String(answer.headers.location))
  return { query: Object.fromEntries(searchParams), fragment: Object.fromEntries(new URLSearchParams(hash.slice(1))) }
}

/** Returns the left half of the hash in base64url. OpenID Connect Core §3.1.3.6. */
function half(hash: string, value: string): string {
  const digest = createHash(hash).update(value).digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}

const TOKEN = ['access_token', 'expires_in', 'scope', 'token_type']
const TYPES: [string, string[]][] = [
  ['id_token', ['id_token']],
  ['id_token token', [...TOKEN, 'id_token']],
  ['code id_token', ['code', 'id_token']],
  ['code token', ['code', ...TOKEN]],
  ['code id_token token', ['code', ...TOKEN, 'id_token']],
]
for (const [response_type, names] of TYPES) {
  t.test(
    `OAuth 2.0 Multiple Response Types §3 and §5: the response of ${response_type} is in the fragment`,
    async (t) => {
      const test = await createApp(t)
      const { query, fragment } = await authorize(test, { response_type, state: 'täst' })
      t.strictSame(query, {})
      t.strictSame(Object.keys(fragment).toSorted(), [...names, 'state'].toSorted())
      t.equal(fragment.state, 'täst')
      const { access_token, id_token, code } = fragment
      if (access_token !== undefined) {
        t.match(fragment, { token_type: 'Bearer', expires_in: '3600', scope: 'openid email' })
        t.match(jsonOf(t, await getUserinfo(test, access_token)), { sub: 'alice', email: 'alice@example.com' })
      }
      if (id_token !== undefined) {
        const jwks = createLocalJWKSet((await test.get('/jwks')).json<JSONWebKeySet>())
        const { payload } = await jwtVerify(id_token, jwks, { issuer: 'http://localhost', audience: 'app' })
        t.match(payload, { sub: 'alice', nonce: 'n', sid: /^[\w-]{43}$/, auth_time: Number })
        t.equal(payload.at_hash, access_token && half('sha256', access_token), 'at_hash only with an access token')
        t.equal(payload.c_hash, code && half('sha256', code), 'c_hash only with a code')
        t.equal(payload.s_hash, half('sha256', 'täst'))
      }
      if (code === undefined) return
      // OpenID Connect Core §3.3.3.6: the ID token of the token endpoint describes the same login.
      const tokens = (await exchange(test, { code })).json<Tokens>()
      const later = decodeJwt(tokens.id_token)
      t.equal(later.at_hash, half('sha256', tokens.access_token))
      t.equal(later.nonce, 'n')
      t.notOk('c_hash' in later || 's_hash' in later)
      if (id_token === undefined) return
      const first = decodeJwt(id_token)
      for (const name of ['iss', 'sub', 'aud', 'auth_time', 'sid']) t.strictSame(later[name], first[name], name)
    },
  )
}

t.test('OAuth 2.0 Multiple Response Types §4: the response of none has only the state', async (t) => {
  const { query, fragment } = await authorize(await createApp(t), { response_type: 'none', state: 's' })
  t.strictSame([query, fragment], [{ state: 's' }, {}])
})

t.test('an ID token has no s_hash if the request has no state', async (t) => {
  const { fragment } = await authorize(await createApp(t), { response_type: 'id_token' })
  t.notOk('s_hash' in decodeJwt(fragment.id_token!))
})

const HASHES = [
  ['RS384', 'sha384'],
  ['ES512', 'sha512'],
  ['EdDSA', 'sha512'],
  ['HS384', 'sha384'],
] as const
for (const [alg, hash] of HASHES) {
  t.test(`OpenID Connect Core §3.3.2.11: with ${alg}, the hashes use ${hash}`, async (t) => {
    const client = { client_id: 'app', client_secret: 's'.repeat(48), redirect_uris: [REDIRECT_URI] }
    const keys = alg === 'HS384' ? [{ alg: 'ES256' as const }] : [{ alg: 'ES256' as const }, { alg }]
    const test = await createApp(t, {
      keys,
      clients: [
        {
          ...client,
          id_token_signed_response_alg: alg,
          grant_types: ['implicit', 'authorization_code'],
          response_types: ['code id_token token'],
        },
      ],
    })
    const { fragment } = await authorize(test, { response_type: 'code id_token token', state: 's' })
    t.equal(decodeProtectedHeader(fragment.id_token!).alg, alg)
    t.match(decodeJwt(fragment.id_token!), {
      at_hash: half(hash, fragment.access_token!),
      c_hash: half(hash, fragment.code!),
      s_hash: half(hash, 's'),
    })
  })
}

t.test('OpenID Connect Core §5.4: without an access token, the ID token has the claims of scopes', async (t) => {
  const strict: ConfigInput = {
    rules: { scope_claims_at_userinfo: true, requested_claims_only: true },
    users: [{ sub: 'alice', claims: { email: 'a@x', name: 'Alice', level: 3 } }],
  }
  const test = await createApp(t, strict)
  const claimsOf = async (response_type: string) => {
    const { email, name, level } = decodeJwt((await authorize(test, { response_type })).fragment.id_token!)
    return { email, name, level }
  }
  t.strictSame(await claimsOf('id_token'), { email: 'a@x', name: undefined, level: undefined })
  for (const response_type of ['id_token token', 'code id_token', 'code id_token token']) {
    t.strictSame(await claimsOf(response_type), { email: undefined, name: undefined, level: undefined }, response_type)
  }
})

t.test('RFC 6749 §4.1.2: a reused code also revokes the access token of the front channel', async (t) => {
  const test = await createApp(t, { rules: { revoke_on_code_reuse: true } })
  const { fragment } = await authorize(test, { response_type: 'code token' })
  await exchange(test, { code: fragment.code! })
  t.equal((await getUserinfo(test, fragment.access_token!)).statusCode, 200)
  await exchange(test, { code: fragment.code! })
  t.equal((await getUserinfo(test, fragment.access_token!)).statusCode, 401)
})
