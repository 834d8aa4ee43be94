/** Door for faults of refresh token rotation. RFC 6749 §6 and RFC 9700 §4.14.2. */
import type { Context } from '../../context.js'
import type { FaultAt } from '../catalogue.js'
import { findFault } from './find.js'
import type { About } from './jwt.js'

/** Whether refresh tokens are rotated, by fault. */
const ROTATES: Readonly<Record<FaultAt<'refresh_token_rotation'>, boolean>> = {
  'token.refresh_not_rotated': false,
  'token.refresh_reuse_revokes_all': true,
}

/** Returns whether a refresh rotates the refresh token. */
export async function changeRotation(ctx: Context, rotates: boolean, about: About): Promise<boolean> {
  const rule = await findFault(ctx, 'refresh_token_rotation', { facts: about })
  if (rule === undefined) return rotates
  const changed = ROTATES[rule.fault]
  if (changed === rotates) {
    ctx.remark('decision', `${rule.fault} changes nothing: the refresh is the same without it`)
  }
  return changed
}
