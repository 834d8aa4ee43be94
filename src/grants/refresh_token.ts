/** The refresh_token grant. RFC 6749 §6 and OpenID Connect Core §12. */
import type { Context } from '../context.js'
import { describeTime } from '../duration.js'
import { invalidGrant } from '../errors.js'
import { changeRotation } from '../faults/doors/refresh_token_rotation.js'
import { narrowScope } from '../oauth/scopes.js'
import type { RefreshToken } from '../store/records.js'
import { followGrant } from '../tokens/lookup.js'
import { rotateRefreshToken } from '../tokens/refresh_token.js'
import { type GrantHandler, requireIssuedTo } from './grant.js'

/** Refreshes the tokens of a grant. */
export const refreshToken: GrantHandler = async (ctx, { client, params, scope: requested, now }) => {
  const token = params.require('refresh_token')
  const found = await ctx.store.refresh_tokens.get(token)
  if (found === undefined) throw unknownToken()
  const { grant_id, expires_at } = found
  const { grant, user } = await followGrant(ctx, grant_id)
  if (grant === undefined) throw invalidGrant('refresh_token was revoked')

  // RFC 6749 §6: the refresh token must have been issued to the client that presents it.
  requireIssuedTo(client, 'refresh_token', grant.client_id)
  if (grant.refresh_ended) throw invalidGrant('refresh_token ended with the logout of its login')
  if (expires_at <= now) throw invalidGrant(`refresh_token expired ${describeTime(expires_at, now)}`)

  const scope = narrowScope(grant.scope, requested)
  // RFC 9700 §4.14.2: the refresh tokens of public clients are rotated.
  // Departure: if the rule is off, the refresh token stays the same, as in the reference.
  const rotates = ctx.snapshot.rules.rotate_refresh_tokens && client.token_endpoint_auth_method === 'none'
  const about = { ...(grant.sub !== undefined && { sub: grant.sub }), client_id: grant.client_id, scope }
  if (!(await changeRotation(ctx, rotates, about))) {
    // A rotated refresh token stays unusable, even if the rule or the fault that rotated it is no longer active.
    if (found.rotated) await endGrant(ctx, grant_id)
    const refresh_token = { token, expires_at, known: true }
    return { client, user, grant_id, grant, scope, refresh_token }
  }
  await spend(ctx, token, found)
  const refresh_token = rotateRefreshToken(found)
  return { client, user, grant_id, grant, scope, refresh_token, rotated: { token, record: found } }
}

/** Marks the refresh token as rotated, in one step: of several requests at the same time, one finds it unused. */
async function spend(ctx: Context, token: string, found: RefreshToken): Promise<void> {
  let before: RefreshToken | undefined
  await ctx.store.refresh_tokens.update(token, (record) => {
    before = record
    return record && { ...record, rotated: true }
  })
  if (before === undefined) throw unknownToken()
  if (before.rotated) await endGrant(ctx, found.grant_id)
}

const unknownToken = () => invalidGrant('refresh_token is unknown: this issuer did not issue it, or no longer keeps it')

/** Revokes the grant of a reused refresh token, since an attacker can be its second user. RFC 9700 §4.14.2. */
async function endGrant(ctx: Context, grant_id: string): Promise<never> {
  await ctx.store.grants.delete(grant_id)
  throw invalidGrant('refresh_token was already used; the grant and all its tokens have ended')
}
