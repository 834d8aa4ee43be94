/** Durations and times. */
import t from 'tap'
import { describeTime, parseDuration } from '../src/duration.js'

const CASES: [number | string, number][] = [
  [1, 1],
  [3600, 3600],
  ['30s', 30],
  ['15m', 900],
  ['1h', 3600],
  ['30d', 2_592_000],
  ['2w', 1_209_600],
  ['1h30m', 5400],
  ['1d1h1m1s', 90_061],
]

for (const [written, seconds] of CASES) {
  t.equal(parseDuration(written), seconds, `${written} is ${seconds} seconds`)
}

const NOW = Date.parse('2026-01-31T12:00:00Z') / 1000
const TIMES: [number, string][] = [
  [NOW, 'just now, at 2026-01-31T12:00:00Z'],
  [NOW - 1, '1 second ago, at 2026-01-31T11:59:59Z'],
  [NOW - 119, '1 minute ago, at 2026-01-31T11:58:01Z'],
  [NOW - 7200, '2 hours ago, at 2026-01-31T10:00:00Z'],
  [NOW - 3 * 86_400, '3 days ago, at 2026-01-28T12:00:00Z'],
  [NOW + 59, 'in 59 seconds, at 2026-01-31T12:00:59Z'],
  [NOW + 600.5, 'in 10 minutes, at 2026-01-31T12:10:00Z'],
]

for (const [time, text] of TIMES) t.equal(describeTime(time, NOW), text, `a time is described as ${text}`)

t.test('a time outside the range of dates is described by the nearest date', async (t) => {
  t.match(describeTime(-1e300, NOW), / days ago, at -271821-04-20T00:00:00Z$/)
  t.match(describeTime(1e300, NOW), /^in .* days, at \+275760-09-13T00:00:00Z$/)
})
