/** Sessions of browsers and their cookies. OpenID Connect Session Management §2. */
import { createHash } from 'node:crypto'
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { addClient, beginLogin, findSession, findSessionsOf } from '../../src/interaction/session.js'
import { createNewKeys } from '../../src/issuer/new_keys.js'
import type { Session } from '../../src/store/records.js'
import { createApp, createContext, REDIRECT_URI } from '../app.js'
import { createStore } from '../store/create.js'
import { CLIENT, createUserAgent, returned, type UserAgent } from '../user_agent.js'

const SSO: ConfigInput = { clients: [CLIENT], sessions: { single_sign_on: true } }

const isLoggedIn = async (agent: UserAgent) => returned(await agent.ask({ prompt: 'none' })).has('code')
const cookieOf = (agent: UserAgent, kind: 'session' | 'browser_state') =>
  [...agent.cookies.values()].find(({ name }) => name.startsWith(`oidc_${kind}_`))!

t.test(
  'over http the session cookie is Lax and HttpOnly; a script can read the cookie of the browser state',
  async (t) => {
    const agent = createUserAgent(await createApp(t, SSO))
    await agent.logIn('alice')
    const { name, value, ...session } = cookieOf(agent, 'session')
    t.match(name, /^oidc_session_[0-9a-f]{12}$/)
    t.match(value, /^[\w-]{43}$/)
    t.strictSame(session, { maxAge: 43_200, path: '/', httpOnly: true, sameSite: 'Lax' })
    const { name: _, value: __, ...browser_state } = cookieOf(agent, 'browser_state')
    t.strictSame(browser_state, { maxAge: 43_200, path: '/', sameSite: 'Lax' })
  },
)

t.test('over https the cookies are Secure and SameSite=None, for the frames of clients', async (t) => {
  const config: ConfigInput = { ...SSO, issuer: 'https://idp.example/auth', lifetimes: { session: '1h' } }
  const agent = createUserAgent(await createApp(t, config))
  await agent.logIn('alice')
  const { name: _, value: __, ...session } = cookieOf(agent, 'session')
  t.strictSame(session, { maxAge: 3600, path: '/auth', httpOnly: true, secure: true, sameSite: 'None' })
  t.match(cookieOf(agent, 'browser_state'), { path: '/auth', secure: true, sameSite: 'None', httpOnly: undefined })
})

t.test('RFC 6265 §8.5: cookies ignore ports, so the cookie names of providers on two ports differ', async (t) => {
  const test = await createApp(t, SSO)
  const [one, other] = ['localhost:9400', 'localhost:9401'].map((host) => createUserAgent(test, { headers: { host } }))
  await one!.logIn('alice')
  await other!.logIn('bob')
  t.not(cookieOf(one!, 'session').name, cookieOf(other!, 'session').name)
})

t.test('isolated issuers have sessions of their own', async (t) => {
  const test = await createApp(t, SSO)
  const root = createUserAgent(test)
  await root.logIn('alice')
  const below = createUserAgent(test, { base: '/issuers/one' })
  for (const [name, cookie] of root.cookies) below.cookies.set(name, cookie)
  t.notOk(await isLoggedIn(below), 'the cookies of the root mean nothing there')
  await below.logIn('bob')
  t.match([...below.cookies.values()].at(-2), { path: '/issuers/one' })
  t.equal(below.cookies.size, 4, 'and both are kept')
  t.ok(await isLoggedIn(root))
  t.ok(await isLoggedIn(below))
})

t.test('a session ends by the clock of the issuer', async (t) => {
  const test = await createApp(t, { ...SSO, lifetimes: { session: '10m' } })
  const agent = createUserAgent(test)
  await agent.logIn('alice')
  test.advance(595)
  t.ok(await isLoggedIn(agent))
  test.advance(10)
  t.notOk(await isLoggedIn(agent))
})

t.test('OWASP Session Management: the id changes at each login, and the old id is invalid', async (t) => {
  const agent = createUserAgent(await createApp(t, SSO))
  await agent.logIn('alice')
  const [stolen, before] = [new Map(agent.cookies), cookieOf(agent, 'session').value]
  await agent.logIn('bob')
  t.not(cookieOf(agent, 'session').value, before)
  const now = new Map(agent.cookies)
  for (const [name, cookie] of stolen) agent.cookies.set(name, cookie)
  t.notOk(await isLoggedIn(agent), 'the old id')
  for (const [name, cookie] of now) agent.cookies.set(name, cookie)
  t.ok(await isLoggedIn(agent), 'the new one')
  for (const value of ['', 'unknown', '__proto__', '%', 'x'.repeat(4000)]) {
    agent.cookies.set(cookieOf(agent, 'session').name, { name: cookieOf(agent, 'session').name, value })
    t.notOk(await isLoggedIn(agent), value.slice(0, 10))
  }
})

