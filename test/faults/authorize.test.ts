/** Faults of authorization responses and logouts. */
import t, { type Test } from 'tap'
import { FAULT_CATALOGUE } from '../../src/faults/catalogue.js'
import { createApp, exchange, getUserinfo, refresh, type TestApp } from '../app.js'
import { createUserAgent, hiddenIn, returned } from '../user_agent.js'
import { AUTHORIZE_CASES, answerOf, type Rule, send } from './authorize_cases.js'

for (const [name, { check, rule }] of Object.entries(AUTHORIZE_CASES) as [
  keyof typeof AUTHORIZE_CASES,
  { rule?: Partial<Rule>; check(t: Test, faults: Rule[]): Promise<void> },
][]) {
  t.test(`${name}: ${FAULT_CATALOGUE[name].effect}`, async (t) => {
    await check(t, [])
    await check(t, [{ fault: name, ...rule }])
  })
}

interface Entry {
  readonly flow_id?: string
  readonly endpoint?: string
  readonly sub?: string
  readonly faults: readonly { fault: string; source: string }[]
  readonly remarks: readonly { event: string; message: string }[]
}

const entriesOf = async ({ get }: TestApp) => (await get('/admin/journal')).json<{ entries: Entry[] }>().entries
const saidIn = ({ remarks }: Entry) => remarks.map(({ message }) => message)

t.test('the journal reports a fault that changes nothing', async (t) => {
  const test = await createApp(t, {
    faults: [
      { fault: 'authorize.missing_state', match: { client_id: 'a' } },
      { fault: 'authorize.missing_iss', match: { client_id: 'b' } },
      { fault: 'authorize.missing_code', match: { client_id: 'c' } },
      { fault: 'authorize.replayed_code', match: { client_id: 'd' } },
      { fault: 'end_session.missing_state' },
    ],
    // Its responses have iss, so that the fault can happen.
    clients: [{ client_id: 'j', redirect_uris: ['http://j.example/'], authorization_signed_response_alg: 'ES256' }],
  })
  t.ok((await answerOf(test, { client_id: 'a', state: '' })).has('code'))
  t.ok((await answerOf(test, { client_id: 'b' })).has('code'))
  for (const client_id of ['c', 'd']) await send(test, { client_id, response_type: 'id_token', nonce: 'n' })
  await test.post('/oauth2/end_session/confirm', { post_logout_redirect_uri: 'http://localhost:8000/' })
  const remarks = (await entriesOf(test)).flatMap(saidIn).filter((message) => message.includes('changes nothing'))
  t.strictSame(remarks, [
    'authorize.missing_state changes nothing: the request had none',
    'authorize.missing_iss changes nothing: the rule iss_parameter is off',
    'authorize.missing_code changes nothing: the response_type has none',
    'authorize.replayed_code changes nothing: the response_type has none',
    'end_session.missing_state changes nothing: the request had none',
  ])
})

t.test('state and iss are changed in refusals and if absent; a refusal has no code', async (t) => {
  const test = await createApp(t, {
    faults: [
      { fault: 'authorize.wrong_state', match: { client_id: 'a' } },
      { fault: 'authorize.wrong_iss', value: 'https://evil.example', match: { client_id: 'b' } },
      { fault: 'authorize.missing_code', times: 1 },
    ],
  })
  t.equal((await answerOf(test, { client_id: 'a', state: '' })).get('state'), 'another-state')
  const denied = await answerOf(test, { client_id: 'b' }, { action: 'deny' })
  t.strictSame(Object.fromEntries(denied), {
    error: 'access_denied',
    error_description: 'the end-user denied access',
    state: 's-1',
    iss: 'https://evil.example',
  })
  t.match(Object.fromEntries(await answerOf(test, {}, { action: 'deny' })), { error: 'access_denied' })
  t.notOk((await answerOf(test)).has('code'), 'the rule has not been used up')
})

t.test('authorize.error of a user happens once the user is known, and logs in no one', async (t) => {
  const error: Rule = { fault: 'authorize.error', error: 'account_selection_required' }
  const test = await createApp(t, {
    sessions: { single_sign_on: true },
    users: [{ sub: 'eve', faults: [error] }],
    faults: [{ fault: 'authorize.error', error: 'server_error', match: { sub: 'mallory' } }],
  })
  const agent = createUserAgent(test)
  const page = await agent.ask()
  t.equal(page.statusCode, 200, 'the page is shown')
  const failed = returned(await agent.answer({ ...hiddenIn(page), as: 'eve' }))
  t.match(Object.fromEntries(failed), {
    error: 'account_selection_required',
    error_description: 'the fault authorize.error is in force',
  })
  t.equal(agent.cookies.size, 0)
  t.equal((await agent.logIn('mallory')).get('error'), 'server_error')
  t.ok((await agent.logIn('alice')).has('code'))
})

t.test('a rule counts a login of several requests once', async (t) => {
  const test = await createApp(t, { faults: [{ fault: 'authorize.error', error: 'server_error', after: 1 }] })
  const agent = createUserAgent(test)
  const page = await agent.ask()
  t.equal(page.statusCode, 200, 'the first login is spared')
  t.ok(returned(await agent.answer({ ...hiddenIn(page), sub: 'alice' })).has('code'), 'all of it')
  t.equal(returned(await agent.ask()).get('error'), 'server_error')
})

