/** The records of logins of the built-in relying party. */
import type { StoredRecord } from './records.js'

/** A check of the built-in relying party. */
export interface Check {
  readonly name: string
  readonly passed: boolean
  readonly text: string
}

/** A login of the built-in relying party. */
export interface SelfLogin extends StoredRecord {
  readonly client_id: string
  readonly redirect_uri: string
  readonly response_type: string
  readonly scope: string
  readonly state: string
  readonly nonce: string
  readonly code_verifier: string
  /** Set when the login has completed. */
  readonly outcome?: SelfLoginOutcome
}

export interface SelfLoginOutcome {
  /** The subject that the ID token names, or else userinfo; absent if neither does. */
  readonly sub?: string
  readonly checks: readonly { readonly heading: string; readonly checks: readonly Check[] }[]
  readonly documents: readonly { readonly heading: string; readonly claims: Readonly<Record<string, unknown>> }[]
  /** Whether the clock of the issuer differs from the real time. */
  readonly other_time: boolean
  readonly id_token?: string
}
