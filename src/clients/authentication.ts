/** Methods of client authentication and what each needs. OpenID Connect Core §9 and RFC 8705 §2. */
import type { Client, ClientAuthMethod } from '../generated/types.js'
import { VALUES } from '../generated/values.js'
import {
  ASYMMETRIC_ALGS,
  ENCRYPTION_MEMBERS,
  isShared,
  isSymmetric,
  SIGNING_MEMBERS,
  SYMMETRIC_ALGS,
} from './algorithms.js'
import { type Finding, has, type Metadata, type Settings } from './findings.js'

/** RFC 8705 §2.1.2: the members with a name of the client's certificate. */
export const TLS_CLIENT_AUTH_MEMBERS = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const satisfies readonly (keyof Client)[]

/** Returns the methods that clients can use: those with a certificate only if the server requests one. */
export function listAuthMethods(client_certificates: boolean): ClientAuthMethod[] {
  return VALUES.ClientAuthMethod.filter((method) => client_certificates || !isByCertificate(method))
}

/** Whether a method authenticates the client by its certificate. */
export function isByCertificate(method: string): method is 'tls_client_auth' | 'self_signed_tls_client_auth' {
  return method.endsWith('tls_client_auth')
}

type CredentialMember = 'client_secret' | 'jwks' | 'jwks_uri' | (typeof TLS_CLIENT_AUTH_MEMBERS)[number]

/** Returns the methods that the credentials of a client allow: `none` without a client_secret, keys and names of a certificate. */
export function listProvableMethods(metadata: { readonly [M in CredentialMember]?: unknown }): ClientAuthMethod[] {
  const keys = has(metadata, 'jwks') || has(metadata, 'jwks_uri')
  const methods: ClientAuthMethod[] = [
    ...(has(metadata, 'client_secret')
      ? (['client_secret_basic', 'client_secret_post', 'client_secret_jwt'] as const)
      : []),
    ...(keys ? (['private_key_jwt', 'self_signed_tls_client_auth'] as const) : []),
    ...(TLS_CLIENT_AUTH_MEMBERS.some((member) => has(metadata, member)) ? (['tls_client_auth'] as const) : []),
  ]
  return methods.length === 0 ? ['none'] : methods
}

export function* checkAuthMethod(
  { token_endpoint_auth_method: method }: Metadata,
  { client_certificates }: Settings,
): Iterable<Finding> {
  const available = listAuthMethods(client_certificates)
  if (method === undefined || available.includes(method)) return
  yield {
    path: ['token_endpoint_auth_method'],
    message: `is "${method}", expected one of ${available.join(', ')}; server.tls.client_certificates enables the others`,
  }
}

export function* checkKeyLocation(metadata: Metadata): Iterable<Finding> {
  const method = metadata.token_endpoint_auth_method
  const [jwks, jwks_uri] = [has(metadata, 'jwks'), has(metadata, 'jwks_uri')]
  // RFC 7591 §2: jwks and jwks_uri must not both be present.
  if (jwks && jwks_uri) yield { path: ['jwks_uri'], message: 'is present beside jwks, expected only one of them' }
  // OpenID Connect Core §9, RFC 8705 §2.2.2: these methods verify the client by a registered key.
  const needed = method === 'private_key_jwt' || method === 'self_signed_tls_client_auth'
  if (needed && !jwks && !jwks_uri) {
    yield { path: ['jwks'], message: `is missing, expected jwks or jwks_uri for ${method}` }
  }
}

// RFC 8705 §2.1.2: tls_client_auth needs exactly one name of the certificate.
export function* checkCertificateName(metadata: Metadata): Iterable<Finding> {
  const given = TLS_CLIENT_AUTH_MEMBERS.filter((member) => has(metadata, member))
  if (metadata.token_endpoint_auth_method !== 'tls_client_auth' || given.length === 1) return
  const found = given.length === 0 ? 'none' : given.join(' and ')
  const message = `is "tls_client_auth", expected exactly one of ${TLS_CLIENT_AUTH_MEMBERS.join(', ')} beside it, not ${found}`
  yield { path: ['token_endpoint_auth_method'], message }
}

/** OpenID Connect Core §9: private_key_jwt signs with a private key, client_secret_jwt with the client_secret. */
const ASSERTION_ALGS_OF: Partial<Record<ClientAuthMethod, readonly string[]>> = {
  private_key_jwt: ASYMMETRIC_ALGS,
  client_secret_jwt: SYMMETRIC_ALGS,
}

export function* checkAssertionAlg(metadata: Metadata): Iterable<Finding> {
  const { token_endpoint_auth_method: method, token_endpoint_auth_signing_alg: alg } = metadata
  const algs = method && ASSERTION_ALGS_OF[method]
  if (alg === undefined || algs === undefined || algs.includes(alg)) return
  const message = `is "${alg}", expected one of ${algs.join(', ')} for ${method}`
  yield { path: ['token_endpoint_auth_signing_alg'], message }
}

/** Returns the member that needs a client_secret, with its value; undefined if the client needs none. OpenID Connect Core §10. */
export function findSecretUse(metadata: Metadata): string | undefined {
  const method = metadata.token_endpoint_auth_method
  if (method?.startsWith('client_secret')) return `token_endpoint_auth_method ${method}`
  const encryption = Object.keys(ENCRYPTION_MEMBERS) as (keyof typeof ENCRYPTION_MEMBERS)[]
  const member =
    SIGNING_MEMBERS.find((one) => isSymmetric(metadata[one] ?? '')) ??
    encryption.find((one) => isShared(metadata[one] ?? ''))
  return member && `${member} ${metadata[member]}`
}

export function* checkSecret(metadata: Metadata): Iterable<Finding> {
  const use = findSecretUse(metadata)
  if (use === undefined || has(metadata, 'client_secret')) return
  const advice = use.startsWith('token') ? '; add it, or set token_endpoint_auth_method: none for a public client' : ''
  yield { path: ['client_secret'], message: `is missing, expected one for ${use}${advice}` }
}
