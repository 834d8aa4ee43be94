/** Decryption and signature verification of request objects. OpenID Connect Core §6.1 and §10. */
import { compactDecrypt } from 'jose'
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
import { requireEncryptionKey, verifyClientJwt } from './client/keys.js'
import { parseClaims, readClaims, readHeader } from './jwt_parts.js'
import { MAX_OBJECT_LENGTH } from './params.js'

type Claims = Readonly<Record<string, unknown>>

/**
 * Returns the claims of a request object that has a valid signature or is unsigned. The claims themselves are unverified.
 * @throws an Error whose message continues a sentence about the request object.
 */
export async function openRequestObject(ctx: Context, client: Client, object: string): Promise<Claims> {
  // RFC 7516 §9: a JWT with five parts is encrypted.
  if (object.split('.', 6).length !== 5) return readSigned(ctx, client, object)
  const content = await decrypt(ctx, client, object)
  // OpenID Connect Core §6.1: the content is signed or unsigned; RFC 7519 §5.2: it is a JWT or the claims themselves.
  return content.startsWith('{') ? readUnsigned(client, () => parseClaims(content)) : readSigned(ctx, client, content)
}

async function readSigned(ctx: Context, client: Client, jwt: string): Promise<Claims> {
  const { alg, crit } = readHeader(jwt)
  if (alg === 'none') {
    // RFC 7518 §3.6: an unsecured JWS has an empty signature. RFC 7515 §4.1.11: no extension is supported.
    if (!jwt.endsWith('.') || crit !== undefined) throw new Error('has the alg none, expected no signature and no crit')
    return readUnsigned(client, () => readClaims(jwt))
  }
  if (client.redirect_uris === 'any') {
    throw new Error(
      'is signed by an unregistered client; register the client with jwks or jwks_uri, or use the alg none',
    )
  }
  // OpenID Connect Registration §2: request_object_signing_alg, if registered, is the only accepted algorithm.
  const algs = only(client.request_object_signing_alg) ?? REQUEST_OBJECT_SIGNING_ALGS
  return (await verifyClientJwt(ctx, client, jwt, algs)).payload
}

function readUnsigned({ request_object_signing_alg }: Client, decode: () => Claims): Claims {
  if (request_object_signing_alg !== undefined && request_object_signing_alg !== 'none') {
    throw new Error(`has the alg none, expected the client's request_object_signing_alg ${request_object_signing_alg}`)
  }
  return decode()
}

/** Decrypts a request object. RFC 7516 §5.2. */
async function decrypt(ctx: Context, client: Client, jwe: string): Promise<string> {
  const { alg, enc, kid } = readHeader(jwe)
  const algs = only(client.request_object_encryption_alg) ?? KEY_MANAGEMENT_ALGS
  const encs = only(client.request_object_encryption_enc) ?? CONTENT_ENCRYPTIONS
  const keyManagement = algs.find((one) => one === alg)
  const content = encs.find((one) => one === enc)
  if (keyManagement === undefined || content === undefined) {
    throw new Error(`is encrypted by ${shown(`${alg} and ${enc}`)}, expected ${algs.join(', ')} and ${encs.join(', ')}`)
  }
  let reason = `is encrypted by ${alg} ${kid === undefined ? 'without a kid' : `to kid ${shown(kid)}`}, expected a key of jwks_uri`
  for (const key of await findKeys(ctx, client, keyManagement, content, kid)) {
    try {
      // The decompressed size is bounded, against decompression bombs.
      const options = { keyManagementAlgorithms: [keyManagement], maxDecompressedLength: MAX_OBJECT_LENGTH }
      return new TextDecoder().decode((await compactDecrypt(jwe, key, options)).plaintext)
    } catch (error) {
      reason = `cannot be decrypted: ${(error as Error).message}`
    }
  }
  throw new Error(reason)
}

/** Returns the provider's decryption keys, or the key derived from the client_secret (OpenID Connect Core §10.2). */
async function findKeys(
  ctx: Context,
  client: Client,
  alg: KeyManagementAlg,
  enc: ContentEncryption,
  kid: string | undefined,
) {
  if (isShared(alg)) return [(await requireEncryptionKey(ctx, client, alg, enc)).key]
  const keys = await ctx.keys.decryption()
  return keys
    .filter((key) => familyOf(key.alg) === familyOf(alg) && (kid === undefined || kid === key.kid))
    .map(({ privateKey }) => privateKey)
}

/** Returns the registered value as the only allowed one; undefined if none is registered. */
const only = <T>(registered: T | undefined): readonly T[] | undefined =>
  registered === undefined ? undefined : [registered]
