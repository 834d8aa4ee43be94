/** What one request may read and touch. Made once for each request, for one issuer. */
import type { SigningKey, Snapshot } from './config/snapshot.js'
import type { Clock } from './mock/clock.js'
import type { Store } from './store/store.js'

export interface Context {
  /** The issuer identifier, as it stands in `iss` (OpenID Connect Core §2). */
  readonly issuer: string
  /** The issuer without a trailing slash: what the paths of the endpoints follow. */
  readonly base_url: string
  /** The part of the request's path in front of the endpoints' own: empty, or `/issuers/{name}`. */
  readonly base_path: string
  /** What the configuration said when the request began. */
  readonly snapshot: Snapshot
  /** What has happened at this issuer. */
  readonly store: Store
  readonly clock: Clock
  /** Every signing key of this issuer, in the order of the configuration. */
  keys(): Promise<readonly SigningKey[]>
}
