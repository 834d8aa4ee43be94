/** Errors that a call of a handle can throw. */
import type { JournalEntry } from '../journal/entry.js'

/** The provider refused a call and changed nothing, or it could not be reached. */
export class AdminError extends Error {
  override readonly name = 'AdminError'
  /** HTTP status of the response; 0 without a response. */
  readonly status: number
  /** Error code, such as `invalid_request` or `not_found`; `unreachable` without a response of the admin API. */
  readonly error: string
  /** The value found, the value expected, and how to correct it. */
  readonly error_description: string

  /** @param operation method and URL of the call, for the message. */
  constructor(operation: string, status: number, error: string, error_description: string) {
    super(`${operation}: ${error_description}`)
    this.status = status
    this.error = error
    this.error_description = error_description
  }
}

/** The journal had no matching entry within the time limit. */
export class JournalTimeoutError extends Error {
  override readonly name = 'JournalTimeoutError'
  /** The newest entries of the journal, oldest first. */
  readonly entries: readonly JournalEntry[]

  constructor(message: string, entries: readonly JournalEntry[]) {
    super(message)
    this.entries = entries
  }
}
