/** Tests of putting, changing and deleting users over HTTP. */
import t from 'tap'
import { createApp, exchange, getTokens, getUserinfo, jsonOf, logIn, refresh, refused, type TestApp } from '../app.js'
import { createUserAgent } from '../user_agent.js'
import { createAdminApp } from './api.js'

const NONE = { claims: {}, id_token: {}, userinfo: {}, access_token: {} }
const ALICE = { sub: 'alice', display_name: 'Alice', claims: { level: 1 }, userinfo: { theme: 'dark' } }

const userinfoOf = async (test: TestApp, sub: string) =>
  (await getUserinfo(test, (await getTokens(test, { sub })).access_token)).json<object>()

t.test('the list has every user with its origin: the file, a put, a login', async (t) => {
  const test = await createAdminApp(t, { users: [ALICE, { sub: 'bob' }] })
  await logIn(test, { sub: 'zoe' })
  await test.call('PUT', '/users/bob', { claims: { level: 2 } })
  await test.call('PUT', '/users/carol', {})
  t.strictSame(jsonOf(t, await test.call('GET', '/users')), {
    users: [
      { ...NONE, ...ALICE, origin: 'file' },
      { ...NONE, sub: 'bob', claims: { level: 2 }, origin: 'put' },
      { ...NONE, sub: 'zoe', claims: { email: 'zoe@example.com' }, origin: 'login' },
      { ...NONE, sub: 'carol', origin: 'put' },
    ],
  })
  t.strictSame(jsonOf(t, await test.call('GET', '/users/alice')), { ...NONE, ...ALICE, origin: 'file' })
  t.strictSame(jsonOf(t, await test.call('GET', '/issuers/x/users')).users, [
    { ...NONE, ...ALICE, origin: 'file' },
    { ...NONE, sub: 'bob', origin: 'file' },
  ])
})

t.test('PUT replaces the whole user: 201 for a new user, otherwise 200', async (t) => {
  const test = await createAdminApp(t, { users: [ALICE] })
  const user = { description: 'new', claims: { level: 5 }, id_token: { a: 1 }, faults: [{ fault: 'id_token.expired' }] }
  t.strictSame(jsonOf(t, await test.call('PUT', '/users/dan', user), 201), {
    ...NONE,
    sub: 'dan',
    ...user,
    origin: 'put',
  })
  t.equal(
    (await test.call('PUT', '/users/dan', { sub: 'dan' })).statusCode,
    200,
    'the body can repeat the sub of the path',
  )
  t.strictSame(jsonOf(t, await test.call('GET', '/users/dan')), { ...NONE, sub: 'dan', origin: 'put' })
  t.strictSame(jsonOf(t, await test.call('PUT', '/users/alice', {})), { ...NONE, sub: 'alice', origin: 'put' })
  t.strictSame(await userinfoOf(test, 'alice'), { sub: 'alice' })
})

t.test('RFC 7396: PATCH merges objects, removes members that are null and replaces all other members', async (t) => {
  const test = await createAdminApp(t, { users: [{ ...ALICE, claims: { a: 1, b: { c: 1, d: [1] } } }] })
  const patch = { display_name: null, claims: { a: null, b: { c: 2, e: { f: null, g: 1 } } }, id_token: { x: 1 } }
  const changed = jsonOf(t, await test.call('PATCH', '/users/alice', patch))
  t.strictSame(changed, {
    ...NONE,
    sub: 'alice',
    claims: { b: { c: 2, d: [1], e: { g: 1 } } },
    userinfo: { theme: 'dark' },
    id_token: { x: 1 },
    origin: 'put',
  })
  const headers = { 'content-type': 'application/merge-patch+json' }
  t.match(jsonOf(t, await test.call('PATCH', '/users/alice', { claims: { b: [2] } }, { headers })), {
    claims: { b: [2] },
  })
  await logIn(test, { sub: 'zoe' })
  t.match(jsonOf(t, await test.call('PATCH', '/users/zoe', { claims: { level: 1 } })), {
    claims: { email: 'zoe@example.com', level: 1 },
  })
})

