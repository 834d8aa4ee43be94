/** The soak of `npm run soak`: `npm run soak -- --logins 100000 --issuers 50 --heap 256`. */
import { parseArgs } from 'node:util'
import t from 'tap'
import { soak } from './soaking.js'

const { values } = parseArgs({
  options: {
    logins: { type: 'string', default: '100000' },
    issuers: { type: 'string', default: '50' },
    heap: { type: 'string', default: '256' },
  },
})

t.setTimeout(0)
t.test(
  `${values.logins} logins at ${values.issuers} issuers, with a reload every second`,
  { timeout: 0 },
  async (t) => {
    await soak(t, { logins: Number(values.logins), issuers: Number(values.issuers), heap: Number(values.heap) })
  },
)
