/** Requests at the same time, on a store that takes some time for each call: no update is lost, and nothing ended comes back. */
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createMemoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import {
  createApp,
  createIssuer,
  exchange,
  getTokens,
  getUserinfo,
  logIn,
  refresh,
  register,
  snapshotOf,
  type TestApp,
  type Tokens,
} from '../app.js'
import { CLIENT, createUserAgent, idTokenFor, returned, type UserAgent } from '../user_agent.js'
import { createDelayingStore } from './delaying.js'

const ROUNDS = 8
const SSO: ConfigInput = { clients: [CLIENT], sessions: { single_sign_on: true } }
/** Public, and notified of logouts, which end its refresh tokens. */
const PUBLIC = { ...CLIENT, client_secret: undefined, token_endpoint_auth_method: 'none' as const }

interface Slow {
  readonly test: TestApp
  /** The store without delays. */
  readonly store: Store
}

/** Runs the race with several seeds of the delays. */
function race(title: string, config: ConfigInput, run: (t: Test, slow: Slow) => Promise<void>): void {
  t.test(title, async (t) => {
    const snapshot = await snapshotOf(config)
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const store = createMemoryStore()
      const issuer = { ...createIssuer(() => snapshot), store: createDelayingStore(store, seed, 4) }
      await run(t, { store, test: await createApp(t, config, { findIssuer: () => issuer }) })
    }
  })
}

const logOut = ({ app }: TestApp, form: Record<string, string>, agent?: UserAgent) =>
  app.inject({
    method: 'POST',
    url: '/oauth2/end_session/confirm',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    cookies: Object.fromEntries([...(agent?.cookies.values() ?? [])].map(({ name, value }) => [name, value])),
    payload: new URLSearchParams(form).toString(),
  })

const statusesOf = (answers: readonly { statusCode: number }[]) => answers.map(({ statusCode }) => statusCode).sort()

race('a logout during an authorization from the session leaves no session', SSO, async (t, { test, store }) => {
  const agent = createUserAgent(test)
  await agent.logIn('alice')
  await Promise.all([agent.ask(), agent.ask(), logOut(test, {}, agent)])
  t.strictSame(await store.sessions.list(), [])
})

race('a logout by id_token_hint during a login ends the login of the hint', SSO, async (t, { test, store }) => {
  const agent = createUserAgent(test)
  const hint = await idTokenFor(test, await agent.logIn('alice'))
  const [session] = await store.sessions.list()
  await Promise.all([agent.logIn('bob'), agent.logIn('alice'), logOut(test, { id_token_hint: hint })])
  t.strictSame(await store.sessions.listBy('sid', session![1].accounts[0]!.sid), [])
})

race('consents to different scopes are both kept', SSO, async (t, { test, store }) => {
  const [one, other] = [createUserAgent(test), createUserAgent(test)]
  await Promise.all([one.logIn('alice', { scope: 'openid email' }), other.logIn('alice', { scope: 'openid phone' })])
  const [consent] = await store.consents.list()
  t.strictSame(consent?.[1].scope.split(' ').sort(), ['email', 'openid', 'phone'])
})

race(
  'RFC 6749 §4.1.2: of several redemptions of a code one gets tokens, and the rule revokes them',
  { rules: { revoke_on_code_reuse: true } },
  async (t, { test, store }) => {
    const code = (await logIn(test)).get('code') ?? ''
    const answers = await Promise.all([1, 2, 3].map(() => exchange(test, { code })))
    t.strictSame(statusesOf(answers).slice(1), [400, 400])
    t.strictSame(await store.grants.list(), [])
    for (const { statusCode, body } of answers) {
      if (statusCode === 200) t.equal((await getUserinfo(test, JSON.parse(body).access_token)).statusCode, 401)
    }
  },
)

race('RFC 8628 §3.5: of several polls one gets tokens, and no poll undoes the approval', {}, async (t, { test }) => {
  const { device_code, user_code } = (
    await test.post('/oauth2/device_authorization', { client_id: 'tv', scope: 'openid' })
  ).json<Record<'device_code' | 'user_code', string>>()
  const poll = () =>
    exchange(test, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      redirect_uri: '',
      client_id: 'tv',
      device_code,
    })
  const [first] = await Promise.all([poll(), test.post('/oauth2/device', { user_code, sub: 'alice' })])
  await test.app.inject({ method: 'POST', url: '/admin/clock/advance', payload: { by: 60 } })
  const later = await Promise.all([poll(), poll(), poll()])
  t.equal(statusesOf([first, ...later]).filter((status) => status === 200).length, 1)
})

race('RFC 8628 §3.3: of two approvals one counts, and the other leaves no grant', {}, async (t, { test, store }) => {
  const { user_code } = (await test.post('/oauth2/device_authorization', { client_id: 'tv' })).json<{
    user_code: string
  }>()
  await Promise.all(['alice', 'bob'].map((sub) => test.post('/oauth2/device', { user_code, sub })))
  const [grant, ...others] = await store.grants.list()
  t.match(await store.device_codes.list(), [[String, { answer: { grant_id: grant?.[0] } }]])
  t.strictSame(others, [])
})

