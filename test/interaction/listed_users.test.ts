/** Which users may log in, and by which names. */
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, jsonOf, type TestApp } from '../app.js'
import { textOf } from '../html.js'
import { CLIENT, createUserAgent, type Fields, idTokenOf, returned } from '../user_agent.js'

const USERS: ConfigInput['users'] = [
  { sub: 'alice', claims: { email: 'Alice@example.com', preferred_username: 'al' } },
  { sub: 'bob', claims: { email: 'shared@example.com', preferred_username: 7 } },
  { sub: 'carol', claims: { email: 'Shared@example.com' } },
]

async function start(t: Test, config: ConfigInput) {
  const test = await createApp(t, config)
  return { test, agent: createUserAgent(test) }
}

type Started = Awaited<ReturnType<typeof start>>
const subOf = async ({ test, agent }: Started, sub: string, query: Fields = {}) =>
  (await idTokenOf(test, await agent.logIn(sub, query))).sub

const remarksOf = async ({ get }: TestApp) => {
  const { entries } = (await get('/admin/journal')).json<{ entries: { remarks: { message: string }[] }[] }>()
  return entries.flatMap(({ remarks }) => remarks.map(({ message }) => message))
}

t.test('a user is found by sub, email and preferred_username in any case; the exact name precedes', async (t) => {
  const both = await start(t, { users: USERS })
  const names = {
    ALICE: 'alice',
    'alice@EXAMPLE.com': 'alice',
    AL: 'alice',
    'shared@example.com': 'bob',
    'Shared@example.com': 'carol',
    'SHARED@example.com': 'bob',
    '7': '7',
    zoe: 'zoe',
    Zoe: 'Zoe',
  }
  for (const [typed, sub] of Object.entries(names)) t.equal(await subOf(both, typed), sub, typed)
  t.ok((await remarksOf(both.test)).includes('alice is logged in by the submitted form, where ALICE names the user'))
})

t.test('spaces around a name do not count', async (t) => {
  const both = await start(t, { users: [...USERS, { sub: ' dora ' }], users_only: true })
  const names = { ' alice': 'alice', 'AL ': 'alice', ' Shared@example.com ': 'carol', ' dora ': ' dora ' }
  for (const [typed, sub] of Object.entries(names)) t.equal(await subOf(both, typed), sub, typed)
  t.equal((await both.agent.answer({ sub: ' zoe' })).statusCode, 400)
})

t.test('a name finds a user as it is at run time', async (t) => {
  const both = await start(t, { users: USERS })
  const put = (sub: string, claims: object) =>
    both.test.app.inject({ method: 'PUT', url: `/admin/users/${sub}`, payload: { claims } })
  await put('alice', { email: 'new@example.com' })
  await put('dora', { email: 'SHARED@example.com' })
  t.equal(await subOf(both, 'New@example.com'), 'alice')
  t.equal(await subOf(both, 'alice@example.com'), 'alice@example.com', 'the former email is another user')
  t.equal(await subOf(both, 'SHARED@example.com'), 'dora')
  await both.test.app.inject({ method: 'DELETE', url: '/admin/users/dora' })
  t.equal(await subOf(both, 'DORA'), 'DORA', 'a deleted user has no name')
})

t.test('the email of a user who is not listed names the user as long as no listed user has it', async (t) => {
  const both = await start(t, {})
  t.equal(await subOf(both, 'alice'), 'alice')
  t.equal(await subOf(both, 'alice@example.com'), 'alice')
  t.equal(await subOf(both, 'Alice@example.com'), 'Alice@example.com', 'letter for letter')
  t.equal(await subOf(both, 'bob@example.com'), 'bob@example.com', 'a new user')
  t.equal(await subOf(both, 'bob'), 'bob')
  t.equal(await subOf(both, 'bob@example.com'), 'bob@example.com', 'the sub precedes')
  const put = (sub: string, claims: object) =>
    both.test.app.inject({ method: 'PUT', url: `/admin/users/${sub}`, payload: { claims } })
  await put('dora', { email: 'alice@example.com' })
  t.equal(await subOf(both, 'alice@example.com'), 'dora', 'a listed user precedes')
  await both.test.app.inject({ method: 'DELETE', url: '/admin/users/dora' })
  t.equal(await subOf(both, 'alice@example.com'), 'alice')
  await both.test.reload({ users: [{ sub: 'alice' }] })
  t.equal(await subOf(both, 'alice@example.com'), 'alice@example.com', 'the listed alice has no email')
})

t.test('a client that sends the email as login_hint gets the same user again', async (t) => {
  const { test, agent } = await start(t, { auto_login_hint: true })
  for (const login_hint of ['carol', 'carol@example.com']) {
    const { sub, email } = await idTokenOf(test, returned(await agent.ask({ scope: 'openid email', login_hint })))
    t.strictSame({ sub, email }, { sub: 'carol', email: 'carol@example.com' })
  }
})

t.test('faults of a user act if another name is typed', async (t) => {
  const faults: ConfigInput['faults'] = [{ fault: 'http.status', status: 503, match: { sub: 'alice' } }]
  const { agent } = await start(t, { users: USERS, faults })
  t.equal((await agent.answer({ sub: 'AL' })).statusCode, 503)
})

const UNLISTED =
  /Error: access_denied: sub is alicia, expected a listed user because users_only is on; did you mean alice\?/

