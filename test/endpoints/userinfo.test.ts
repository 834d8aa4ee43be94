/** Userinfo, and the ways to send a token. OpenID Connect Core §5.3 and RFC 6750. */
import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import { createApp, getTokens, getUserinfo, jsonOf, logIn, REDIRECT_URI } from '../app.js'

const USER = { sub: 'alice', claims: { name: 'Alice', email: 'alice@example.com', level: 3 } }
const EXPECTED = { sub: 'alice', email: 'alice@example.com', level: 3 }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const REALM = 'Bearer realm="oidc-provider-mock"'

const test = await createApp(t, { users: [USER] })
const tokens = await getTokens(test, { scope: 'openid email' })
const authorization = `Bearer ${tokens.access_token}`
const payload = `access_token=${tokens.access_token}`

const GOOD: [string, InjectOptions][] = [
  ['§2.1: the header of a GET', { headers: { authorization } }],
  ['§2.1: the header of a POST', { method: 'POST', headers: { authorization } }],
  [
    '§2.1: the header of a POST with an empty form',
    { method: 'POST', headers: { authorization, ...FORM }, payload: '' },
  ],
  ['§2.1: the scheme in any case', { headers: { authorization: authorization.replace('Bearer', 'bEARER') } }],
  ['§2.2: the form of a POST', { method: 'POST', headers: FORM, payload }],
]
for (const [title, sent] of GOOD) {
  t.test(`RFC 6750 ${title}`, async (t) => {
    const answer = await test.app.inject({ url: '/userinfo', ...sent })
    t.strictSame(jsonOf(t, answer), EXPECTED)
    t.equal(answer.headers['cache-control'], 'no-store')
  })
}

const challengeOf = (error: string, description: string) =>
  `${REALM}, error="${error}", error_description="${description}"`

async function refuses(
  t: Test,
  sent: InjectOptions,
  status: number,
  error: string,
  message: string,
  challenge: string,
) {
  const answer = await test.app.inject({ url: '/userinfo', ...sent })
  t.strictSame(jsonOf(t, answer, status), { error, error_description: message })
  t.equal(answer.headers['www-authenticate'], challenge)
}

const NO_TOKEN = 'the access token is missing, expected it in an Authorization header of type Bearer'
const NO_BEARER = 'the Authorization header is invalid, expected Bearer and one access token'
const MISSING: [string, InjectOptions, string][] = [
  ['no token', {}, NO_TOKEN],
  ['no token, POST', { method: 'POST' }, NO_TOKEN],
  ['an empty form', { method: 'POST', headers: FORM, payload: 'access_token=' }, NO_TOKEN],
  ['RFC 6750 §2.3: a token in the query', { url: `/userinfo?${payload}` }, NO_TOKEN],
  ['another scheme', { headers: { authorization: 'Basic YTpi' } }, NO_BEARER],
  ['the token without scheme', { headers: { authorization: tokens.access_token } }, NO_BEARER],
  ['the scheme without token', { headers: { authorization: 'Bearer' } }, NO_BEARER],
  ['two tokens', { headers: { authorization: 'Bearer a b' } }, NO_BEARER],
  ['a token with illegal characters', { headers: { authorization: 'Bearer a"b' } }, NO_BEARER],
]
for (const [title, sent, message] of MISSING) {
  t.test(`RFC 6750 §3.1: ${title}: 401 and a challenge without error`, async (t) => {
    await refuses(t, sent, 401, 'invalid_token', message, REALM)
  })
}

t.test('RFC 6750 §2: a token in the header and in the form is invalid_request', async (t) => {
  const message = 'the access token is both in the header and in the form, expected one of them'
  const sent: InjectOptions = { method: 'POST', headers: { authorization, ...FORM }, payload }
  await refuses(t, sent, 400, 'invalid_request', message, challengeOf('invalid_request', message))
})

t.test('RFC 6750 §2.2: a body that is not a form is invalid_request', async (t) => {
  const sent: InjectOptions = { method: 'POST', url: '/userinfo', payload: { access_token: tokens.access_token } }
  t.match(jsonOf(t, await test.app.inject(sent), 400), { error: 'invalid_request', error_description: /^content type/ })
})

t.test('RFC 6750 §3.1: a text that is not an access token is invalid_token', async (t) => {
  const message = 'the access token is unknown, expected one that this issuer issued'
  const code = (await logIn(test)).get('code')!
  const [header, claims, signature] = tokens.access_token.split('.')
  const forged = [`${header}.${claims}.`, `${header}.${claims}.${signature}x`, `${header}.${claims}`]
  for (const token of ['unknown', code, tokens.refresh_token, tokens.id_token, ...forged]) {
    const sent = { headers: { authorization: `Bearer ${token}` } }
    await refuses(t, sent, 401, 'invalid_token', message, challengeOf('invalid_token', message))
  }
})

