/** The bounds of a journal, and its listeners. */
import t from 'tap'
import type { NewEntry } from '../../src/journal/entry.js'
import { createJournal, MOST_LISTENERS } from '../../src/journal/journal.js'
import { readStored } from '../../src/journal/stored.js'
import { type Holder, unlimited } from '../../src/store/budget.js'

const NOTHING = { at: 0, tokens: [], remarks: [], faults: [] }
const entryOf = (url: string, size = 0): NewEntry => ({
  ...NOTHING,
  request: { method: 'POST', url, headers: {}, body: 'x'.repeat(size) },
  response: { status: 200, headers: {}, body: 'x'.repeat(size) },
})

t.test('the newest entries are kept up to max_entries, and ids continue', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 3000 }), unlimited())
  t.equal(await journal.lastId(), 0)
  for (let count = 0; count < 5; count += 1) await journal.add(NOTHING)
  const ids = async () => (await journal.list()).map(({ id }) => id)
  t.strictSame(await ids(), [3, 4, 5])
  await journal.clear()
  t.strictSame(await ids(), [])
  t.equal(await journal.lastId(), 5)
  t.equal((await journal.add(NOTHING)).id, 6)
})

t.test('the newest entries are kept up to max_size', async (t) => {
  const bounds = { max_entries: 10_000, max_size: 65_536 }
  const journal = createJournal(() => bounds, unlimited())
  for (let count = 0; count < 5000; count += 1) await journal.add(entryOf(`/${count}`, (count * 7919) % 20_000))
  t.ok(JSON.stringify(await journal.list()).length <= bounds.max_size)
  t.equal((await journal.list()).at(-1)?.id, 5000, 'the newest is there')
  t.ok((await journal.list()).length > 1)
  bounds.max_entries = 0
  await journal.add(NOTHING)
  t.strictSame(await journal.list(), [], 'a reload that keeps less counts from the next entry on')
  bounds.max_entries = 10
  for (let count = 0; count < 3; count += 1) await journal.add(NOTHING)
  t.equal((await journal.list()).length, 3, 'what has gone takes no room')
})

t.test('an entry over max_size is reduced to its outline', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 3000 }), unlimited())
  await journal.add({
    ...entryOf('/a', 2000),
    client_id: 'app',
    tokens: [{ name: 'id_token', header: {}, payload: {} }],
  })
  t.strictSame((await journal.list()).map(readStored), [
    {
      ...NOTHING,
      id: 1,
      client_id: 'app',
      request: { method: 'POST', url: '/a', headers: {} },
      response: { status: 200, headers: {} },
    },
  ])
  const details = { text: 'x'.repeat(4000) }
  await journal.record(7, 'keys_rotated', 'a key', details)
  t.strictSame(readStored((await journal.list())[1]!), {
    ...NOTHING,
    id: 2,
    at: 7,
    remarks: [{ event: 'keys_rotated', message: 'a key', details: {} }],
  })
  await journal.add({ ...NOTHING, scope: 'x'.repeat(4000) })
  t.equal((await journal.list()).length, 2, 'an entry whose outline exceeds the bound is not kept')
})

t.test('the budget is charged with the bytes of an entry, whose text alone is kept', async (t) => {
  const charged: number[] = []
  const budget = { ...unlimited(), charge: (bytes: number) => void charged.push(bytes) }
  const journal = createJournal(() => ({ max_entries: 100, max_size: 1_000_000 }), budget)
  await journal.add(entryOf('/a', 1000))
  await journal.add(entryOf('/\u0101', 1000))
  const [latin, wide] = charged as [number, number]
  t.ok(latin > 2000 && latin < 3000, `${latin}`)
  t.ok(wide > 4000 && wide < 6000, `${wide}`)
  const objects = { objects: Array(1000).fill({}) }
  await journal.add({ ...NOTHING, remarks: [{ event: 'decision', message: '', details: objects }] })
  const { json, ...members } = (await journal.find(3))!
  t.strictSame(members, { id: 3, events: ['decision'], faults: [] })
  t.match(JSON.parse(json), { id: 3, remarks: [{ details: objects }] })
  t.equal(await journal.find(4), undefined)
})

