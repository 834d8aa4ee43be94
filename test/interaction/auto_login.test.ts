/** Logins without a page, as configured. */
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, REDIRECT_URI, type TestApp } from '../app.js'
import { CLIENT, createUserAgent, type Fields, hiddenIn, idTokenFor, idTokenOf, returned } from '../user_agent.js'

async function start(t: Test, config: ConfigInput) {
  const test = await createApp(t, config)
  return { test, agent: createUserAgent(test) }
}

/** The remarks about logins without a page. */
async function subOf(test: TestApp, agent: ReturnType<typeof createUserAgent>, query: Fields = {}) {
  return (await idTokenOf(test, returned(await agent.ask(query)))).sub
}

const said = async ({ get }: TestApp) => {
  const { entries } = (await get('/admin/journal')).json<{ entries: { remarks: { message: string }[] }[] }>()
  return entries.flatMap(({ remarks }) => remarks.map(({ message }) => message))
}

t.test('auto_login logs the user in for every request and prompt, and the journal has the reason', async (t) => {
  const { test, agent } = await start(t, { auto_login: 'alice' })
  t.equal(await subOf(test, agent), 'alice')
  t.equal((await said(test)).at(-1), 'alice is logged in without a page: auto_login names the user')
  for (const prompt of ['none', 'login', 'consent', 'select_account', 'create']) {
    t.equal(await subOf(test, createUserAgent(test), { prompt }), 'alice', prompt)
  }
})

t.test('auto_login of a client takes precedence for that client', async (t) => {
  const { test, agent } = await start(t, { clients: [{ ...CLIENT, auto_login: 'bob' }], auto_login: 'alice' })
  t.equal(await subOf(test, agent), 'bob')
  t.match(await said(test), ['bob is logged in without a page: auto_login of the client app names the user'])
  const other = returned(await agent.ask({ client_id: 'other' }))
  t.ok(other.has('code'))
  t.match((await said(test)).at(-1), 'alice is logged in without a page')
})

t.test('auto_login names a user by sub, email or preferred_username in any case, as a typed name does', async (t) => {
  const users: ConfigInput['users'] = [
    { sub: 'alice@example.com' },
    { sub: 'u2', claims: { email: 'Bob@example.com', preferred_username: 'bob' } },
  ]
  const names = { 'bob@example.com': 'u2', BOB: 'u2', 'alice@example.com': 'alice@example.com', zoe: 'zoe' }
  for (const [auto_login, sub] of Object.entries(names)) {
    const everyone = await start(t, { users, auto_login })
    t.equal(await subOf(everyone.test, everyone.agent), sub, auto_login)
    const one = await start(t, { users, clients: [{ ...CLIENT, auto_login }] })
    t.equal(await subOf(one.test, one.agent), sub, auto_login)
  }
})

t.test('auto_login_hint logs in the user of login_hint by sub or email; without a hint a page is shown', async (t) => {
  const { test, agent } = await start(t, {
    auto_login_hint: true,
    users: [{ sub: 'alice', claims: { email: 'a@example.com' } }, { sub: 'bob' }],
  })
  t.equal((await agent.ask()).statusCode, 200)
  t.equal(await subOf(test, agent, { login_hint: 'bob' }), 'bob')
  t.equal(await subOf(test, agent, { login_hint: 'a@example.com' }), 'alice')
  t.equal(await subOf(test, agent, { login_hint: 'carol' }), 'carol', 'who is unknown becomes a user')
  const long = returned(await agent.ask({ login_hint: 'x'.repeat(256) }))
  t.match(Object.fromEntries(long), {
    error: 'invalid_request',
    error_description: 'login_hint has 256 characters, expected at most 255',
  })
})

t.test('auto_login_hint finds an email as it is at run time', async (t) => {
  const users = ['alice', 'bob'].map((sub) => ({ sub, claims: { email: 'a@example.com' } }))
  const { test, agent } = await start(t, { auto_login_hint: true, users })
  const put = (sub: string, email: string) =>
    test.app.inject({ method: 'PUT', url: `/admin/users/${sub}`, payload: { claims: { email } } })
  t.equal(await subOf(test, agent, { login_hint: 'a@example.com' }), 'alice', 'the first of the file')
  await put('alice', 'new@example.com')
  t.equal(await subOf(test, agent, { login_hint: 'new@example.com' }), 'alice')
  t.equal(await subOf(test, agent, { login_hint: 'a@example.com' }), 'bob')
  await put('carol', 'carol@example.com')
  t.equal(await subOf(test, agent, { login_hint: 'carol@example.com' }), 'carol')
  await test.app.inject({ method: 'DELETE', url: '/admin/users/bob' })
  t.equal(await subOf(test, agent, { login_hint: 'a@example.com' }), 'a@example.com', 'a new user')
})

t.test('login_hint takes precedence over auto_login', async (t) => {
  const { test, agent } = await start(t, { auto_login: 'alice', auto_login_hint: true })
  t.equal(await subOf(test, agent, { login_hint: 'bob' }), 'bob')
  t.equal(await subOf(test, agent), 'alice')
})

t.test('an existing login is kept, so the session of other applications does not change', async (t) => {
  const { test, agent } = await start(t, { auto_login: 'alice' })
  await agent.ask()
  const before = [...agent.cookies.values()].map(({ value }) => value)
  const auth_time = (await idTokenOf(test, returned(await agent.ask()))).auth_time
  t.strictSame(
    [...agent.cookies.values()].map(({ value }) => value),
    before,
  )
  test.advance(60)
  const again = await idTokenOf(test, returned(await agent.ask({ prompt: 'none' })))
  t.equal(again.auth_time, auth_time)
  for (const query of [{ prompt: 'login' }, { max_age: '10' }] as Fields[]) {
    test.advance(60)
    const anew = await idTokenOf(test, returned(await agent.ask(query)))
    t.ok(Number(anew.auth_time) > Number(auth_time), 'a new login where the request wants one')
  }
})

t.test('a submitted form takes precedence', async (t) => {
  const { test, agent } = await start(t, { auto_login: 'alice' })
  t.equal((await idTokenOf(test, await agent.logIn('bob'))).sub, 'bob')
  t.equal(returned(await agent.answer({ action: 'deny' })).get('error'), 'access_denied')
  const wrong = returned(await agent.answer({ fault: 'authorize.wrong_state' }, { state: 's' }))
  t.equal(wrong.get('state'), 'another-state', 'a fault alone says nothing about who')
})

t.test('a request for another user gets a page, or login_required', async (t) => {
  const { test, agent } = await start(t, { clients: [CLIENT] })
  const id_token_hint = await idTokenFor(test, await agent.logIn('bob'))
  await test.reload({ clients: [CLIENT], auto_login: 'alice' })
  const stranger = createUserAgent(test)
  const page = await stranger.ask({ id_token_hint })
  t.equal(page.statusCode, 200)
  t.ok(hiddenIn(page).flow_id)
  t.ok(
    (await said(test)).includes(
      'alice is not logged in without a page although auto_login names the user: the request names another user',
    ),
  )
  t.equal(returned(await stranger.ask({ id_token_hint, prompt: 'none' })).get('error'), 'login_required')
  t.equal(new URL(String((await stranger.ask()).headers.location)).origin, new URL(REDIRECT_URI).origin)
})
