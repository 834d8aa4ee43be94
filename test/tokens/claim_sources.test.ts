/** Aggregated and distributed claims. OpenID Connect Core §5.6.2. */
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, getTokens, getUserinfo, jsonOf, REDIRECT_URI, refused, type TestApp } from '../app.js'

interface Sources {
  _claim_names?: Record<string, string>
  _claim_sources?: Record<string, { JWT?: string; endpoint?: string; access_token?: string }>
}

const USERS: ConfigInput['users'] = [
  {
    sub: 'alice',
    claims: { email: 'a@x' },
    claim_sources: {
      'the bank': { claims: { address: { country: 'NL' }, credit: 700 } },
      state: { distributed: true, claims: { birthdate: '1990-01-01', taxes: 5 } },
      elsewhere: { distributed: true, endpoint: 'https://x.example/claims', claims: { blood: '0' } },
      keyed: { distributed: true, endpoint: 'https://y.example/', access_token: 'key', claims: { shoe: 43 } },
    },
  },
]

const verify = async ({ get }: TestApp, jwt: string) =>
  (await jwtVerify(jwt, createLocalJWKSet((await get('/jwks')).json<JSONWebKeySet>()))).payload

const sourcesOf = async (t: Test, test: TestApp, access_token: string) =>
  jsonOf(t, await getUserinfo(test, access_token)) as Sources

const fetchClaims = ({ get }: TestApp, source: string, access_token: string) =>
  get(`/claims/${source}`, { headers: { authorization: `Bearer ${access_token}` } })

t.test('OpenID Connect Core §5.6.2.1: aggregated claims are a signed JWT', async (t) => {
  const test = await createApp(t, { users: USERS })
  const { id_token, access_token } = await getTokens(test, { scope: 'openid address' })
  for (const found of [decodeJwt<Sources>(id_token), await sourcesOf(t, test, access_token)]) {
    t.match(found._claim_names, { address: 'the bank', credit: 'the bank' })
    const { JWT } = found._claim_sources!['the bank']!
    // OpenID Connect Core §5.6.2: the JWT should have no sub.
    t.strictSame(await verify(test, JWT!), { address: { country: 'NL' }, credit: 700, iss: 'http://localhost' })
    t.notOk('typ' in decodeProtectedHeader(JWT!), 'the JWT cannot be used as an ID token')
  }
})

t.test('OpenID Connect Core §5.6.2.2: distributed claims are available at the referenced endpoint', async (t) => {
  const test = await createApp(t, { users: USERS })
  const { id_token, access_token } = await getTokens(test, { scope: 'openid profile' })
  for (const found of [decodeJwt<Sources>(id_token), await sourcesOf(t, test, access_token)]) {
    t.match(found._claim_names, { birthdate: 'state', taxes: 'state', blood: 'elsewhere', shoe: 'keyed' })
    const { state, elsewhere, keyed } = found._claim_sources!
    t.strictSame(state, { endpoint: 'http://localhost/claims/state', access_token })
    t.strictSame(
      elsewhere,
      { endpoint: 'https://x.example/claims' },
      'an external endpoint gets no access token of the issuer',
    )
    t.strictSame(keyed, { endpoint: 'https://y.example/', access_token: 'key' })
  }
  const answer = await fetchClaims(test, 'state', access_token)
  t.equal(answer.headers['content-type'], 'application/jwt')
  t.equal(answer.headers['cache-control'], 'no-store')
  t.strictSame(await verify(test, answer.body), { birthdate: '1990-01-01', taxes: 5, iss: 'http://localhost' })
})

t.test('OpenID Connect Core §5.6.2.2: without an access token, the reference in an ID token has none', async (t) => {
  const test = await createApp(t, { users: USERS, internal_url: 'https://inside.example' })
  const query = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'id_token', scope: 'openid', nonce: 'n' }
  const { headers } = await test.post(`/oauth2/authorize?${new URLSearchParams(query)}`, { sub: 'alice' })
  const id_token = new URLSearchParams(new URL(String(headers.location)).hash.slice(1)).get('id_token')!
  t.strictSame(decodeJwt<Sources>(id_token)._claim_sources!.state, {
    endpoint: 'https://inside.example/claims/state',
  })
})

t.test('OpenID Connect Core §5.4: claims of a source are released like claims of the user', async (t) => {
  const test = await createApp(t, { users: USERS, rules: { requested_claims_only: true } })
  const plain = await getTokens(test, { scope: 'openid email' })
  const none = await sourcesOf(t, test, plain.access_token)
  t.strictSame(none, { sub: 'alice', email: 'a@x' })
  t.notOk('_claim_names' in decodeJwt(plain.id_token))
  const answer = await fetchClaims(test, 'state', plain.access_token)
  refused(t, answer, 'insufficient_scope', /^the access token grants no claim of source state/, 403)

  const claims = { userinfo: { credit: null, taxes: { value: 6 } }, id_token: { taxes: null } }
  const tokens = await getTokens(test, { claims: JSON.stringify(claims) })
  t.strictSame((await sourcesOf(t, test, tokens.access_token))._claim_names, { credit: 'the bank' })
  t.strictSame(decodeJwt<Sources>(tokens.id_token)._claim_names, { taxes: 'state' })
  const { body } = await fetchClaims(test, 'state', tokens.access_token)
  t.strictSame(await verify(test, body), { taxes: 5, iss: 'http://localhost' }, 'the endpoint returns the same claims')
})

t.test('RFC 6750 §3.1: the endpoint of distributed claims requires an access token in the header', async (t) => {
  const test = await createApp(t, { users: USERS })
  const { access_token } = await getTokens(test)
  refused(t, await test.get('/claims/state'), 'invalid_token', /^the access token is missing/, 401)
  refused(t, await fetchClaims(test, 'state', 'x'), 'invalid_token', /^the access token is unknown/, 401)
  for (const source of ['unknown', 'the%20bank', '__proto__', 'toString']) {
    refused(t, await fetchClaims(test, source, access_token), 'not_found', /^source /, 404)
  }
  const bob = await getTokens(test, { sub: 'bob' })
  refused(t, await fetchClaims(test, 'state', bob.access_token), 'not_found', /^source state/, 404)
})
