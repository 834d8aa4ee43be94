/** What a client says of itself when it registers. RFC 7591 §2 and OpenID Connect Registration §2. */
import type { Context } from '../../context.js'
import { CLIENT_DEFAULTS } from '../../directory/clients.js'
import { invalidClientMetadata, invalidRedirectUri } from '../../errors.js'
import type { ClientMetadata } from '../../store/records.js'
import { CONTENT_ENCRYPTIONS, KEY_MANAGEMENT_ALGS, listResponseAlgs } from '../algorithms.js'
import { verifyApplicationType } from '../application_type.js'
import { verifyConsistency } from '../client_consistency.js'
import * as read from '../metadata_members.js'
import { listRequestObjectEncryptionAlgs, REQUEST_OBJECT_SIGNING_ALGS } from '../request_object_jwt.js'
import { findResponseType, RESPONSE_TYPES, type ResponseType } from '../response_type.js'
import { SUBJECT_TYPES } from '../subject.js'
import { ASSERTION_ALGS } from './assertion.js'
import { listAuthMethods } from './authentication.js'
import { distinguishedName, ipAddress } from './certificate.js'
import { readJwks } from './jwks.js'
import { verifySector } from './sector_identifier.js'
import { unfoldSoftwareStatement } from './software_statement.js'

/** For discovery, and for the metadata that clients register. */
export const GRANT_TYPES = [
  'authorization_code',
  'implicit',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
] as const

type Metadata = Readonly<Record<string, unknown>>
type Member = Exclude<keyof ClientMetadata, 'localized' | 'software_statement'>
type Members = { readonly [M in Member]?: ClientMetadata[M] }

/** Checks a registration request and fills in the defaults. Unknown members are ignored, as RFC 7591 §2 demands. */
export async function readClientMetadata(ctx: Context, request: Metadata): Promise<ClientMetadata> {
  const metadata = unfoldSoftwareStatement(request)
  const members = readMembers(ctx, metadata)
  const { redirect_uris, response_types = CLIENT_DEFAULTS.response_types } = members
  if (redirect_uris === undefined)
    throw invalidRedirectUri('redirect_uris is missing, expected a list of absolute URIs')
  if (redirect_uris.length === 0) throw invalidRedirectUri('redirect_uris is empty, expected at least one absolute URI')
  const localized = readLocalized(metadata)
  const client: ClientMetadata = {
    ...CLIENT_DEFAULTS,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: defaultGrantTypes(ctx, response_types),
    ...defaultEncryption(members),
    ...members,
    redirect_uris,
    ...(Object.keys(localized).length > 0 && { localized }),
    ...(metadata.software_statement !== undefined && { software_statement: String(metadata.software_statement) }),
  }
  verifyConsistency(ctx, client)
  verifyApplicationType(ctx, client)
  await verifySector(ctx, client)
  return client
}

/** Whether a client needs a secret: to authenticate, to sign or verify with, or to encrypt with (OpenID Connect Core §10). */
export function needsSecret(client: ClientMetadata): boolean {
  const algs = [
    client.id_token_signed_response_alg,
    client.userinfo_signed_response_alg,
    client.authorization_signed_response_alg,
    client.request_object_signing_alg,
    client.id_token_encrypted_response_alg,
    client.userinfo_encrypted_response_alg,
    client.authorization_encrypted_response_alg,
    client.request_object_encryption_alg,
  ]
  return (
    client.token_endpoint_auth_method.startsWith('client_secret') ||
    algs.some((alg) => alg !== undefined && /^(HS\d+|A\d+KW|dir)$/.test(alg))
  )
}

function readMembers(ctx: Context, metadata: Metadata): Members {
  const given = Object.entries(readersFor(ctx)).filter(([name]) => metadata[name] !== undefined)
  return Object.fromEntries(given.map(([name, reader]) => [name, reader(name, metadata[name])])) as Members
}

