/** Tests of the routes for claims of users and revocation of their tokens. */
import t from 'tap'
import { createApp, exchange, getTokens, getUserinfo, jsonOf, logIn, refresh, refused, type TestApp } from '../app.js'

const put = ({ app }: TestApp, sub: string, payload: unknown, headers: Record<string, string> = {}) =>
  app.inject({ method: 'PUT', url: `/users/${sub}`, payload: payload as object, headers })
const claimsOf = async (test: TestApp, sub: string) =>
  (await getUserinfo(test, (await getTokens(test, { sub, scope: 'openid email' })).access_token)).json<object>()

const shared = await createApp(t, { users: [{ sub: 'alice', claims: { level: 1 }, userinfo: { theme: 'dark' } }] })

t.test('PUT sets the claims of a user: 204', async (t) => {
  const answer = await put(shared, 'bob', { email: 'bob@example.com', nested: { a: [1] } })
  t.equal(answer.statusCode, 204)
  t.equal(answer.body, '')
  t.strictSame(await claimsOf(shared, 'bob'), { email: 'bob@example.com', nested: { a: [1] }, sub: 'bob' })
})

t.test('PUT replaces earlier claims and claims of the configuration, and keeps all other fields', async (t) => {
  t.strictSame(await claimsOf(shared, 'alice'), { level: 1, theme: 'dark', sub: 'alice' })
  t.equal((await put(shared, 'alice', { sub: 'mallory', team: 'blue' })).statusCode, 204)
  t.strictSame(
    await claimsOf(shared, 'alice'),
    { team: 'blue', theme: 'dark', sub: 'alice' },
    'a sub in the body is ignored',
  )
  t.equal((await put(shared, 'alice', {})).statusCode, 204)
  t.strictSame(await claimsOf(shared, 'alice'), { theme: 'dark', sub: 'alice' })
})

t.test('PUT takes effect for tokens that are already issued', async (t) => {
  const { access_token } = await getTokens(shared, { sub: 'carol' })
  await put(shared, 'carol', { level: 9 })
  t.match(jsonOf(t, await getUserinfo(shared, access_token)), { level: 9 })
})

t.test('a user that was put stays after a reload', async (t) => {
  const test = await createApp(t)
  await put(test, 'alice', { level: 2 })
  await test.reload({ users: [{ sub: 'alice', claims: { level: 1 } }] })
  t.match(await claimsOf(test, 'alice'), { level: 2 })
})

for (const sub of ['a b', 'ä/ö', 'x?y#z', '../admin', '%', '\'"<>', '__proto__', 'x'.repeat(255)]) {
  t.test(`${JSON.stringify(sub.slice(0, 20))} is a valid sub`, async (t) => {
    t.equal((await put(shared, encodeURIComponent(sub), { level: 7 })).statusCode, 204)
    t.strictSame(await claimsOf(shared, sub), { level: 7, sub })
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const BAD: [string, string, unknown, Record<string, string>, RegExp, number][] = [
  ['no body', 'bob', undefined, {}, /^the body is invalid, expected a JSON object/, 400],
  ['a list', 'bob', [], {}, /^the body is invalid, expected a JSON object/, 400],
  ['null', 'bob', 'null', JSON_TYPE, /^the body is invalid, expected a JSON object/, 400],
  ['a text', 'bob', '"x"', JSON_TYPE, /^the body is invalid, expected a JSON object/, 400],
  ['broken JSON', 'bob', '{', JSON_TYPE, /not valid JSON/, 400],
  ['a form', 'bob', 'email=x', FORM, /^the body is invalid, expected a JSON object/, 400],
  [
    'another type',
    'bob',
    '{}',
    { 'content-type': 'text/plain' },
    /^content type is text\/plain, expected application\/json or app/,
    415,
  ],
  ['an empty sub', '', {}, {}, /^sub has 0 characters/, 400],
  ['a long sub', 'x'.repeat(256), {}, {}, /^sub has 256 characters, expected 1 to 255$/, 400],
]
for (const [title, sub, payload, headers, message, status] of BAD) {
  t.test(`PUT with ${title} is ${status}, as JSON`, async (t) => {
    refused(t, await put(shared, sub, payload, { accept: 'text/html', ...headers }), 'invalid_request', message, status)
  })
}

t.test('POST revoke-tokens ends all tokens of this user only: 204', async (t) => {
  const test = await createApp(t)
  const [one, two] = [await getTokens(test), await getTokens(test, { client_id: 'other' })]
  const refreshed = (await refresh(test, one.refresh_token)).json<{ access_token: string }>()
  const code = (await logIn(test)).get('code')!
  const bob = await getTokens(test, { sub: 'bob' })
  const isolated = await getTokens(test, { base: '/issuers/x' })
  t.equal((await test.post('/users/alice/revoke-tokens')).statusCode, 204)
  for (const token of [one.access_token, two.access_token, refreshed.access_token]) {
    t.equal((await getUserinfo(test, token)).statusCode, 401)
  }
  refused(t, await refresh(test, one.refresh_token), 'invalid_grant', /revoked/)
  refused(t, await refresh(test, two.refresh_token, { client_id: 'other' }), 'invalid_grant', /revoked/)
  refused(t, await exchange(test, { code }), 'invalid_grant', /revoked/)
  t.equal((await getUserinfo(test, bob.access_token)).statusCode, 200)
  t.equal((await getUserinfo(test, isolated.access_token, '/issuers/x')).statusCode, 200)
  t.equal((await getUserinfo(test, (await getTokens(test)).access_token)).statusCode, 200, 'a new login works')
})

t.test('POST revoke-tokens succeeds without tokens and ignores a body', async (t) => {
  t.equal((await shared.post('/users/nobody/revoke-tokens')).statusCode, 204)
  t.equal((await shared.post('/users/nobody/revoke-tokens', { a: 'b' })).statusCode, 204)
  t.equal(
    (await shared.app.inject({ method: 'POST', url: '/users/x/revoke-tokens', headers: JSON_TYPE })).statusCode,
    204,
  )
  refused(t, await shared.post(`/users/${'x'.repeat(256)}/revoke-tokens`), 'invalid_request', /^sub has 256/)
})

t.test('PUT refuses claims with more levels than a token can hold', async (t) => {
  const nested = (levels: number) => `{"deep":${'['.repeat(levels)}${']'.repeat(levels)}}`
  const json = { 'content-type': 'application/json' }
  t.equal((await put(shared, 'deep', nested(99), json)).statusCode, 204)
  t.ok((await getTokens(shared, { sub: 'deep' })).id_token)
  for (const levels of [100, 50_000]) {
    const answer = await put(shared, 'deep', nested(levels), json)
    refused(t, answer, 'invalid_request', /^the body is nested too deeply, expected at most 100 levels$/, 413)
  }
})
