/** Fault rules as values: matching, counting and identifiers. */
import t from 'tap'
import { type Counter, countMatch, startCounter } from '../../src/faults/counter.js'
import { type FaultRule, identifyRule, matches } from '../../src/faults/rules.js'

const RULE: FaultRule = { fault: 'http.reset' }

t.test('after, every, times and probability decide which matches the fault happens at', async (t) => {
  const hitsOf = (frequency: Partial<FaultRule>) => {
    const rule = { ...RULE, ...frequency }
    let counter = startCounter(rule, 1)
    return Array.from({ length: 12 }, (_, index) => {
      const counted = countMatch(rule, counter)
      counter = counted.counter
      return counted.hit ? [index + 1] : []
    }).flat()
  }
  t.strictSame(hitsOf({}).length, 12)
  t.strictSame(hitsOf({ times: 2 }), [1, 2])
  t.strictSame(hitsOf({ after: 3, times: 2 }), [4, 5])
  t.strictSame(hitsOf({ every: 5 }), [5, 10])
  t.strictSame(hitsOf({ after: 2, every: 3, times: 3 }), [5, 8, 11])
  t.strictSame(hitsOf({ probability: 1 }).length, 12)
  const chance = { probability: 0.5, seed: 7 }
  t.strictSame(hitsOf(chance), hitsOf(chance), 'the same seed gives the same run')
  t.ok(hitsOf(chance).length > 0 && hitsOf(chance).length < 12)
  t.strictSame(hitsOf({ ...chance, times: 2 }), hitsOf(chance).slice(0, 2))
})

t.test('a turn counts once with one decision; the latest 100 turns are remembered', async (t) => {
  const rule = { ...RULE, times: 1 }
  let counter: Counter = startCounter(rule, 1)
  const count = (turn?: string) => {
    const counted = countMatch(rule, counter, turn)
    counter = counted.counter
    return counted.hit
  }
  t.strictSame([count('a'), count('a'), count('b'), count('a'), count('b')], [true, true, false, true, false])
  t.match(counter, { matched: 2, hits: 1 })
  for (let number = 0; number < 100; number += 1) count(`turn ${number}`)
  t.equal(count('a'), false, 'a forgotten turn is counted again')
  t.equal(counter.turns.length, 100)
})

t.test('the seed of a rule takes precedence over a random one', async (t) => {
  t.equal(startCounter({ ...RULE, seed: 5 }, 1).seed, 5)
  t.equal(startCounter(RULE, 1).seed, 1)
})

t.test('the identifier of a rule depends on its source, its owner and its content', async (t) => {
  const once = { ...RULE, times: 1 }
  const ids = [
    identifyRule('user', 'alice', once),
    identifyRule('user', 'bob', once),
    identifyRule('client', 'alice', once),
    identifyRule('config', '', once),
    identifyRule('config', '', { ...once, match: { sub: 'alice' } }),
  ]
  t.equal(new Set(ids).size, 5)
  t.equal(identifyRule('user', 'alice', { ...once }), ids[0], 'an equal rule has the same identifier')
})

t.test('every member of a match must fit, with one value of a list; an unknown fact fits nothing', async (t) => {
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
