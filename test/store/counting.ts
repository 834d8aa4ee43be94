/** A store that counts the calls that read records. */
import type { StoredRecord } from '../../src/store/records.js'
import type { Collection, Store } from '../../src/store/store.js'

const READS = ['get', 'take', 'update', 'listBy', 'list', 'each'] as const

export interface CountingStore {
  readonly store: Store
  /** Returns the reads since the last call, such as `users.get`. */
  reads(): string[]
}

export function createCountingStore(inner: Store): CountingStore {
  const reads: string[] = []
  const wrap = (name: string, collection: Collection<StoredRecord, string>) => {
    const counted = READS.map((verb) => [
      verb,
      (...given: [never, never]) => {
        reads.push(`${name}.${verb}`)
        return collection[verb](...given)
      },
    ])
    return [name, { ...collection, ...Object.fromEntries(counted) }]
  }
  const collections = Object.entries(inner) as [string, Collection<StoredRecord, string>][]
  return {
    store: Object.fromEntries(collections.map(([name, collection]) => wrap(name, collection))) as unknown as Store,
    reads: () => reads.splice(0),
  }
}
