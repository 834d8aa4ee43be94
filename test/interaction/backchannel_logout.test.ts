/** Notification of clients without the browser. OpenID Connect Back-Channel Logout §2. */
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import type { Client, ConfigInput } from '../../src/generated/input.js'
import { createApp, REDIRECT_URI, type TestApp } from '../app.js'
import { textOf } from '../html.js'
import { type Listener, listen, type Reply } from '../listener.js'
import { createUserAgent } from '../user_agent.js'

const BYE = 'http://localhost:8000/bye'
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

const clientOf = (client_id: string, backchannel_logout_uri: string): Client => ({
  client_id,
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'none',
  post_logout_redirect_uris: [BYE],
  backchannel_logout_uri,
})

/** Creates a provider and clients with the given responses. */
async function start(t: Test, replies: Record<string, Parameters<typeof listen>[1]>, config: ConfigInput = {}) {
  const listeners: Record<string, Listener> = {}
  for (const [client_id, reply] of Object.entries(replies)) listeners[client_id] = await listen(t, reply)
  const clients = Object.entries(listeners).map(([client_id, { url }]) => clientOf(client_id, `${url}/logout?a=1`))
  const test = await createApp(t, { clients, ...config })
  return { test, agent: createUserAgent(test), listeners }
}

const entriesOf = ({ log }: TestApp) => log.filter(({ event }) => event === 'backchannel_logout')

/** Returns the logout token of a request without other fields, verified as by a client. */
async function tokenOf(t: Test, { get }: TestApp, { received }: Listener, client_id: string) {
  const [{ method, url, headers, body } = { body: '', headers: {}, method: '', url: '' }] = received
  t.equal(method, 'POST')
  t.equal(url, '/logout?a=1')
  t.equal(headers['content-type'], 'application/x-www-form-urlencoded')
  const form = [...new URLSearchParams(body)]
  t.strictSame(
    form.map(([name]) => name),
    ['logout_token'],
  )
  const jwks = createLocalJWKSet((await get('/jwks')).json<JSONWebKeySet>())
  return jwtVerify(form[0]![1], jwks, { issuer: 'http://localhost', audience: client_id, typ: 'logout+jwt' })
}

t.test('Back-Channel Logout §2.4 and §2.5: each client of the session gets only a logout token', async (t) => {
  const { test, agent, listeners } = await start(t, {
    one: () => ({}),
    other: () => ({ status: 204 }),
    third: () => ({}),
  })
  const first = await agent.getTokens({ client_id: 'one' })
  const second = await agent.getTokens({ sub: 'bob', client_id: 'other' })
  const params = { id_token_hint: first.id_token, post_logout_redirect_uri: BYE, state: 's' }
  const { after } = await agent.logOut(params)
  t.equal(after.headers.location, `${BYE}?state=s`)
  for (const [client_id, { claims }] of Object.entries({ one: first, other: second })) {
    const { payload } = await tokenOf(t, test, listeners[client_id]!, client_id)
    t.equal(payload.sub, claims.sub)
    t.type(claims.sid, 'string')
    t.equal(payload.sid, claims.sid)
    t.strictSame(payload.events, { [EVENT]: {} })
    t.type(payload.jti, 'string')
    t.ok(Math.abs(payload.iat! - Date.now() / 1000) < 60)
    t.notOk('nonce' in payload)
    t.equal(listeners[client_id]!.received.length, 1, 'once')
  }
  t.equal(listeners.third!.received.length, 0, 'a client without a login is not notified')
  t.strictSame(entriesOf(test), [], 'what went well is no warning')
  const { entries } = (await test.get('/admin/journal?event=backchannel_logout')).json<{
    entries: { client_id: string; remarks: [{ message: string; details: Record<string, unknown> }] }[]
  }>()
  const said = entries.map(({ remarks: [{ message, details }] }) => {
    return [message, details.sub, details.status, details.attempts]
  })
  t.strictSame(said.toSorted(), [
    ['client one was notified', 'alice', 200, 1],
    ['client other was notified', 'bob', 204, 1],
  ])
  await agent.logOut(params)
  t.equal(listeners.one!.received.length, 1, 'what has ended does not end again')
})

t.test('Back-Channel Logout §2.8: a client that answers 400 is not notified again', async (t) => {
  const reply = () => ({ status: 400, body: '{"error":"invalid_request"}' })
  const { test, agent, listeners } = await start(t, { app: reply })
  await agent.getTokens()
  const { after } = await agent.logOut()
  t.equal(listeners.app!.received.length, 1)
  t.match(textOf(after.body), /Back-channel logout app Failed: the log and the journal have the reason For/)
  const msg = /^client app was not notified: http.* answered 400, expected 200: \{"error":"invalid_request"\}$/
  t.match(entriesOf(test), [{ level: 40, client_id: 'app', status: 400, attempts: 1, sub: 'alice', msg }])
  t.equal(await agent.askSilently(), 'login_required', 'the session has ended all the same')
})

