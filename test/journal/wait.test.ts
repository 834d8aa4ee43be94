/** Tests of waiting for entries of a journal and streaming them. */
import { once } from 'node:events'
import t from 'tap'
import { createJournal } from '../../src/journal/journal.js'
import { nextEntry, streamEntries } from '../../src/journal/wait.js'
import { unlimited } from '../../src/store/budget.js'

const NOTHING = { at: 0, tokens: [], remarks: [], faults: [] }
const create = (max_entries = 1000) => createJournal(() => ({ max_entries, max_size: 1_000_000 }), unlimited())
const OPTIONS = { after: 0, fits: () => true, write: ({ id }: { id: number }) => `{"id":${id}}`, heartbeat: 60_000 }

t.test('a wait ends with the next entry that matches, or by end()', async (t) => {
  const journal = create()
  const waiting = nextEntry(journal, ({ sub }) => sub === 'bob', 60_000)!
  await journal.add({ ...NOTHING, sub: 'alice' })
  await journal.add({ ...NOTHING, sub: 'bob' })
  t.match(await waiting.result, { id: 2 })
  waiting.end()
  const ended = nextEntry(journal, () => true, 60_000)!
  ended.end()
  t.equal(await ended.result, undefined)
})

t.test('a slow reader gets the entries that the journal still has; entries are not buffered for it', async (t) => {
  const journal = create(10)
  const { result: stream, end } = streamEntries(journal, {
    ...OPTIONS,
    write: ({ id }) => `${id} ${'x'.repeat(20_000)}`,
  })!
  for (let count = 0; count < 1000; count += 1) await journal.add(NOTHING)
  t.ok(stream.readableLength < 100_000, `${stream.readableLength} characters wait`)
  stream.setEncoding('utf8')
  let text = ''
  stream.on('data', (chunk: string) => {
    text += chunk
    if (chunk.startsWith('id: 1000\n')) end()
  })
  await once(stream, 'end')
  t.match(text, /id: 991\n.*id: 1000\n/s)
  t.notMatch(text, /id: 500\n/)
})

t.test('a reader that stops gets the entries that were there before when it continues', async (t) => {
  const journal = create()
  for (let count = 0; count < 5; count += 1) await journal.add(NOTHING)
  const { result: stream, end } = streamEntries(journal, {
    ...OPTIONS,
    write: ({ id }) => `${id} ${'x'.repeat(20_000)}`,
  })!
  await once(stream, 'readable')
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (chunk.includes('id: 5\n')) end()
  })
  await once(stream, 'end')
  t.strictSame(text.match(/^id: \d/gm), ['id: 1', 'id: 2', 'id: 3', 'id: 4', 'id: 5'])
})

t.test('an entry that is recorded while the stream reads others is sent at once', async (t) => {
  for (let turns = 0; turns < 12; turns += 1) {
    const journal = create()
    const { result: stream, end } = streamEntries(journal, { ...OPTIONS, fits: ({ id }) => id === 2 })!
    const received = once(
      stream.setEncoding('utf8').on('data', (chunk: string) => chunk.includes('id: 2') && end()),
      'end',
    )
    await once(stream, 'data')
    const first = journal.add(NOTHING)
    for (let turn = 0; turn < turns; turn += 1) await undefined
    await Promise.all([first, journal.add(NOTHING)])
    await received
    t.pass(`${turns} turns later`)
  }
})

t.test('an idle stream sends heartbeats, and a destroyed stream stops listening', async (t) => {
  const journal = create()
  const { result: stream, end } = streamEntries(journal, { ...OPTIONS, heartbeat: 1 })!
  stream.setEncoding('utf8')
  for (let count = 0; count < 3; count += 1) t.match((await once(stream, 'data'))[0], /^(: \n\n)+$/)
  const { result: other } = streamEntries(journal, OPTIONS)!
  other.destroy()
  await once(other, 'close')
  end()
  await journal.add(NOTHING)
  t.equal(stream.destroyed, false)
  await once(stream.resume(), 'end')
})