t.test('a rule that is added while the page is open applies', async (t) => {
  const test = await createApp(t)
  const agent = createUserAgent(test)
  const page = await agent.ask()
  await test.reload({ faults: [{ fault: 'authorize.error', error: 'server_error' }] })
  t.equal(returned(await agent.answer({ ...hiddenIn(page), sub: 'alice' })).get('error'), 'server_error')
})

t.test('a rule remembers the latest 100 logins', async (t) => {
  const test = await createApp(t, { faults: [{ fault: 'authorize.error', error: 'server_error', after: 102 }] })
  const agent = createUserAgent(test)
  const first = await agent.ask()
  for (let count = 0; count < 101; count++) await agent.ask()
  t.equal(returned(await agent.answer({ ...hiddenIn(first), sub: 'alice' })).get('error'), 'server_error')
})

t.test('a fault chosen on the page happens in this login, at every endpoint, and in no other login', async (t) => {
  const test = await createApp(t, { issue_refresh_token: true })
  const agent = createUserAgent(test)
  const page = await agent.ask()
  const { flow_id } = hiddenIn(page)
  const answer = returned(
    await agent.answer({ ...hiddenIn(page), as: 'alice', sub: '', fault: 'userinfo.wrong_sub', error: '' }),
  )
  const tokens = (await exchange(test, { code: answer.get('code') ?? '' })).json<Record<string, string>>()
  t.not((await getUserinfo(test, tokens.access_token!)).json<{ sub: string }>().sub, 'alice')
  const again = (await refresh(test, tokens.refresh_token!)).json<Record<string, string>>()
  t.not((await getUserinfo(test, again.access_token!)).json<{ sub: string }>().sub, 'alice', 'after a refresh as well')
  const entries = await entriesOf(test)
  t.strictSame([...new Set(entries.map((entry) => entry.flow_id))], [flow_id], 'one flow')
  t.match(entries.at(-1)?.faults, [{ fault: 'userinfo.wrong_sub', source: 'login' }])

  const other = await exchange(test, { code: (await agent.logIn('alice')).get('code') ?? '' })
  const { access_token } = other.json<Record<string, string>>()
  t.equal((await getUserinfo(test, access_token!)).json<{ sub: string }>().sub, 'alice')
})

t.test('a chosen error is the response to every button', async (t) => {
  const test = await createApp(t)
  for (const [field, value] of Object.entries({ as: 'alice', sub: 'alice', action: 'deny' })) {
    const answer = await answerOf(
      test,
      {},
      { [field]: value, error: 'temporarily_unavailable', fault: 'authorize.missing_state' },
    )
    t.strictSame(Object.fromEntries(answer), {
      error: 'temporarily_unavailable',
      error_description: 'the fault authorize.error is in force',
    })
  }
})

t.test('an invalid choice returns the page with the reason, and logs in no one', async (t) => {
  const test = await createApp(t)
  for (const [form, problem] of [
    [{ fault: 'id_token.rotten' }, 'fault is id_token.rotten, expected one of id_token.bad_signature, '],
    [{ fault: 'http.status' }, 'fault is http.status, expected one of '],
    [{ fault: 'authorize.error' }, 'fault is authorize.error, expected one of '],
    [{ fault: 'toString' }, 'fault is toString, expected one of '],
    [{ error: 'teapot' }, 'error is teapot, expected one of access_denied, '],
  ] as const) {
    const answer = await send(test, {}, { sub: 'bob', ...form })
    t.equal(answer.statusCode, 400)
    t.strictSame(answer.cookies, [])
    t.match(answer.body, `<p class="problem" role="alert">Error: ${problem}`)
    t.match(answer.body, '<details class="fault-options" open>')
    t.match(answer.body, 'name="sub" type="text" value="bob"')
  }
  const twice = await test.post('/oauth2/authorize?client_id=app&redirect_uri=http://a&response_type=code', undefined, {
    payload: 'sub=a&fault=id_token.expired&fault=id_token.alg_none',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  t.equal(twice.statusCode, 400)
})

t.test('a redirect URI with its own scheme may be framed if the browser sends the response twice', async (t) => {
  const test = await createApp(t, { faults: [{ fault: 'authorize.double_callback' }] })
  const { headers } = await send(test, { redirect_uri: 'com.example.app:/callback' })
  t.match(headers['content-security-policy'], /;frame-src https: http: com\.example\.app:$/)
})

t.test('a logout is part of the flow of its login, with a hint and without', async (t) => {
  const test = await createApp(t)
  const agent = createUserAgent(test)
  await agent.logIn('alice')
  const cookies = Object.fromEntries([...agent.cookies.values()].map(({ name, value }) => [name, value]))
  await test.get('/oauth2/end_session', { cookies })
  await test.post('/oauth2/end_session/confirm', {}, { cookies })
  const [login, page, logout] = await entriesOf(test)
  for (const entry of [page, logout]) t.match(entry, { endpoint: 'end_session', sub: 'alice', flow_id: login?.flow_id })
})
