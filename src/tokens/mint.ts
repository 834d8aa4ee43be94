/** Tokens without a flow: for any user, client and scope, good or expired, with any claims. No specification knows them. */
import type { Context } from '../context.js'
import { findClient } from '../directory/clients.js'
import { findOrCreateUser } from '../directory/users.js'
import { invalidRequest, shown } from '../errors.js'
import { randomToken } from '../random.js'
import { expiryOf } from '../store/collections.js'
import type { Grant } from '../store/records.js'
import { createAccessToken } from './access_token.js'
import { createIdToken } from './id_token.js'

export const TOKEN_KINDS = ['access_token', 'id_token', 'refresh_token'] as const
export type TokenKind = (typeof TOKEN_KINDS)[number]

/** What is wanted. */
export interface Order {
  readonly sub: string
  readonly client_id: string
  readonly scope: string
  readonly aud?: string | readonly string[]
  /** Over everything that the tokens would say; null leaves a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds; zero or less is expired. Left out, as configured. */
  readonly expires_in?: number
  /** Left out, all of them. */
  readonly kind?: TokenKind
}

export interface Minted {
  readonly grant_id: string
  readonly flow_id: string
  readonly access_token?: string
  readonly id_token?: string
  readonly refresh_token?: string
}

/** Mints them, and the grant that they are good by. */
export async function mintTokens(ctx: Context, order: Order): Promise<Minted> {
  const { sub, client_id, scope, aud, expires_in, kind } = order
  const client = await findClient(ctx, client_id)
  if (client === undefined) throw invalidRequest(`client_id is ${shown(client_id)}, but there is no such client`)
  const user = await findOrCreateUser(ctx, sub)
  const now = ctx.now
  const flow_id = randomToken().slice(0, 22)
  const expires_at = Math.max(expiryOf('grants', ctx), now + (expires_in ?? 0))
  const grant: Grant = { sub: user.sub, client_id, scope, auth_time: now, sid: randomToken(), flow_id, expires_at }
  const grant_id = randomToken()
  await ctx.store.grants.put(grant_id, grant)
  ctx.addFacts({ sub, client_id, scope, flow_id })
  const wanted = (one: TokenKind) => (kind ?? one) === one
  const said = Object.entries({ ...(aud !== undefined && { aud }), ...order.claims })
  const over = { expires_in, claims: Object.fromEntries(said.map(([name, value]) => [name, value ?? undefined])) }
  const access_token = wanted('access_token')
    ? await createAccessToken(ctx, { client, grant_id, grant, user, scope, over })
    : undefined
  const id_token = wanted('id_token')
    ? await createIdToken(ctx, { client, user, grant, scope, nonce: undefined, access_token, over })
    : undefined
  const refresh_token = wanted('refresh_token') ? randomToken() : undefined
  if (refresh_token !== undefined) {
    const expires_at = now + (expires_in ?? ctx.snapshot.lifetimes.refresh_token)
    await ctx.store.refresh_tokens.put(refresh_token, { grant_id, access_token: access_token ?? '', expires_at })
  }
  return {
    grant_id,
    flow_id,
    ...(access_token !== undefined && { access_token }),
    ...(id_token !== undefined && { id_token }),
    ...(refresh_token !== undefined && { refresh_token }),
  }
}
