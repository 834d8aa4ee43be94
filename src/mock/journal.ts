/** What the provider decided that nobody could see from its answers: the last of it, for each issuer. */

/** What an entry is about. */
export type JournalEvent = 'would_be_refused' | 'backchannel_logout' | 'keys_rotated'

export interface JournalEntry {
  /** Counts from 1 at each issuer. */
  readonly id: number
  /** Seconds since the epoch. */
  readonly at: number
  readonly event: JournalEvent
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

export interface Journal {
  /** Keeps an entry; true if no other that is kept says the same. */
  record(at: number, event: JournalEvent, message: string, details: JournalEntry['details']): boolean
  /** The entries that are kept, oldest first. */
  list(): readonly JournalEntry[]
}

/** How many entries are kept; the oldest go. */
export const MOST_ENTRIES = 1000

export function createJournal(): Journal {
  let entries: JournalEntry[] = []
  let count = 0
  return {
    record(at, event, message, details) {
      const known = entries.some((entry) => entry.event === event && entry.message === message)
      count += 1
      entries = [...entries, { id: count, at, event, message, details }].slice(-MOST_ENTRIES)
      return !known
    },
    list: () => entries,
  }
}
