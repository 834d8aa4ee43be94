/** Tests of listing and ending sessions over HTTP. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt } from 'jose'
import t from 'tap'
import { jsonOf, REDIRECT_URI, refused, type TestApp } from '../app.js'
import { createUserAgent } from '../user_agent.js'
import { type AdminApp, createAdminApp } from './api.js'

interface Listed {
  readonly sub: string
  readonly sid: string
  readonly client_ids: readonly string[]
}

const list = async (test: AdminApp) => (await test.call('GET', '/sessions')).json<{ sessions: Listed[] }>().sessions
const isLoggedIn = async (agent: ReturnType<typeof createUserAgent>) =>
  new URL(String((await agent.ask({ prompt: 'none' })).headers.location)).searchParams.has('code')

/** Starts the back-channel logout endpoint of a client and collects the logout tokens. */
async function listen(t: { teardown(end: () => void): void }) {
  const told: string[] = []
  const server = createServer((request, response) => {
    request.on('data', (chunk) => told.push(new URLSearchParams(String(chunk)).get('logout_token')!))
    request.on('end', () => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const client = { client_id: 'app', client_secret: 's', redirect_uris: [REDIRECT_URI], backchannel_logout_uri: uri }
  return { told, client }
}

const PROFILE = { sessions: { single_sign_on: true } } as const

t.test('every login of each browser is listed until its session expires', async (t) => {
  const { client } = await listen(t)
  const test = await createAdminApp(t, { ...PROFILE, clients: [client] })
  t.strictSame(await list(test), [])
  const agent = createUserAgent(test)
  await agent.logIn('alice')
  await agent.logIn('bob')
  await createUserAgent(test).logIn('alice')
  const sessions = await list(test)
  t.strictSame(sessions.map(({ sub }) => sub).sort(), ['alice', 'alice', 'bob'])
  t.match(sessions[0], { sid: String, client_ids: ['app'], auth_time: Number, expires_at: Number })
  test.advance(100 * 24 * 3600)
  t.strictSame(await list(test), [])
})

t.test('the end of a session logs one user out; other users of the browser stay logged in', async (t) => {
  const { client, told } = await listen(t)
  const test = await createAdminApp(t, { ...PROFILE, clients: [client] })
  const agent = createUserAgent(test)
  await agent.logIn('alice')
  await agent.logIn('bob')
  const end = async (sub: string) => {
    const { sid } = (await list(test)).find((one) => one.sub === sub)!
    return jsonOf(t, await test.call('DELETE', `/sessions/${sid}`))
  }
  t.strictSame(await end('bob'), { told: [] })
  t.equal(await isLoggedIn(agent), true)
  t.strictSame(await end('alice'), { told: [] })
  t.equal(await isLoggedIn(agent), false)
  t.strictSame(told, [], 'without notify no client is called')
})

t.test('Back-Channel Logout: with notify the clients receive logout tokens, as at a logout', async (t) => {
  const { client, told } = await listen(t)
  const test = await createAdminApp(t, { ...PROFILE, clients: [client] })
  const agent = createUserAgent(test)
  await agent.logIn('alice')
  const [{ sid }] = (await list(test)) as [Listed]
  t.strictSame(jsonOf(t, await test.call('DELETE', `/sessions/${sid}?notify=true`)), {
    told: [{ client_id: 'app', attempts: 1, status: 200 }],
  })
  t.match(
    told.map((token) => decodeJwt(token)),
    [{ sub: 'alice', sid, aud: 'app' }],
  )
  t.equal(await isLoggedIn(agent), false)
})

t.test('an unknown sid is 404; a notify that is not a boolean and unknown parameters are refused', async (t) => {
  const test = await createAdminApp(t, PROFILE)
  await createUserAgent(test as TestApp).logIn('alice')
  const [{ sid }] = (await list(test)) as [Listed]
  refused(t, await test.call('DELETE', '/sessions/nope'), 'not_found', /^there is no session nope$/, 404)
  refused(
    t,
    await test.call('DELETE', `/sessions/${sid}?notify=yes`),
    'invalid_request',
    /^notify is the text .yes., expected a boolean/,
  )
  refused(t, await test.call('DELETE', `/sessions/${sid}?notified=true`), 'invalid_request', /^notified is not a known/)
  refused(t, await test.call('GET', '/sessions?sub=alice'), 'invalid_request', /^sub is not a known key/)
  t.equal((await list(test)).length, 1)
})
