/** An authorization response as a JWT, so that nobody can change it on its way. JARM §2.1: https://openid.net/specs/oauth-v2-jarm.html */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { encryptToClient, signForClient } from './client_jwt.js'

/** JARM §2.1: ten minutes are recommended at most. */
const LIFETIME = 600

/** @param fields the parameters, `iss` and `state` among them. */
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
  // JARM §2.2: first signed, then encrypted.
  return alg === undefined ? nested : encryptToClient(ctx, client, { alg, enc }, { nested })
}