t.test('recognized remarks take room of the budget, and make room after the entries', async (t) => {
  let used = 0
  let holder: Holder | undefined
  const journal = createJournal(() => ({ max_entries: 100, max_size: 1_000_000 }), {
    ...unlimited(),
    share: 1_000_000,
    charge: (bytes) => {
      if (used + bytes > 10_000) throw new Error('no room')
      used += bytes
    },
    release: (bytes) => {
      used -= bytes
    },
    register: (registered) => {
      holder = registered
    },
  })
  const isNews = (message: string) => journal.isNews({ event: 'decision', message })
  t.strictSame([await isNews('x'.repeat(1000)), await isNews('x'.repeat(1000))], [true, false])
  t.ok(used > 2000, `${used}`)
  t.strictSame([await isNews('x'.repeat(9000)), await isNews('x'.repeat(9000))], [true, true], 'there is no room')
  await journal.add(NOTHING)
  t.equal(holder!.removeOldest(), true)
  t.strictSame(await journal.list(), [])
  t.equal(await isNews('x'.repeat(1000)), false)
  t.strictSame([holder!.removeOldest(), holder!.removeOldest()], [true, false])
  t.equal(await isNews('x'.repeat(1000)), true)
  await journal.clear()
  t.equal(used, 0)
})

t.test('a list has a bound', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 3000 }), unlimited())
  for (let count = 0; count < 5; count += 1) await journal.add(NOTHING)
  const ids = async (after?: number, most?: number) => (await journal.list(after, most)).map(({ id }) => id)
  t.strictSame(await ids(0, 2), [3, 4])
  t.strictSame(await ids(4, 2), [5])
  t.strictSame(await ids(5, 2), [])
})

t.test('a remark is news once per event and message', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 3000 }), unlimited())
  const isNews = (message: string, event: 'would_be_refused' | 'keys_rotated' = 'would_be_refused') =>
    journal.isNews({ event, message })
  const first = await Promise.all([isNews('a'), isNews('a'), isNews('b'), isNews('a', 'keys_rotated')])
  t.strictSame(first, [true, false, true, true])
  for (let count = 0; count < 1000; count += 1) await isNews(String(count))
  t.equal(await isNews('a'), true, 'an old remark is forgotten')
  await journal.clear()
  t.equal(await isNews('a'), true, 'a cleared journal knows no remarks')
})

t.test('an entry without room in the budget is not kept, and the request does not fail', async (t) => {
  let room = 2000
  const charged: number[] = []
  const journal = createJournal(() => ({ max_entries: 100, max_size: 100_000 }), {
    ...unlimited(),
    share: 1_000_000,
    charge: (bytes) => {
      if (bytes > room) throw new Error('no room')
      room -= bytes
      charged.push(bytes)
    },
    release: (bytes) => {
      room += bytes
    },
    register: () => undefined,
  })
  t.equal((await journal.add(NOTHING)).id, 1)
  t.equal((await journal.add(entryOf('/large', 5000))).id, 2)
  t.strictSame(
    (await journal.list()).map(({ id }) => id),
    [1],
  )
  await journal.clear()
  t.equal(room, 2000)
  t.equal(charged.length, 1)
})

t.test('a listener receives each entry until it stops; too many listeners are refused', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 3000 }), unlimited())
  const heard: number[] = []
  const stop = journal.follow(({ id }) => heard.push(id))!
  await journal.add(NOTHING)
  stop()
  await journal.add(NOTHING)
  t.strictSame(heard, [1])
  const stops = Array.from({ length: MOST_LISTENERS }, () => journal.follow(() => undefined)!)
  t.equal(
    journal.follow(() => undefined),
    undefined,
  )
  stops[0]!()
  t.type(
    journal.follow(() => undefined),
    'function',
  )
})
