/** A view of a store for one request: a record that was read once is not read again. */
import type { Collection, Store } from './store.js'

/** Collections of records that several steps of one request look up by the same key, and that no step uses up. */
const REMEMBERED = ['users', 'clients', 'grants', 'access_tokens'] as const satisfies readonly (keyof Store)[]

/**
 * Returns a store whose `get` and `listBy` remember the records for as long as the view is used. A record that is added counts as
 * read; every other write through the view forgets the record, and every write the lists.
 * A later write of another request is not seen: a decision that only one request may make needs `take`, `add`, `put` or `update`.
 */
export function readOnce(store: Store): Store {
  const views = REMEMBERED.map((name) => [name, remember(store[name] as Collection<unknown, string>)])
  return { ...store, ...Object.fromEntries(views) }
}

function remember<R, I extends string>(collection: Collection<R, I>): Collection<R, I> {
  const read = new Map<string, Promise<R | undefined>>()
  const listed = new Map<string, ReturnType<Collection<R, I>['listBy']>>()
  const forgetAfter = async <T>(key: string, write: Promise<T>): Promise<T> => {
    try {
      return await write
    } finally {
      read.delete(key)
      listed.clear()
    }
  }
  return {
    get: (key) => {
      const record = read.get(key) ?? collection.get(key)
      read.set(key, record)
      return record
    },
    put: (key, record) => forgetAfter(key, collection.put(key, record)),
    add: async (key, record) => {
      const added = await forgetAfter(key, collection.add(key, record))
      if (added) read.set(key, Promise.resolve(record))
      return added
    },
    take: (key) => forgetAfter(key, collection.take(key)),
    delete: (key) => forgetAfter(key, collection.delete(key)),
    update: (key, change) => forgetAfter(key, collection.update(key, change)),
    listBy: (index, value) => {
      const key = `${index} ${value}`
      const records = listed.get(key) ?? collection.listBy(index, value)
      listed.set(key, records)
      return records
    },
    list: () => collection.list(),
    each: () => collection.each(),
    clear: () =>
      collection.clear().finally(() => {
        read.clear()
        listed.clear()
      }),
  }
}
