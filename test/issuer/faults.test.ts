/** Fault rules of run time and counters: shared through the store, correct under concurrent requests, bounded. */
import t from 'tap'
import type { FaultRule } from '../../src/faults/rules.js'
import { createFaultState } from '../../src/issuer/faults.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { createPool } from '../../src/store/pool.js'
import { createDelayingStore } from '../store/delaying.js'

const ONCE: FaultRule = { fault: 'http.reset', times: 1 }
const OTHER: FaultRule = { fault: 'id_token.expired' }

/** Two states of one issuer, as two processes have them. */
function createStates() {
  const store = createDelayingStore(createMemoryStore())
  const shared = true
  return [createFaultState(store, { shared }), createFaultState(store, { shared })] as const
}

t.test('a rule that one process adds acts in the other one until it is deleted', async (t) => {
  const [one, other] = createStates()
  t.equal((await other.listDoors()).has('http_response'), false)
  const { id } = await one.add(ONCE)
  t.equal((await other.listDoors()).has('http_response'), true)
  t.equal((await other.listDoors()).has('id_token'), false)
  t.strictSame(await other.listAt('http_response'), [[id, ONCE]])
  t.strictSame(await other.listAt('id_token'), [])
  t.match(await other.count('runtime', id, ONCE), { id, matched: 1, hits: 1 })
  t.equal(await one.count('runtime', id, ONCE), undefined)
  t.strictSame(await one.find(id), { id, source: 'runtime', rule: ONCE, matched: 2, hits: 1 })
  t.equal(await other.delete(id), true)
  t.equal(await one.delete(id), false)
  t.equal(await one.find(id), undefined)
  t.equal((await one.listDoors()).has('http_response'), false)
  t.equal(await one.count('runtime', id, ONCE), undefined, 'a deleted rule does not happen')
})

t.test('declarations that could not be read are read again', async (t) => {
  const store = createMemoryStore()
  let fails = true
  const get: typeof store.fault_declarations.get = (key) =>
    fails ? Promise.reject(new Error('no connection')) : store.fault_declarations.get(key)
  const state = createFaultState(
    { ...store, fault_declarations: { ...store.fault_declarations, get } },
    { shared: false },
  )
  await t.rejects(state.listDoors(), { message: 'no connection' })
  fails = false
  t.equal((await state.listDoors()).size, 0)
})

t.test('of concurrent requests as many meet the fault as the rule says', async (t) => {
  const [one, other] = createStates()
  const { id } = await one.add({ ...ONCE, times: 3 })
  const rule = { ...ONCE, times: 3 }
  const requests = Array.from({ length: 20 }, (_, index) => [one, other][index % 2]!)
  for (const [source, owner] of [['runtime', id] as const, ['user', 'alice'] as const]) {
    const counted = await Promise.all(requests.map((state) => state.count(source, owner, rule)))
    t.equal(counted.filter((hit) => hit !== undefined).length, 3)
    t.match(await one.describe(source === 'runtime' ? 'user' : source, 'alice', rule), { rule })
  }
  t.match(await one.find(id), { matched: 20, hits: 3 })
  t.match(await other.describe('user', 'alice', rule), { matched: 20, hits: 3 })
})