t.test('RFC 6750 §3.1: an expired token is invalid_token', async (t) => {
  const test = await createApp(t, { lifetimes: { access_token: 60 } })
  const { access_token } = await getTokens(test)
  test.advance(58)
  jsonOf(t, await getUserinfo(test, access_token))
  test.advance(2)
  const answer = await getUserinfo(test, access_token)
  t.match(jsonOf(t, answer, 401), {
    error: 'invalid_token',
    error_description: /^the access token expired .*, at \S+Z$/,
  })
  t.match(
    answer.headers['www-authenticate'],
    /^Bearer realm="[\w-]+", error="invalid_token", error_description="the acc/,
  )
})

t.test('RFC 6750 §3.1: a revoked token is invalid_token', async (t) => {
  const { access_token } = await getTokens(test, { sub: 'bob' })
  await test.post('/users/bob/revoke-tokens')
  const message = 'the access token was revoked'
  const sent = { headers: { authorization: `Bearer ${access_token}` } }
  await refuses(t, sent, 401, 'invalid_token', message, challengeOf('invalid_token', message))
})

t.test(
  'after a reload, the token of a removed user is invalid_token, and a changed user has the new claims',
  async (t) => {
    const test = await createApp(t, { users: [USER] })
    const { access_token } = await getTokens(test, { scope: 'openid' })
    await test.reload({ users: [{ ...USER, claims: { level: 4 } }] })
    t.strictSame(jsonOf(t, await getUserinfo(test, access_token)), { sub: 'alice', level: 4 })
    await test.reload({})
    const answer = await getUserinfo(test, access_token)
    t.match(jsonOf(t, answer, 401), {
      error: 'invalid_token',
      error_description: /^user alice of .* no longer exists$/,
    })
  },
)

t.test('userinfo has the claims for userinfo, and at least a sub', async (t) => {
  const test = await createApp(t, {
    users: [{ sub: 'alice', userinfo: { theme: 'dark' }, id_token: { a: 1 }, access_token: { b: 1 } }, { sub: 'bob' }],
  })
  const of = async (sub: string) => jsonOf(t, await getUserinfo(test, (await getTokens(test, { sub })).access_token))
  t.strictSame(await of('alice'), { sub: 'alice', theme: 'dark' })
  t.strictSame(await of('bob'), { sub: 'bob' })
  t.strictSame(await of('carol'), { sub: 'carol' }, 'email needs its scope')
})

t.test(
  'OpenID Connect Core §5.3: with the rule openid_scope, an access token without openid is insufficient_scope',
  async (t) => {
    const strict = await createApp(t, { rules: { openid_scope: true } })
    const good = await getTokens(strict, { scope: 'openid' })
    jsonOf(t, await getUserinfo(strict, good.access_token))
    for (const [scope, shown] of [
      ['email', 'email'],
      ['', 'empty'],
    ] as const) {
      const { access_token } = await getTokens(strict, { scope })
      const message = `scope of the access token is ${shown}, expected openid in it`
      const answer = await getUserinfo(strict, access_token)
      t.strictSame(jsonOf(t, answer, 403), { error: 'insufficient_scope', error_description: message })
      t.equal(answer.headers['www-authenticate'], challengeOf('insufficient_scope', message))
    }
  },
)

t.test('OpenID Connect Core §5.3: with the rule disabled, an access token without openid is logged once', async (t) => {
  const lenient = await createApp(t)
  const { access_token } = await getTokens(lenient, { scope: 'email' })
  for (const _ of [1, 2]) jsonOf(t, await getUserinfo(lenient, access_token))
  const remarks = lenient.log.filter(({ rule }) => rule === 'openid_scope')
  t.equal(remarks.length, 1)
  t.match(remarks[0], { event: 'would_be_refused', error: 'insufficient_scope' })
})

t.test('RFC 6750 §3.1: after a reload, the token of a removed client is invalid_token', async (t) => {
  const client = { client_id: 'app', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' as const }
  const test = await createApp(t, { clients: [client], require_registration: true })
  const { access_token } = await getTokens(test)
  jsonOf(t, await getUserinfo(test, access_token))
  await test.reload({ require_registration: true })
  t.match(jsonOf(t, await getUserinfo(test, access_token), 401), {
    error: 'invalid_token',
    error_description: /^client app of the access token no longer exists$/,
  })
})
