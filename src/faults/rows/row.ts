/** The columns of the fault catalogue. */
import type { Fault } from '../../generated/types.js'
import { type EndpointName, ROUTES } from '../../routes.js'

/** Parameters of a rule: its members apart from the fault, the match, the frequency and the header. */
export type FaultParameter = Exclude<
  keyof Fault,
  'fault' | 'match' | 'times' | 'after' | 'every' | 'probability' | 'seed' | 'announce'
>

export type FaultEndpoint = EndpointName

/** Categories of required reactions of the relying party, or of the resource server for an access token. */
export const SEVERITIES = {
  must_reject: 'Refuse the response or the token. A relying party that accepts it is vulnerable.',
  must_fail: 'End the attempt with a clear message: it cannot succeed.',
  must_recover: 'Fetch, refresh, poll or log in again, which succeeds.',
  must_cope: 'React in any orderly way, without a crash or an endless wait.',
  must_accept: 'Continue as usual: specifications allow the response.',
} as const

export type Severity = keyof typeof SEVERITIES

/** Place in the code where faults act: one file or table in `doors/` for each. */
export type FaultDoor =
  | 'id_token'
  | 'access_token'
  | 'userinfo'
  | 'jarm'
  | 'logout_token'
  | 'signing_keys'
  | 'refresh_token_rotation'
  | 'authorization_request'
  | 'authorization_response'
  | 'post_logout_redirect'
  | 'backchannel_logout'
  | 'http_delay'
  | 'http_response'
  | 'http_members'
  | 'http_body'

/** Columns that a row and the defaults of its group share. */
interface SharedColumns {
  readonly door: FaultDoor
  /**
   * Grant types that the fault can happen with: `every`, or these. Undefined if it happens before or without a grant, so that
   * any `grant_type` can be matched.
   */
  readonly grant_types?: 'every' | readonly string[] | undefined
  /**
   * Condition of the fault: an ID token is issued, the client registered signed userinfo responses or back-channel logout, the
   * response has `iss`, or refresh tokens are rotated.
   */
  readonly requires?: 'openid' | 'signed_userinfo' | 'backchannel_logout' | 'iss' | 'rotation'
  /** Whether the login page offers the fault. */
  readonly offered?: boolean
}

/** One fault, without the columns that its group has for all of its faults. */
export interface Row extends Partial<SharedColumns> {
  /** Behavior of the provider: a sentence. */
  readonly effect: string
  readonly severity: Severity
  /** Required reaction in words. */
  readonly must: string
  readonly takes?: readonly FaultParameter[]
  /** Parameters of `takes` that a rule must have. */
  readonly needs?: readonly FaultParameter[]
}

export type Rows = Readonly<Record<string, Row>>

/** Columns of a group: faults whose names begin with the same word. */
export interface Group extends SharedColumns {
  /** Heading of the group in the documentation and on the login page. */
  readonly section: string
  readonly endpoints: readonly FaultEndpoint[]
  /** Parameters that every fault of the group takes, after its own. */
  readonly also_takes?: readonly FaultParameter[]
}

/** One fault with all columns. */
export type CatalogueEntry = Row & Omit<Group, 'also_takes'>

/** Endpoints at which faults can happen: those of the journal. */
export const FAULT_ENDPOINTS: readonly FaultEndpoint[] = [
  ...new Set(ROUTES.flatMap(({ journal }) => (journal === false ? [] : [journal]))),
]

/** Endpoints that know neither a client nor an end-user. */
export const PUBLIC_ENDPOINTS: readonly FaultEndpoint[] = ['jwks', 'discovery', 'webfinger', 'check_session']

export const REJECT = { severity: 'must_reject', must: 'reject' } as const
export const FAIL = { severity: 'must_fail', must: 'fail with a clear message' } as const
export const COPE = { severity: 'must_cope', must: 'cope' } as const
export const ACCEPT = { severity: 'must_accept', must: 'accept' } as const
