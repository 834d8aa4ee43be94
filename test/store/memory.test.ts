/** The store in memory: the suite of every store, and the records that make room for others. */
import t from 'tap'
import { createMemoryStore } from '../../src/store/memory.js'
import { createPool } from '../../src/store/pool.js'
import type { StoredRecord } from '../../src/store/records.js'
import type { Collection } from '../../src/store/store.js'
import { testStore } from './suite.js'

testStore(t, () => createMemoryStore())

t.test('the least recently used record of all collections makes room', async (t) => {
  const account = createPool(17_000, (asking) => asking.removeOldest(1))()
  const store = createMemoryStore(account)
  const names = ['users', 'consents', 'documents', 'fault_counters', 'access_tokens', 'refresh_tokens'] as const
  const collections = names.map((name) => store[name] as unknown as Collection<StoredRecord, string>)
  // Each record takes about 1,600 bytes, so there is room for ten.
  const [first, second] = ['first', 'second'].map((key) => key.padEnd(900)) as [string, string]
  const put = (key: string) =>
    Promise.all(
      collections.map((collection) =>
        collection.put(key, { grant_id: '', origin: 'put', claims: {}, expires_at: 1 } as StoredRecord),
      ),
    )
  await put(first)
  await collections[0]!.get(first)
  await put(second)
  const kept = await Promise.all(collections.map((collection) => collection.list()))
  const keys = kept.map((records) => records.map(([key]) => key.trim()))
  t.strictSame(keys[0], ['first', 'second'], 'the first user was read in the meantime')
  t.strictSame(keys[1], ['second'])
  t.strictSame(keys.at(-1), ['first', 'second'])
  t.ok(account.used() <= 17_000)
  account.close()
  t.strictSame(await collections[0]!.list(), [])
})