t.test('rules that are added at the same time get different ids, in the order of the list', async (t) => {
  const [one, other] = createStates()
  const added = await Promise.all(Array.from({ length: 12 }, (_, index) => [one, other][index % 2]!.add(ONCE)))
  t.equal(new Set(added.map(({ id }) => id)).size, 12)
  const ids = (await one.list()).map(({ id }) => Number(id))
  t.strictSame(ids, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  t.strictSame(
    (await one.listAt('http_response')).map(([id]) => Number(id)),
    ids,
  )
})

t.test('a rule that is added while all rules are deleted stays declared if it is kept', async (t) => {
  const [one, other] = createStates()
  await one.add(OTHER)
  const [{ id }] = await Promise.all([one.add(ONCE), other.clear()])
  t.equal((await one.listDoors()).has('http_response'), (await one.find(id)) !== undefined)
  t.equal((await one.listDoors()).has('id_token'), false)
})

t.test('a reset deletes rules and counters, keeps the faults of users declared, and uses no id again', async (t) => {
  const [state] = createStates()
  await state.declare(undefined)
  await state.declare([])
  t.equal((await state.listDoors()).has('id_token'), false)
  await state.declare([OTHER])
  t.equal((await state.listDoors()).has('id_token'), true)
  await state.add(ONCE)
  await state.count('user', 'alice', OTHER)
  await state.reset()
  t.strictSame(await state.list(), [])
  t.equal((await state.listDoors()).has('http_response'), false)
  t.equal((await state.listDoors()).has('id_token'), true)
  t.match(await state.describe('user', 'alice', OTHER), { matched: 0, hits: 0 })
  t.equal((await state.add(ONCE)).id, '2')
})

t.test('a random seed is chosen once for each rule, and shown', async (t) => {
  const [one, other] = createStates()
  const rule: FaultRule = { ...OTHER, probability: 0.5 }
  const described = await one.describe('config', '', rule)
  t.type(described.rule.seed, 'number')
  t.strictSame(await other.describe('config', '', rule), described)
  await other.count('config', '', rule)
  t.match(await one.describe('config', '', rule), { rule: { seed: described.rule.seed! }, matched: 1 })
  t.equal((await one.describe('config', '', { ...rule, seed: 7 })).rule.seed, 7)
  t.equal((await one.add(rule)).rule.seed, (await one.find('1'))!.rule.seed)
})

t.test('the least recently used counters make room; the counters of rules of run time stay', async (t) => {
  const state = createFaultState(createMemoryStore(), { shared: false })
  const { id } = await state.add(ONCE)
  await state.count('runtime', id, ONCE)
  await state.count('user', 'first', ONCE)
  for (let number = 0; number < 10_000; number += 1) await state.count('user', `user-${number}`, ONCE)
  t.ok(await state.count('user', 'first', ONCE), 'the counter starts again')
  t.notOk(await state.count('user', 'user-9999', ONCE))
  t.match(await state.find(id), { matched: 1, hits: 1 })
})

t.test('the doors of declared faults are read once from a store that no other process writes to', async (t) => {
  const store = createMemoryStore()
  let reads = 0
  const get = (key: string) => {
    reads += 1
    return store.fault_declarations.get(key)
  }
  const counting = { ...store, fault_declarations: { ...store.fault_declarations, get } }
  const state = createFaultState(counting, { shared: false })
  const doors = async () => [...(await state.listDoors())]
  t.strictSame([await doors(), await doors(), reads], [[], [], 1])
  const { id } = await state.add(ONCE)
  t.strictSame([await doors(), await doors(), reads], [['http_response'], ['http_response'], 2])
  await state.declare([OTHER])
  t.strictSame([await doors(), reads], [['http_response', 'id_token'], 3])
  await state.delete(id)
  t.strictSame([await doors(), reads], [['id_token'], 4])
})

t.test('a match for which there is no memory is not counted, and the fault happens', async (t) => {
  let limit = 20_000
  const account = createPool(20_000, () => false)()
  const budget = {
    ...account,
    charge: (bytes: number) => (bytes > limit ? account.charge(1_000_000) : account.charge(bytes)),
  }
  const state = createFaultState(createMemoryStore(budget), { shared: true })
  const { id } = await state.add(ONCE)
  limit = 0
  t.match(await state.count('runtime', id, ONCE), { matched: 1 })
  t.match(await state.count('user', 'alice', ONCE), { matched: 1 })
  t.match(await state.find(id), { matched: 0 }, 'the count is lost')
  t.equal(await state.count('runtime', 'unknown', ONCE), undefined)
})

t.test('a rule for which there is no memory is neither kept nor declared, and no other rule is dropped', async (t) => {
  const account = createPool(20_000, (asking) => asking.removeOldest(1))()
  const state = createFaultState(createMemoryStore(account), { shared: true })
  await state.declare([OTHER])
  const added = [await state.add(ONCE)]
  const large: FaultRule = { fault: 'token.error', error: 'e', error_description: 'x'.repeat(3500) }
  await t.rejects(state.add(large), { message: /^fault_rules holds 1 records/ })
  t.strictSame([...(await state.listDoors())].toSorted(), ['http_response', 'id_token'])
  added.push(await state.add(ONCE))
  t.strictSame(await state.list(), added)
})