t.test('with users_only, another user is refused on the page', async (t) => {
  const both = await start(t, { users: USERS, users_only: true })
  for (const form of [{ sub: 'alicia' }, { as: 'alicia' }] as Fields[]) {
    const page = await both.agent.answer(form)
    t.equal(page.statusCode, 400)
    t.match(textOf(page.body), UNLISTED)
    t.match(page.body, /name="sub" type="text" value="alicia"/)
  }
  t.match(textOf((await both.agent.answer({ sub: 'nobody at all' })).body), /because users_only is on(?!; did)/)
  t.strictSame(jsonOf(t, await both.test.get('/admin/users')).total ?? 3, 3, 'no user was created')
  t.equal(await subOf(both, 'AL'), 'alice')
  await both.test.app.inject({ method: 'PUT', url: '/admin/users/alicia', payload: {} })
  t.equal(await subOf(both, 'alicia'), 'alicia', 'a user that was put is listed')
})

t.test('users_only of a client takes precedence', async (t) => {
  const clients: ConfigInput['clients'] = [
    { ...CLIENT, client_id: 'closed', users_only: true },
    { ...CLIENT, client_id: 'open', users_only: false },
  ]
  const both = await start(t, { users: USERS, clients })
  t.equal((await both.agent.answer({ sub: 'zoe' }, { client_id: 'closed' })).statusCode, 400)
  t.ok((await both.agent.logIn('zoe', { client_id: 'open' })).has('code'))
  t.match(textOf((await both.agent.ask({ client_id: 'open' })).body), /Recent users Z Authorize as zoe/)
  t.notMatch(textOf((await both.agent.ask({ client_id: 'closed' })).body), /Recent users/)
  t.equal(returned(await both.agent.ask({ client_id: 'closed', prompt: 'none' })).get('error'), 'login_required')
  t.ok(
    returned(await both.agent.ask({ client_id: 'open', prompt: 'none' })).has('code'),
    'the login is that of the browser',
  )
  const reversed = await start(t, { users: USERS, clients, users_only: true })
  t.ok((await reversed.agent.logIn('zoe', { client_id: 'open' })).has('code'))
  t.equal((await reversed.agent.answer({ sub: 'zoe' }, { client_id: 'any' })).statusCode, 400)
})

t.test('with users_only, no other user is logged in without a page', async (t) => {
  const { test, agent } = await start(t, {
    users: USERS,
    users_only: true,
    auto_login: 'alicia',
    auto_login_hint: true,
  })
  t.equal((await agent.ask()).statusCode, 200)
  t.match(
    (await remarksOf(test)).join('\n'),
    /alicia is not logged in without a page although auto_login names the user: sub is alicia/,
  )
  t.equal((await agent.ask({ login_hint: 'zoe' })).statusCode, 200)
  t.equal(returned(await agent.ask({ prompt: 'none' })).get('error'), 'login_required')
  t.ok(returned(await agent.ask({ login_hint: 'ALICE@example.com' })).has('code'))
})

t.test('a login_hint that names no listed user leaves a remark', async (t) => {
  const { test, agent } = await start(t, { users: USERS, auto_login_hint: true })
  t.ok(returned(await agent.ask({ login_hint: 'alicia' })).has('code'))
  t.ok((await remarksOf(test)).includes('login_hint is alicia, which names no listed user; did you mean alice?'))
  const none = await start(t, { auto_login_hint: true })
  t.ok(returned(await none.agent.ask({ login_hint: 'alicia' })).has('code'))
  t.notMatch((await remarksOf(none.test)).join('\n'), 'no listed user')
})

t.test('with users_only, devices and the admin API log in listed users only', async (t) => {
  const { test } = await start(t, { users: USERS, users_only: true })
  const begin = async () =>
    jsonOf(t, await test.post('/oauth2/device_authorization', { client_id: 'tv', scope: 'openid' })).user_code as string
  const user_code = await begin()
  const page = await test.post('/oauth2/device', { user_code, sub: 'alicia' })
  t.equal(page.statusCode, 400)
  t.match(textOf(page.body), UNLISTED)
  t.equal((await test.post('/oauth2/device', { user_code, sub: 'AL' })).statusCode, 200)
  const other = await begin()
  const approve = (sub: string) =>
    test.app.inject({ method: 'POST', url: `/admin/device_codes/${other}/approve`, payload: { sub } })
  t.match((await approve('alicia')).json(), { error: 'invalid_request', error_description: /users_only is on/ })
  t.equal((await approve('bob')).statusCode, 200)
  const request = { client_id: 'app', redirect_uri: 'http://localhost/cb', response_type: 'code', scope: 'openid' }
  const logIn = (sub: string) =>
    test.app.inject({ method: 'POST', url: '/admin/login', payload: { authorization_request: request, sub } })
  t.match((await logIn('alicia')).json(), { error: 'invalid_request', error_description: /users_only is on/ })
  t.match((await logIn('bob')).json(), { parameters: { code: /./ } })
})

t.test('with many users, a refusal suggests none', async (t) => {
  const users = Array.from({ length: 1001 }, (_, index) => ({ sub: `user-${index}` }))
  const { agent } = await start(t, { users, users_only: true })
  t.match(textOf((await agent.answer({ sub: 'user-1x' })).body), /because users_only is on(?!; did)/)
})