t.test('DELETE removes the user with all logins and tokens, and the user can no longer log in', async (t) => {
  const test = await createAdminApp(t, { users: [ALICE, { sub: 'bob' }] })
  const agent = createUserAgent(test)
  await agent.logIn('bob')
  await agent.logIn('alice')
  const tokens = await getTokens(test)
  const code = (await logIn(test)).get('code')!
  t.equal((await test.call('DELETE', '/users/alice')).statusCode, 204)
  t.equal((await getUserinfo(test, tokens.access_token)).statusCode, 401)
  refused(t, await refresh(test, tokens.refresh_token), 'invalid_grant', /revoked/)
  refused(t, await exchange(test, { code }), 'invalid_grant', /revoked/)
  t.match(Object.fromEntries(await logIn(test)), {
    error: 'access_denied',
    error_description: /^user alice was deleted/,
  })
  const { sessions } = jsonOf(t, await test.call('GET', '/sessions')) as { sessions: { sub: string }[] }
  t.strictSame(
    sessions.map(({ sub }) => sub),
    ['bob'],
  )
  refused(t, await test.call('GET', '/users/alice'), 'not_found', /^there is no user alice$/, 404)
  t.strictSame((jsonOf(t, await test.call('GET', '/users')).users as object[]).length, 1)
  t.equal((await test.call('PUT', '/users/alice', {})).statusCode, 201)
  t.equal((await logIn(test)).has('code'), true, 'the user can log in after being put again')
})

t.test('a deleted user of the file stays deleted after a reload and returns with a reset', async (t) => {
  const test = await createAdminApp(t, { users: [ALICE] })
  await test.call('DELETE', '/users/alice')
  await test.reload({ users: [{ ...ALICE, claims: { level: 2 } }] })
  t.equal((await test.call('GET', '/users/alice')).statusCode, 404)
  await test.call('POST', '/reset', { parts: ['users'] })
  t.match(jsonOf(t, await test.call('GET', '/users/alice')), { claims: { level: 2 }, origin: 'file' })
})

const BAD: [string, 'PUT' | 'PATCH', string, unknown, RegExp][] = [
  ['an unknown member', 'PUT', 'bob', { claim: {} }, /^\/claim is not a known key; did you mean claims\?$/],
  ['the origin', 'PUT', 'bob', { origin: 'put' }, /^\/origin is not a known key; put claims under claims$/],
  ['claims that are no object', 'PUT', 'bob', { claims: [] }, /^\/claims is a list, expected an object$/],
  ['another sub', 'PUT', 'bob', { sub: 'eve' }, /^\/sub is .eve., expected .bob. as in the path$/],
  [
    'another sub among the claims',
    'PUT',
    'bob',
    { claims: { sub: 'eve' } },
    /^\/claims\/sub is .eve., expected the user's sub/,
  ],
  [
    'a claim that the provider sets',
    'PUT',
    'bob',
    { access_token: { exp: 5, aud: 'api' } },
    /^\/access_token\/exp is 5, expected no value, because the provider sets exp; to change it, set lifetimes\.access_token, /,
  ],
  ['two mistakes', 'PUT', 'bob', { a: 1, claims: { sub: 'x' } }, /^\/a is not a known key/],
  [
    'an unknown fault',
    'PUT',
    'bob',
    { faults: [{ fault: 'id_token.expird' }] },
    /^\/faults\/0\/fault .*id_token\.expired/,
  ],
  ['a list', 'PUT', 'bob', [], /^the body is invalid, expected a JSON object/],
  ['null', 'PUT', 'bob', null, /^the body is invalid, expected a JSON object/],
  ['no body', 'PUT', 'bob', undefined, /^the body is missing, expected a JSON object/],
  ['a long sub', 'PUT', 'x'.repeat(256), {}, /^sub is .x{60}.*, expected at most 255 characters/],
  ['a query', 'PUT', 'bob?merge=true', {}, /^merge is not a known key/],
  ['an unknown member', 'PATCH', 'alice', { claim: {} }, /^\/claim is not a known key; did you mean claims\?$/],
  ['another sub', 'PATCH', 'alice', { sub: 'eve' }, /^\/sub is .eve., expected .alice. as in the path$/],
  [
    'no sub',
    'PATCH',
    'alice',
    { sub: null, claims: { sub: 'eve' } },
    /^\/claims\/sub is .eve., expected the user's sub/,
  ],
  ['an empty body', 'PATCH', 'alice', {}, /^the body is empty, expected at least 1 member$/],
  ['no body', 'PATCH', 'alice', undefined, /^the body is missing/],
]
for (const [title, method, sub, body, message] of BAD) {
  t.test(`${method} with ${title} is refused, and nothing is changed`, async (t) => {
    const test = await createAdminApp(t, { users: [ALICE] })
    const before = (await test.call('GET', '/users')).body
    refused(t, await test.call(method, `/users/${sub}`, body), 'invalid_request', message)
    t.equal((await test.call('GET', '/users')).body, before)
  })
}

