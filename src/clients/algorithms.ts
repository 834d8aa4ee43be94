/** Algorithms that sign and encrypt. RFC 7518 §3.1, §4.1 and §5.1, RFC 8037 §3.1, and what OpenID Connect Registration §2 says about them. */
import type { Alg, Client, EncryptionAlg, KeyManagementAlg, ResponseAlg } from '../generated/types.js'
import { VALUES } from '../generated/values.js'
import { type Finding, has, type Metadata } from './findings.js'
import { findResponseTypes } from './response_types.js'

/** Algorithms of signatures by a private key. */
export const ASYMMETRIC_ALGS = VALUES.Alg

/** Algorithms of signatures by the client_secret. */
export const SYMMETRIC_ALGS = ['HS256', 'HS384', 'HS512'] as const satisfies readonly ResponseAlg[]

/** Algorithms of client assertions: by a key for private_key_jwt, by the client_secret for client_secret_jwt. */
export const ASSERTION_ALGS = [...ASYMMETRIC_ALGS, ...SYMMETRIC_ALGS] as const

/** Algorithms of request objects. */
export const REQUEST_OBJECT_SIGNING_ALGS = [...ASSERTION_ALGS, 'none'] as const

/** Algorithms that encrypt a content key, or agree on one. */
export const KEY_MANAGEMENT_ALGS = VALUES.KeyManagementAlg

/** Algorithms that encrypt content. */
export const CONTENT_ENCRYPTIONS = VALUES.ContentEncryption

/** Returns the algorithms of ID tokens and userinfo: those of the provider's keys, of the client_secret, and none. */
export function listResponseAlgs(signing_algs: readonly Alg[]): ResponseAlg[] {
  return [...new Set(signing_algs), ...SYMMETRIC_ALGS, 'none']
}

/** Returns the algorithms of encrypted request objects: those of the provider's keys and of the client_secret. */
export function listRequestObjectEncryptionAlgs(encryption_algs: readonly EncryptionAlg[]): KeyManagementAlg[] {
  const families = encryption_algs.map(familyOf)
  return KEY_MANAGEMENT_ALGS.filter((alg) => isShared(alg) || families.includes(familyOf(alg)))
}

/** Returns the algorithms that one key is for: an elliptic key agrees on keys for each of its kind. */
export function familyOf(alg: string): string {
  return alg.startsWith('ECDH-ES') ? 'ECDH-ES' : alg
}

/** Whether an algorithm signs with the client_secret. */
export function isSymmetric(alg: string): boolean {
  return SYMMETRIC_ALGS.some((one) => one === alg)
}

/** Whether an algorithm encrypts with a key that is derived from the client_secret. RFC 7518 §4.1. */
export function isShared(alg: string): boolean {
  return alg === 'dir' || /^A\d+KW$/.test(alg)
}

/** Members with an algorithm that signs, except those of assertions, for which the authentication method decides. */
export const SIGNING_MEMBERS = [
  'id_token_signed_response_alg',
  'userinfo_signed_response_alg',
  'authorization_signed_response_alg',
  'request_object_signing_alg',
] as const satisfies readonly (keyof Client)[]

/** Members with an algorithm that encrypts a key, and the members with the algorithm that encrypts the content. */
export const ENCRYPTION_MEMBERS = {
  id_token_encrypted_response_alg: 'id_token_encrypted_response_enc',
  userinfo_encrypted_response_alg: 'userinfo_encrypted_response_enc',
  authorization_encrypted_response_alg: 'authorization_encrypted_response_enc',
  request_object_encryption_alg: 'request_object_encryption_enc',
} as const satisfies { readonly [M in keyof Client]?: keyof Client }

type EncryptionMember = keyof typeof ENCRYPTION_MEMBERS

export function* checkEncryption(metadata: Metadata): Iterable<Finding> {
  for (const [alg, enc] of Object.entries(ENCRYPTION_MEMBERS) as [EncryptionMember, keyof Client][]) {
    // OpenID Connect Registration §2: with an enc, the alg must be present, too.
    if (has(metadata, enc) && !has(metadata, alg)) {
      yield { path: [enc], message: `is present without ${alg}, expected both` }
    }
    const value = metadata[alg]
    // OpenID Connect Core §10.2: the response is encrypted to a key of the client. A request object is encrypted to one of the provider.
    const toClient = value !== undefined && !isShared(value) && alg !== 'request_object_encryption_alg'
    if (toClient && !has(metadata, 'jwks') && !has(metadata, 'jwks_uri')) {
      yield { path: [alg], message: `is "${value}", expected a key for it in jwks or at jwks_uri` }
    }
  }
}

// OpenID Connect Registration §2: `none` is for clients that get ID tokens only from the token endpoint.
export function* checkUnsignedIdToken(metadata: Metadata): Iterable<Finding> {
  const types = findResponseTypes(metadata, ({ id_token }) => id_token)
  if (metadata.id_token_signed_response_alg !== 'none' || types.length === 0) return
  const message = `is "none", expected a signature for the response_types ${types.join(', ')}`
  yield { path: ['id_token_signed_response_alg'], message }
}
