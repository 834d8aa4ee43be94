/** The clock of an issuer. */
import t from 'tap'
import { type ClockSettings, createClock, createMovableClock } from '../../src/issuer/clock.js'

t.test('RFC 7519 §2: a NumericDate, in whole seconds', async (t) => {
  const before = Math.floor(Date.now() / 1000)
  const now = createClock().now()
  t.ok(Number.isInteger(now))
  t.ok(now >= before && now <= Date.now() / 1000)
})

const FROZEN = { start: 1000, frozen: true }

t.test('a clock that was not moved follows what is configured; one that was, does so from a reset on', async (t) => {
  let settings: ClockSettings = FROZEN
  const clock = createMovableClock(() => settings)
  t.equal(clock.now(), 1000)
  settings = { start: 2000, frozen: true }
  t.match(clock.status(), { now: 2000, frozen: true })
  clock.advance(5)
  settings = FROZEN
  t.equal(clock.now(), 2005)
  clock.reset()
  t.equal(clock.now(), 1000)
  settings = { frozen: false }
  t.match(clock.status(), { frozen: false, ahead: 0 }, 'nothing said is the real time')
})

t.test('it stands still while it is frozen, and goes on from there', async (t) => {
  const clock = createMovableClock(() => ({ frozen: false }))
  clock.set(500)
  t.ok(clock.now() >= 500 && clock.now() < 600)
  clock.freeze()
  const { now } = clock.status()
  clock.advance(-now)
  t.match(clock.status(), { now: 0, frozen: true })
  clock.set(700)
  t.match(clock.status(), { now: 700, frozen: true }, 'setting it does not let it go')
  clock.resume()
  t.equal(clock.status().frozen, false)
  t.ok(clock.now() >= 700 && clock.now() < 800)
})
