/** Mints, lists and revokes the tokens of an issuer. */
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** Content of tokens to issue without a login. */
export interface Mint {
  /** Subject of the tokens. An unknown subject creates a user. */
  readonly sub: string
  /** Client of the tokens. */
  readonly client_id: string
  /** Scope, separated by spaces. Default: `openid`. */
  readonly scope?: string
  /** Audience. Absent: the audience of a token of that kind. */
  readonly aud?: string | readonly string[]
  /** Claims that replace claims of the tokens; null removes a claim. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Lifetime in seconds; with 0 or less the tokens have already expired. Absent: the configured lifetime. */
  readonly expires_in?: number
  /** Kind of token. Absent: one token of each kind. */
  readonly kind?: 'access_token' | 'id_token' | 'refresh_token'
}

/** The minted tokens. Endpoints accept them like tokens of a login. */
export interface MintAnswer {
  readonly access_token?: string
  readonly id_token?: string
  readonly refresh_token?: string
  /** Grant of the tokens. They end with it. */
  readonly grant_id: string
  /** Identifier of the flow in journal entries. */
  readonly flow_id: string
}

/** An issued token with its grant. A JWT also has its decoded header and payload. */
export interface TokenAnswer {
  readonly token: string
  readonly kind: 'access_token' | 'refresh_token'
  readonly sub: string
  readonly client_id: string
  readonly scope: string
  readonly grant_id: string
  /** Expiry by the issuer's clock, in seconds since the epoch. */
  readonly expires_at: number
  readonly expired: boolean
  readonly header?: Readonly<Record<string, unknown>>
  readonly payload?: Readonly<Record<string, unknown>>
}

/** Conditions on a token. A token matches if all of them hold. */
export interface TokenFilter {
  readonly sub?: string
  readonly client_id?: string
  readonly kind?: 'access_token' | 'refresh_token'
}

/** A refused call throws an `AdminError`. */
export interface Tokens {
  /** Issues tokens without a login. Every endpoint accepts them like tokens of a login. */
  mint(mint: Mint): Promise<MintAnswer>
  /** Lists access and refresh tokens whose grant has not ended. */
  list(filter?: TokenFilter): Promise<readonly TokenAnswer[]>
  /** Revokes one token, or all that match a filter. A refresh token ends its grant. Returns the number of revoked tokens. */
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
