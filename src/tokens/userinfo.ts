/** What userinfo says of a user: JSON, or a JWT for a client that registered so. OpenID Connect Core §5.3.2: https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse */
import type { Context } from '../context.js'
import { applyToUserinfo } from '../faults/doors/jwt.js'
import { type Claims, type Release, releaseClaims } from '../oauth/claims.js'
import { subjectFor } from '../oauth/subject.js'
import { describeSources } from './claim_sources.js'
import { encryptToClient, signForClient } from './client_jwt.js'
import type { Granted } from './lookup.js'
import { applyPreset } from './preset_claims.js'

/** @returns a text where it is a JWT. */
export async function createUserinfo(
  ctx: Context,
  { user, scope, grant, client }: Granted,
  access_token: string,
): Promise<Claims | string> {
  const release: Release = { scope, claims: grant.claims, place: 'userinfo', has_userinfo: true }
  const sub = subjectFor(ctx, client, user.sub)
  const said = {
    ...releaseClaims(ctx.snapshot, user, release),
    ...(await describeSources(ctx, user, release, access_token)),
    // OpenID Connect Core §5.3.2: always there, and the same as in the ID token.
    sub,
  }
  const claims = applyPreset(ctx, 'userinfo', said, { user, client, sub, scope, sid: grant.sid })
  const {
    userinfo_signed_response_alg: signed,
    userinfo_encrypted_response_alg: alg,
    userinfo_encrypted_response_enc: enc,
  } = client
  const about = { sub: user.sub, scope }
  if (signed === undefined) {
    const faulty = await applyToUserinfo(ctx, claims, { client_id: client.client_id, ...about })
    return alg === undefined ? faulty : encryptToClient(ctx, client, { alg, enc }, { claims: faulty })
  }
  // OpenID Connect Core §5.3.2: signed, it says who it is by and for. It has no typ, so it is no ID token.
  const all = { ...claims, iss: ctx.issuer, aud: client.client_id }
  const nested = await signForClient(ctx, client, signed, { kind: 'userinfo', about, claims: all })
  return alg === undefined ? nested : encryptToClient(ctx, client, { alg, enc }, { nested })
}
