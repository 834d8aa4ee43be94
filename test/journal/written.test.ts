/** Tests of the texts of entries that readers share. */
import t from 'tap'
import { type StoredEntry, storeEntry } from '../../src/journal/stored.js'
import { shareTexts, writeMasked, writeWithSecrets } from '../../src/journal/written.js'

/** Returns an entry that counts how often its text is read. */
function countReads(id: number, size: number) {
  const request = { method: 'POST', url: '/token?code=a', headers: {}, body: 'x'.repeat(size) }
  const { json, ...members } = storeEntry({ id, at: 0, request, tokens: [], remarks: [], faults: [] })
  let reads = 0
  const entry: StoredEntry = {
    ...members,
    get json() {
      reads += 1
      return json
    },
  }
  return { entry, reads: () => reads }
}

t.test('an entry is masked once for all readers', async (t) => {
  const write = shareTexts(writeMasked)
  const { entry, reads } = countReads(1, 10)
  const text = write(entry)
  t.match(JSON.parse(text), { id: 1, request: { url: '/token?code=***' } })
  for (let count = 0; count < 50; count += 1) t.equal(write(entry), text)
  t.equal(reads(), 1)
  t.match(JSON.parse(writeWithSecrets(entry)), { id: 1, request: { url: '/token?code=a' } })
})

t.test('the shared texts have a bound, and the oldest are removed', async (t) => {
  const write = shareTexts(writeMasked)
  const [first, ...others] = Array.from({ length: 50 }, (_, index) => countReads(index, 100_000))
  for (const { entry } of [first!, ...others]) write(entry)
  t.match(JSON.parse(write(others.at(-1)!.entry)), { id: 49 })
  t.equal(others.at(-1)!.reads(), 1, 'the newest text is kept')
  t.match(JSON.parse(write(first!.entry)), { id: 0 })
  t.equal(first!.reads(), 2, 'the oldest text is written again')
})
