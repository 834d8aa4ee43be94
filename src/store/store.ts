/** The store of one issuer: everything that has happened there. It knows no protocol: it keeps records and returns them. */
import type { CollectionName, IndexOf, RecordOf } from './collections.js'

/**
 * Records of one kind. Keys are opaque, records are plain JSON. Each call is one step: no other call sees half of it. The order
 * of lists is not defined.
 */
export interface Collection<R, I extends string = never> {
  /** Keeps the record under the key. Returns the record that it replaces. */
  put(key: string, record: R): Promise<R | undefined>
  /** Keeps the record unless there is one under the key. Returns `true` to one caller only. */
  add(key: string, record: R): Promise<boolean>
  get(key: string): Promise<R | undefined>
  /** Removes and returns the record. Returns it to one caller only. */
  take(key: string): Promise<R | undefined>
  /**
   * Replaces the record by what the function returns for it; undefined removes the record, or leaves it absent. The function is
   * called again if another writer was faster: it must be pure, and its last call counts. If it throws, nothing changes.
   * @returns the record that is kept.
   */
  update(key: string, change: (record: R | undefined) => R | undefined): Promise<R | undefined>
  /** Removes the record if there is one. */
  delete(key: string): Promise<void>
  /** Returns the records that have this value in an index of the table `COLLECTIONS`. */
  listBy(index: I, value: string): Promise<readonly (readonly [key: string, record: R])[]>
  /** Returns every record of a small collection. Only for administration: the protocol looks records up by key or index. */
  list(): Promise<readonly (readonly [key: string, record: R])[]>
  /**
   * Reads one record after the other, and lets other requests run in between. A record that is written meanwhile may be
   * missing. Only for administration and the filter of the pages.
   */
  each(): AsyncIterable<readonly [key: string, record: R]>
  /** Removes every record. */
  clear(): Promise<void>
}

/** The collections of one issuer. */
export type Store = { readonly [K in CollectionName]: Collection<RecordOf<K>, IndexOf<K>> }
