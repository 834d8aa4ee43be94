/** The access token: a JWT that resource servers can verify. RFC 9068: https://www.rfc-editor.org/rfc/rfc9068 */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import type { User } from '../directory/users.js'
import { describeFaultyRecord } from '../faults/doors/access_token_record.js'
import { draftJwt } from '../faults/doors/draft.js'
import { changeJwt } from '../faults/doors/jwt.js'
import type { StoredGrant } from '../oauth/grant.js'
import { subjectFor } from '../oauth/subject.js'
import { randomToken } from '../random.js'
import { requireSigningKey, signJwt } from './jwt.js'
import { applyPreset } from './preset_claims.js'

/** Overrides for the claims and the lifetime of a token. */
export interface TokenOverrides {
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds. */
  readonly expires_in?: number | undefined
  /** Time of issue, in seconds since the epoch. Default: now. */
  readonly issued_at?: number
}

/** The grant that an access token is issued for. */
interface AccessTokenSubject extends StoredGrant {
  readonly client: Client
  /** Absent for a grant without an end-user. */
  readonly user: User | undefined
  readonly scope: string
  readonly overrides?: TokenOverrides
}

/** Creates an access token and stores its record. RFC 9068 §2. */
export async function createAccessToken(ctx: Context, subject: AccessTokenSubject): Promise<string> {
  const { client, grant_id, grant, user, scope, overrides = {} } = subject
  const now = ctx.now
  const exp = now + (overrides.expires_in ?? ctx.snapshot.lifetimes.access_token)
  // RFC 9068 §2.2: without an end-user, `sub` is the client. OpenID Connect Core §8: a pairwise `sub` is the same as
  // in the ID token.
  const sub = user === undefined ? client.client_id : subjectFor(ctx, client, user.sub)
  const claims = {
    ...user?.access_token,
    iss: ctx.issuer,
    sub,
    // RFC 9068 §3: without a resource parameter, a default audience; the issuer is the resource that userinfo serves.
    aud: ctx.issuer,
    client_id: client.client_id,
    iat: overrides.issued_at ?? now,
    exp,
    ...(grant.auth_time !== undefined && { auth_time: grant.auth_time }),
    jti: randomToken(),
    scope,
  }
  const shown = applyPreset(ctx, 'access_token', claims, { user, client, sub, scope, sid: grant.sid })
  const unsigned = draftJwt(await requireSigningKey(ctx), 'at+jwt', { ...shown, ...overrides.claims })
  const about = { client_id: client.client_id, ...(user !== undefined && { sub: user.sub }), scope }
  const drafted = await changeJwt(ctx, 'access_token', unsigned, about)
  const token = await signJwt(drafted.draft)
  await ctx.store.access_tokens.put(token, {
    grant_id,
    scope,
    expires_at: exp,
    ...describeFaultyRecord(unsigned, drafted),
  })
  return token
}
