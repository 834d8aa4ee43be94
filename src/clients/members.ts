/**
 * The members of client metadata. RFC 7591 §2, OpenID Connect Registration §2, RFC 8705 §2.1.2, JARM §3, Back-Channel Logout
 * §2.2, Front-Channel Logout §2. Their JSON types, enumerations and defaults, and which are secret, follow from the schema.
 */
import type { Client } from '../generated/types.js'
import { CLIENT_DEFAULTS as DEFAULTS, VALUES } from '../generated/values.js'
import { ASSERTION_ALGS, CONTENT_ENCRYPTIONS, KEY_MANAGEMENT_ALGS, REQUEST_OBJECT_SIGNING_ALGS } from './algorithms.js'
import { expectJwks } from './keys.js'
import * as kinds from './kinds.js'
import { oneOf } from './kinds.js'

/** A member that every door reads, with the kind of its value or of the items of its list, or a member of one door. */
export type Member =
  /**
   * `localizable` is for a member that can have a language tag at registration (RFC 7591 §2.2). A `replaceable` member has
   * a default or informs people only, so that registration can leave out unsupported values (RFC 7591 §3.2.1).
   */
  | { readonly kind: kinds.Kind; readonly localizable?: true; readonly replaceable?: true }
  | { readonly items: kinds.Kind; readonly replaceable?: true }
  /** The reason why registration ignores the member. */
  | { readonly configuration_only: string }
  /** The reason why the configuration refuses the member. */
  | { readonly registration_only: string }

const encryption = { kind: oneOf(KEY_MANAGEMENT_ALGS) }
const enc = { kind: oneOf(CONTENT_ENCRYPTIONS) }
const flag = { kind: kinds.flag }
const text = { kind: kinds.text }
const nonEmptyText = { kind: kinds.nonEmptyText }
const page = { kind: kinds.webUri, localizable: true, replaceable: true } as const
const endpoint = { kind: kinds.endpointUri }
const responseAlg = { kind: kinds.responseAlg }

const CHOSEN = 'RFC 7591 §3.2.1: the provider chooses it for a client that registers.'
const EXTENSION = 'It is an extension of this provider, not a member of the registration specifications.'

export const MEMBERS: Readonly<Record<keyof Client | 'software_statement', Member>> = {
  client_id: { configuration_only: CHOSEN },
  client_secret: { configuration_only: CHOSEN },
  client_name: { kind: kinds.text, localizable: true },
  redirect_uris: { items: kinds.text },
  wildcard_redirect_uris: { configuration_only: EXTENSION },
  post_logout_redirect_uris: { items: kinds.text },
  token_endpoint_auth_method: { kind: oneOf(VALUES.ClientAuthMethod), replaceable: true },
  grant_types: { items: oneOf(VALUES.GrantType), replaceable: true },
  response_types: { items: oneOf(VALUES.ResponseType), replaceable: true },
  scope: text,
  id_token_signed_response_alg: responseAlg,
  id_token_encrypted_response_alg: encryption,
  id_token_encrypted_response_enc: enc,
  userinfo_signed_response_alg: responseAlg,
  userinfo_encrypted_response_alg: encryption,
  userinfo_encrypted_response_enc: enc,
  authorization_signed_response_alg: { kind: kinds.authorizationAlg },
  authorization_encrypted_response_alg: encryption,
  authorization_encrypted_response_enc: enc,
  request_object_signing_alg: { kind: oneOf(REQUEST_OBJECT_SIGNING_ALGS) },
  request_object_encryption_alg: { kind: kinds.requestObjectEncryptionAlg },
  request_object_encryption_enc: enc,
  token_endpoint_auth_signing_alg: { kind: oneOf(ASSERTION_ALGS) },
  jwks: { kind: expectJwks },
  jwks_uri: endpoint,
  subject_type: { kind: oneOf(VALUES.SubjectType) },
  sector_identifier_uri: endpoint,
  application_type: { kind: oneOf(VALUES.ApplicationType), replaceable: true },
  contacts: { items: kinds.nonEmptyText },
  client_uri: page,
  logo_uri: page,
  policy_uri: page,
  tos_uri: page,
  initiate_login_uri: { kind: kinds.httpsEndpointUri },
  default_max_age: { kind: kinds.seconds },
  require_auth_time: flag,
  default_acr_values: { items: kinds.word },
  request_uris: { items: kinds.requestUri },
  // Departure: Front-Channel Logout §2 requires the origin of a redirect_uri. The parts of a test can use several ports.
  frontchannel_logout_uri: endpoint,
  frontchannel_logout_session_required: flag,
  backchannel_logout_uri: endpoint,
  backchannel_logout_session_required: flag,
  tls_client_auth_subject_dn: { kind: kinds.distinguishedName },
  tls_client_auth_san_dns: nonEmptyText,
  tls_client_auth_san_uri: nonEmptyText,
  tls_client_auth_san_ip: { kind: kinds.ipAddress },
  tls_client_auth_san_email: nonEmptyText,
  software_id: nonEmptyText,
  software_version: nonEmptyText,
  software_statement: {
    registration_only: 'RFC 7591 §2.3: a client presents it when it registers, and its members take precedence.',
  },
  faults: { configuration_only: EXTENSION },
  auto_login: { configuration_only: EXTENSION },
  users_only: { configuration_only: EXTENSION },
  access_tokens: { configuration_only: EXTENSION },
}

const { wildcard_redirect_uris: _, ...defaults } = DEFAULTS

/**
 * Defaults of the members that a client of the configuration can leave out without being bound to the default.
 * Departure: RFC 7591 §2 has the grant type authorization_code only. Clients of the reference get refresh tokens.
 */
export const UNBOUND_DEFAULTS = {
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
} as const satisfies Partial<Client>

/** A member that a client of the configuration can leave out without being bound to the default. */
export type UnboundMember = keyof typeof UNBOUND_DEFAULTS

/** The defaults of the members that every client can have. */
export const CLIENT_DEFAULTS = { ...defaults, ...UNBOUND_DEFAULTS }

/** A member with a language tag in the syntax of RFC 5646 §2.1. RFC 7591 §2.2. */
const LOCALIZED = /^(\w+)#[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}$/

/** Returns the row of a member, with or without a language tag; undefined for an unknown member. */
export function findMember(name: string): Member | undefined {
  if (Object.hasOwn(MEMBERS, name)) return MEMBERS[name as keyof typeof MEMBERS]
  const [, base = ''] = LOCALIZED.exec(name) ?? []
  const member = Object.hasOwn(MEMBERS, base) ? MEMBERS[base as keyof typeof MEMBERS] : undefined
  return member !== undefined && 'localizable' in member ? member : undefined
}
