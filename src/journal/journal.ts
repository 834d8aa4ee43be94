/** What happened at one issuer, exchange by exchange, and what was decided that nobody could see from the answers: the last of it. */

import type { AppliedFault, Facts } from '../faults/rules.js'
import { type Budget, sizeOf, unlimited } from '../store/budget.js'
import type { DecodedToken } from './decoded_token.js'

/** What a remark is about. */
export type JournalEvent = (typeof JOURNAL_EVENTS)[number]
export const JOURNAL_EVENTS = [
  'decision',
  'would_be_refused',
  'scope_ignored',
  'backchannel_logout',
  'keys_rotated',
  'keys_changed',
  'clock_moved',
] as const

/** What was decided, and why. */
export interface Remark {
  readonly event: JournalEvent
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

interface Message {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body?: unknown
  /** How many characters the body has, where it was cut. */
  readonly body_cut?: number
}

export interface JournalRequest extends Message {
  readonly method: string
  /** The path with its query; of a call that the provider made, the whole URL. */
  readonly url: string
}

export interface JournalResponse extends Message {
  readonly status: number
}

export interface JournalEntry extends Partial<Omit<Facts, 'issuer'>> {
  /** Counts from 1 at each issuer. */
  readonly id: number
  /** Seconds since the epoch, by the issuer's clock. */
  readonly at: number
  /** How long it took, in real milliseconds. */
  readonly ms?: number
  /** The same from the authorization request to the last refresh and the logout. */
  readonly flow_id?: string
  /** Left out where nobody asked, such as for keys that rotate by the clock. */
  readonly request?: JournalRequest
  /** Left out where a fault kept it back. */
  readonly response?: JournalResponse
  /** Of a refusal, wherever it went. */
  readonly error?: string
  readonly error_description?: string
  readonly tokens: readonly DecodedToken[]
  readonly remarks: readonly Remark[]
  readonly faults: readonly AppliedFault[]
}

export interface Journal {
  /** Keeps an entry, and gives it its id. */
  add(entry: Omit<JournalEntry, 'id'>): JournalEntry
  /** Keeps a remark that belongs to no exchange. */
  record(at: number, event: JournalEvent, message: string, details: Remark['details']): void
  /** Whether no remark before said the same. */
  isNews(remark: Pick<Remark, 'event' | 'message'>): boolean
  /** The entries that are kept, oldest first. */
  list(): readonly JournalEntry[]
  /** The id of the newest entry that there ever was; 0 before the first. */
  lastId(): number
  /** Calls back with each entry from now on, until what it returns is called. Undefined where too many listen already. */
  follow(listener: (entry: JournalEntry) => void): (() => void) | undefined
  clear(): void
}

/** How much is kept; the oldest go. */
export interface JournalBounds {
  readonly max_entries: number
  /** Characters of JSON. */
  readonly max_size: number
}

/** So many remarks are known again. */
const MOST_REMARKS = 1000
/** So many can wait for entries at a time. */
export const MOST_LISTENERS = 1000

/** @param budget that the entries are charged to. */
export function createJournal(bounds: () => JournalBounds, budget: Budget = unlimited()): Journal {
  const entries = new Map<number, { readonly entry: JournalEntry; readonly size: number; readonly bytes: number }>()
  const said = new Set<string>()
  const listeners = new Set<(entry: JournalEntry) => void>()
  let count = 0
  // As a list in JSON: its brackets, and a comma or bracket for each entry.
  let size = 1
  const removeOldest = () => {
    const [oldest] = entries
    if (oldest === undefined) return false
    const [id, entry] = oldest
    entries.delete(id)
    size -= entry.size
    budget.release(entry.bytes)
    return true
  }
  const clear = () => {
    said.clear()
    while (removeOldest());
  }
  budget.register({ removeOldest, clear })
  /** Keeps the entry unless no memory is left. */
  const keep = (entry: JournalEntry, text: string) => {
    const bytes = sizeOf(text)
    try {
      budget.charge(bytes)
    } catch {
      return
    }
    const { max_entries, max_size } = bounds()
    entries.set(entry.id, { entry, size: text.length + 1, bytes })
    size += text.length + 1
    while (entries.size > max_entries || (size > max_size && entries.size > 0)) removeOldest()
  }
  const add = (fields: Omit<JournalEntry, 'id'>): JournalEntry => {
    const { max_size } = bounds()
    count += 1
    const whole = { id: count, ...fields }
    const text = JSON.stringify(whole)
    const kept = text.length + 1 < max_size ? text : JSON.stringify(shorten(whole))
    // Read again, since a piece of a text would keep alive the whole of it, however large a body it was cut from.
    const entry = JSON.parse(kept) as JournalEntry
    keep(entry, kept)
    for (const listener of listeners) listener(entry)
    return entry
  }
  return {
    add,
    record: (at, event, message, details) =>
      void add({ at, tokens: [], faults: [], remarks: [{ event, message, details }] }),
    isNews({ event, message }) {
      const text = `${event} ${message}`
      const news = !said.has(text)
      said.add(text)
      const [oldest] = said
      if (said.size > MOST_REMARKS) said.delete(oldest!)
      return news
    },
    list: () => [...entries.values()].map(({ entry }) => entry),
    lastId: () => count,
    follow(listener) {
      if (listeners.size >= MOST_LISTENERS) return undefined
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    clear,
  }
}

/** What is left of an entry that would fill the journal alone: who asked for what, and what came of it. */
function shorten({ request, response, ...entry }: JournalEntry): JournalEntry {
  return {
    ...entry,
    ...(request && { request: { method: request.method, url: request.url.slice(0, 1000), headers: {} } }),
    ...(response && { response: { status: response.status, headers: {} } }),
    tokens: [],
    remarks: entry.remarks.map(({ event, message }) => ({ event, message, details: {} })),
  }
}
