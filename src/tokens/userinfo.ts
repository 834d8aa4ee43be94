/** The userinfo response: JSON, or a JWT if the client has registered for it. OpenID Connect Core §5.3.2: https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse */
import type { Context } from '../context.js'
import { changeUserinfo } from '../faults/doors/jwt.js'
import { type Claims, type Release, releaseClaims } from '../oauth/claims.js'
import { subjectFor } from '../oauth/subject.js'
import { referToSources } from './claim_sources.js'
import { encryptToClient, signForClient } from './client_jwt.js'
import type { EndUserAccess } from './lookup.js'
import { provideClaims, without } from './own_claims.js'
import { applyPreset } from './preset_claims.js'

/** Returns the claims, or a JWT as text. */
export async function createUserinfo(
  ctx: Context,
  { user, scope, grant, client }: EndUserAccess,
  access_token: string,
): Promise<Claims | string> {
  const release: Release = { scope, claims: grant.claims, place: 'userinfo', has_userinfo: true }
  const sub = subjectFor(ctx, client, user.sub)
  const all = {
    ...releaseClaims(ctx.snapshot, user, release),
    ...(await referToSources(ctx, user, release, access_token)),
    // OpenID Connect Core §5.3.2: always present, and the same as in the ID token.
    sub,
  }
  const shaped = applyPreset(ctx, 'userinfo', all, { user, client, sub, scope, sid: grant.sid })
  // The configuration takes precedence over the preset.
  const claims = { ...shaped, ...without(user.userinfo, 'sub') }
  const {
    userinfo_signed_response_alg: signed,
    userinfo_encrypted_response_alg: alg,
    userinfo_encrypted_response_enc: enc,
  } = client
  const about = { sub: user.sub, scope }
  if (signed === undefined) {
    const faulty = await changeUserinfo(ctx, claims, { client_id: client.client_id, ...about })
    return alg === undefined ? faulty : encryptToClient(ctx, client, { alg, enc }, { claims: faulty })
  }
  // OpenID Connect Core §5.3.2: a signed response has iss and aud. Without a typ, it cannot be used as an ID token.
  const signedClaims = provideClaims(ctx, user, 'userinfo', claims, { iss: ctx.issuer, aud: client.client_id })
  const nested = await signForClient(ctx, client, signed, { kind: 'userinfo', about, claims: signedClaims })
  return alg === undefined ? nested : encryptToClient(ctx, client, { alg, enc }, { nested })
}
