/** Grants: the authorization that a client has received, from which codes and tokens are issued. RFC 6749 §1.3. */
import type { Context } from '../context.js'
import { randomToken } from '../random.js'
import { expiryOf } from '../store/collections.js'
import type { Grant } from '../store/records.js'

/** A grant and the key of its record. */
export interface StoredGrant {
  readonly grant_id: string
  readonly grant: Grant
}

/** Creates the identifier that the journal entries of one flow share. */
export const createFlowId = () => randomToken().slice(0, 22)

/**
 * Stores a new grant. Default flow and faults: those of the exchange.
 * @param expires_at seconds since the epoch; default: the lifetime of grants.
 */
export async function createGrant(
  ctx: Context,
  { expires_at = expiryOf('grants', ctx), ...grant }: Omit<Grant, 'expires_at'> & { readonly expires_at?: number },
): Promise<StoredGrant> {
  const { flow_id, login_faults } = ctx.exchange
  const stored: Grant = {
    ...(flow_id !== undefined && { flow_id }),
    ...(login_faults.length > 0 && { faults: login_faults }),
    ...grant,
    expires_at,
  }
  const grant_id = randomToken()
  await ctx.store.grants.put(grant_id, stored)
  return { grant_id, grant: stored }
}
