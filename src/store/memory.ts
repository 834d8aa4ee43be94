/** The store in memory: bounded collections in which the least recently used record makes room, lasting records last. */
import { insufficientStorage } from '../errors.js'
import { type Budget, copyOf, sizeOf, unlimited } from './budget.js'
import { COLLECTIONS, type CollectionName, type CollectionRow } from './collections.js'
import { createIndexes, sizeOfValues } from './indexes.js'
import type { StoredRecord } from './records.js'
import type { Collection, Store } from './store.js'

/** Bytes that are read before the event loop runs other requests. */
const PIECE = 512 * 1024

/** Bytes of a record besides its key, its JSON and its indexes. */
const OVERHEAD = 512

type Row = CollectionRow<StoredRecord, string>

/** Whether records make room last. */
type Rank = 'ordinary' | 'lasting'

/** In the order in which they make room. */
const RANKS: readonly Rank[] = ['ordinary', 'lasting']

/** Entries by key; the least recently used entry comes first. */
type Entries = Map<string, Entry>

interface Entry {
  readonly key: string
  /** The entries of the same rank. */
  readonly peers: Entries
  /** JSON: no reader can change the record, and its size is known. */
  readonly text: string
  readonly size: number
  /** Number of the latest use, counted in the whole store. */
  used: number
}

/** A collection and its control of memory. */
interface Bounded {
  readonly verbs: Collection<StoredRecord, string>
  /** Number of the use that is longest ago. */
  oldestUse(rank: Rank): number
  evictOldest(rank: Rank): boolean
  /** Evicts the records that have this value in an index. */
  evictBy(index: string, value: string): void
  removeAll(): void
}

export function createMemoryStore(budget: Budget = unlimited()): Store {
  let uses = 0
  const use = () => {
    uses += 1
    return uses
  }
  const collections = new Map<string, Bounded>()
  for (const name of Object.keys(COLLECTIONS) as CollectionName[]) {
    const row: Row = COLLECTIONS[name] as unknown as Row
    const evicted = (key: string) => {
      for (const [dependant, index] of row.dependants ?? []) collections.get(dependant)!.evictBy(index, key)
    }
    collections.set(name, createCollection(row, { name, budget, use, evicted }))
  }
  const all = [...collections.values()]
  budget.register({
    removeOldest: () =>
      RANKS.some((rank) => all.reduce((a, b) => (b.oldestUse(rank) < a.oldestUse(rank) ? b : a)).evictOldest(rank)),
    clear() {
      for (const { removeAll } of all) removeAll()
    },
  })
  return Object.fromEntries([...collections].map(([name, { verbs }]) => [name, verbs])) as unknown as Store
}

interface Surroundings {
  readonly name: string
  readonly budget: Budget
  /** Counts a use. */
  use(): number
  /** Evicts the dependants of an evicted record. */
  evicted(key: string): void
}

function createCollection(row: Row, { name, budget, use, evicted }: Surroundings): Bounded {
  const ranks: Readonly<Record<Rank, Entries>> = { ordinary: new Map(), lasting: new Map() }
  const indexes = createIndexes(row.indexes ?? {})
  let bytes = 0

  const find = (key: string) => ranks.ordinary.get(key) ?? ranks.lasting.get(key)
  const keys = () => [...ranks.ordinary.keys(), ...ranks.lasting.keys()]
  const count = () => ranks.ordinary.size + ranks.lasting.size
  const read = (key: string): StoredRecord | undefined => {
    const entry = find(key)
    if (entry === undefined) return undefined
    entry.peers.delete(key)
    entry.peers.set(entry.key, entry)
    entry.used = use()
    return JSON.parse(entry.text)
  }
  const remove = (key: string) => {
    const entry = find(key)
    if (entry === undefined) return
    entry.peers.delete(key)
    indexes.remove(key, () => JSON.parse(entry.text))
    bytes -= entry.size
    budget.release(entry.size)
  }
  const evict = (key: string) => {
    remove(key)
    evicted(key)
  }
  const evictOldest = (rank: Rank, except?: string) => {
    const [oldest] = ranks[rank].keys()
    if (oldest === undefined || oldest === except) return false
    evict(oldest)
    return true
  }
  const share = Math.min(row.share ?? budget.share, budget.share)
  const isFull = (count: number, size: number) => count > row.cap || size > share
  const write = (key: string, record: StoredRecord) => {
    const text = JSON.stringify(record)
    const values = indexes.valuesOf(record)
    const size = OVERHEAD + (row.outside ?? 0) + sizeOf(key) + sizeOf(text) + sizeOfValues(values)
    const before = find(key)
    if (row.pinned && isFull(count() + (before === undefined ? 1 : 0), bytes + size - (before?.size ?? 0))) {
      throw insufficientStorage(
        `${name} holds ${count()} records in ${bytes} bytes, expected at most ${row.cap} in ${share}; delete some, or reset ${row.reset} by the admin API`,
      )
    }
    budget.charge(size)
    remove(key)
    const own = copyOf(key)
    const peers = ranks[row.isLasting?.(record) ? 'lasting' : 'ordinary']
    peers.set(own, { key: own, peers, text, size, used: use() })
    indexes.add(own, values)
    bytes += size
    // A new record never makes room for itself: beside lasting records, there is room for the latest ordinary one.
    while (!row.pinned && isFull(count(), bytes)) RANKS.some((rank) => evictOldest(rank, own))
  }
  const list = (keys: Iterable<string>) => [...keys].map((key) => [key, JSON.parse(find(key)!.text)] as const)

  return {
    verbs: {
      async put(key, record) {
        const before = read(key)
        write(key, record)
        return before
      },
      async add(key, record) {
        const free = find(key) === undefined
        if (free) write(key, record)
        return free
      },
      async get(key) {
        return read(key)
      },
      async take(key) {
        const record = read(key)
        remove(key)
        return record
      },
      async update(key, change) {
        const next = change(read(key))
        if (next === undefined) remove(key)
        else write(key, next)
        return next
      },
      async delete(key) {
        remove(key)
      },
      async listBy(index, value) {
        return list(indexes.keysBy(index, value))
      },
      async list() {
        return list(keys())
      },
      async *each() {
        let read = 0
        for (const key of keys()) {
          const entry = find(key)
          if (entry === undefined) continue
          yield [key, JSON.parse(entry.text)]
          read += entry.size
          if (read < PIECE) continue
          read = 0
          await budget.turn()
        }
      },
      async clear() {
        removeAll()
      },
    },
    oldestUse: (rank) => (row.pinned ? undefined : ranks[rank].values().next().value?.used) ?? Number.POSITIVE_INFINITY,
    evictOldest,
    evictBy(index, value) {
      for (const key of [...indexes.keysBy(index, value)]) evict(key)
    },
    removeAll,
  }

  function removeAll() {
    for (const key of keys()) remove(key)
  }
}
