/** Lookup of the client and the end-user of a grant or an access token. RFC 6750: https://www.rfc-editor.org/rfc/rfc6750 */
import type { Context } from '../context.js'
import { type Client, findClient } from '../directory/clients.js'
import { findUser, type User } from '../directory/users.js'
import { describeTime } from '../duration.js'
import { decidedBy, invalidToken, shown } from '../errors.js'
import { subjectFor } from '../oauth/subject.js'
import type { Grant } from '../store/records.js'

/** A grant with its client and its end-user; each is absent if it no longer exists. */
export interface GrantChain {
  readonly grant?: Grant | undefined
  readonly client?: Client | undefined
  /** Absent for a grant without an end-user as well. */
  readonly user?: User | undefined
}

/** Follows a grant to its client and its end-user. */
export async function followGrant(ctx: Context, grant_id: string): Promise<GrantChain> {
  const grant = await ctx.store.grants.get(grant_id)
  if (grant === undefined) return {}
  const client = await findClient(ctx, grant.client_id)
  const user = grant.sub === undefined ? undefined : await findUser(ctx, grant.sub)
  return { grant, client, user }
}

/** The end-user, client and grant of a valid access token. */
export interface EndUserAccess {
  readonly user: User
  readonly client: Client
  readonly grant: Grant
  /** The scope of the token, which can be less than that of the grant. */
  readonly scope: string
}

/** Verifies an access token of an end-user. Every refusal is `invalid_token`. */
export async function requireAccessToken(ctx: Context, token: string): Promise<EndUserAccess> {
  const found = await ctx.store.access_tokens.get(token)
  if (found === undefined) throw invalidToken('the access token is unknown, expected one that this issuer issued')
  const { now } = ctx
  if (found.expires_at <= now) {
    const refusal = invalidToken(`the access token expired ${describeTime(found.expires_at, now)}`)
    throw decidedBy(refusal, 'lifetimes', 'access_token')
  }
  const { grant, client, user } = await followGrant(ctx, found.grant_id)
  if (grant === undefined) throw invalidToken('the access token was revoked')
  if (client === undefined) {
    throw invalidToken(`client ${shown(grant.client_id)} of the access token no longer exists`)
  }
  // OpenID Connect Core §5.3: userinfo is about the end-user of an OpenID Connect request.
  if (grant.sub === undefined) {
    throw invalidToken('the access token has no end-user, expected one that was issued in a login')
  }
  if (user === undefined) {
    throw invalidToken(`user ${shown(subjectFor(ctx, client, grant.sub))} of the access token no longer exists`)
  }
  return { user, client, grant, scope: found.scope }
}
