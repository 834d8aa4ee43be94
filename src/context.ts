/** The context of one request: everything that it may read and change, for one issuer. */
import type { Snapshot } from './config/snapshot.js'
import type { Exchange, Facts } from './faults/rules.js'
import type { MovableClock } from './issuer/clock.js'
import type { FaultState } from './issuer/faults.js'
import type { Keys } from './issuer/keys.js'
import type { JournalEvent, Remark } from './journal/entry.js'
import type { Journal } from './journal/journal.js'
import type { Outbound } from './outbound.js'
import type { PageFrame } from './pages/render.js'
import type { Store } from './store/store.js'

/** Remote address of requests that the provider sends to itself; no socket has it. */
export const IN_PROCESS = 'in-process'

/** The log of a request. Its lines have the issuer, endpoint, client_id and flow_id of the request, as far as known. */
export type RequestLog = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (details: object, message: string) => void>
>

export interface Context {
  /** Issuer identifier, the value of `iss` (OpenID Connect Core §2). */
  readonly issuer: string
  /** URL for browsers, without a trailing slash; paths of the route table follow it. */
  readonly public_url: string
  /** URL for back ends, without a trailing slash. */
  readonly internal_url: string
  /** URL of the process as this request used it, with the base path, without the isolated issuer. */
  readonly request_url: string
  /** Path before the paths of the route table, as browsers see it: empty, or begins with a slash. */
  readonly base_path: string
  /** The part of `base_path` that names the issuer: empty, or `/issuers/{name}`. */
  readonly own_path: string
  /** Configuration in force when the request began. */
  readonly snapshot: Snapshot
  /** Records of this issuer. One request reads a user, client, grant or access token once. */
  readonly store: Store
  readonly clock: MovableClock
  /** The time of this request in seconds since the epoch: one request sees one time. */
  readonly now: number
  readonly faults: FaultState
  readonly journal: Journal
  /** Requests to clients, with the settings of the snapshot. */
  readonly outbound: Outbound
  /** Describes the frame around the page that this request gets. */
  frame(): PageFrame
  readonly log: RequestLog
  /** Facts about this request for fault rules and the journal. The protocol does not read them. */
  readonly exchange: Exchange & { readonly remarks: Remark[] }
  /** Adds facts about this request, for fault rules and the journal. */
  addFacts(facts: Partial<Facts> & { readonly flow_id?: string | undefined }): void
  readonly keys: Keys
  /** Adds a remark to the journal entry. Also logs it, unless it is a decision or the same message was logged before. */
  remark(event: JournalEvent, message: string, details?: Readonly<Record<string, unknown>>): void
}
