/** From a token that came back to what it stands for. RFC 6750: https://www.rfc-editor.org/rfc/rfc6750 */
import type { Context } from '../context.js'
import { type Client, findClient } from '../directory/clients.js'
import { findUser, type User } from '../directory/users.js'
import { invalidToken, shown } from '../errors.js'
import { subjectFor } from '../oauth/subject.js'
import type { Grant } from '../store/records.js'

/** What a good access token stands for. */
export interface Granted {
  readonly user: User
  readonly client: Client
  readonly grant: Grant
  /** The token's own, which may be less than the grant's. */
  readonly scope: string
}

/** Every refusal is `invalid_token`. */
export async function requireAccessToken(ctx: Context, token: string): Promise<Granted> {
  const found = await ctx.store.access_tokens.get(token)
  if (found === undefined)
    throw invalidToken('the access token is not known here, expected one that this issuer issued')
  const now = ctx.now
  if (found.expires_at <= now) throw invalidToken(`the access token expired at ${found.expires_at}, it is ${now} now`)
  const grant = await ctx.store.grants.get(found.grant_id)
  if (grant === undefined) throw invalidToken('the access token was revoked')
  const client = await findClient(ctx, grant.client_id)
  if (client === undefined)
    throw invalidToken(`client ${shown(grant.client_id)} of the access token is no longer there`)
  const user = await findUser(ctx, grant.sub)
  if (user === undefined) {
    const sub = subjectFor(ctx, client, grant.sub)
    throw invalidToken(`user ${shown(sub)} of the access token is no longer there`)
  }
  return { user, client, grant, scope: found.scope }
}
