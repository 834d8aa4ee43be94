/** What one request may read and touch. Made once for each request, for one issuer. */
import type { DecryptionKey, SigningKey, Snapshot } from './config/snapshot.js'
import type { Exchange, Facts, Faults } from './faults/rules.js'
import type { MovableClock } from './issuer/clock.js'
import type { KeyStatus, Rotation } from './issuer/keys.js'
import type { Journal, JournalEvent, Remark } from './journal/journal.js'
import type { Store } from './store/store.js'

/** The remote address of requests that the provider makes to itself; no socket has it. */
export const IN_PROCESS = 'in-process'

export interface Context {
  /** The issuer identifier, as it stands in `iss` (OpenID Connect Core §2). */
  readonly issuer: string
  /** What browsers visit, without a trailing slash: the paths of the endpoints follow it. */
  readonly public_url: string
  /** What back ends call, likewise. */
  readonly internal_url: string
  /** The base that the request came by, with any base path, whichever issuer it is for. */
  readonly request_url: string
  /** What stands in front of the endpoints' own paths where a browser sees them; empty, or begins with a slash. */
  readonly base_path: string
  /** What of that belongs to the issuer, whatever a proxy puts in front: empty, or `/issuers/{name}`. */
  readonly own_path: string
  /** What the configuration said when the request began. */
  readonly snapshot: Snapshot
  /** What has happened at this issuer. */
  readonly store: Store
  readonly clock: MovableClock
  /** The time of this request in seconds since the epoch: one request sees one time. */
  readonly now: number
  readonly faults: Faults
  readonly journal: Journal
  /** What this request turns out to be about. Nothing of the protocol reads it: it is for faults and for the journal. */
  readonly exchange: Exchange & { readonly remarks: Remark[] }
  /** Adds facts about this request, for fault rules and the journal. */
  addFacts(facts: Partial<Facts> & { readonly flow_id?: string | undefined }): void
  /** Every signing key of this issuer, published or not. Of several with the same `alg` the first is the one that signs. */
  keys(): Promise<readonly SigningKey[]>
  /** Those of them that the JWKS has. */
  published_keys(): Promise<readonly SigningKey[]>
  /** Where each of them is in its life. */
  tellKeys(): Promise<readonly KeyStatus[]>
  /** Has new signing keys follow; undefined where too many wait for their turn already. */
  rotateKeys(rotation: Rotation): Promise<readonly KeyStatus[] | undefined>
  /** Takes a key out of the JWKS; undefined where there is none with this `kid`. */
  withdrawKey(kid: string): Promise<readonly KeyStatus[] | undefined>
  /** Goes back to the signing keys of the start. */
  resetKeys(): void
  /** Every key of this issuer that clients encrypt to. */
  encryption_keys(): Promise<readonly DecryptionKey[]>
  /** Says what was decided and why, for the journal; and for the log as well, unless it is a decision or was said before. */
  remark(event: JournalEvent, message: string, details?: Readonly<Record<string, unknown>>): void
}
