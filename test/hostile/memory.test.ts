/** Floods of every kind of record on one issuer: memory stays within `server.memory_limit`, and the provider responds. */
import t from 'tap'
import { testFloods } from './memory.js'

const MEGABYTE = 1024 * 1024

t.test('one issuer, lenient, default heap', (t) =>
  testFloods(t, {
    config: { server: { memory_limit: 128 * MEGABYTE } },
    limit: 128,
    issuerAt: (url) => url,
  }),
)
