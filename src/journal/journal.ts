/** The journal of one issuer: its last exchanges, bounded in number and size. */
import type { Budget } from '../store/budget.js'
import type { JournalEvent, NewEntry, RecordedEntry, Remark } from './entry.js'
import { bytesOf, lengthOf, type StoredEntry, storeEntry } from './stored.js'

/** Asynchronous, so that a journal can be shared by several processes. */
export interface Journal {
  /** Records an entry and gives it its id. */
  add(entry: NewEntry): Promise<StoredEntry>
  /** Records a remark that belongs to no exchange. */
  record(at: number, event: JournalEvent, message: string, details: Remark['details']): Promise<void>
  /** Tells whether no earlier remark had the same event and message. */
  isNews(remark: Pick<Remark, 'event' | 'message'>): Promise<boolean>
  /** Lists the entries with a greater id, oldest first, up to a number. */
  list(after?: number, most?: number): Promise<readonly StoredEntry[]>
  /** Returns the entry if it is still kept. */
  find(id: number): Promise<StoredEntry | undefined>
  /** Returns the id of the newest entry ever recorded; 0 before the first. */
  lastId(): Promise<number>
  /** Calls back with each new entry until the returned function is called. Undefined if too many listeners follow. */
  follow(listener: (entry: StoredEntry) => void): (() => void) | undefined
  clear(): Promise<void>
}

/** Bounds of a journal; the oldest entries are removed. */
export interface JournalBounds {
  readonly max_entries: number
  /** Characters of all entries. */
  readonly max_size: number
}

/** An entry with its characters and its bytes. */
interface Kept {
  readonly entry: StoredEntry
  readonly length: number
  readonly bytes: number
}

/** Number of remarks that are recognized. */
const MOST_REMARKS = 1000
/** Bytes of a recognized remark: its text, and its place in the set. */
const bytesOfRemark = (text: string) => 100 + 2 * text.length
/** Largest number of listeners. */
export const MOST_LISTENERS = 1000

/** Creates a journal in memory, whose entries take room of the budget. */
export function createJournal(bounds: () => JournalBounds, budget: Budget): Journal {
  const entries = new Map<number, Kept>()
  const remarked = new Set<string>()
  const listeners = new Set<(entry: StoredEntry) => void>()
  let count = 0
  let length = 0
  const forgetOldest = (): boolean => {
    const [oldest] = remarked
    if (oldest === undefined) return false
    remarked.delete(oldest)
    budget.release(bytesOfRemark(oldest))
    return true
  }
  const removeOldest = (): boolean => {
    const [oldest] = entries
    if (oldest === undefined) return forgetOldest()
    const [id, kept] = oldest
    entries.delete(id)
    length -= kept.length
    budget.release(kept.bytes)
    return true
  }
  const clear = () => {
    while (removeOldest());
  }
  budget.register({ removeOldest, clear })
  const add = (fields: NewEntry): StoredEntry => {
    const { max_entries, max_size } = bounds()
    count += 1
    const whole = storeEntry({ id: count, ...fields })
    const entry = lengthOf(whole) <= max_size ? whole : storeEntry(shorten({ id: count, ...fields }))
    const own = { entry, length: lengthOf(entry), bytes: bytesOf(entry) }
    if (own.length <= max_size && takes(budget, own.bytes)) {
      entries.set(count, own)
      length += own.length
    }
    while (entries.size > max_entries || length > max_size) removeOldest()
    for (const listener of listeners) listener(entry)
    return entry
  }
  return {
    add: async (entry) => add(entry),
    record: async (at, event, message, details) =>
      void add({ at, faults: [], remarks: [{ event, message, details }], tokens: [] }),
    async isNews({ event, message }) {
      const text = `${event} ${message}`
      if (remarked.has(text)) return false
      if (takes(budget, bytesOfRemark(text))) remarked.add(text)
      if (remarked.size > MOST_REMARKS) forgetOldest()
      return true
    },
    async list(after = 0, most = Number.POSITIVE_INFINITY) {
      const [oldest = count + 1] = entries.keys()
      const found: StoredEntry[] = []
      for (let id = Math.max(oldest, after + 1); id <= count && found.length < most; id += 1) {
        const kept = entries.get(id)
        if (kept !== undefined) found.push(kept.entry)
      }
      return found
    },
    find: async (id) => entries.get(id)?.entry,
    lastId: async () => count,
    follow(listener) {
      if (listeners.size >= MOST_LISTENERS) return undefined
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    clear: async () => clear(),
  }
}

/** Tells whether the budget has room. An entry without room is not kept: a journal must not fail a request. */
function takes(budget: Budget, size: number): boolean {
  try {
    budget.charge(size)
    return true
  } catch {
    return false
  }
}

/** Reduces an entry that would fill the journal alone to its outline. */
function shorten({ request, response, ...entry }: RecordedEntry): RecordedEntry {
  return {
    ...entry,
    ...(request && { request: { method: request.method, url: request.url.slice(0, 1000), headers: {} } }),
    ...(response && { response: { status: response.status, headers: {} } }),
    tokens: [],
    remarks: entry.remarks.map(({ event, message }) => ({ event, message, details: {} })),
  }
}
