/** The device_code grant: a device asks again and again whether its end-user has answered. RFC 8628 §3.4 and §3.5: https://www.rfc-editor.org/rfc/rfc8628#section-3.4 */
import type { Context } from '../context.js'
import { accessDenied, authorizationPending, expiredToken, invalidGrant, slowDown } from '../errors.js'
import type { DeviceCode } from '../store/store.js'
import { issueTokens } from '../tokens/issue.js'
import { createRefreshToken } from '../tokens/refresh_token.js'
import { type GrantHandler, requireIssuedTo } from './grant.js'

export const deviceCode: GrantHandler = async (ctx, client, params) => {
  const device_code = params.require('device_code')
  const found = await ctx.store.device_codes.get(device_code)
  if (found === undefined) throw invalidGrant('device_code is unknown or was already used')
  requireIssuedTo(client, 'device_code', found.client_id)
  const now = ctx.now
  if (found.expires_at <= now) throw expiredToken(`device_code expired at ${found.expires_at}, it is ${now} now`)
  await keepPace(ctx, device_code, found, now)

  const answer = await ctx.store.device_answers.get(device_code)
  if (answer === undefined) {
    throw authorizationPending(
      `nobody has answered yet for user_code ${found.user_code}; ask again in ${found.interval} s`,
    )
  }
  if (answer.grant_id === undefined) throw accessDenied('the end-user denied access')
  // Single use: of two polls that come at once, one gets the tokens.
  if ((await ctx.store.device_answers.take(device_code)) === undefined)
    throw invalidGrant('device_code was already used')
  await ctx.store.device_codes.delete(device_code)
  const { grant_id } = answer
  const grant = await ctx.store.grants.get(grant_id)
  if (grant === undefined) throw invalidGrant('the grant of the device_code was revoked')
  const refresh_token = createRefreshToken(ctx, client, grant)
  return issueTokens(ctx, { client, grant_id, grant, scope: grant.scope, refresh_token })
}

/** RFC 8628 §3.5: who asks before the interval is over has to wait five seconds longer, from now on. */
async function keepPace(ctx: Context, device_code: string, found: DeviceCode, now: number): Promise<void> {
  const { last_poll, interval } = found
  const early = last_poll !== undefined && now - last_poll < interval
  await ctx.store.device_codes.put(device_code, {
    ...found,
    last_poll: now,
    interval: early ? interval + 5 : interval,
  })
  if (early) {
    throw slowDown(
      `the poll comes ${now - last_poll} s after the one before, expected ${interval} s; from now on ${interval + 5} s`,
    )
  }
}
