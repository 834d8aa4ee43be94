/** What the provider decided that nobody could see from its answers: the last of it, for each issuer. */

/** What an entry is about. */
export type JournalEvent = (typeof JOURNAL_EVENTS)[number]
export const JOURNAL_EVENTS = ['would_be_refused', 'scope_ignored', 'backchannel_logout', 'keys_rotated'] as const

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
  const entries = new Map<number, JournalEntry>()
  /** How many of the entries say the same. */
  const said = new Map<string, number>()
  let count = 0
  const add = (entry: JournalEntry) => {
    const before = said.get(textOf(entry)) ?? 0
    entries.set(entry.id, entry)
    said.set(textOf(entry), before + 1)
    return before
  }
  const remove = (entry: JournalEntry) => {
    const before = said.get(textOf(entry))!
    entries.delete(entry.id)
    if (before === 1) said.delete(textOf(entry))
    else said.set(textOf(entry), before - 1)
  }
  return {
    record(at, event, message, details) {
      count += 1
      const before = add({ id: count, at, event, message, details })
      const oldest = entries.get(count - MOST_ENTRIES)
      if (oldest !== undefined) remove(oldest)
      return before === 0
    },
    list: () => [...entries.values()],
  }
}

const textOf = ({ event, message }: JournalEntry) => `${event} ${message}`
