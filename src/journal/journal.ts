/** The journal of one issuer: its last exchanges, recorded as raw texts and bounded in number and size. */
import type { Budget } from '../store/budget.js'
import type { JournalEvent, NewEntry, RecordedEntry, Remark } from './entry.js'

/** Asynchronous, so that a journal can be shared by several processes. */
export interface Journal {
  /** Records an entry and gives it its id. */
  add(entry: NewEntry): Promise<RecordedEntry>
  /** Records a remark that belongs to no exchange. */
  record(at: number, event: JournalEvent, message: string, details: Remark['details']): Promise<void>
  /** Tells whether no earlier remark had the same event and message. */
  isNews(remark: Pick<Remark, 'event' | 'message'>): Promise<boolean>
  /** Lists the entries with a greater id, oldest first. */
  list(after?: number): Promise<readonly RecordedEntry[]>
  /** Returns the id of the newest entry ever recorded; 0 before the first. */
  lastId(): Promise<number>
  /** Calls back with each new entry until the returned function is called. Undefined if too many listeners follow. */
  follow(listener: (entry: RecordedEntry) => void): (() => void) | undefined
  clear(): Promise<void>
}

/** Bounds of a journal; the oldest entries are removed. */
export interface JournalBounds {
  readonly max_entries: number
  /** Characters of all entries. */
  readonly max_size: number
}

/** Number of remarks that are recognized. */
const MOST_REMARKS = 1000
/** Largest number of listeners. */
export const MOST_LISTENERS = 1000

/** Creates a journal in memory, whose entries take room of the budget. */
export function createJournal(bounds: () => JournalBounds, budget: Budget): Journal {
  const entries = new Map<number, { readonly entry: RecordedEntry; readonly size: number }>()
  const remarked = new Set<string>()
  const listeners = new Set<(entry: RecordedEntry) => void>()
  let count = 0
  let size = 0
  const removeOldest = (): boolean => {
    const [oldest] = entries
    if (oldest === undefined) return false
    const [id, kept] = oldest
    entries.delete(id)
    size -= kept.size
    budget.release(kept.size)
    return true
  }
  const clear = () => {
    while (removeOldest());
    remarked.clear()
  }
  budget.register({ removeOldest, clear })
  const add = (fields: NewEntry): RecordedEntry => {
    const { max_entries, max_size } = bounds()
    count += 1
    const whole = { id: count, ...fields }
    const entry = sizeOf(whole) <= max_size ? whole : shorten(whole)
    const own = sizeOf(entry)
    if (own <= max_size && takes(budget, own)) {
      entries.set(count, { entry, size: own })
      size += own
    }
    while (entries.size > max_entries || size > max_size) removeOldest()
    for (const listener of listeners) listener(entry)
    return entry
  }
  return {
    add: async (entry) => add(entry),
    record: async (at, event, message, details) =>
      void add({ at, faults: [], remarks: [{ event, message, details }], tokens: [] }),
    async isNews({ event, message }) {
      const text = `${event} ${message}`
      const news = !remarked.has(text)
      remarked.add(text)
      const [oldest] = remarked
      if (remarked.size > MOST_REMARKS) remarked.delete(oldest!)
      return news
    },
    list: async (after = 0) => {
      const [oldest = count + 1] = entries.keys()
      const first = Math.max(oldest, after + 1)
      const ids = Array.from({ length: Math.max(0, count + 1 - first) }, (_, index) => first + index)
      return ids.flatMap((id) => entries.get(id)?.entry ?? [])
    },
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

/** Memory of an entry besides its texts: objects, numbers and names. */
const OVERHEAD = 500

/** Estimates the characters of an entry: its texts, and the decoded form that readers receive of them. */
function sizeOf({ request, response, tokens, ...about }: RecordedEntry): number {
  const messages = [request, response].map((message) => {
    if (message === undefined) return 0
    const { headers, text = '', body = '' } = message
    return 2 * text.length + JSON.stringify(headers).length + JSON.stringify(body).length
  })
  const rest = JSON.stringify(about).length + (tokens === undefined ? 0 : JSON.stringify(tokens).length)
  return OVERHEAD + 2 * (request?.url.length ?? 0) + rest + messages[0]! + messages[1]!
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
