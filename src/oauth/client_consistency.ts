/** What the members of a client's metadata demand of each other. RFC 7591 §2, OpenID Connect Registration §2, RFC 8705 §2.1.2. */
import type { Context } from '../context.js'
import { invalidClientMetadata } from '../errors.js'
import type { ClientMetadata } from '../store/records.js'
import { ASYMMETRIC_ALGS, SYMMETRIC_ALGS } from './algorithms.js'
import { TLS_CLIENT_AUTH_MEMBERS } from './client/certificate.js'
import { RESPONSE_TYPES } from './response_type.js'
import { enforce } from './rules.js'

/** Refuses the first contradiction. */
export function verifyConsistency(ctx: Context, client: ClientMetadata): void {
  for (const demand of DEMANDS) {
    const problem = demand(client)
    if (problem !== undefined) throw invalidClientMetadata(problem)
  }
  // RFC 7591 §2.1: each response type goes with a grant type.
  const missing = neededGrantTypes(client).filter((type) => !client.grant_types.includes(type))
  if (missing.length > 0) {
    const problem = `grant_types lacks ${missing.join(' and ')}, which the response_types ${client.response_types.join(', ')} need`
    enforce(ctx, 'consistent_grant_types', invalidClientMetadata(problem))
  }
}

type Demand = (client: ClientMetadata) => string | undefined

const hasKeys = ({ jwks, jwks_uri }: ClientMetadata) => jwks !== undefined || jwks_uri !== undefined

const DEMANDS: readonly Demand[] = [
  // RFC 7591 §2: jwks and jwks_uri must not both be there.
  ({ jwks, jwks_uri }) =>
    jwks !== undefined && jwks_uri !== undefined ? 'jwks and jwks_uri both came, expected one of them' : undefined,

  // OpenID Connect Core §9, RFC 8705 §2.2.2: these methods are nothing without a key.
  (client) => {
    const method = client.token_endpoint_auth_method
    const byKey = method === 'private_key_jwt' || method === 'self_signed_tls_client_auth'
    return byKey && !hasKeys(client)
      ? `jwks and jwks_uri are missing, expected one of them for the token_endpoint_auth_method ${method}`
      : undefined
  },

  // RFC 8705 §2.1.2: exactly one of the members that say which certificate is meant.
  (client) => {
    const given = TLS_CLIENT_AUTH_MEMBERS.filter((name) => client[name] !== undefined)
    return client.token_endpoint_auth_method === 'tls_client_auth' && given.length !== 1
      ? `tls_client_auth came with ${given.join(' and ') || 'no name'}, expected exactly one of ${TLS_CLIENT_AUTH_MEMBERS.join(', ')}`
      : undefined
  },

  // OpenID Connect Core §9: the one method signs with a private key, the other with the client_secret.
  ({ token_endpoint_auth_method: method, token_endpoint_auth_signing_alg: alg }) => {
    const algs: readonly string[] | undefined =
      method === 'private_key_jwt' ? ASYMMETRIC_ALGS : method === 'client_secret_jwt' ? SYMMETRIC_ALGS : undefined
    return alg !== undefined && algs?.includes(alg) === false
      ? `token_endpoint_auth_signing_alg is ${alg}, expected one of ${algs.join(', ')} for ${method}`
      : undefined
  },

  // OpenID Connect Registration §2: whoever says how the content is encrypted says how its key is.
  ...(
    [
      'id_token_encrypted_response',
      'userinfo_encrypted_response',
      'authorization_encrypted_response',
      'request_object_encryption',
    ] as const
  ).map(
    (name): Demand =>
      (client) =>
        client[`${name}_enc`] !== undefined && client[`${name}_alg`] === undefined
          ? `${name}_enc came without ${name}_alg, expected both`
          : undefined,
  ),

  // OpenID Connect Core §10.2: what is encrypted to the client by a public key needs one.
  ...(
    [
      'id_token_encrypted_response_alg',
      'userinfo_encrypted_response_alg',
      'authorization_encrypted_response_alg',
    ] as const
  ).map(
    (name): Demand =>
      (client) =>
        /^(RSA|ECDH)/.test(client[name] ?? '') && !hasKeys(client)
          ? `jwks and jwks_uri are missing, expected one of them for the ${name} ${client[name]}`
          : undefined,
  ),

  // OpenID Connect Registration §2: `none` is for those who get ID tokens from the token endpoint only.
  ({ id_token_signed_response_alg: alg, response_types }) => {
    const front = response_types.filter((type) => RESPONSE_TYPES[type].id_token)
    return alg === 'none' && front.length > 0
      ? `id_token_signed_response_alg is none, expected a signature for the response_types ${front.join(', ')}`
      : undefined
  },
]

function neededGrantTypes({ response_types }: ClientMetadata): ClientMetadata['grant_types'] {
  const parts = response_types.map((type) => RESPONSE_TYPES[type])
  return [
    ...(parts.some(({ code }) => code) ? (['authorization_code'] as const) : []),
    ...(parts.some(({ token, id_token }) => token || id_token) ? (['implicit'] as const) : []),
  ]
}
