/** The entries of a journal: as they are recorded, with raw texts, and as they are read, decoded. */
import type { AppliedFault, Facts } from '../faults/rules.js'
import type { DecodedToken } from './decoded_token.js'

/** Subject of a remark. */
export type JournalEvent = (typeof JOURNAL_EVENTS)[number]
export const JOURNAL_EVENTS = [
  'decision',
  'would_be_refused',
  'scope_ignored',
  'claim_ignored',
  'document_unusable',
  'backchannel_logout',
  'keys_rotated',
  'keys_changed',
  'clock_moved',
] as const

/** A decision and its reason. */
export interface Remark {
  readonly event: JournalEvent
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

interface Message {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body?: unknown
  /** Number of characters of a body that was cut. */
  readonly body_cut?: number
}

export interface JournalRequest extends Message {
  readonly method: string
  /** The path with its query; the whole URL of a call by the provider. */
  readonly url: string
}

export interface JournalResponse extends Message {
  readonly status: number
}

/** Members that an entry has both when it is recorded and when it is read. */
interface Summary extends Partial<Omit<Facts, 'issuer'>> {
  /** Counts from 1 at each issuer. */
  readonly id: number
  /** Seconds since the epoch, by the issuer's clock. */
  readonly at: number
  /** Duration in real milliseconds. */
  readonly ms?: number
  /** Identifier shared by all entries of a login, from the authorization request to the last refresh and the logout. */
  readonly flow_id?: string
  readonly remarks: readonly Remark[]
  readonly faults: readonly AppliedFault[]
}

/** An entry as it is read. */
export interface JournalEntry extends Summary {
  /** Absent if the entry is about no request, such as a periodic key rotation. */
  readonly request?: JournalRequest
  /** Absent if a fault suppressed it. */
  readonly response?: JournalResponse
  /** Error code of a refusal, in JSON, a redirect or a page. */
  readonly error?: string
  readonly error_description?: string
  readonly tokens: readonly DecodedToken[]
}

/** A message whose body is the raw text, decoded when the entry is read. A body that was cut is recorded as a value. */
type Recorded<M extends Message> = M & { readonly text?: string }

/** An entry as it is recorded. */
export interface RecordedEntry extends Summary {
  readonly request?: Recorded<JournalRequest>
  readonly response?: Recorded<JournalResponse>
  /** Error of a redirect or a page, whose text does not have it in JSON. */
  readonly refusal?: Readonly<Record<string, string>>
  /** Tokens of a body that was cut; absent, they are found in the texts. */
  readonly tokens?: readonly DecodedToken[]
  /** Largest number of characters of a token that is decoded. */
  readonly max_token?: number
}

/** An entry before the journal has given it its id. */
export type NewEntry = Omit<RecordedEntry, 'id'>
