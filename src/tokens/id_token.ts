/** The ID token. OpenID Connect Core §2: https://openid.net/specs/openid-connect-core-1_0.html#IDToken */
import { createHash } from 'node:crypto'
import type { Alg } from '../config/types.js'
import type { Context } from '../context.js'
import type { Client, User } from '../directory.js'
import { releaseClaims } from '../oauth/claims.js'
import type { Grant } from '../store/store.js'
import { ID_TOKEN_TYP, requireSigningKey, signJwt } from './jwt.js'

export async function createIdToken(
  ctx: Context,
  subject: { client: Client; user: User; grant: Grant; scope: string; nonce: string | undefined; access_token: string },
): Promise<string> {
  const { client, user, grant, scope, nonce, access_token } = subject
  const key = await requireSigningKey(ctx, client.id_token_signed_response_alg)
  const now = ctx.clock.now()
  return signJwt(key, ID_TOKEN_TYP, {
    ...releaseClaims(ctx.snapshot, user, scope, 'id_token'),
    iss: ctx.issuer,
    aud: client.client_id,
    iat: now,
    exp: now + ctx.snapshot.lifetimes.id_token,
    auth_time: grant.auth_time,
    at_hash: hashOf(access_token, key.alg),
    // OpenID Connect Core §3.1.3.6: the nonce of the request, unmodified; none where none was sent.
    nonce,
  })
}

/** OpenID Connect Core §3.1.3.6: the left half of the token's hash, by the hash function of the ID token's own `alg`. */
function hashOf(token: string, alg: Alg): string {
  // RFC 8037 §3.1 with Ed25519: its hash is SHA-512.
  const hash = alg === 'EdDSA' ? 'sha512' : `sha${alg.slice(2)}`
  const digest = createHash(hash).update(token, 'ascii').digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}
