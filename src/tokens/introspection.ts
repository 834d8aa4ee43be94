/** Token introspection. RFC 7662 §2.2: https://www.rfc-editor.org/rfc/rfc7662#section-2.2 */
import { decodeJwt, type JWTPayload } from 'jose'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import type { User } from '../directory/users.js'
import { subjectFor } from '../oauth/subject.js'
import type { AccessToken, Grant, RefreshToken } from '../store/records.js'
import { followGrant } from './lookup.js'
import { isUsable } from './refresh_token.js'

export type Introspection = { readonly active: false } | ({ readonly active: true } & Readonly<Record<string, unknown>>)

/** The response for an unknown, expired or revoked token. RFC 7662 §2.2: it has no other members. */
const INACTIVE: Introspection = { active: false }

/** Describes an access token or a refresh token. */
export async function introspectToken(ctx: Context, token: string): Promise<Introspection> {
  const access_token = await ctx.store.access_tokens.get(token)
  if (access_token !== undefined) return describeAccessToken(ctx, token, access_token)
  const refresh_token = await ctx.store.refresh_tokens.get(token)
  return refresh_token === undefined ? INACTIVE : describeRefreshToken(ctx, refresh_token)
}

async function describeAccessToken(
  ctx: Context,
  token: string,
  { grant_id, scope, expires_at, claims = claimsOf(token), introspection = {} }: AccessToken,
): Promise<Introspection> {
  const granted = await findActiveGrant(ctx, grant_id, expires_at)
  if (granted === undefined || introspection === 'inactive') return INACTIVE
  // RFC 7662 §2.2: further claims of the token, such as roles, are included; the members of the store override them.
  const standard = { ...standardMembers(ctx, granted), scope, token_type: 'Bearer', exp: expires_at }
  const members = { ...claims, ...standard, ...introspection }
  // A fault of the token can remove members.
  return Object.fromEntries(Object.entries(members).filter(([name]) => introspection[name] !== null)) as Introspection
}

async function describeRefreshToken(
  ctx: Context,
  { grant_id, expires_at, rotation }: RefreshToken,
): Promise<Introspection> {
  const granted = await findActiveGrant(ctx, grant_id, expires_at)
  if (granted === undefined || granted.grant.refresh_ended || !isUsable(ctx, rotation)) return INACTIVE
  return { ...standardMembers(ctx, granted), aud: ctx.issuer, scope: granted.grant.scope, exp: expires_at }
}

interface ActiveGrant {
  readonly grant: Grant
  readonly client: Client
  readonly user: User | undefined
}

async function findActiveGrant(ctx: Context, grant_id: string, expires_at: number): Promise<ActiveGrant | undefined> {
  if (expires_at <= ctx.now) return undefined
  const { grant, client, user } = await followGrant(ctx, grant_id)
  const lacksUser = grant?.sub !== undefined && user === undefined
  return grant === undefined || client === undefined || lacksUser ? undefined : { grant, client, user }
}

function standardMembers(ctx: Context, { client, user }: ActiveGrant) {
  const { client_id } = client
  // RFC 9068 §2.2: without an end-user, the subject is the client.
  if (user === undefined) return { active: true, iss: ctx.issuer, sub: client_id, client_id } as const
  const { preferred_username } = user.claims
  return {
    active: true,
    iss: ctx.issuer,
    sub: subjectFor(ctx, client, user.sub),
    client_id,
    // OpenID Connect Core §8: the username would reveal the user behind a pairwise `sub`.
    ...(client.subject_type === 'public' && {
      username: typeof preferred_username === 'string' ? preferred_username : user.sub,
    }),
  } as const
}

/** Returns the claims of the token; none if a fault has made it unreadable. */
function claimsOf(token: string): JWTPayload {
  try {
    return decodeJwt(token)
  } catch {
    return {}
  }
}