t.test('Back-Channel Logout §2.8: a response other than 200, 204 and 400 is a failure', async (t) => {
  const replies: Record<string, Reply> = {
    app: { status: 302, headers: { location: '/elsewhere' } },
    other: { status: 404 },
  }
  const { test, agent, listeners } = await start(t, { app: () => replies.app, other: () => replies.other })
  await agent.getTokens()
  await agent.getTokens({ sub: 'bob', client_id: 'other' })
  const { after } = await agent.logOut()
  t.match(textOf(after.body), /other Failed: the log .* app Failed: the log/)
  t.match(
    entriesOf(test)
      .map(({ reason }) => String(reason).replace(/^http:\S+ /, ''))
      .toSorted(),
    [/^answered 302, expected 200$/, /^answered 404,/],
  )
  t.equal(listeners.app!.received.length, 1, 'no redirect is followed')
})

t.test('a client with a temporary failure is notified again with another token', async (t) => {
  const { test, agent, listeners } = await start(t, { app: (count) => ({ status: count < 3 ? 503 : 200 }) })
  await agent.getTokens()
  const { after } = await agent.logOut()
  t.match(textOf(after.body), 'app Answered 200, at attempt 3')
  const tokens = listeners.app!.received.map(({ body }) => body)
  t.equal(new Set(tokens).size, 3)
  t.strictSame(entriesOf(test), [])
})

t.test('a client that does not respond gets three attempts', async (t) => {
  const { test, agent, listeners } = await start(t, { silent: () => undefined }, { outbound: { timeout: '1s' } })
  await agent.getTokens({ client_id: 'silent' })
  await agent.logOut()
  t.equal(listeners.silent!.received.length, 3)
  t.match(entriesOf(test), [{ client_id: 'silent', attempts: 3, reason: / did not answer within 1 s$/ }])
})

t.test('a client that fails gets three attempts, and the logout succeeds', async (t) => {
  const gone = await listen(t)
  const { test, agent, listeners } = await start(t, { failing: () => ({ status: 500 }) })
  await test.reload({
    clients: [clientOf('failing', listeners.failing!.url), clientOf('gone', `${gone.url.replace(/\d+$/, '1')}/`)],
  })
  await agent.getTokens({ client_id: 'failing' })
  const { id_token } = await agent.getTokens({ sub: 'carol', client_id: 'gone' })
  const { after } = await agent.logOut({ id_token_hint: id_token, post_logout_redirect_uri: BYE })
  t.equal(after.headers.location, BYE)
  t.equal(listeners.failing!.received.length, 3)
  const reasons = entriesOf(test).map(({ client_id, attempts, reason }) => `${client_id} ${attempts} ${reason}`)
  t.match(reasons.toSorted(), [
    /^failing 3 http.* answered 500, expected 200$/,
    /^gone 3 http:\/\/127\.0\.0\.1:1\/ can't be reached/,
  ])
})

t.test('the number of notified clients is bounded', async (t) => {
  const { received, url } = await listen(t)
  const names = Array.from({ length: 60 }, (_, index) => `client-${index}`)
  const test = await createApp(t, { clients: names.map((client_id) => clientOf(client_id, url)) })
  const agent = createUserAgent(test)
  for (const client_id of names) {
    await agent.getTokens({ client_id })
    await agent.getTokens({ client_id, sub: 'bob' })
  }
  await agent.logOut()
  t.equal(received.length, 100)
})

t.test('two simultaneous logouts notify the clients once', async (t) => {
  const { agent, listeners } = await start(t, { app: () => ({}) })
  await agent.getTokens()
  const cookies = new Map(agent.cookies)
  const press = () => agent.post('/oauth2/end_session/confirm', {})
  const first = press()
  for (const [name, cookie] of cookies) agent.cookies.set(name, cookie)
  const answers = await Promise.all([first, press()])
  t.strictSame(
    answers.map(({ statusCode }) => statusCode),
    [200, 200],
  )
  t.equal(listeners.app!.received.length, 1)
})

t.test('a repeated login keeps the sid, and all its clients are notified', async (t) => {
  const { agent, listeners } = await start(t, { one: () => ({}), other: () => ({}) })
  const first = await agent.getTokens({ client_id: 'one' })
  const second = await agent.getTokens({ client_id: 'other', prompt: 'login' })
  t.equal(second.claims.sid, first.claims.sid)
  await agent.logOut()
  t.equal(listeners.one!.received.length, 1)
  t.equal(listeners.other!.received.length, 1)
})
