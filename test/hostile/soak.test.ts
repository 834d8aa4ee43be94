/** The soak of `npm run soak`, short. */
import t from 'tap'
import { soak } from './soaking.js'

t.test('3,000 logins at 50 issuers succeed while the configuration is reloaded, and the memory ends flat', (t) =>
  soak(t, { logins: 3000, issuers: 50, heap: 96 }),
)
