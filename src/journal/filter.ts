/** Filters for the entries of a journal. */
import type { RecordedEntry } from './entry.js'

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
export function fitsFilter(entry: RecordedEntry, { status, event, fault, ...same }: JournalFilter): boolean {
  return (
    Object.entries(same).every(([name, wanted]) => entry[name as keyof typeof same] === wanted) &&
    (status === undefined || hasStatus(entry, status)) &&
    (event === undefined || entry.remarks.some((remark) => remark.event === event)) &&
    (fault === undefined || entry.faults.some((applied) => applied.fault === fault))
  )
}

function hasStatus({ response }: RecordedEntry, wanted: string): boolean {
  const status = String(response?.status ?? '')
  return wanted.endsWith('xx') ? status[0] === wanted[0] : status === wanted
}
