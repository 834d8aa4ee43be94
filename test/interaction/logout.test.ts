/** Logout ends the session of the browser and the login of the hint. OpenID Connect RP-Initiated Logout §2. */
import t from 'tap'
import type { Client, ConfigInput } from '../../src/generated/input.js'
import { createApp, getUserinfo, REDIRECT_URI, refresh, textOf } from '../app.js'
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
    const { id_token } = await agent.logIn()
    t.equal(await agent.ask(), null, 'logged in before')
    const before = { ...agent.cookies }
    const params = { id_token_hint: id_token, post_logout_redirect_uri: BYE, state: STATE }
    const { page, after } = await agent.logOut(params)
    t.equal(page.statusCode, 200)
    t.match(textOf(page.body), 'Log out alice ? The app requests it.')
    t.equal(after.statusCode, 302)
    t.equal(after.headers.location, `${BYE}?state=${STATE}`, 'the same state and nothing else')
    t.equal(await agent.ask(), 'login_required')

    const [session = ''] = Object.keys(before).filter((name) => name.startsWith('oidc_session'))
    const [browser_state = ''] = Object.keys(before).filter((name) => name.startsWith('oidc_browser_state'))
    t.equal(agent.cookies[session], undefined, 'the session cookie is gone')
    t.ok(agent.cookies[browser_state], 'the state of the browser stays a cookie')
    t.not(agent.cookies[browser_state], before[browser_state], 'and has changed')
    Object.assign(agent.cookies, before)
    t.equal(await agent.ask(), 'login_required', 'the old cookie is worth nothing')
  })
}

t.test('RP-Initiated Logout §3: the redirect has no state if the request has none', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  const { id_token } = await agent.logIn()
  const { after } = await agent.logOut({ id_token_hint: id_token, post_logout_redirect_uri: BYE })
  t.equal(after.headers.location, BYE)
})

t.test('RP-Initiated Logout §3: without a post_logout_redirect_uri a page is shown', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  for (const named of [[], ['state'], ['id_token_hint'], ['id_token_hint', 'state']]) {
    const { id_token } = await agent.logIn()
    const all: Record<string, string> = { id_token_hint: id_token, state: STATE }
    const { page, after } = await agent.logOut(Object.fromEntries(named.map((name) => [name, all[name]!])))
    t.match(textOf(page.body), 'Log out alice')
    t.equal(after.statusCode, 200)
    t.match(textOf(after.body), 'Logged out Session ended')
    t.equal(await agent.ask(), 'login_required')
  }
})

t.test('RP-Initiated Logout §2: nothing ends before the end-user confirms', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  const { id_token } = await agent.logIn()
  await agent.get(`/oauth2/end_session?id_token_hint=${id_token}`)
  await agent.post('/oauth2/end_session', { id_token_hint: id_token })
  t.equal(await agent.ask(), null)
})

t.test('RP-Initiated Logout §6: a form of another site does not confirm the logout', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  const { id_token } = await agent.logIn()
  for (const site of ['cross-site', 'same-site']) {
    const answer = await agent.post(
      '/oauth2/end_session/confirm',
      { id_token_hint: id_token },
      { 'sec-fetch-site': site },
    )
    t.match(answer.body, '<button class="primary">End session</button>')
    t.equal(await agent.ask(), null)
  }
  await agent.post('/oauth2/end_session/confirm', { id_token_hint: id_token }, { 'sec-fetch-site': 'same-origin' })
  t.equal(await agent.ask(), 'login_required')
})

t.test('all users of the browser are logged out, and the page lists them', async (t) => {
  const agent = createUserAgent(await createApp(t, STRICT))
  const { id_token } = await agent.logIn()
  await agent.logIn({ sub: 'bob', prompt: 'login' })
  const { page } = await agent.logOut({ id_token_hint: id_token })
  t.match(
    textOf(page.body),
    /Log out alice \? The app requests it\. The whole session ends, so these users are logged out as well: bob /,
  )
  t.notMatch(page.body, 'role="note"')
  t.equal(await agent.ask(), 'login_required')
})

t.test('a hint ends its login without a cookie, in any browser', async (t) => {
  const test = await createApp(t, STRICT)
  const [owner, other] = [createUserAgent(test), createUserAgent(test)]
  const { id_token } = await owner.logIn()
  await test.post('/oauth2/end_session/confirm', { id_token_hint: id_token })
  t.equal(await owner.ask(), 'login_required', 'by a call without cookies')

  const again = await owner.logIn()
  await other.logIn({ sub: 'bob' })
  const { page } = await other.logOut({ id_token_hint: again.id_token })
  t.match(textOf(page.body), /Log out alice \? The app requests it\. .* belongs to a login outside this browser/)
  t.match(textOf(page.body), 'these users are logged out as well: bob ')
  t.equal(await owner.ask(), 'login_required', 'by another browser')
  t.equal(await other.ask(), 'login_required', 'which is logged out itself')
})

t.test('without a hint only the requesting browser is logged out', async (t) => {
  const test = await createApp(t, STRICT)
  const [one, other] = [createUserAgent(test), createUserAgent(test)]
  await one.logIn()
  await other.logIn()
  await one.logOut()
  t.equal(await one.ask(), 'login_required')
  t.equal(await other.ask(), null)
})

t.test('an isolated issuer ends only its own sessions', async (t) => {
  const test = await createApp(t, STRICT)
  const [root, isolated] = [createUserAgent(test), createUserAgent(test, '/issuers/one')]
  await root.logIn()
  await isolated.logIn()
  await isolated.logOut()
  t.equal(await isolated.ask(), 'login_required')
  t.equal(await root.ask(), null)
})

t.test('Back-Channel Logout §2.7: refresh tokens without offline_access of notified clients end', async (t) => {
  const told = await listen(t)
  const client = { ...CLIENT, backchannel_logout_uri: told.url }
  const test = await createApp(t, { clients: [{ ...client, client_id: 'told' }] })
  const agent = createUserAgent(test)
  const plain = await agent.logIn({ client_id: 'told' })
  const offline = await agent.logIn({ sub: 'bob', client_id: 'told', scope: 'openid offline_access' })
  const untold = await agent.logIn({ sub: 'carol' })
  const elsewhere = await createUserAgent(test).logIn({ client_id: 'told' })
  await agent.logOut()
  const statusOf = async (refresh_token: string, client_id: string) =>
    (await refresh(test, refresh_token, { client_id })).statusCode
  t.equal(await statusOf(offline.refresh_token, 'told'), 200, 'offline_access outlives the session')
  t.equal(await statusOf(untold.refresh_token, 'app'), 200, 'so does what a client has that learns of nothing')
  t.equal(await statusOf(elsewhere.refresh_token, 'told'), 200, 'and what another browser’s login brought')
  t.equal((await getUserinfo(test, plain.access_token)).statusCode, 200, 'an access token lasts until it expires')
  t.equal(await statusOf(plain.refresh_token, 'told'), 400)
})
