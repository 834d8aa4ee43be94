/** The number of store reads of a login, each of which takes a round trip where the store is a server elsewhere. */
import t from 'tap'
import { createMemoryStore } from '../../src/store/memory.js'
import { createApp, createIssuer, exchange, getUserinfo, logIn, snapshotOf } from '../app.js'
import { createCountingStore } from './counting.js'

for (const config of [{ users: [{ sub: 'alice' }] }, {}]) {
  const who = config.users === undefined ? 'an unknown end-user' : 'a configured end-user'
  t.test(`a login of ${who} without faults, from the form to userinfo, reads the store 16 times at most`, async (t) => {
    const { store, reads } = createCountingStore(createMemoryStore())
    const snapshot = await snapshotOf(config)
    const issuer = { ...createIssuer(() => snapshot), store }
    const test = await createApp(t, config, { findIssuer: () => issuer })
    const code = (await logIn(test)).get('code') ?? ''
    const { access_token } = (await exchange(test, { code })).json<{ access_token: string }>()
    t.equal((await getUserinfo(test, access_token)).statusCode, 200)
    const all = reads()
    t.ok(all.length <= 16, `${all.length}: ${all.join(', ')}`)
    t.ok(all.includes('authorization_codes.update'), 'the calls are counted')
  })
}
