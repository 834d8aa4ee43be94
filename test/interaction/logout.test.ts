/** Logout ends the session of the browser and the login of the hint. OpenID Connect RP-Initiated Logout §2. */
import t from 'tap'
import type { Client, ConfigInput } from '../../src/generated/input.js'
import { createApp, getUserinfo, REDIRECT_URI, refresh } from '../app.js'
import { textOf } from '../html.js'
import { listen } from '../listener.js'
import { createUserAgent } from '../user_agent.js'

const BYE = 'http://localhost:8000/bye'
const STATE = 's'.repeat(128)
const CLIENT: Omit<Client, 'client_id'> = { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }
const STRICT: ConfigInput = {
  profile: 'strict',
  users: [{ sub: 'alice' }, { sub: 'bob' }],
  rules: { pkce_for_public_clients: false },
  clients: [{ ...CLIENT, client_id: 'app', client_name: 'The app', post_logout_redirect_uris: [BYE] }],
}

for (const [profile, config] of Object.entries({
  strict: STRICT,
  lenient: { ...STRICT, profile: 'lenient' as const },
})) {
  t.test(`RP-Initiated Logout §2: after a logout no user is logged in (${profile})`, async (t) => {
    const agent = createUserAgent(await createApp(t, config))
    const { id_token } = await agent.getTokens()
    t.equal(await agent.askSilently(), null, 'logged in before')
    const before = new Map(agent.cookies)
    const params = { id_token_hint: id_token, post_logout_redirect_uri: BYE, state: STATE }
    const { page, after } = await agent.logOut(params)
    t.equal(page.statusCode, 200)
    t.match(textOf(page.body), 'Log out alice ? The app requests it.')
    t.equal(after.statusCode, 302)
    t.equal(after.headers.location, `${BYE}?state=${STATE}`, 'the same state and nothing else')
    t.equal(await agent.askSilently(), 'login_required')

    const [session = ''] = [...before.keys()].filter((name) => name.startsWith('oidc_session'))
    const [browser_state = ''] = [...before.keys()].filter((name) => name.startsWith('oidc_browser_state'))
    t.equal(agent.cookies.get(session)?.value, undefined, 'the session cookie is gone')
    t.ok(agent.cookies.get(browser_state)?.value, 'the state of the browser stays a cookie')
    t.not(agent.cookies.get(browser_state)?.value, before.get(browser_state)?.value, 'and has changed')
    for (const [name, cookie] of before) agent.cookies.set(name, cookie)
    t.equal(await agent.askSilently(), 'login_required', 'the old cookie is worth nothing')
  })
}

t.test('RP-Initiated Logout §3: the redirect has no state if the request has none', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  const { id_token } = await agent.getTokens()
  const { after } = await agent.logOut({ id_token_hint: id_token, post_logout_redirect_uri: BYE })
  t.equal(after.headers.location, BYE)
})

t.test('RP-Initiated Logout §3: without a post_logout_redirect_uri a page is shown', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  for (const named of [[], ['state'], ['id_token_hint'], ['id_token_hint', 'state']]) {
    const { id_token } = await agent.getTokens()
    const all: Record<string, string> = { id_token_hint: id_token, state: STATE }
    const { page, after } = await agent.logOut(Object.fromEntries(named.map((name) => [name, all[name]!])))
    t.match(textOf(page.body), 'Log out alice')
    t.equal(after.statusCode, 200)
    t.match(textOf(after.body), 'Logged out Session ended')
    t.equal(await agent.askSilently(), 'login_required')
  }
})

t.test('RP-Initiated Logout §2: nothing ends before the end-user confirms', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  const { id_token } = await agent.getTokens()
  await agent.get(`/oauth2/end_session?id_token_hint=${id_token}`)
  await agent.post('/oauth2/end_session', { id_token_hint: id_token })
  t.equal(await agent.askSilently(), null)
})

t.test('RP-Initiated Logout §6: a form of another site does not confirm the logout', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  const { id_token } = await agent.getTokens()
  for (const site of ['cross-site', 'same-site']) {
    const answer = await agent.post(
      '/oauth2/end_session/confirm',
      { id_token_hint: id_token },
      { 'sec-fetch-site': site },
    )
    t.equal(answer.statusCode, 403)
    t.equal(await agent.askSilently(), null)
  }
  await agent.post('/oauth2/end_session/confirm', { id_token_hint: id_token }, { 'sec-fetch-site': 'same-origin' })
  t.equal(await agent.askSilently(), 'login_required')
})

t.test('all users of the browser are logged out, and the page lists them', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  const { id_token } = await agent.getTokens()
  await agent.getTokens({ sub: 'bob', prompt: 'login' })
  const { page } = await agent.logOut({ id_token_hint: id_token })
  t.match(
    textOf(page.body),
    /Log out alice \? The app requests it\. The whole session ends, so these users are logged out as well: bob /,
  )
  t.notMatch(page.body, 'role="note"')
  t.equal(await agent.askSilently(), 'login_required')
})

