/** Refresh tokens: references to records of the store, opaque or JWTs. RFC 6749 §1.5 and OpenID Connect Core §11. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import type { User } from '../directory/users.js'
import { words } from '../oauth/params.js'
import { subjectFor } from '../oauth/subject.js'
import { randomToken } from '../random.js'
import type { Grant, Rotation } from '../store/records.js'
import { applyPreset } from './preset_claims.js'

/** The refresh token of a token response. */
export interface IssuedRefreshToken {
  readonly token: string
  readonly expires_at: number
  /** Whether the client has it already. */
  readonly known: boolean
}

/** The grant of a refresh token. */
interface RefreshTokenSubject {
  readonly client: Client
  readonly user: User | undefined
  readonly grant: Grant
}

/** Creates the first refresh token of a grant; undefined if the client gets none. */
export function createRefreshToken(ctx: Context, subject: RefreshTokenSubject): IssuedRefreshToken | undefined {
  const { snapshot, now } = ctx
  const { client, grant } = subject
  if (!snapshot.config.issue_refresh_token || !client.grant_types.includes('refresh_token')) return undefined
  // The login ended before its code was redeemed.
  if (grant.refresh_ended) return undefined
  // OpenID Connect Core §11: the scope offline_access requests a refresh token.
  if (snapshot.rules.offline_access && !words(grant.scope).includes('offline_access')) return undefined
  return issueRefreshToken(ctx, subject, now + snapshot.lifetimes.refresh_token)
}

/** Creates a refresh token with this expiry, such as the successor of another one. */
export function issueRefreshToken(ctx: Context, subject: RefreshTokenSubject, expires_at: number): IssuedRefreshToken {
  return { token: createText(ctx, subject, expires_at), expires_at, known: false }
}

/**
 * Returns a random text or, if the provider of the preset sends JWTs, one of them. Its signature is random: only this provider
 * reads a refresh token, and finds it in the store.
 */
function createText(ctx: Context, { client, user, grant }: RefreshTokenSubject, exp: number): string {
  if (ctx.snapshot.preset?.claims.refresh_token === undefined) return randomToken()
  const { scope, sid } = grant
  // Every refresh token belongs to the login of an end-user.
  const sub = subjectFor(ctx, client, grant.sub!)
  const claims = { iss: ctx.issuer, sub, aud: ctx.issuer, iat: Math.min(ctx.now, exp), exp, jti: randomToken() }
  const parts = [
    { alg: 'HS512', typ: 'JWT' },
    applyPreset(ctx, 'refresh_token', claims, { user, client, sub, scope, sid }),
  ]
  const texts = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return [...texts, randomToken(64)].join('.')
}

/** Stores a new refresh token. RFC 6749 §6: it keeps the scope of its grant even if one refresh requested less. */
export async function storeRefreshToken(
  { store }: Context,
  grant_id: string,
  { token, expires_at }: IssuedRefreshToken,
  access_token: string | undefined,
): Promise<void> {
  await store.refresh_tokens.put(token, { grant_id, ...(access_token !== undefined && { access_token }), expires_at })
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