t.test('a body that is not JSON or exceeds the bounds of JSON is refused', async (t) => {
  const test = await createAdminApp(t)
  const put = (payload: string, type: string) =>
    test.call('PUT', '/users/bob', undefined, { payload, headers: { 'content-type': type } })
  refused(t, await put('{', 'application/json'), 'invalid_request', /not valid JSON/)
  refused(
    t,
    await put('claims=x', 'application/x-www-form-urlencoded'),
    'invalid_request',
    /^the body is invalid, expected a JSON/,
  )
  refused(
    t,
    await put('{}', 'application/merge-patch+json'),
    'invalid_request',
    /^the body is invalid, expected a JSON object/,
  )
  refused(t, await put('{}', 'text/plain'), 'invalid_request', /^content type is text\/plain/, 415)
  const deep = `{"claims":{"a":${'['.repeat(200)}${']'.repeat(200)}}}`
  refused(
    t,
    await put(deep, 'application/json'),
    'invalid_request',
    /^the body is nested too deeply, expected at most 100 levels$/,
    413,
  )
  const many = JSON.stringify({ claims: { groups: Array(20_000).fill(1) } })
  const message = /^the body has 20003 values, expected at most 20000$/
  refused(t, await put(many, 'application/json'), 'invalid_request', message, 413)
  t.equal((await put('{"claims":{"__proto__":{"a":1}}}', 'application/json')).statusCode, 400)
})

t.test('an unknown sub is 404', async (t) => {
  const test = await createAdminApp(t)
  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    const body = method === 'PATCH' ? { claims: {} } : undefined
    refused(t, await test.call(method, '/users/nobody', body), 'not_found', /^there is no user nobody$/, 404)
  }
})

for (const sub of ['a b', 'ä/ö', 'x?y#z', '../admin', '%', '__proto__', 'x'.repeat(255)]) {
  t.test(`${JSON.stringify(sub.slice(0, 20))} is a valid sub`, async (t) => {
    const test = await createApp(t)
    const url = `/admin/users/${encodeURIComponent(sub)}`
    const put = await test.app.inject({ method: 'PUT', url, payload: { claims: { level: 7 } } })
    t.match(jsonOf(t, put, 201), { sub, claims: { level: 7 } })
    t.strictSame(await userinfoOf(test, sub), { level: 7, sub })
    t.equal((await test.app.inject({ method: 'DELETE', url })).statusCode, 204)
  })
}

t.test('a fault for another issuer is refused', async (t) => {
  const test = await createAdminApp(t)
  const faults = (issuer: string) => ({ faults: [{ fault: 'id_token.expired', match: { issuer } }] })
  const message = /^\/faults\/0\/match\/issuer is 'x', expected 'default'/
  const whole = {}
  refused(t, await test.call('PUT', '/users/bob', { ...whole, ...faults('x') }), 'invalid_request', message)
  t.equal((await test.call('PUT', '/users/bob', { ...whole, ...faults('default') })).statusCode, 201)
  refused(t, await test.call('PATCH', '/users/bob', faults('x')), 'invalid_request', message)
  t.equal((await test.call('PATCH', '/users/bob', { faults: null })).statusCode, 200)
})

t.test('a fault of the file for another issuer does not prevent a change', async (t) => {
  const own = { faults: [{ fault: 'id_token.expired' as const, match: { issuer: 'x' } }] }
  const test = await createAdminApp(t, { users: [{ sub: 'bob', ...own }] })
  t.equal((await test.call('PATCH', '/users/bob', { display_name: 'B' })).statusCode, 200)
})
