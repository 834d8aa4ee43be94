/** Tokens of an issuer, from a test's point of view. */
import { PATHS } from '../endpoints/paths.js'
import type { Caller } from './call.js'

export type TokenKind = 'access_token' | 'id_token' | 'refresh_token'

/** What tokens to make, without a login. */
export interface Mint {
  /** Whose; one that nobody knows is made, as by a login. */
  readonly sub: string
  readonly client_id: string
  readonly scope?: string
  readonly aud?: string | readonly string[]
  /** Over everything that the token would say. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds; 0 or less makes tokens that have expired. */
  readonly expires_in?: number
  /** Which token to make; left out, those that a login makes. */
  readonly kind?: TokenKind
}

/** A token that works at the endpoints. */
export interface TokenAnswer {
  readonly kind: TokenKind
  readonly token: string
  readonly sub: string
  readonly client_id: string
  readonly scope: string
  /** Seconds since the epoch. */
  readonly expires_at: number
  readonly grant_id: string
  readonly flow_id?: string
}

/** What must be so of a token; all of it. */
export interface TokenFilter {
  readonly sub?: string
  readonly client_id?: string
  readonly kind?: TokenKind
}

/** Every call throws an `AdminError` if it is refused. */
export interface Tokens {
  /** Makes tokens that work at every endpoint, as if a login had come before. */
  mint(mint: Mint): Promise<TokenAnswer>
  /** The access and refresh tokens that work now. */
  list(filter?: TokenFilter): Promise<readonly TokenAnswer[]>
  /** Revokes a token, or all that fit the filter. Answers with how many. */
  revoke(token: string | TokenFilter): Promise<number>
}

export const createTokens = ({ call }: Caller): Tokens => ({
  mint: (mint) => call('POST', PATHS.admin_tokens, { body: mint }),
  list: async (filter) => (await call<{ tokens: TokenAnswer[] }>('GET', PATHS.admin_tokens, { query: filter })).tokens,
  revoke: async (token) => {
    const body = typeof token === 'string' ? { token } : token
    return (await call<{ revoked: number }>('POST', PATHS.admin_tokens_revoke, { body })).revoked
  },
})
