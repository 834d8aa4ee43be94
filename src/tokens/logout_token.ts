/** The logout token, which notifies a client of a logout. OpenID Connect Back-Channel Logout §2.4: https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { subjectFor } from '../oauth/subject.js'
import { randomToken } from '../random.js'
import { signForClient } from './client_jwt.js'

/** Lifetime in seconds. OpenID Connect Back-Channel Logout §4 recommends at most two minutes. */
const LIFETIME = 120

/**
 * Creates a logout token.
 * @param logout the user's own `sub`, and the `sid` of the client's ID tokens.
 */
export async function createLogoutToken(
  ctx: Context,
  client: Client,
  { sub, sid }: { readonly sub: string; readonly sid: string },
): Promise<string> {
  const now = ctx.now
  // OpenID Connect Back-Channel Logout §2.6: signed like the client's ID tokens, except that `none` is not allowed.
  const alg = client.id_token_signed_response_alg
  return signForClient(ctx, client, alg === 'none' ? undefined : alg, {
    kind: 'logout_token',
    about: { sub },
    // OpenID Connect Back-Channel Logout §2.4: the typ and the absent nonce distinguish it from an ID token.
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
