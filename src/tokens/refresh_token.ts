/** Refresh tokens: opaque references to records of the store. RFC 6749 §1.5 and OpenID Connect Core §11. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { words } from '../oauth/params.js'
import { randomToken } from '../random.js'
import type { Grant, Rotation } from '../store/records.js'

/** The refresh token of a token response. */
export interface IssuedRefreshToken {
  readonly token: string
  readonly expires_at: number
  /** Whether the client has it already. */
  readonly known: boolean
}

/** Creates the first refresh token of a grant; undefined if the client gets none. */
export function createRefreshToken(ctx: Context, client: Client, grant: Grant): IssuedRefreshToken | undefined {
  const { snapshot, now } = ctx
  if (!snapshot.config.issue_refresh_token || !client.grant_types.includes('refresh_token')) return undefined
  // The login ended before its code was redeemed.
  if (grant.refresh_ended) return undefined
  // OpenID Connect Core §11: the scope offline_access requests a refresh token.
  if (snapshot.rules.offline_access && !words(grant.scope).includes('offline_access')) return undefined
  return { token: randomToken(), expires_at: now + snapshot.lifetimes.refresh_token, known: false }
}

/** Creates the successor of a refresh token, with the same expiry. */
export function rotateRefreshToken({ expires_at }: { readonly expires_at: number }): IssuedRefreshToken {
  return { token: randomToken(), expires_at, known: false }
}

/** Stores a new refresh token. RFC 6749 §6: it keeps the scope of its grant even if one refresh requested less. */
export async function storeRefreshToken(
  { store }: Context,
  grant_id: string,
  { token, expires_at }: IssuedRefreshToken,
  access_token: string,
): Promise<void> {
  await store.refresh_tokens.put(token, { grant_id, access_token, expires_at })
}

/**
 * Whether a refresh token is accepted: until its rotation, and for an interval after it, in which another tab or a repeated
 * request of the client can use it.
 * @param longest seconds that the interval may have.
 */
export function isUsable(
  { now, snapshot }: Context,
  rotation: Rotation | undefined,
  longest = snapshot.reuse_interval,
): boolean {
  if (rotation === undefined) return true
  const interval = Math.min(rotation.reuse_interval, longest)
  // The clock can be set back to a time before the rotation.
  return interval > 0 && now < rotation.at + interval
}
