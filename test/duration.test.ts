/** Durations as people write them. */
import t from 'tap'
import { parseDuration } from '../src/duration.js'

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
