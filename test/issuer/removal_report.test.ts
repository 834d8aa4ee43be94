/** The log of isolated issuers that a limit removes: no line is written for each of many issuers. */
import { EventEmitter, once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { createRemovalReport } from '../../src/issuer/removal_report.js'

t.test('the first removed issuer is reported at once, the following ones together after the pause', async (t) => {
  const heard: string[] = []
  const lines = new EventEmitter().on('line', (line: string) => heard.push(line))
  const report = createRemovalReport('server.max_issuers', (line) => void lines.emit('line', line), 5)
  const advice = 'to keep server.max_issuers; delete or reset issuers that are done, or raise the limit'
  report()
  t.strictSame(heard, [`the least recently used isolated issuer was removed ${advice}`])
  for (let count = 0; count < 7; count++) report()
  t.equal(heard.length, 1)
  // The timer of the report does not keep the process alive.
  const alive = setInterval(() => undefined, 60_000)
  await once(lines, 'line')
  t.strictSame(heard.slice(1), [`the 7 least recently used isolated issuers were removed ${advice}`])
  // A later timer fires after that of the report.
  await setTimeout(10)
  report()
  t.equal(heard.length, 3, 'after a pause without a removed issuer, the next one is reported at once')
  clearInterval(alive)
})
