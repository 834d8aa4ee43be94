/** Doors for faults of a logout: the redirect back to the client, and back-channel calls. */
import type { Context } from '../../context.js'
import type { FaultAt } from '../catalogue.js'
import { alterState } from './authorization.js'
import { findFault } from './find.js'

/** The `state` that is sent back, by fault. */
const STATES: Readonly<Record<FaultAt<'post_logout_redirect'>, (state: string | undefined) => string | undefined>> = {
  'end_session.missing_state': () => undefined,
  'end_session.wrong_state': alterState,
}

/** OpenID Connect RP-Initiated Logout §3: returns the `state` for the redirect back to the client. */
export async function changeLogoutState(ctx: Context, state: string | undefined): Promise<string | undefined> {
  const rule = await findFault(ctx, 'post_logout_redirect')
  if (rule === undefined) return state
  const changed = STATES[rule.fault](state)
  if (changed === state) ctx.remark('decision', `${rule.fault} changes nothing: the request had none`)
  return changed
}

/** Returns the fault that keeps the provider from calling the client. OpenID Connect Back-Channel Logout §2.5. */
export async function findUndelivered(
  ctx: Context,
  about: { readonly client_id: string; readonly sub: string },
): Promise<FaultAt<'backchannel_logout'> | undefined> {
  return (await findFault(ctx, 'backchannel_logout', { facts: about }))?.fault
}
