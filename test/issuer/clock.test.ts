/** The clock of an issuer. */
import t from 'tap'
import { type ClockSettings, createClock, createMovableClock } from '../../src/issuer/clock.js'
import { createStore } from '../store/create.js'

t.test('RFC 7519 §2: a NumericDate, in whole seconds', async (t) => {
  const before = Math.floor(Date.now() / 1000)
  const now = createClock().now()
  t.ok(Number.isInteger(now))
  t.ok(now >= before && now <= Date.now() / 1000)
})

const FROZEN = { start: 1000, frozen: true }

t.test('a clock follows the configuration until it is moved, and again after a reset', async (t) => {
  let settings: ClockSettings = FROZEN
  const clock = createMovableClock(createStore(), () => settings, { shared: false })
  const now = async () => (await clock.status()).now
  t.equal(await now(), 1000)
  settings = { start: 2000, frozen: true }
  t.match(await clock.status(), { now: 2000, frozen: true })
  await clock.advance(5)
  settings = FROZEN
  t.equal(await now(), 2005)
  await clock.reset()
  t.equal(await now(), 1000)
  settings = { frozen: false }
  t.match(await clock.status(), { frozen: false, ahead: 0 }, 'no setting is the real time')
})

t.test('a clock stands still while it is frozen, and continues from there', async (t) => {
  let real = 1_000_000
  const clock = createMovableClock(createStore(), () => ({ frozen: false }), {
    shared: false,
    real: { now: () => real },
  })
  await clock.set(500)
  real += 10
  t.match(await clock.status(), { now: 510, frozen: false, ahead: 510 - real })
  await clock.freeze()
  real += 10
  t.match(await clock.status(), { now: 510, frozen: true })
  await clock.advance(-510)
  t.match(await clock.status(), { now: 0, frozen: true })
  await clock.set(700)
  t.match(await clock.status(), { now: 700, frozen: true }, 'a frozen clock that is set stays frozen')
  await clock.resume()
  real += 5
  t.match(await clock.status(), { now: 705, frozen: false })
})

t.test('an unmoved clock is never ahead of real time, also if a second begins during the call', async (t) => {
  let real = 1_000_000
  const tick = () => {
    real += 1
    return real
  }
  const clock = createMovableClock(createStore(), () => ({ frozen: false }), { shared: false, real: { now: tick } })
  const { now, ahead } = await clock.status()
  t.strictSame([now, ahead], [real, 0])
})

t.test('two clocks of one store that are read for the first time together begin together', async (t) => {
  const store = createStore()
  let real = 0
  const tick = () => {
    real += 1
    return real
  }
  const [one, other] = [1, 2].map(() =>
    createMovableClock(store, () => ({ start: 1000, frozen: true }), { shared: true, real: { now: tick } }),
  )
  await Promise.all([one!.status(), other!.status()])
  t.equal((await store.clock.list()).length, 1)
  const [first] = await store.clock.list()
  await Promise.all([one!.status(), other!.status()])
  t.strictSame(await store.clock.list(), [first])
})

t.test('a change that the store does not keep changes nothing', async (t) => {
  const store = createStore()
  let fails = true
  const update: typeof store.clock.update = (...change) =>
    fails ? Promise.reject(new Error('no room')) : store.clock.update(...change)
  const clock = createMovableClock({ ...store, clock: { ...store.clock, update } }, () => ({ frozen: false }), {
    shared: false,
  })
  await t.rejects(clock.set(1000), { message: 'no room' })
  t.equal((await clock.status()).ahead, 0)
  fails = false
  await clock.set(1000)
  t.ok((await clock.status()).ahead < 0)
})

t.test('two clocks with one store show the same time', async (t) => {
  const store = createStore()
  const [one, other] = [1, 2].map(() =>
    createMovableClock(store, () => ({ start: 1000, frozen: true }), { shared: true }),
  )
  await Promise.all([one!.advance(5), other!.advance(7)])
  t.equal((await one!.status()).now, 1012)
  t.equal((await other!.status()).now, 1012)
})
