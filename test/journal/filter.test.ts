/** Tests of filters of journal entries. */
import t from 'tap'
import type { RecordedEntry } from '../../src/journal/entry.js'
import { fitsFilter, type JournalFilter } from '../../src/journal/filter.js'
import { storeEntry } from '../../src/journal/stored.js'

const ENTRY: RecordedEntry = {
  id: 1,
  at: 0,
  endpoint: 'token',
  client_id: 'app',
  flow_id: 'f',
  response: { status: 404, headers: {} },
  tokens: [],
  remarks: [{ event: 'decision', message: '', details: {} }],
  faults: [{ fault: 'http.status', source: 'config', id: 'x' }],
}

t.test('an entry matches if all members of the filter match', async (t) => {
  const fitting: JournalFilter[] = [
    ...[{}, { endpoint: 'token' }, { client_id: 'app', flow_id: 'f' }, { status: '404' }, { status: '4xx' }],
    ...[{ event: 'decision' }, { fault: 'http.status' }, { endpoint: 'token', status: '4xx', event: 'decision' }],
  ]
  for (const filter of fitting) t.equal(fitsFilter(storeEntry(ENTRY), filter), true, JSON.stringify(filter))
  const others: JournalFilter[] = [
    ...[{ endpoint: 'jwks' }, { client_id: 'ap' }, { sub: 'alice' }, { status: '40' }, { status: '5xx' }],
    ...[{ event: 'keys_rotated' }, { fault: 'http.reset' }, { endpoint: 'token', status: '200' }],
  ]
  for (const filter of others) t.equal(fitsFilter(storeEntry(ENTRY), filter), false, JSON.stringify(filter))
})

t.test('an entry without a response matches no status', async (t) => {
  const { response: _, ...entry } = ENTRY
  for (const status of ['2xx', '4xx', '404']) t.equal(fitsFilter(storeEntry(entry), { status }), false)
})
