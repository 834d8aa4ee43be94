/** Tokens without a login, for the admin API: for any user, client and scope, valid or expired, with any claims. */
import type { Context } from '../context.js'
import { type Client, findClient } from '../directory/clients.js'
import { findOrCreateUser, findOrDescribeUser, type User } from '../directory/users.js'
import { invalidRequest, shown } from '../errors.js'
import { createFlowId, createGrant } from '../oauth/grant.js'
import { randomToken } from '../random.js'
import { expiryOf } from '../store/collections.js'
import type { Grant } from '../store/records.js'
import { createAccessToken } from './access_token.js'
import { createIdToken } from './id_token.js'
import { issueRefreshToken, storeRefreshToken } from './refresh_token.js'

export const TOKEN_KINDS = ['access_token', 'id_token', 'refresh_token'] as const
export type TokenKind = (typeof TOKEN_KINDS)[number]

/** The tokens to create. */
export interface MintRequest {
  readonly sub: string
  readonly client_id: string
  readonly scope: string
  readonly aud?: string | readonly string[]
  /** Overrides for the claims of the tokens; null removes a claim. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Lifetime in seconds; zero or less creates an expired token. Default: the configured lifetime. */
  readonly expires_in?: number
  /** Default: one token of each kind. */
  readonly kind?: TokenKind
}

/** The created tokens. */
export interface MintedTokens {
  readonly grant_id: string
  readonly flow_id: string
  readonly access_token?: string
  readonly id_token?: string
  readonly refresh_token?: string
}

/** Creates the tokens and their grant. */
export async function mintTokens(ctx: Context, request: MintRequest): Promise<MintedTokens> {
  const { sub, client_id, scope, expires_in } = request
  const issued_at = findTimeOfIssue(ctx, request)
  const client = await findClient(ctx, client_id)
  if (client === undefined) {
    throw invalidRequest(
      `client_id is ${shown(client_id)}, expected a configured or registered client; add it under clients, or by PUT /admin/clients/{client_id}`,
    )
  }
  const user = await findOrDescribeUser(ctx, sub)
  const flow_id = createFlowId()
  const expires_at = Math.max(expiryOf('grants', ctx), ctx.now + (expires_in ?? 0))
  const login = { sub: user.sub, auth_time: issued_at, sid: randomToken() }
  const granted = await createGrant(ctx, { ...login, client_id, scope, flow_id, expires_at })
  ctx.addFacts({ sub, client_id, scope, flow_id })
  try {
    const tokens = await createTokens(ctx, { request, issued_at, client, user, ...granted })
    await findOrCreateUser(ctx, sub)
    return { grant_id: granted.grant_id, flow_id, ...tokens }
  } catch (error) {
    // A refused request, such as one whose ID token cannot be encrypted, leaves no token and no user behind.
    await ctx.store.grants.delete(granted.grant_id)
    throw error
  }
}

/**
 * Returns the time of issue: now, or for expired tokens the time at which a token of the usual lifetime was issued, from 1970 on.
 * It is never after `exp`.
 */
function findTimeOfIssue({ now, snapshot }: Context, { expires_in = 1, claims = {} }: MintRequest): number {
  const exp = typeof claims.exp === 'number' ? claims.exp : now + expires_in
  return exp > now ? now : Math.min(exp, Math.max(0, exp - snapshot.lifetimes.access_token))
}

interface Minting {
  readonly request: MintRequest
  readonly issued_at: number
  readonly client: Client
  readonly user: User
  readonly grant_id: string
  readonly grant: Grant
}

async function createTokens(
  ctx: Context,
  { request, issued_at, client, user, grant_id, grant }: Minting,
): Promise<Omit<MintedTokens, 'grant_id' | 'flow_id'>> {
  const { scope, aud, expires_in, kind } = request
  const isRequested = (one: TokenKind) => (kind ?? one) === one
  const claims = Object.entries({ ...(aud !== undefined && { aud }), ...request.claims })
  const overrides = {
    expires_in,
    issued_at,
    claims: Object.fromEntries(claims.map(([name, value]) => [name, value ?? undefined])),
  }
  const access_token = isRequested('access_token')
    ? await createAccessToken(ctx, { client, grant_id, grant, user, scope, overrides })
    : undefined
  const id_token = isRequested('id_token')
    ? await createIdToken(ctx, { client, user, grant, scope, nonce: undefined, access_token, overrides })
    : undefined
  const refresh_token = isRequested('refresh_token')
    ? issueRefreshToken(ctx, { client, user, grant }, ctx.now + (expires_in ?? ctx.snapshot.lifetimes.refresh_token))
    : undefined
  if (refresh_token !== undefined) await storeRefreshToken(ctx, grant_id, refresh_token, access_token)
  return {
    ...(access_token !== undefined && { access_token }),
    ...(id_token !== undefined && { id_token }),
    ...(refresh_token !== undefined && { refresh_token: refresh_token.token }),
  }
}
