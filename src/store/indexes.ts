/** Secondary indexes of a collection in memory: from a value of a record to the keys of its records. */
import type { CollectionRow } from './collections.js'
import type { StoredRecord } from './records.js'

type Columns = NonNullable<CollectionRow<StoredRecord, string>['indexes']>

interface Indexes {
  add(key: string, record: StoredRecord): void
  remove(key: string, record: StoredRecord): void
  keysBy(index: string, value: string): Iterable<string>
}

export function createIndexes(columns: Columns): Indexes {
  const indexes = new Map(Object.keys(columns).map((name) => [name, new Map<string, Set<string>>()]))
  const valuesOf = (record: StoredRecord) =>
    Object.entries(columns).flatMap(([name, column]) =>
      column(record).map((value) => ({ index: indexes.get(name)!, value })),
    )
  return {
    add(key, record) {
      for (const { index, value } of valuesOf(record)) index.set(value, (index.get(value) ?? new Set()).add(key))
    },
    remove(key, record) {
      for (const { index, value } of valuesOf(record)) {
        const keys = index.get(value)
        keys?.delete(key)
        if (keys?.size === 0) index.delete(value)
      }
    },
    keysBy: (name, value) => indexes.get(name)?.get(value) ?? [],
  }
}
