/** The number of store reads of a login, each of which takes a round trip where the store is a server elsewhere. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { createApp, createIssuer, exchange, getUserinfo, logIn, snapshotOf } from '../app.js'
import { createCountingStore } from './counting.js'

// An unknown sub can be the name of another user, which the facts for fault rules and the login look up.
for (const [who, most, config] of [
  ['a configured end-user', 16, { users: [{ sub: 'alice' }] }],
  ['an unknown end-user', 17, {}],
] as [string, number, ConfigInput][]) {
  t.test(
    `a login of ${who} without faults, from the form to userinfo, reads the store ${most} times at most`,
    async (t) => {
      const { store, reads } = createCountingStore(createMemoryStore())
      const snapshot = await snapshotOf(config)
      const issuer = { ...createIssuer(() => snapshot), store }
      const test = await createApp(t, config, { findIssuer: () => issuer })
      const code = (await logIn(test)).get('code') ?? ''
      const { access_token } = (await exchange(test, { code })).json<{ access_token: string }>()
      t.equal((await getUserinfo(test, access_token)).statusCode, 200)
      const all = reads()
      t.ok(all.length <= most, `${all.length}: ${all.join(', ')}`)
      t.ok(all.includes('authorization_codes.update'), 'the calls are counted')
    },
  )
}
