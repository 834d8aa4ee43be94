/** Door for faults of refresh token rotation. RFC 6749 §6 and RFC 9700 §4.14.2. */
import type { Context } from '../../context.js'
import type { FaultAt } from '../catalogue.js'
import { findFault } from './find.js'
import type { About } from './jwt.js'

/** Seconds in which a rotated refresh token is accepted again, by fault; undefined if refresh tokens are not rotated. */
const REUSE_INTERVALS: Readonly<Record<FaultAt<'refresh_token_rotation'>, number | undefined>> = {
  'token.refresh_not_rotated': undefined,
  'token.refresh_reuse_revokes_all': 0,
}

/** Changes the seconds in which a rotated refresh token is accepted again; undefined if a refresh does not rotate it. */
export async function changeRotation(
  ctx: Context,
  reuse_interval: number | undefined,
  about: About,
): Promise<number | undefined> {
  const rule = await findFault(ctx, 'refresh_token_rotation', { facts: about })
  if (rule === undefined) return reuse_interval
  const changed = REUSE_INTERVALS[rule.fault]
  if (changed === reuse_interval) {
    ctx.remark('decision', `${rule.fault} changes nothing: the refresh is the same without it`)
  }
  return changed
}
