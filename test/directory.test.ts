/** Who exists: what was put at run time, over the configuration, over what a login brought. */
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

t.test('a user put at run time lies over the one of the configuration', async (t) => {
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

t.test('an unknown sub becomes a user whose email it is, and the configuration goes before that', async (t) => {
  const ctx = await createContext()
  t.equal(await users.findUser(ctx, 'bob'), undefined)
  t.match(await users.findOrCreateUser(ctx, 'bob'), { sub: 'bob', claims: { email: 'bob' } })
  t.match(await users.findUser(ctx, 'bob'), { claims: { email: 'bob' } }, 'is kept')
  const reloaded = { ...ctx, snapshot: await snapshotOf({ users: [{ sub: 'bob', claims: { email: 'b@x' } }] }) }
  t.match(await users.findUser(reloaded, 'bob'), { claims: { email: 'b@x' } })
  t.match(await users.findOrCreateUser(reloaded, 'bob'), { claims: { email: 'b@x' } })
  await users.putClaims(reloaded, 'bob', {})
  t.strictSame((await users.findOrCreateUser(reloaded, 'bob')).claims, {}, 'a user that was put has only its claims')
})

t.test('recent users: newest first, each once, 20 at most, none that is predefined', async (t) => {
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
  t.equal((await users.listRecentUsers(reloaded))[0], 'user 23', 'who has become predefined is no longer recent')
})

t.test("revoking ends the user's grants and nobody else's", async (t) => {
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

t.test('a registered client lies over the configured one, and both over the one that may do anything', async (t) => {
  const ctx = await createContext({ clients: [CLIENT] })
  t.match(await clients.findClient(ctx, 'web'), { client_secret: 's', redirect_uris: ['http://localhost/cb'] })
  t.match(await clients.findClient(ctx, 'other'), { redirect_uris: 'any', token_endpoint_auth_method: 'any' })
  await clients.putClient(ctx, STORED)
  t.match(await clients.findClient(ctx, 'web'), { redirect_uris: ['http://localhost/other'] })
  t.equal((await clients.findClient(ctx, 'web'))?.client_secret, undefined)
})

t.test('where registration is required nobody else is a client', async (t) => {
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
