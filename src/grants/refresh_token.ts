/** The refresh_token grant. RFC 6749 §6 and OpenID Connect Core §12. */
import type { Context } from '../context.js'
import { describeTime } from '../duration.js'
import { decidedBy, invalidGrant } from '../errors.js'
import { changeRotation } from '../faults/doors/refresh_token_rotation.js'
import { selectResources } from '../oauth/resource.js'
import { selectScope } from '../oauth/scopes.js'
import type { RefreshToken, Rotation } from '../store/records.js'
import { followGrant } from '../tokens/lookup.js'
import { issueRefreshToken, isUsable } from '../tokens/refresh_token.js'
import { type GrantHandler, requireIssuedTo } from './grant.js'

/** Refreshes the tokens of a grant. */
export const refreshToken: GrantHandler = async (ctx, { client, params, scope: requested, now, ...request }) => {
  const token = params.require('refresh_token')
  const found = await ctx.store.refresh_tokens.get(token)
  if (found === undefined) throw unknownToken()
  const { grant_id, access_token: replaced, expires_at } = found
  const { grant, user } = await followGrant(ctx, grant_id)
  if (grant === undefined) throw invalidGrant('refresh_token was revoked')

  // RFC 6749 §6: the refresh token must have been issued to the client that presents it.
  requireIssuedTo(client, 'refresh_token', grant.client_id)
  if (grant.refresh_ended) throw invalidGrant('refresh_token ended with the logout of its login')
  if (expires_at <= now) {
    const refusal = invalidGrant(`refresh_token expired ${describeTime(expires_at, now)}`)
    throw decidedBy(refusal, 'lifetimes', 'refresh_token')
  }

  const scope = selectScope(ctx, client, grant.scope, requested)
  const resource = selectResources(ctx, grant.resource, request.resource)
  const granted = { client, user, grant_id, grant, scope, resource }
  // RFC 9700 §4.14.2: the refresh tokens of public clients are rotated.
  // Departure: if the rule is off, the refresh token stays the same, as in the reference.
  const { rules, reuse_interval } = ctx.snapshot
  const rotates = rules.rotate_refresh_tokens && client.token_endpoint_auth_method === 'none'
  const about = { ...(grant.sub !== undefined && { sub: grant.sub }), client_id: grant.client_id, scope }
  const interval = await changeRotation(ctx, rotates ? reuse_interval : undefined, about)
  // A rotated refresh token does not come back if the rule or the fault that rotated it is no longer active.
  if (interval === undefined && found.rotation === undefined) {
    const refresh_token = { token, expires_at, known: true }
    return { ...granted, refresh_token, replaced }
  }
  const record = await spend(ctx, token, interval ?? reuse_interval)
  const refresh_token = issueRefreshToken(ctx, granted, expires_at)
  return { ...granted, refresh_token, replaced, rotated: { token, record } }
}

/**
 * Marks the refresh token as rotated, in one step: of several requests at the same time, one finds it unused, and the others
 * need a reuse interval.
 * @returns the record before.
 */
async function spend(ctx: Context, token: string, reuse_interval: number): Promise<RefreshToken> {
  let before: RefreshToken | undefined
  await ctx.store.refresh_tokens.update(token, (record) => {
    before = record
    return record && { rotation: { at: ctx.now, reuse_interval }, ...record }
  })
  if (before === undefined) throw unknownToken()
  const { grant_id, rotation } = before
  if (rotation === undefined || isUsable(ctx, rotation, reuse_interval)) return before
  // RFC 9700 §4.14.2: an attacker can be the second user of a refresh token, so its grant is revoked.
  await ctx.store.grants.delete(grant_id)
  throw invalidGrant(
    `refresh_token was already used${describeReuse(ctx, rotation, reuse_interval)}; the grant and all its tokens have ended`,
  )
}

/** Tells when the token was replaced, unless each token can be used once anyway. */
function describeReuse({ now }: Context, { at, reuse_interval }: Rotation, longest: number): string {
  const interval = Math.min(reuse_interval, longest)
  if (interval === 0) return ''
  return `: it was replaced ${describeTime(at, now)}, and refresh_token.reuse_interval is ${interval} seconds`
}

const unknownToken = () => invalidGrant('refresh_token is unknown: this issuer did not issue it, or no longer keeps it')
