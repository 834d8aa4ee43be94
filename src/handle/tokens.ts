/** Tokens of an issuer, from a test's point of view. */
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** What tokens to make, without a login. */
export interface Mint {
  /** Whose; one that nobody knows becomes a user, as at a login. */
  readonly sub: string
  readonly client_id: string
  /** Separated by spaces. Default: `openid`. */
  readonly scope?: string
  /** The audience; left out, that of any such token. */
  readonly aud?: string | readonly string[]
  /** Over everything that the tokens would say; null leaves a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds; 0 or less makes tokens that have expired. Left out, as configured. */
  readonly expires_in?: number
  /** Which token to make; left out, one of each. */
  readonly kind?: 'access_token' | 'id_token' | 'refresh_token'
}

/** Tokens that work at the endpoints: those of the kind that was asked for. */
export interface MintAnswer {
  readonly access_token?: string
  readonly id_token?: string
  readonly refresh_token?: string
  /** What they are good by: its end is theirs. */
  readonly grant_id: string
  /** What the entries of the journal that belong to them have in common. */
  readonly flow_id: string
}

/** A token that was issued; whose, for whom, and what it says where it is a JWT. */
export interface TokenAnswer {
  readonly token: string
  readonly kind: 'access_token' | 'refresh_token'
  readonly sub: string
  readonly client_id: string
  readonly scope: string
  readonly grant_id: string
  /** Seconds since the epoch, by the issuer's clock. */
  readonly expires_at: number
  readonly expired: boolean
  readonly header?: Readonly<Record<string, unknown>>
  readonly payload?: Readonly<Record<string, unknown>>
}

/** What must be so of a token; all of it. */
export interface TokenFilter {
  readonly sub?: string
  readonly client_id?: string
  readonly kind?: 'access_token' | 'refresh_token'
}

/** Every call throws an `AdminError` if it is refused. */
export interface Tokens {
  /** Makes tokens that work at every endpoint, as if a login had come before. */
  mint(mint: Mint): Promise<MintAnswer>
  /** The access and refresh tokens whose grant goes on. */
  list(filter?: TokenFilter): Promise<readonly TokenAnswer[]>
  /** Revokes a token, or all that fit a filter; with a refresh token its grant ends. Answers with how many. */
  revoke(which: string | TokenFilter): Promise<number>
}

export const createTokens = ({ call }: Caller): Tokens => ({
  mint: (mint) => call('POST', PATHS.admin_tokens, { body: mint }),
  list: async (query = {}) => (await call<{ tokens: TokenAnswer[] }>('GET', PATHS.admin_tokens, { query })).tokens,
  revoke: async (which) => {
    const body = typeof which === 'string' ? { token: which } : which
    return (await call<{ revoked: number }>('POST', PATHS.admin_tokens_revoke, { body })).revoked
  },
})