t.test('a hint ends its login without a cookie, in any browser', async (t) => {
  const test = await createApp(t, STRICT)
  const [owner, other] = [createUserAgent(test), createUserAgent(test)]
  const { id_token } = await owner.getTokens()
  await test.post('/oauth2/end_session/confirm', { id_token_hint: id_token })
  t.equal(await owner.askSilently(), 'login_required', 'by a call without cookies')

  const again = await owner.getTokens()
  await other.getTokens({ sub: 'bob' })
  const { page } = await other.logOut({ id_token_hint: again.id_token })
  t.match(textOf(page.body), /Log out alice \? The app requests it\. .* belongs to a login outside this browser/)
  t.match(textOf(page.body), 'these users are logged out as well: bob ')
  t.equal(await owner.askSilently(), 'login_required', 'by another browser')
  t.equal(await other.askSilently(), 'login_required', 'which is logged out itself')
})

t.test('without a hint only the requesting browser is logged out', async (t) => {
  const test = await createApp(t, STRICT)
  const [one, other] = [createUserAgent(test), createUserAgent(test)]
  await one.getTokens()
  await other.getTokens()
  await one.logOut()
  t.equal(await one.askSilently(), 'login_required')
  t.equal(await other.askSilently(), null)
})

t.test('an isolated issuer ends only its own sessions', async (t) => {
  const test = await createApp(t, STRICT)
  const [root, isolated] = [createUserAgent(test), createUserAgent(test, { base: '/issuers/one' })]
  await root.getTokens()
  await isolated.getTokens()
  await isolated.logOut()
  t.equal(await isolated.askSilently(), 'login_required')
  t.equal(await root.askSilently(), null)
})

t.test('Back-Channel Logout §2.7: refresh tokens without offline_access of notified clients end', async (t) => {
  const told = await listen(t)
  const client = { ...CLIENT, backchannel_logout_uri: told.url }
  const test = await createApp(t, { clients: [{ ...client, client_id: 'told' }] })
  const agent = createUserAgent(test)
  const plain = await agent.getTokens({ client_id: 'told' })
  const offline = await agent.getTokens({ sub: 'bob', client_id: 'told', scope: 'openid offline_access' })
  const untold = await agent.getTokens({ sub: 'carol' })
  const elsewhere = await createUserAgent(test).getTokens({ client_id: 'told' })
  await agent.logOut()
  const statusOf = async (refresh_token: string, client_id: string) =>
    (await refresh(test, refresh_token, { client_id })).statusCode
  t.equal(await statusOf(offline.refresh_token, 'told'), 200, 'offline_access outlives the session')
  t.equal(await statusOf(untold.refresh_token, 'app'), 200, 'so does what a client has that learns of nothing')
  t.equal(await statusOf(elsewhere.refresh_token, 'told'), 200, 'and what another browser’s login brought')
  t.equal((await getUserinfo(test, plain.access_token)).statusCode, 200, 'an access token lasts until it expires')
  t.equal(await statusOf(plain.refresh_token, 'told'), 400)
})

t.test('RP-Initiated Logout §2: logout.confirm says when the page asks', async (t) => {
  const asks = async (
    confirm: 'always' | 'without_hint' | 'never' | undefined,
    hint: 'own' | 'other' | 'wrong' | 'none',
  ) => {
    const test = await createApp(t, { ...STRICT, profile: 'lenient', ...(confirm && { logout: { confirm } }) })
    const agent = createUserAgent(test)
    const { id_token } = await agent.getTokens()
    const other = (await createUserAgent(test).getTokens({ sub: 'bob' })).id_token
    const hints = {
      own: { id_token_hint: id_token },
      other: { id_token_hint: other },
      wrong: { id_token_hint: 'x' },
      none: {},
    }
    const params = { client_id: 'app', post_logout_redirect_uri: BYE, ...hints[hint] }
    const page = await agent.get(`/oauth2/end_session?${new URLSearchParams(params)}`)
    const silent = await agent.askSilently()
    if (page.statusCode === 200) {
      t.equal(silent, null, 'the login has not ended')
      return true
    }
    t.equal(page.headers.location, BYE)
    t.equal(silent, 'login_required')
    return false
  }
  for (const hint of ['own', 'other', 'wrong', 'none'] as const) {
    t.equal(await asks(undefined, hint), true, hint)
    t.equal(await asks('always', hint), true, hint)
    t.equal(await asks('without_hint', hint), hint !== 'own', hint)
    t.equal(await asks('never', hint), false, hint)
  }
})

t.test(
  'RP-Initiated Logout §2: a hint of a login elsewhere needs no question in a browser without a login',
  async (t) => {
    const test = await createApp(t, { ...STRICT, logout: { confirm: 'without_hint' } })
    const { id_token } = await createUserAgent(test).getTokens()
    const params = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: BYE })
    const elsewhere = createUserAgent(test)
    t.equal((await elsewhere.post('/oauth2/end_session', Object.fromEntries(params))).headers.location, BYE)
    const ended = await elsewhere.get(`/oauth2/end_session?${params}`)
    t.match(textOf(ended.body), 'Log out alice', 'a login that has ended')
  },
)
