/** Which algorithms sign and encrypt, by their names. RFC 7518 §3.1, §4.1 and §5.1, and RFC 8037 §3.1. */
import type { Snapshot } from '../config/snapshot.js'
import type { Alg, ContentEncryption, KeyManagementAlg, ResponseAlg } from '../generated/types.js'

/** Signatures by a private key. */
export const ASYMMETRIC_ALGS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const satisfies readonly Alg[]

/** Signatures by the client_secret. */
export const SYMMETRIC_ALGS = ['HS256', 'HS384', 'HS512'] as const satisfies readonly ResponseAlg[]

/** How a content key is encrypted to a client. */
export const KEY_MANAGEMENT_ALGS = [
  'RSA-OAEP',
  'RSA-OAEP-256',
  'RSA-OAEP-384',
  'RSA-OAEP-512',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
  'A128KW',
  'A192KW',
  'A256KW',
  'dir',
] as const satisfies readonly KeyManagementAlg[]

/** How content is encrypted. */
export const CONTENT_ENCRYPTIONS = [
  'A128CBC-HS256',
  'A192CBC-HS384',
  'A256CBC-HS512',
  'A128GCM',
  'A192GCM',
  'A256GCM',
] as const satisfies readonly ContentEncryption[]

/** What ID tokens and userinfo can be signed with: by our keys, by the client_secret, or not at all. */
export function listResponseAlgs({ keys }: Snapshot): ResponseAlg[] {
  return [...new Set(keys.map(({ alg }) => alg)), ...SYMMETRIC_ALGS, 'none']
}
