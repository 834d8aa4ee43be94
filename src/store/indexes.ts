/** Secondary indexes of a collection in memory: from a value of a record to the keys of its records. */
import { copyOf, sizeOf } from './budget.js'
import type { CollectionRow } from './collections.js'
import type { StoredRecord } from './records.js'

type Columns = NonNullable<CollectionRow<StoredRecord, string>['indexes']>

/** A value of a record and the index that finds the record by it. */
interface IndexValue {
  readonly index: Map<string, Set<string>>
  readonly value: string
}

interface Indexes {
  valuesOf(record: StoredRecord): readonly IndexValue[]
  add(key: string, values: readonly IndexValue[]): void
  /** Removes the entries of a record that is read only if there are indexes. */
  remove(key: string, read: () => StoredRecord): void
  keysBy(index: string, value: string): Iterable<string>
}

/** Bytes of an entry besides its value: a set of one key in a map. Measured with `process.memoryUsage()`. */
const OVERHEAD = 240

/** Returns the bytes that the entries of a record take. */
export const sizeOfValues = (values: readonly IndexValue[]): number =>
  values.reduce((size, { value }) => size + OVERHEAD + sizeOf(value), 0)

export function createIndexes(columns: Columns): Indexes {
  const indexes = new Map(Object.keys(columns).map((name) => [name, new Map<string, Set<string>>()]))
  const valuesOf = (record: StoredRecord): IndexValue[] =>
    Object.entries(columns).flatMap(([name, column]) =>
      column(record).map((value) => ({ index: indexes.get(name)!, value })),
    )
  return {
    valuesOf,
    add(key, values) {
      for (const { index, value } of values) {
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
