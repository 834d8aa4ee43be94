/** Authorization responses as signed JWTs. JARM §2.1: https://openid.net/specs/oauth-v2-jarm.html */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { encryptToClient, signForClient } from './client_jwt.js'

/** Lifetime in seconds. JARM §2.1 recommends at most ten minutes. */
const LIFETIME = 600

/**
 * Creates the JWT of an authorization response.
 * @param fields the parameters, including `iss` and `state`.
 */
export async function createResponseJwt(
  ctx: Context,
  client: Client,
  fields: readonly (readonly [string, string])[],
): Promise<string> {
  const {
    authorization_signed_response_alg: signed,
    authorization_encrypted_response_alg: alg,
    authorization_encrypted_response_enc: enc,
  } = client
  const claims = { ...Object.fromEntries(fields), aud: client.client_id, exp: ctx.now + LIFETIME }
  const nested = await signForClient(ctx, client, signed, { kind: 'jarm', claims })
  // JARM §2.2: the response is signed first, then encrypted.
  return alg === undefined ? nested : encryptToClient(ctx, client, { alg, enc }, { nested })
}
