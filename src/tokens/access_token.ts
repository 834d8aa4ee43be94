/** The access token: a JWT that resource servers can verify. RFC 9068: https://www.rfc-editor.org/rfc/rfc9068 */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import type { User } from '../directory/users.js'
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
    iat: now,
    exp,
    ...(grant.auth_time !== undefined && { auth_time: grant.auth_time }),
    jti: randomToken(),
    scope,
  }
  const shown = applyPreset(ctx, 'access_token', claims, { user, client, sub, scope, sid: grant.sid })
  const unsigned = draftJwt(await requireSigningKey(ctx), 'at+jwt', { ...shown, ...overrides.claims })
  const about = { client_id: client.client_id, ...(user !== undefined && { sub: user.sub }), scope }
  const { draft, rule } = await changeJwt(ctx, 'access_token', unsigned, about)
  const token = await signJwt(draft)
  await ctx.store.access_tokens.put(token, {
    grant_id,
    // A changed expiry or scope applies to userinfo and introspection as well. All other faults change only the JWT
    // for resource servers; at this provider the token is valid.
    scope: rule?.fault === 'access_token.insufficient_scope' ? (rule.scope ?? '') : scope,
    expires_at: rule?.fault === 'access_token.expired' ? Number(draft.claims.exp) : exp,
  })
  return token
}
