/** Filters for the entries of a journal. */
import type { StoredEntry } from './stored.js'

/** The conditions of a filter; an entry must satisfy all of them. */
export interface JournalFilter {
  readonly endpoint?: string
  readonly client_id?: string
  readonly sub?: string
  /** A status such as `401`, or a class such as `4xx`. */
  readonly status?: string
  readonly flow_id?: string
  /** Event of a remark. */
  readonly event?: string
  /** Name of an applied fault. */
  readonly fault?: string
}

/** Tells whether an entry satisfies a filter. */
export function fitsFilter(entry: StoredEntry, { status, event, fault, ...same }: JournalFilter): boolean {
  return (
    Object.entries(same).every(([name, wanted]) => entry[name as keyof typeof same] === wanted) &&
    (status === undefined || hasStatus(entry, status)) &&
    (event === undefined || entry.events.includes(event)) &&
    (fault === undefined || entry.faults.includes(fault))
  )
}

function hasStatus({ status }: StoredEntry, wanted: string): boolean {
  const text = String(status ?? '')
  return wanted.endsWith('xx') ? text[0] === wanted[0] : text === wanted
}
