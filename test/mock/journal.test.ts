/** What the journal keeps, and what it says is new. */
import t from 'tap'
import { createJournal, MOST_ENTRIES } from '../../src/mock/journal.js'

t.test('a sentence is new as long as no entry that is kept says the same of the same event', async (t) => {
  const journal = createJournal()
  const say = (message: string, event: 'would_be_refused' | 'keys_rotated' = 'would_be_refused') =>
    journal.record(0, event, message, {})
  t.strictSame([say('a'), say('a'), say('b'), say('a', 'keys_rotated')], [true, false, true, true])
  for (let index = 4; index < MOST_ENTRIES; index += 1) say('filler')
  t.equal(say('c'), true, 'the first of two goes')
  t.equal(say('a'), false, 'the second of them is there still, and goes')
  t.equal(say('filler'), false)
  t.equal(say('b'), true)
  const ids = journal.list().map(({ id }) => id)
  t.equal(ids.length, MOST_ENTRIES)
  t.strictSame([ids[0], ids.at(-1)], [5, MOST_ENTRIES + 4])
})
