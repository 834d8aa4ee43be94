/** Rules of faults by themselves: how they are counted, remembered and bounded. */
import t from 'tap'
import { createFaults, type FaultRule, matches } from '../../src/faults/rules.js'

const RULE: FaultRule = { fault: 'http.reset' }

t.test('how often: after the first so many, at every so many, and so many times at most', async (t) => {
  const hitsOf = (rule: Partial<FaultRule>) => {
    const faults = createFaults(() => 1)
    const whole = { ...RULE, ...rule }
    const met = Array.from({ length: 12 }, () => faults.meet('config', '', whole) !== undefined)
    return met.flatMap((hit, index) => (hit ? [index + 1] : []))
  }
  t.strictSame(hitsOf({}).length, 12)
  t.strictSame(hitsOf({ times: 2 }), [1, 2])
  t.strictSame(hitsOf({ after: 3, times: 2 }), [4, 5])
  t.strictSame(hitsOf({ every: 5 }), [5, 10])
  t.strictSame(hitsOf({ after: 2, every: 3, times: 3 }), [5, 8, 11])
  t.strictSame(hitsOf({ probability: 1 }).length, 12)
  const chance = { probability: 0.5, seed: 7 }
  t.strictSame(hitsOf(chance), hitsOf(chance), 'the same seed, the same run')
  t.ok(hitsOf(chance).length > 0 && hitsOf(chance).length < 12)
  t.strictSame(hitsOf({ ...chance, times: 2 }), hitsOf(chance).slice(0, 2))
})

t.test('what is one turn counts once, and is answered alike', async (t) => {
  const faults = createFaults(() => 1)
  const rule = { ...RULE, times: 1 }
  const meet = (turn?: string) => faults.meet('config', '', rule, turn) !== undefined
  t.strictSame([meet('a'), meet('a'), meet('b'), meet('a'), meet('b')], [true, true, false, true, false])
  t.match(faults.describe('config', '', rule), { matched: 2, hits: 1 })
  for (let count = 0; count < 100; count += 1) meet(`turn ${count}`)
  t.equal(meet('b'), false)
})

t.test('rules are told apart by their source, their owner and what they say', async (t) => {
  const faults = createFaults(() => 1)
  const once = { ...RULE, times: 1 }
  const meet = (...which: Parameters<typeof faults.meet>) => faults.meet(...which)?.id
  const ids = [
    meet('user', 'alice', once),
    meet('user', 'bob', once),
    meet('client', 'alice', once),
    meet('config', '', once),
    meet('config', '', { ...once, match: { sub: 'alice' } }),
  ]
  t.equal(new Set(ids).size, 5)
  t.notOk(ids.includes(undefined))
  t.equal(meet('user', 'alice', { ...once }), undefined, 'the same as before, though another object')
})

t.test('all of a match has to fit, and of a list one; what is not known fits nothing', async (t) => {
  const fits = (match: FaultRule['match'], facts = {}) =>
    matches({ ...RULE, ...(match && { match }) }, { issuer: 'x', ...facts })
  t.ok(fits(undefined))
  t.ok(fits({ issuer: ['y', 'x'] }))
  t.notOk(fits({ issuer: 'y' }))
  t.notOk(fits({ sub: 'alice' }))
  t.ok(fits({ sub: 'alice', issuer: 'x' }, { sub: 'alice' }))
  t.notOk(fits({ sub: 'alice', issuer: 'y' }, { sub: 'alice' }))
  t.ok(fits({ scope: ['email', 'phone'] }, { scope: 'openid email' }))
  t.notOk(fits({ scope: 'mail' }, { scope: 'openid email' }))
  t.notOk(fits({ scope: 'email' }))
  t.ok(fits({ resource: 'b' }, { resource: ['a', 'b'] }))
})

t.test('counters are bounded: the least recently used go, those of run time stay', async (t) => {
  const faults = createFaults(() => 1)
  const added = faults.add({ ...RULE, times: 1 })!
  faults.meet('runtime', added.id, added.rule)
  const rule = { ...RULE, times: 1 }
  faults.meet('user', 'first', rule)
  for (let count = 0; count < 10_000; count += 1) faults.meet('user', `user-${count}`, rule)
  t.ok(faults.meet('user', 'first', rule), 'it begins anew')
  t.notOk(faults.meet('user', 'user-9999', rule))
  t.match(faults.find(added.id), { matched: 1, hits: 1 })
  t.notOk(faults.meet('runtime', added.id, added.rule))
})