t.test(
  'OpenID Connect Session Management §2: the response to a login has the session_state that a script computes',
  async (t) => {
    const test = await createApp(t, { ...SSO, rules: { session_state: true } })
    const agent = createUserAgent(test)
    const answers = [
      await agent.logIn('alice'),
      returned(await agent.ask()),
      returned(await agent.ask({ prompt: 'none' })),
    ]
    const { value } = cookieOf(agent, 'browser_state')
    for (const answer of answers) {
      const [hash, salt] = String(answer.get('session_state')).split('.')
      t.match(salt, /^[\w-]{22}$/)
      const { origin } = new URL(REDIRECT_URI)
      const expected = createHash('sha256').update(`app ${origin} ${value} ${salt}`).digest('base64url')
      t.equal(hash, expected)
    }
    await agent.logIn('bob')
    t.not(cookieOf(agent, 'browser_state').value, value, 'which changes with a login')
    t.notOk((await agent.logIn('alice', { scope: 'email' })).has('session_state'), 'no login without openid')
    t.notOk(returned(await agent.answer({ action: 'deny' })).has('session_state'), 'nor in a refusal')
    const without = createUserAgent(await createApp(t, SSO))
    t.notOk((await without.logIn('alice')).has('session_state'), 'nor where the rule is off')
  },
)

t.test('a session keeps 20 accounts at most, and the latest login of each', async (t) => {
  const store = createStore()
  const { clock, faults, journal } = await createContext()
  const issuer = { store, clock, faults, journal, key_cache: new Map(), new_keys: createNewKeys() }
  const agent = createUserAgent(await createApp(t, SSO, { findIssuer: () => issuer }))
  for (let index = 0; index < 22; index += 1) await agent.logIn(`user-${index}`)
  await agent.logIn('user-5')
  const sessions = await store.sessions.list()
  t.equal(sessions.length, 1, 'one for the browser')
  const subs = sessions[0]![1].accounts.map(({ sub }) => sub)
  t.equal(subs.length, 20)
  t.strictSame(subs.slice(0, 3), ['user-5', 'user-21', 'user-20'])
  t.equal(new Set(subs).size, 20)
})

const account = { sub: 'alice', sid: 's-1', auth_time: 1, client_ids: [] }
const client = { ...CLIENT, client_id: 'app', redirect_uris: CLIENT.redirect_uris } as never

async function kept(session: Partial<Session> = {}) {
  const ctx = await createContext()
  const whole = { accounts: [account, { ...account, sub: 'bob', sid: 's-2' }], browser_state: 'b', expires_at: 1e10 }
  const found = { id: 'id', session: { ...whole, ...session } }
  await ctx.store.sessions.put(found.id, found.session)
  return { ctx, found }
}

t.test('RP-Initiated Logout §2: a session is found by the sid of one of its logins until it expires', async (t) => {
  const { ctx } = await kept()
  t.match(await findSessionsOf(ctx, 's-2'), [{ id: 'id' }])
  t.strictSame(await findSessionsOf(ctx, 's-3'), [])
  t.strictSame(await findSessionsOf((await kept({ expires_at: 1 })).ctx, 's-1'), [])
  t.equal(await findSession(ctx, {}), undefined)
})

t.test('Back-Channel Logout §2.3: a login records the registered clients that received a response', async (t) => {
  const { ctx, found } = await kept()
  await addClient(ctx, found, 's-1', client)
  await addClient(ctx, found, 's-1', client)
  await addClient(ctx, found, 's-1', { client_id: 'toy', redirect_uris: 'any' } as never)
  const clientsOf = async () => (await ctx.store.sessions.get('id'))?.accounts.map(({ client_ids }) => client_ids)
  t.strictSame(await clientsOf(), [['app'], []])
  for (let index = 0; index < 120; index += 1) {
    await addClient(ctx, found, 's-2', { client_id: `c-${index}`, redirect_uris: [] } as never)
  }
  const [, second = []] = (await clientsOf()) ?? []
  t.equal(second.length, 100)
  t.equal(second[0], 'c-119')
})

/** A browser that takes every cookie. */
const jar = { setCookie: () => undefined, clearCookie: () => undefined }

t.test('a session that has ended is not restored by a response in progress', async (t) => {
  const { ctx, found } = await kept()
  await ctx.store.sessions.delete(found.id)
  await addClient(ctx, found, 's-1', client)
  t.strictSame(await ctx.store.sessions.list(), [])
})

t.test('a client is recorded in a session that another login has moved to a new id', async (t) => {
  const { ctx, found } = await kept()
  await beginLogin(ctx, jar, found, { sub: 'carol', auth_time: 2 })
  await addClient(ctx, found, 's-1', client)
  const [[, { accounts }]] = (await ctx.store.sessions.list()) as [[string, Session]]
  t.strictSame(
    accounts.map(({ sub, client_ids }) => [sub, client_ids]),
    [
      ['carol', []],
      ['alice', ['app']],
      ['bob', []],
    ],
  )
})

t.test('a login keeps the clients that were recorded after its session was read', async (t) => {
  const { ctx, found } = await kept()
  await addClient(ctx, found, 's-1', client)
  const { account: renewed } = await beginLogin(ctx, jar, found, { sub: 'alice', auth_time: 2 })
  t.strictSame(renewed, { sub: 'alice', auth_time: 2, sid: 's-1', client_ids: ['app'] })
})

t.test('a login after a logout of its browser restores no earlier login, nor a sid that has ended', async (t) => {
  const { ctx, found } = await kept()
  await ctx.store.sessions.delete(found.id)
  const { account: renewed } = await beginLogin(ctx, jar, found, { sub: 'alice', auth_time: 2 })
  t.not(renewed.sid, 's-1')
  const [[, { accounts }]] = (await ctx.store.sessions.list()) as [[string, Session]]
  t.strictSame(accounts, [renewed])
})
