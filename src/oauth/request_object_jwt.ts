/** From a request object, encrypted, signed, both or neither, to its claims. OpenID Connect Core §6.1 and §10. */
import { compactDecrypt, decodeJwt } from 'jose'
import {
  CONTENT_ENCRYPTIONS,
  familyOf,
  isShared,
  KEY_MANAGEMENT_ALGS,
  REQUEST_OBJECT_SIGNING_ALGS,
} from '../clients/algorithms.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { shown } from '../errors.js'
import type { ContentEncryption, KeyManagementAlg } from '../generated/types.js'
import { readHeader, requireEncryptionKey, verifyClientJwt } from './client/keys.js'
import { MAX_OBJECT_LENGTH } from './params.js'

type Claims = Readonly<Record<string, unknown>>

/**
 * The claims of a request object whose signature is good, or that nobody signed. They have not been looked at.
 * @throws an Error whose message goes on after what the object is called.
 */
export async function openRequestObject(ctx: Context, client: Client, object: string): Promise<Claims> {
  // RFC 7516 §9: what has five parts is encrypted.
  if (object.split('.', 6).length !== 5) return readSigned(ctx, client, object)
  const content = await decrypt(ctx, client, object)
  // OpenID Connect Core §6.1: signed or not, before it is encrypted; RFC 7519 §5.2: a JWT, or the claims themselves.
  return content.startsWith('{') ? readUnsigned(client, () => JSON.parse(content)) : readSigned(ctx, client, content)
}

async function readSigned(ctx: Context, client: Client, jwt: string): Promise<Claims> {
  const { alg, crit } = readHeader(jwt)
  if (alg === 'none') {
    // RFC 7518 §3.6: an unsecured JWS has an empty signature. RFC 7515 §4.1.11: no extension is understood here.
    if (!jwt.endsWith('.') || crit !== undefined) throw new Error('has the alg none, but a signature or crit as well')
    return readUnsigned(client, () => decodeJwt(jwt))
  }
  if (client.redirect_uris === 'any') {
    throw new Error('is signed, but nobody registered the client: do so with jwks or jwks_uri, or take the alg none')
  }
  // OpenID Connect Registration §2: request_object_signing_alg leaves no other.
  const algs = only(client.request_object_signing_alg) ?? REQUEST_OBJECT_SIGNING_ALGS
  return (await verifyClientJwt(ctx, client, jwt, algs)).payload
}

function readUnsigned({ request_object_signing_alg }: Client, decode: () => Claims): Claims {
  if (request_object_signing_alg !== undefined && request_object_signing_alg !== 'none') {
    throw new Error(`has the alg none, expected the client's request_object_signing_alg ${request_object_signing_alg}`)
  }
  try {
    return decode()
  } catch {
    throw new Error('is not a JWT: its payload is not a JSON object in base64url')
  }
}

/** RFC 7516 §5.2. */
async function decrypt(ctx: Context, client: Client, jwe: string): Promise<string> {
  const { alg, enc, kid } = readHeader(jwe)
  const algs = only(client.request_object_encryption_alg) ?? KEY_MANAGEMENT_ALGS
  const encs = only(client.request_object_encryption_enc) ?? CONTENT_ENCRYPTIONS
  const keyManagement = algs.find((one) => one === alg)
  const content = encs.find((one) => one === enc)
  if (keyManagement === undefined || content === undefined) {
    throw new Error(`is encrypted by ${shown(`${alg} and ${enc}`)}, expected ${algs.join(', ')} and ${encs.join(', ')}`)
  }
  let reason = `is encrypted by ${alg} to ${kid === undefined ? 'no kid' : `kid ${shown(kid)}`}, and no key of jwks_uri fits`
  for (const key of await findKeys(ctx, client, keyManagement, content, kid)) {
    try {
      // What is compressed is bounded as well: a bomb is no request.
      const options = { keyManagementAlgorithms: [keyManagement], maxDecompressedLength: MAX_OBJECT_LENGTH }
      return new TextDecoder().decode((await compactDecrypt(jwe, key, options)).plaintext)
    } catch (error) {
      reason = `can't be decrypted: ${(error as Error).message}`
    }
  }
  throw new Error(reason)
}

/** Our keys to which the object may be encrypted, or the one that the client_secret makes (OpenID Connect Core §10.2). */
async function findKeys(
  ctx: Context,
  client: Client,
  alg: KeyManagementAlg,
  enc: ContentEncryption,
  kid: string | undefined,
) {
  if (isShared(alg)) return [(await requireEncryptionKey(ctx, client, alg, enc)).key]
  const keys = await ctx.encryption_keys()
  return keys
    .filter((key) => familyOf(key.alg) === familyOf(alg) && (kid === undefined || kid === key.kid))
    .map(({ privateKey }) => privateKey)
}

const only = <T>(registered: T | undefined): readonly T[] | undefined =>
  registered === undefined ? undefined : [registered]
