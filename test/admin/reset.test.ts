/** Tests of resetting an issuer or parts of it over HTTP. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import type { Store } from '../../src/store/store.js'
import {
  createApp,
  createIssuer,
  getTokens,
  getUserinfo,
  jsonOf,
  logIn,
  refused,
  register,
  snapshotOf,
} from '../app.js'
import { createUserAgent } from '../user_agent.js'
import { createAdminApp } from './api.js'

const SHARED: ConfigInput = { users: [{ sub: 'alice' }], sessions: { single_sign_on: true } }

t.test('without parts everything of this issuer is reset, and no other issuer', async (t) => {
  const test = await createAdminApp(t, SHARED)
  const read = async (base: string) => {
    const lists = ['/users', '/clients', '/tokens', '/sessions', '/grants'].map(async (path) =>
      jsonOf(t, await test.call('GET', base + path)),
    )
    return Promise.all(lists)
  }
  const before = await read('')
  for (const base of ['', '/issuers/x']) {
    await test.call('PUT', `${base}/users/bob`, {})
    await test.call('DELETE', `${base}/users/alice`)
    await register(test, {}, base)
    await createUserAgent(test, { base }).logIn('zoe')
    await getTokens(test, { sub: 'zoe', base })
  }
  const elsewhere = await read('/issuers/x')
  const { reset } = jsonOf(t, await test.call('POST', '/reset')) as { reset: string[] }
  t.ok(reset.length >= 9)
  t.strictSame(await read(''), before)
  t.strictSame(await read('/issuers/x'), elsewhere)
  t.strictSame((await test.get('/admin/journal')).json<{ entries: object[] }>().entries, [])
})

t.test('only the given parts are reset', async (t) => {
  const test = await createAdminApp(t, SHARED)
  await test.call('PUT', '/users/alice', { claims: { level: 2 } })
  const { access_token } = await getTokens(test)
  t.strictSame(jsonOf(t, await test.call('POST', '/reset', { parts: ['users', 'journal'] })), {
    reset: ['users', 'journal'],
  })
  t.match(jsonOf(t, await test.call('GET', '/users/alice')), { claims: {}, origin: 'file' })
  t.equal((await getUserinfo(test, access_token)).statusCode, 200)
  await test.call('POST', '/reset', { parts: ['grants'] })
  t.equal((await getUserinfo(test, access_token)).statusCode, 401)
})

t.test('the clock, the keys and the faults of run time are parts', async (t) => {
  const test = await createAdminApp(t)
  const read = async () => {
    const { clock, keys, faults } = {
      clock: jsonOf(t, await test.call('GET', '/clock')),
      keys: jsonOf(t, await test.call('GET', '/keys')),
      faults: jsonOf(t, await test.call('GET', '/faults')),
    }
    return [clock.frozen, (keys.keys as object[]).length, (faults.faults as object[]).length]
  }
  await test.call('POST', '/clock/freeze')
  await test.call('POST', '/keys/rotate')
  await test.call('POST', '/faults', { fault: 'token.error', error: 'invalid_grant' })
  t.strictSame(await read(), [true, 2, 1])
  await test.call('POST', '/reset', { parts: ['clock'] })
  t.strictSame(await read(), [false, 2, 1])
  await test.call('POST', '/reset', { parts: ['keys'] })
  t.strictSame(await read(), [false, 1, 1])
  await test.call('POST', '/reset', { parts: ['faults'] })
  t.strictSame(await read(), [false, 1, 0])
})

t.test(
  'every collection of the store is cleared, except for declared faults of users and clients and the first keys',
  async (t) => {
    const snapshot = await snapshotOf()
    const issuer = createIssuer(() => snapshot)
    const cleared: string[] = []
    for (const [name, collection] of Object.entries(issuer.store)) {
      const { clear } = collection
      Object.assign(collection, { clear: () => [cleared.push(name), clear()][1] })
    }
    const test = await createApp(t, {}, { findIssuer: () => issuer })
    await test.app.inject({ method: 'POST', url: '/admin/reset' })
    // Fault rules are deleted one by one, with their declarations; rotated keys are deleted, and the first ones stay.
    const others = ['fault_rules', 'fault_declarations', 'generated_keys', 'key_lines']
    t.strictSame([...cleared, ...others].sort(), Object.keys(issuer.store satisfies Store).sort())
  },
)

const BAD: [string, unknown, RegExp][] = [
  ['an unknown part', { parts: ['user'] }, /^\/parts\/0 is 'user', expected one of users, .*; did you mean users\?$/],
  ['no part', { parts: [] }, /^\/parts is empty, expected at least 1 entry$/],
  ['a part twice', { parts: ['users', 'users'] }, /^\/parts /],
  ['a text', { parts: 'users' }, /^\/parts is the text 'users', expected a list$/],
  ['an unknown member', { part: ['users'] }, /^\/part is not a known key; did you mean parts\?$/],
]
for (const [title, body, message] of BAD) {
  t.test(`${title} is refused, and nothing is reset`, async (t) => {
    const test = await createAdminApp(t, SHARED)
    await logIn(test, { sub: 'zoe' })
    refused(t, await test.call('POST', '/reset', body), 'invalid_request', message)
    t.equal((jsonOf(t, await test.call('GET', '/users')).users as object[]).length, 2)
  })
}