race(
  'RFC 9700 §4.14.2: of several uses of a rotated refresh token at most one gets tokens, and the grant ends',
  { clients: [PUBLIC], rules: { rotate_refresh_tokens: true }, refresh_token: { reuse_interval: 0 } },
  async (t, { test, store }) => {
    const { refresh_token } = await getTokens(test)
    const answers = await Promise.all([1, 2, 3].map(() => refresh(test, refresh_token)))
    t.ok(statusesOf(answers).filter((status) => status === 200).length <= 1)
    t.strictSame(await store.grants.list(), [])
  },
)

race(
  'with reuse_interval, several uses of a refresh token each get tokens, and the grant stays',
  { clients: [PUBLIC], rules: { rotate_refresh_tokens: true } },
  async (t, { test }) => {
    const { refresh_token } = await getTokens(test)
    const answers = await Promise.all([1, 2, 3].map(() => refresh(test, refresh_token)))
    t.strictSame(statusesOf(answers), [200, 200, 200])
    for (const answer of answers) {
      const next = answer.json<Tokens>()
      t.equal((await getUserinfo(test, next.access_token)).statusCode, 200)
      t.equal((await refresh(test, next.refresh_token)).statusCode, 200)
    }
  },
)

race(
  'Back-Channel Logout §2.7: no refresh token outlives a logout during a refresh, rotated or not',
  {
    clients: [{ ...PUBLIC, backchannel_logout_uri: 'http://127.0.0.1:1/' }],
    rules: { rotate_refresh_tokens: true },
    sessions: { single_sign_on: true },
  },
  async (t, { test }) => {
    const agent = createUserAgent(test)
    const code = (await agent.logIn('alice')).get('code') ?? ''
    const { refresh_token } = (await exchange(test, { code })).json<{ refresh_token: string }>()
    const [refreshed] = await Promise.all([refresh(test, refresh_token), logOut(test, {}, agent)])
    const token = refreshed.json<{ refresh_token?: string }>().refresh_token ?? refresh_token
    t.match((await refresh(test, token)).json(), { error: 'invalid_grant' })
  },
)

race('RFC 7009 §2.1: a refresh token that is revoked during a refresh stays revoked', {}, async (t, { test }) => {
  const { refresh_token } = await getTokens(test)
  const revoke = test.post('/oauth2/revoke', { client_id: 'app', token: refresh_token })
  const [refreshed] = await Promise.all([refresh(test, refresh_token), revoke])
  t.equal((await refresh(test, refresh_token)).statusCode, 400)
  const { access_token = 'none' } = refreshed.json<{ access_token?: string }>()
  t.equal((await getUserinfo(test, access_token)).statusCode, 401)
})

race('a login with an unknown sub does not replace a user who is put at the same time', {}, async (t, { test }) => {
  const url = '/admin/users/zoe'
  await Promise.all([
    logIn(test, { sub: 'zoe' }),
    test.app.inject({ method: 'PUT', url, payload: { claims: { level: 1 } } }),
  ])
  t.match((await test.get(url)).json(), { origin: 'put', claims: { level: 1 } })
})

race('every login at the same time is among the recent users', {}, async (t, { test, store }) => {
  const subs = ['a', 'b', 'c', 'd']
  const answers = await Promise.all(subs.map((sub) => logIn(test, { sub })))
  t.ok(answers.every((answer) => answer.has('code')))
  t.strictSame([...((await store.recent_users.list())[0]?.[1].subs ?? [])].sort(), subs)
})

race('RFC 7592 §2.3: a client that is deleted during an update stays deleted', {}, async (t, { test, store }) => {
  const { client_id, registration_access_token } = await register(test)
  const headers = { authorization: `Bearer ${registration_access_token}` }
  const url = `/oauth2/clients/${client_id}`
  const payload = { redirect_uris: ['http://localhost/changed'] }
  await Promise.all([
    test.app.inject({ method: 'PUT', url, headers, payload }),
    test.app.inject({ method: 'DELETE', url, headers }),
  ])
  t.equal(await store.clients.get(client_id), undefined)
})

race('a login of a user who is deleted at the same time gets no tokens afterwards', {}, async (t, { test }) => {
  await test.app.inject({ method: 'PUT', url: '/admin/users/zoe', payload: {} })
  const agent = createUserAgent(test)
  const [answer] = await Promise.all([
    agent.answer({ sub: 'zoe' }),
    test.app.inject({ method: 'DELETE', url: '/admin/users/zoe' }),
  ])
  const code = returned(answer).get('code') ?? 'none'
  t.equal((await exchange(test, { code })).statusCode, 400)
})

race('changes of a user at the same time are all kept', {}, async (t, { test }) => {
  const url = '/admin/users/zoe'
  await test.app.inject({ method: 'PUT', url, payload: {} })
  const patch = (name: string) => test.app.inject({ method: 'PATCH', url, payload: { claims: { [name]: 1 } } })
  await Promise.all(['a', 'b', 'c'].map(patch))
  t.match((await test.get(url)).json(), { claims: { a: 1, b: 1, c: 1 } })
})
