/** What the journal keeps, and what it says is new. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { createJournal, type JournalEntry, MOST_LISTENERS } from '../../src/journal/journal.js'

const NOTHING = { at: 0, tokens: [], remarks: [], faults: [] }
const entryOf = (url: string, size = 0): Omit<JournalEntry, 'id'> => ({
  ...NOTHING,
  request: { method: 'POST', url, headers: {}, body: 'x'.repeat(size) },
  response: { status: 200, headers: {}, body: 'x'.repeat(size) },
})

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Bytes, without what nobody holds any more. */
function memoryInUse(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

t.test('the newest entries are kept, by number, and numbers go on', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 1000 }))
  t.equal(journal.lastId(), 0)
  for (let count = 0; count < 5; count += 1) journal.add(NOTHING)
  const ids = () => journal.list().map(({ id }) => id)
  t.strictSame(ids(), [3, 4, 5])
  journal.clear()
  t.strictSame(ids(), [])
  t.equal(journal.lastId(), 5)
  t.equal(journal.add(NOTHING).id, 6)
})

t.test('and by size, whatever comes', async (t) => {
  const bounds = { max_entries: 10_000, max_size: 65_536 }
  const journal = createJournal(() => bounds)
  for (let count = 0; count < 5000; count += 1) journal.add(entryOf(`/${count}`, (count * 7919) % 20_000))
  t.ok(JSON.stringify(journal.list()).length <= bounds.max_size)
  t.equal(journal.list().at(-1)?.id, 5000, 'the newest is there')
  t.ok(journal.list().length > 1)
  bounds.max_entries = 0
  journal.add(NOTHING)
  t.strictSame(journal.list(), [], 'a reload that keeps less counts from the next entry on')
  bounds.max_entries = 10
  for (let count = 0; count < 3; count += 1) journal.add(NOTHING)
  t.equal(journal.list().length, 3, 'what has gone takes no room')
})

t.test('what was cut off takes no room', async (t) => {
  const journal = createJournal(() => ({ max_entries: 1000, max_size: 2_097_152 }))
  const before = memoryInUse()
  for (let count = 0; count < 200; count += 1) {
    const body = Buffer.alloc(262_144, `${count} `).toString()
    journal.add({ ...NOTHING, request: { method: 'POST', url: '/', headers: {}, body: body.slice(0, 1000) } })
  }
  t.equal(journal.list().length, 200)
  t.ok(memoryInUse() - before < 10_000_000, 'though the bodies had 50 megabytes')
})

t.test('an entry that would fill the journal alone is kept as its outline', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 1000 }))
  journal.add({ ...entryOf('/a', 2000), client_id: 'app', tokens: [{ name: 'id_token', header: {}, payload: {} }] })
  t.strictSame(journal.list(), [
    {
      ...NOTHING,
      id: 1,
      client_id: 'app',
      request: { method: 'POST', url: '/a', headers: {} },
      response: { status: 200, headers: {} },
    },
  ])
  const details = { text: 'x'.repeat(2000) }
  journal.record(7, 'keys_rotated', 'a key', details)
  t.strictSame(journal.list()[1], {
    ...NOTHING,
    id: 2,
    at: 7,
    remarks: [{ event: 'keys_rotated', message: 'a key', details: {} }],
  })
  journal.add({ ...NOTHING, scope: 'x'.repeat(2000) })
  t.strictSame(journal.list(), [], 'what has no outline that fits is not kept, and the bound holds')
})

t.test('a sentence is news until it was said of the same event', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 1000 }))
  const isNews = (message: string, event: 'would_be_refused' | 'keys_rotated' = 'would_be_refused') =>
    journal.isNews({ event, message })
  t.strictSame([isNews('a'), isNews('a'), isNews('b'), isNews('a', 'keys_rotated')], [true, false, true, true])
  for (let count = 0; count < 1000; count += 1) isNews(String(count))
  t.equal(isNews('a'), true, 'what was said long ago is news again')
  journal.clear()
  t.equal(isNews('a'), true, 'and so it is in an empty journal')
})

t.test('who follows hears of each entry until it has enough; too many are turned away', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 1000 }))
  const heard: number[] = []
  const stop = journal.follow(({ id }) => heard.push(id))!
  journal.add(NOTHING)
  stop()
  journal.add(NOTHING)
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
