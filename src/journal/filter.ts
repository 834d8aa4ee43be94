/** Which entries of a journal somebody asks for. */
import type { JournalEntry } from './journal.js'

/** What is given has to fit, all of it. */
export interface JournalFilter {
  readonly endpoint?: string
  readonly client_id?: string
  readonly sub?: string
  /** A status such as `401`, or a kind of it such as `4xx`. */
  readonly status?: string
  readonly flow_id?: string
  /** That of a remark. */
  readonly event?: string
  /** That of a fault that happened. */
  readonly fault?: string
}

export function fitsFilter(entry: JournalEntry, { status, event, fault, ...same }: JournalFilter): boolean {
  return (
    Object.entries(same).every(([name, wanted]) => entry[name as keyof typeof same] === wanted) &&
    (status === undefined || hasStatus(entry, status)) &&
    (event === undefined || entry.remarks.some((remark) => remark.event === event)) &&
    (fault === undefined || entry.faults.some((applied) => applied.fault === fault))
  )
}

function hasStatus({ response }: JournalEntry, wanted: string): boolean {
  const status = String(response?.status ?? '')
  return wanted.endsWith('xx') ? status[0] === wanted[0] : status === wanted
}
