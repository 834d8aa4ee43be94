/** Secondary indexes of a collection in memory: from a value of a record to the keys of its records. */
import { copyOf, sizeOf } from './budget.js'
import type { CollectionRow } from './collections.js'
import type { StoredRecord } from './records.js'

type Columns = NonNullable<CollectionRow<StoredRecord, string>['indexes']>

interface Indexes {
  /** Returns the bytes that the entries of a record take. */
  sizeOf(record: StoredRecord): number
  add(key: string, record: StoredRecord): void
  /** Removes the entries of a record that is read only if there are indexes. */
  remove(key: string, read: () => StoredRecord): void
  keysBy(index: string, value: string): Iterable<string>
}

/** Bytes of an entry besides its value: a set of one key in a map. Measured with `process.memoryUsage()`. */
const OVERHEAD = 240

export function createIndexes(columns: Columns): Indexes {
  const indexes = new Map(Object.keys(columns).map((name) => [name, new Map<string, Set<string>>()]))
  const valuesOf = (record: StoredRecord) =>
    Object.entries(columns).flatMap(([name, column]) =>
      column(record).map((value) => ({ index: indexes.get(name)!, value })),
    )
  return {
    sizeOf: (record) => valuesOf(record).reduce((size, { value }) => size + OVERHEAD + sizeOf(value), 0),
    add(key, record) {
      for (const { index, value } of valuesOf(record)) {
        const keys = index.get(value)
        if (keys === undefined) index.set(copyOf(value), new Set([key]))
        else keys.add(key)
      }
    },
    remove(key, read) {
      if (indexes.size === 0) return
      for (const { index, value } of valuesOf(read())) {
        const keys = index.get(value)
        keys?.delete(key)
        if (keys?.size === 0) index.delete(value)
      }
    },
    keysBy: (name, value) => indexes.get(name)?.get(value) ?? [],
  }
}
