/** What a call of a handle can end with, besides its answer. */
import type { JournalEntry } from '../journal/entry.js'

/** The provider refused a call, and nothing has changed; or it could not be reached. */
export class AdminError extends Error {
  override readonly name = 'AdminError'
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number
  /** A code, such as `invalid_request` or `not_found`; `unreachable` where there was no answer of the admin API. */
  readonly error: string
  /** What came, what was expected, and what to do. */
  readonly error_description: string

  constructor(about: string, status: number, error: string, error_description: string) {
    super(`${about}: ${error_description}`)
    this.status = status
    this.error = error
    this.error_description = error_description
  }
}

/** Nothing that matches came into the journal in time. */
export class JournalTimeoutError extends Error {
  override readonly name = 'JournalTimeoutError'
  /** The last entries that did come, oldest first. */
  readonly entries: readonly JournalEntry[]

  constructor(message: string, entries: readonly JournalEntry[]) {
    super(message)
    this.entries = entries
  }
}
