/** Logout by a refresh token, without a browser: the logout of Keycloak that precedes RP-Initiated Logout. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { invalidGrant } from '../errors.js'
import { requireIssuedTo } from '../grants/grant.js'
import { endLogin } from './logout.js'

/** Ends the login of a refresh token, with all tokens of the login, and notifies its clients. */
export async function logOutByRefreshToken(ctx: Context, client: Client, token: string): Promise<void> {
  const found = await ctx.store.refresh_tokens.get(token)
  const grant = found && (await ctx.store.grants.get(found.grant_id))
  if (grant === undefined) throw invalidGrant('refresh_token is unknown or was revoked')
  requireIssuedTo(client, 'refresh_token', grant.client_id)
  const { sid, sub, flow_id } = grant
  ctx.addFacts({ ...(sub !== undefined && { sub }), client_id: client.client_id, flow_id })
  // Every refresh token belongs to a login.
  await endLogin(ctx, sid!, true)
  for (const [grant_id] of await ctx.store.grants.listBy('sid', sid!)) await ctx.store.grants.delete(grant_id)
  ctx.log.info({ sub }, 'logged out by a refresh token')
}
