/** The access token: a JWT that resource servers can check on their own. RFC 9068: https://www.rfc-editor.org/rfc/rfc9068 */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import type { User } from '../directory/users.js'
import { applyFault } from '../faults/doors/jwt.js'
import { subjectFor } from '../oauth/subject.js'
import { randomToken } from '../random.js'
import type { Grant } from '../store/records.js'
import { draftJwt, requireSigningKey, signJwt } from './jwt.js'
import { applyPreset } from './preset_claims.js'

/** What a token is to be in spite of all. */
export interface Over {
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds. */
  readonly expires_in?: number | undefined
}

export async function createAccessToken(
  ctx: Context,
  subject: { client: Client; grant_id: string; grant: Grant; user: User; scope: string; over?: Over },
): Promise<string> {
  const { client, grant_id, grant, user, scope, over = {} } = subject
  const now = ctx.now
  const exp = now + (over.expires_in ?? ctx.snapshot.lifetimes.access_token)
  const sub = subjectFor(ctx, client, user.sub)
  const claims = {
    ...user.access_token,
    iss: ctx.issuer,
    // RFC 9068 §2.2, OpenID Connect Core §8: who sees the token learns no more of the user than the client.
    sub,
    // RFC 9068 §3: without a resource parameter, a default audience; the issuer is the resource that userinfo serves.
    aud: ctx.issuer,
    client_id: client.client_id,
    iat: now,
    exp,
    auth_time: grant.auth_time,
    jti: randomToken(),
    scope,
  }
  const shown = applyPreset(ctx, 'access_token', claims, { user, client, sub, scope, sid: grant.sid })
  const draft = draftJwt(await requireSigningKey(ctx), 'at+jwt', { ...shown, ...over.claims })
  const about = { client_id: client.client_id, sub: user.sub, scope }
  const { faulty, rule } = await applyFault(ctx, 'access_token', draft, about)
  const token = await signJwt(faulty)
  await ctx.store.access_tokens.put(token, {
    grant_id,
    // What has expired, or allows less, does so at userinfo and at introspection as well. With every other fault the
    // JWT alone is bad, as a resource server sees it, and here the token is as good as ever.
    scope: rule?.fault === 'access_token.insufficient_scope' ? (rule.scope ?? '') : scope,
    expires_at: rule?.fault === 'access_token.expired' ? Number(faulty.claims.exp) : exp,
  })
  return token
}
