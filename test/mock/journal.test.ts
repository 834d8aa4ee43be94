/** What the journal keeps, and what it says is new. */
import t from 'tap'
import { createJournal } from '../../src/mock/journal.js'

const NOTHING = { at: 0, tokens: [], remarks: [], faults: [] }

t.test('the newest entries are kept, by number and by size, and numbers go on', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 1000 }))
  for (let count = 0; count < 5; count += 1) journal.add(NOTHING)
  const ids = () => journal.list().map(({ id }) => id)
  t.strictSame(ids(), [3, 4, 5])
  journal.add({ ...NOTHING, request: { method: 'GET', url: 'x'.repeat(800), headers: {} } })
  t.strictSame(ids(), [6])
  journal.clear()
  t.strictSame(ids(), [])
  t.equal(journal.add(NOTHING).id, 7)
})

t.test('a sentence is news until it was said of the same event', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 1000 }))
  const isNews = (message: string, event: 'would_be_refused' | 'keys_rotated' = 'would_be_refused') =>
    journal.isNews({ event, message })
  t.strictSame([isNews('a'), isNews('a'), isNews('b'), isNews('a', 'keys_rotated')], [true, false, true, true])
  for (let count = 0; count < 1000; count += 1) isNews(String(count))
  t.equal(isNews('a'), true, 'what was said long ago is news again')
})

t.test('who follows hears of each entry until it has enough', async (t) => {
  const journal = createJournal(() => ({ max_entries: 3, max_size: 1000 }))
  const heard: number[] = []
  const stop = journal.follow(({ id }) => heard.push(id))
  journal.add(NOTHING)
  stop()
  journal.add(NOTHING)
  t.strictSame(heard, [1])
})
