/** The device_code grant: a device polls until its end-user has answered. RFC 8628 §3.4 and §3.5: https://www.rfc-editor.org/rfc/rfc8628#section-3.4 */
import type { Context } from '../context.js'
import { describeTime } from '../duration.js'
import { accessDenied, authorizationPending, decidedBy, expiredToken, invalidGrant, slowDown } from '../errors.js'
import { selectResources } from '../oauth/resource.js'
import type { DeviceCode } from '../store/records.js'
import { followGrant } from '../tokens/lookup.js'
import { createRefreshToken } from '../tokens/refresh_token.js'
import { type GrantHandler, requireIssuedTo } from './grant.js'

/** Answers a poll; redeems the device_code if the end-user approved it. */
export const deviceCode: GrantHandler = async (ctx, { client, params, resource, now }) => {
  const device_code = params.require('device_code')
  const found = await ctx.store.device_codes.get(device_code)
  if (found === undefined) throw invalidGrant('device_code is unknown or was already used')
  requireIssuedTo(client, 'device_code', found.client_id)
  if (found.expires_at <= now) {
    const refusal = expiredToken(`device_code expired ${describeTime(found.expires_at, now)}`)
    throw decidedBy(refusal, 'lifetimes', 'device_code')
  }
  const { answer, user_code, interval } = await recordPoll(ctx, device_code, now)
  if (answer === undefined) {
    throw authorizationPending(
      `the end-user has not answered yet for user_code ${user_code}; poll again in ${interval} s`,
    )
  }
  const { grant_id } = answer
  if (grant_id === undefined) throw accessDenied('the end-user denied access')
  const { grant, user } = await followGrant(ctx, grant_id)
  if (grant === undefined) throw invalidGrant('the grant of the device_code was revoked')
  const refresh_token = createRefreshToken(ctx, { client, user, grant })
  return {
    ...{ client, user, grant_id, grant, scope: grant.scope, refresh_token },
    resource: selectResources(ctx, grant.resource, resource),
  }
}

/**
 * Records the poll and removes an approved device code, in one step: of two polls at the same time, one gets the tokens.
 * @returns the device code before the poll.
 */
async function recordPoll(ctx: Context, device_code: string, now: number): Promise<DeviceCode> {
  let before: DeviceCode | undefined
  await ctx.store.device_codes.update(device_code, (record) => {
    before = record
    if (record === undefined) return undefined
    // RFC 8628 §3.5: a poll before the interval is over increases the interval by five seconds.
    if (isEarly(record, now)) return { ...record, last_poll: now, interval: record.interval + 5 }
    return record.answer?.grant_id === undefined ? { ...record, last_poll: now } : undefined
  })
  if (before === undefined) throw invalidGrant('device_code was already used')
  if (!isEarly(before, now)) return before
  const { last_poll, interval } = before
  throw slowDown(
    `the poll comes ${now - last_poll!} s after the previous one, expected ${interval} s; from now on ${interval + 5} s`,
  )
}

const isEarly = ({ last_poll, interval }: DeviceCode, now: number) =>
  last_poll !== undefined && now - last_poll < interval