/** Every member, and what reads it. */
function readersFor(ctx: Context): { readonly [M in Member]: read.Reader<NonNullable<ClientMetadata[M]>> } {
  const { snapshot } = ctx
  const alg = read.oneOf(listResponseAlgs(snapshot))
  const encryption = read.oneOf(KEY_MANAGEMENT_ALGS)
  const enc = read.oneOf(CONTENT_ENCRYPTIONS)
  return {
    redirect_uris: read.listOf(read.target(invalidRedirectUri), invalidRedirectUri),
    post_logout_redirect_uris: read.listOf(read.target(invalidClientMetadata)),
    response_types: read.listOf(responseType),
    grant_types: read.listOf(read.oneOf(GRANT_TYPES)),
    application_type: read.oneOf(['web', 'native']),
    scope: read.text,
    client_name: read.text,
    contacts: read.listOf(read.text),
    client_uri: read.url,
    logo_uri: read.url,
    policy_uri: read.url,
    tos_uri: read.url,
    software_id: read.text,
    software_version: read.text,
    jwks: publicJwks,
    jwks_uri: read.endpoint,
    subject_type: read.oneOf(SUBJECT_TYPES),
    sector_identifier_uri: read.endpoint,
    token_endpoint_auth_method: read.oneOf(listAuthMethods(ctx)),
    token_endpoint_auth_signing_alg: read.oneOf(ASSERTION_ALGS),
    tls_client_auth_subject_dn: distinguishedName,
    tls_client_auth_san_dns: read.text,
    tls_client_auth_san_uri: read.text,
    tls_client_auth_san_ip: ipAddress,
    tls_client_auth_san_email: read.text,
    id_token_signed_response_alg: alg,
    id_token_encrypted_response_alg: encryption,
    id_token_encrypted_response_enc: enc,
    userinfo_signed_response_alg: alg,
    userinfo_encrypted_response_alg: encryption,
    userinfo_encrypted_response_enc: enc,
    // JARM §3: none is not allowed.
    authorization_signed_response_alg: read.oneOf(listResponseAlgs(snapshot).filter((one) => one !== 'none')),
    authorization_encrypted_response_alg: encryption,
    authorization_encrypted_response_enc: enc,
    request_object_signing_alg: read.oneOf(REQUEST_OBJECT_SIGNING_ALGS),
    request_object_encryption_alg: read.oneOf(listRequestObjectEncryptionAlgs(snapshot)),
    request_object_encryption_enc: enc,
    request_uris: read.listOf(requestUri),
    default_max_age: read.seconds,
    require_auth_time: read.flag,
    default_acr_values: read.listOf(read.text),
    initiate_login_uri: read.secureEndpoint,
    // Departure: Front-Channel Logout §2 wants the origin of a redirect_uri; a test's parts may be on several ports.
    frontchannel_logout_uri: read.endpoint,
    frontchannel_logout_session_required: read.flag,
    backchannel_logout_uri: read.endpoint,
    backchannel_logout_session_required: read.flag,
  }
}

/** RFC 6749 §3.1.1: the order of the words does not matter. */
const responseType: read.Reader<ResponseType> = (name, value) => {
  const found = typeof value === 'string' ? findResponseType(value) : undefined
  return found ?? read.oneOf(Object.keys(RESPONSE_TYPES) as ResponseType[])(name, value)
}

/** OpenID Connect Registration §2: a fragment may hold the hash of what is there. Core §6.2: 512 characters at most. */
const requestUri: read.Reader<string> = (name, value) => {
  const uri = read.url(name, value)
  if (uri.length <= 512) return uri
  throw invalidClientMetadata(`${name} has ${uri.length} characters, expected 512 at most`)
}

/** RFC 7517 §4 and §5, and RFC 7518 §6: the keys are public. What is private or shared has no business here. */
const publicJwks: read.Reader<NonNullable<ClientMetadata['jwks']>> = (name, value) => {
  try {
    const keys = readJwks(value)
    const index = keys.findIndex((jwk) => jwk.kty === undefined || jwk.d !== undefined || jwk.k !== undefined)
    if (index !== -1) throw new Error(`has no public key in keys[${index}]; a public one has kty, and neither d nor k`)
    return { keys }
  } catch (error) {
    throw invalidClientMetadata(`${name} ${(error as Error).message}`)
  }
}

/** RFC 7591 §2.2: what people read may be there in several languages, such as `client_name#de`. */
function readLocalized(metadata: Metadata): Record<string, string> {
  const tagged = Object.entries(metadata).filter(([name]) => LOCALIZED.test(name))
  if (tagged.length > 100) throw invalidClientMetadata(`${tagged.length} members have a language, expected 100 at most`)
  const entries = tagged.map(([name, value]) => [
    name,
    name.startsWith('client_name') ? read.text(name, value) : read.url(name, value),
  ])
  return Object.fromEntries(entries)
}

/** With a language tag in the syntax of RFC 5646 §2.1. */
const LOCALIZED = /^(client_name|client_uri|logo_uri|policy_uri|tos_uri)#[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}$/

// Departure: RFC 7591 §2 has authorization_code only; a toy's client is not to register for what everybody uses.
function defaultGrantTypes(ctx: Context, response_types: readonly ResponseType[]): ClientMetadata['grant_types'] {
  if (ctx.snapshot.rules.consistent_grant_types) return ['authorization_code']
  const implicit = response_types.some((type) => RESPONSE_TYPES[type].token || RESPONSE_TYPES[type].id_token)
  return implicit ? ['authorization_code', 'implicit', 'refresh_token'] : ['authorization_code', 'refresh_token']
}

/** OpenID Connect Registration §2: whoever names only how the content key is encrypted gets A128CBC-HS256. */
function defaultEncryption(members: Members): Members {
  const enc = 'A128CBC-HS256'
  return {
    ...(members.id_token_encrypted_response_alg !== undefined && { id_token_encrypted_response_enc: enc }),
    ...(members.userinfo_encrypted_response_alg !== undefined && { userinfo_encrypted_response_enc: enc }),
    ...(members.authorization_encrypted_response_alg !== undefined && { authorization_encrypted_response_enc: enc }),
    ...(members.request_object_encryption_alg !== undefined && { request_object_encryption_enc: enc }),
  }
}
