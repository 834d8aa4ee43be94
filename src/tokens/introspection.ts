/** What a token that a resource server got is good for. RFC 7662 §2.2: https://www.rfc-editor.org/rfc/rfc7662#section-2.2 */
import { decodeJwt, type JWTPayload } from 'jose'
import type { Context } from '../context.js'
import { type Client, findClient } from '../directory/clients.js'
import { findUser, type User } from '../directory/users.js'
import { subjectFor } from '../oauth/subject.js'
import type { AccessToken, Grant, RefreshToken } from '../store/records.js'

export type Introspection = { readonly active: false } | ({ readonly active: true } & Readonly<Record<string, unknown>>)

/** RFC 7662 §2.2: of a token that is unknown, expired or revoked nothing is said but that it isn't active. */
const INACTIVE: Introspection = { active: false }

export async function introspectToken(ctx: Context, token: string): Promise<Introspection> {
  const access_token = await ctx.store.access_tokens.get(token)
  if (access_token !== undefined) return describeAccessToken(ctx, token, access_token)
  const refresh_token = await ctx.store.refresh_tokens.get(token)
  return refresh_token === undefined ? INACTIVE : describeRefreshToken(ctx, refresh_token)
}

async function describeAccessToken(
  ctx: Context,
  token: string,
  { grant_id, scope, expires_at }: AccessToken,
): Promise<Introspection> {
  const granted = await findGranted(ctx, grant_id, expires_at)
  if (granted === undefined) return INACTIVE
  // What the token says besides, such as roles, is said here as well (RFC 7662 §2.2); the store's word counts.
  return { ...claimsOf(token), ...standardMembers(ctx, granted), scope, token_type: 'Bearer', exp: expires_at }
}

async function describeRefreshToken(
  ctx: Context,
  { grant_id, expires_at, rotated }: RefreshToken,
): Promise<Introspection> {
  const granted = await findGranted(ctx, grant_id, expires_at)
  if (granted === undefined || granted.grant.refresh_ended || rotated) return INACTIVE
  return { ...standardMembers(ctx, granted), aud: ctx.issuer, scope: granted.grant.scope, exp: expires_at }
}

interface Granted {
  readonly grant: Grant
  readonly client: Client
  readonly user: User
}

async function findGranted(ctx: Context, grant_id: string, expires_at: number): Promise<Granted | undefined> {
  const grant = await ctx.store.grants.get(grant_id)
  if (grant === undefined || expires_at <= ctx.now) return undefined
  const client = await findClient(ctx, grant.client_id)
  const user = await findUser(ctx, grant.sub)
  return client === undefined || user === undefined ? undefined : { grant, client, user }
}

function standardMembers(ctx: Context, { client, user }: Granted) {
  const { preferred_username } = user.claims
  return {
    active: true,
    iss: ctx.issuer,
    sub: subjectFor(ctx, client, user.sub),
    client_id: client.client_id,
    // Whoever sees users by a sector's own `sub` is not told by another name who they are.
    ...(client.subject_type === 'public' && {
      username: typeof preferred_username === 'string' ? preferred_username : user.sub,
    }),
  } as const
}

/** What the token itself says; a fault may have left nothing to read. */
function claimsOf(token: string): JWTPayload {
  try {
    return decodeJwt(token)
  } catch {
    return {}
  }
}
