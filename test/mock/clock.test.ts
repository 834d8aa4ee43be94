/** The clock of an issuer. */
import t from 'tap'
import { createClock } from '../../src/mock/clock.js'

t.test('RFC 7519 §2: a NumericDate, in whole seconds', async (t) => {
  const before = Math.floor(Date.now() / 1000)
  const now = createClock().now()
  t.ok(Number.isInteger(now))
  t.ok(now >= before && now <= Date.now() / 1000)
})
