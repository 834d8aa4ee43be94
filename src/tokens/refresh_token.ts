/** The refresh token: opaque, and in the store. RFC 6749 §1.5 and OpenID Connect Core §11. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { words } from '../oauth/params.js'
import { randomToken } from '../random.js'
import type { Grant } from '../store/records.js'

/** A refresh token as a token response needs it. */
export interface IssuedRefreshToken {
  readonly token: string
  readonly expires_at: number
  /** Whether the client has it already. */
  readonly known: boolean
}

/** The first refresh token of a grant; undefined where the client gets none. */
export function createRefreshToken(ctx: Context, client: Client, grant: Grant): IssuedRefreshToken | undefined {
  const { snapshot, now } = ctx
  if (!snapshot.config.issue_refresh_token || !client.grant_types.includes('refresh_token')) return undefined
  // OpenID Connect Core §11: offline_access is what asks for a refresh token.
  if (snapshot.rules.offline_access && !words(grant.scope).includes('offline_access')) return undefined
  return { token: randomToken(), expires_at: now + snapshot.lifetimes.refresh_token, known: false }
}

/** The one that takes its place at a refresh; it is good for no longer. */
export function rotateRefreshToken({ expires_at }: { readonly expires_at: number }): IssuedRefreshToken {
  return { token: randomToken(), expires_at, known: false }
}
