/** Floods of every kind of record on 1,000 issuers: memory stays within `server.memory_limit`, and the provider responds. */
import t from 'tap'
import { ADMIN_TOKEN } from './floods.js'
import { testFloods } from './memory.js'

const MEGABYTE = 1024 * 1024

t.test('1,000 isolated issuers, strict, with an admin token', (t) =>
  testFloods(t, {
    config: { profile: 'strict', server: { admin_token: ADMIN_TOKEN, memory_limit: 128 * MEGABYTE } },
    limit: 128,
    issuerAt: (url, count) => `${url}/issuers/i${count % 1000}`,
  }),
)
