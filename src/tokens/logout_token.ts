/** The logout token, which tells a client's back end of a logout. OpenID Connect Back-Channel Logout §2.4: https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { subjectFor } from '../oauth/subject.js'
import { randomToken } from '../random.js'
import { signForClient } from './client_jwt.js'

/** How long a logout token is good for, in seconds; OpenID Connect Back-Channel Logout §4 has two minutes at most. */
const LIFETIME = 120

/** @param logout the user's own `sub`, and the `sid` that the client's ID tokens have. */
export async function createLogoutToken(
  ctx: Context,
  client: Client,
  { sub, sid }: { readonly sub: string; readonly sid: string },
): Promise<string> {
  const now = ctx.now
  // OpenID Connect Back-Channel Logout §2.6: signed like the client's ID tokens, but never by `none`.
  const alg = client.id_token_signed_response_alg
  return signForClient(ctx, client, alg === 'none' ? undefined : alg, {
    kind: 'logout_token',
    about: { sub },
    // OpenID Connect Back-Channel Logout §2.4: typed, and without a nonce, so that it can't pass for an ID token.
    typ: 'logout+jwt',
    claims: {
      iss: ctx.issuer,
      sub: subjectFor(ctx, client, sub),
      aud: client.client_id,
      iat: now,
      exp: now + LIFETIME,
      jti: randomToken(),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sid,
    },
  })
}
