/** Users and clients: those put at run time replace those of the configuration, which replace those known from a login. */
import t, { type Test } from 'tap'
import { CLIENT_DEFAULTS } from '../src/clients/members.js'
import * as clients from '../src/directory/clients.js'
import * as users from '../src/directory/users.js'
import type { ConfigInput } from '../src/generated/input.js'
import { createContext, snapshotOf } from './app.js'

const CLIENT = { client_id: 'web', redirect_uris: ['http://localhost/cb'], client_secret: 's' }
const STORED = {
  ...CLIENT_DEFAULTS,
  client_id: 'web',
  client_id_issued_at: 1,
  redirect_uris: ['http://localhost/other'],
  token_endpoint_auth_method: 'none',
} as const

t.test('a user that was put replaces the one of the configuration', async (t) => {
  const ctx = await createContext({ users: [{ sub: 'alice', claims: { level: 1 }, id_token: { hint: 1 } }] })
  t.match(await users.findUser(ctx, 'alice'), { claims: { level: 1 }, id_token: { hint: 1 } })
  await users.putClaims(ctx, 'alice', { level: 2, sub: 'mallory' })
  t.strictSame(await users.findUser(ctx, 'alice'), {
    sub: 'alice',
    claims: { level: 2 },
    id_token: { hint: 1 },
    userinfo: {},
    access_token: {},
  })
  t.equal(await users.findUser(ctx, 'mallory'), undefined)
})

t.test('an unknown sub becomes a user with an email unless the configuration has the user', async (t) => {
  const ctx = await createContext()
  t.equal(await users.findUser(ctx, 'bob'), undefined)
  t.match(await users.findOrCreateUser(ctx, 'bob'), { sub: 'bob', claims: { email: 'bob@example.com' } })
  t.match(await users.findUser(ctx, 'bob'), { claims: { email: 'bob@example.com' } }, 'is kept')
  const reloaded = { ...ctx, snapshot: await snapshotOf({ users: [{ sub: 'bob', claims: { email: 'b@x' } }] }) }
  t.match(await users.findUser(reloaded, 'bob'), { claims: { email: 'b@x' } })
  t.match(await users.findOrCreateUser(reloaded, 'bob'), { claims: { email: 'b@x' } })
  await users.putClaims(reloaded, 'bob', {})
  t.strictSame((await users.findOrCreateUser(reloaded, 'bob')).claims, {}, 'a user that was put has only its claims')
})

t.test('recent users are the last 20, newest first, each once, without predefined users', async (t) => {
  const ctx = await createContext({ users: [{ sub: 'alice' }] })
  const logIn = async (sub: string) => users.recordLogin(ctx, await users.findOrCreateUser(ctx, sub))
  t.strictSame(await users.listRecentUsers(ctx), [])
  for (const sub of ['a', 'b', 'alice', 'a']) await logIn(sub)
  t.strictSame(await users.listRecentUsers(ctx), ['a', 'b'])
  for (let index = 0; index < 25; index++) await logIn(`user ${index}`)
  for (let index = 0; index < 25; index++) await logIn('alice')
  const recent = await users.listRecentUsers(ctx)
  t.equal(recent.length, 20)
  t.equal(recent[0], 'user 24')
  t.equal(recent.at(-1), 'user 5')
  const reloaded = { ...ctx, snapshot: await snapshotOf({ users: [{ sub: 'user 24' }] }) }
  t.equal(
    (await users.listRecentUsers(reloaded))[0],
    'user 23',
    'a user that has become predefined is no longer recent',
  )
})

t.test("revoking ends only the user's grants", async (t) => {
  const ctx = await createContext()
  const grant = { client_id: 'app', scope: '', auth_time: 1, sid: '1', expires_at: 1 }
  await ctx.store.grants.put('1', { ...grant, sub: 'alice' })
  await ctx.store.grants.put('2', { ...grant, sub: 'bob' })
  await ctx.store.grants.put('3', { ...grant, sub: 'alice' })
  await users.revokeGrants(ctx, 'alice')
  await users.revokeGrants(ctx, 'nobody')
  t.strictSame(
    (await ctx.store.grants.list()).map(([id]) => id),
    ['2'],
  )
})

const wildcards = async (t: Test, config: ConfigInput, expected: boolean) => {
  t.equal((await clients.findClient(await createContext(config), 'web'))?.wildcard_redirect_uris, expected)
}

t.test('a registered client replaces the configured one, and an unknown client is allowed everything', async (t) => {
  const ctx = await createContext({ clients: [CLIENT] })
  t.match(await clients.findClient(ctx, 'web'), { client_secret: 's', redirect_uris: ['http://localhost/cb'] })
  t.match(await clients.findClient(ctx, 'other'), { redirect_uris: 'any', token_endpoint_auth_method: 'any' })
  await clients.putClient(ctx, STORED)
  t.match(await clients.findClient(ctx, 'web'), { redirect_uris: ['http://localhost/other'] })
  t.equal((await clients.findClient(ctx, 'web'))?.client_secret, undefined)
})

t.test('an unknown client is refused if registration is required', async (t) => {
  const ctx = await createContext({ clients: [CLIENT], require_registration: true })
  t.equal((await clients.findClient(ctx, 'web'))?.client_id, 'web')
  t.equal(await clients.findClient(ctx, 'other'), undefined)
  t.equal(await clients.findClient(ctx, '__proto__'), undefined)
  await clients.putClient(ctx, { ...STORED, client_id: 'other' })
  t.equal((await clients.findClient(ctx, 'other'))?.client_id, 'other')
})

t.test('wildcards are allowed for one client or for all', async (t) => {
  await wildcards(t, { clients: [CLIENT] }, false)
  await wildcards(t, { clients: [{ ...CLIENT, wildcard_redirect_uris: true }] }, true)
  await wildcards(t, { clients: [CLIENT], wildcard_redirect_uris: true }, true)
  for (const wildcard_redirect_uris of [true, false]) {
    const ctx = await createContext({ wildcard_redirect_uris })
    await clients.putClient(ctx, STORED)
    t.equal((await clients.findClient(ctx, 'web'))?.wildcard_redirect_uris, wildcard_redirect_uris, 'registered')
  }
})
