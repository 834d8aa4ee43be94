/** The metadata of the provider, derived from the tables. OpenID Connect Discovery §3 and §4, and RFC 8414 §2 and §3: https://openid.net/specs/openid-connect-discovery-1_0.html */
import type { FastifyPluginAsync } from 'fastify'
import {
  ASSERTION_ALGS,
  CONTENT_ENCRYPTIONS,
  KEY_MANAGEMENT_ALGS,
  listRequestObjectEncryptionAlgs,
  listResponseAlgs,
  REQUEST_OBJECT_SIGNING_ALGS,
} from '../clients/algorithms.js'
import { listAuthMethods } from '../clients/authentication.js'
import type { Snapshot } from '../config/snapshot.js'
import type { Context } from '../context.js'
import { VALUES } from '../generated/values.js'
import { listEndpoints } from '../oauth/endpoints.js'
import { CODE_CHALLENGE_METHODS } from '../oauth/pkce.js'
import { DISPLAYS, PROMPTS } from '../oauth/prompt.js'
import { RESPONSE_MODES } from '../oauth/response_mode.js'
import { listScopes } from '../oauth/scopes.js'
import { PATHS } from '../routes.js'

/** Serves the same document for OpenID Connect clients and for OAuth clients. */
export const discovery: FastifyPluginAsync = async (app) => {
  for (const path of [PATHS.discovery, PATHS.oauth_discovery]) app.get(path, async ({ ctx }) => describeProvider(ctx))
}

type Metadata = Readonly<Record<string, unknown>>

/** Returns the derived metadata with the overrides of the configuration. */
function describeProvider(ctx: Context): Metadata {
  const derived = {
    issuer: ctx.issuer,
    ...Object.fromEntries(listEndpoints(ctx).map(({ name, url }) => [name, url])),
    ...describeRequests(ctx.snapshot),
    ...describeTokens(ctx),
    ...describeClaims(ctx.snapshot),
    ...LOGOUT,
  }
  // RFC 8414 §3.2: an empty list is omitted.
  const known = Object.entries(derived).filter(([, value]) => !Array.isArray(value) || value.length > 0)
  const overrides = Object.entries(ctx.snapshot.config.discovery)
  const all = new Map<string, unknown>([...known, ...overrides])
  return Object.fromEntries([...all].filter(([, value]) => value !== null))
}

/** Lists the supported values of an authorization request. */
function describeRequests(snapshot: Snapshot): Metadata {
  const { config, rules } = snapshot
  return {
    response_types_supported: VALUES.ResponseType,
    response_modes_supported: Object.keys(RESPONSE_MODES),
    code_challenge_methods_supported: CODE_CHALLENGE_METHODS,
    acr_values_supported: config.acr_values,
    display_values_supported: DISPLAYS,
    // Initiating User Registration §4.2.
    prompt_values_supported: PROMPTS,
    // All pages are in English.
    ui_locales_supported: ['en'],
    claims_parameter_supported: true,
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: rules.registered_request_uris,
    request_object_signing_alg_values_supported: REQUEST_OBJECT_SIGNING_ALGS,
    request_object_encryption_alg_values_supported: listRequestObjectEncryptionAlgs(
      snapshot.encryption_keys.map(({ alg }) => alg),
    ),
    request_object_encryption_enc_values_supported: CONTENT_ENCRYPTIONS,
    // RFC 9207 §3.
    authorization_response_iss_parameter_supported: rules.iss_parameter,
  }
}

/** Lists grant types, client authentication and the algorithms of tokens. */
function describeTokens(ctx: Context): Metadata {
  const { snapshot } = ctx
  const response_algs = listResponseAlgs(snapshot.keys.map(({ alg }) => alg))
  const auth_methods = listAuthMethods(snapshot.config.server.tls?.client_certificates === true)
  const { issue_refresh_token } = snapshot.config
  return {
    grant_types_supported: VALUES.GrantType.filter((grant) => grant !== 'refresh_token' || issue_refresh_token),
    token_endpoint_auth_methods_supported: auth_methods,
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    // RFC 8414 §2.
    introspection_endpoint_auth_methods_supported: auth_methods.filter(
      (method) => method !== 'none' || !snapshot.rules.authenticated_introspection,
    ),
    introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    revocation_endpoint_auth_methods_supported: auth_methods,
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    id_token_signing_alg_values_supported: response_algs,
    id_token_encryption_alg_values_supported: KEY_MANAGEMENT_ALGS,
    id_token_encryption_enc_values_supported: CONTENT_ENCRYPTIONS,
    userinfo_signing_alg_values_supported: response_algs,
    userinfo_encryption_alg_values_supported: KEY_MANAGEMENT_ALGS,
    userinfo_encryption_enc_values_supported: CONTENT_ENCRYPTIONS,
    // JARM §4.
    authorization_signing_alg_values_supported: response_algs.filter((alg) => alg !== 'none'),
    authorization_encryption_alg_values_supported: KEY_MANAGEMENT_ALGS,
    authorization_encryption_enc_values_supported: CONTENT_ENCRYPTIONS,
  }
}

/** Lists subject types, scopes and claims. */
function describeClaims(snapshot: Snapshot): Metadata {
  const scopes = listScopes(snapshot)
  const { issue_refresh_token } = snapshot.config
  return {
    subject_types_supported: VALUES.SubjectType,
    scopes_supported: [...scopes.keys()].filter((scope) => scope !== 'offline_access' || issue_refresh_token),
    claim_types_supported: ['normal', 'aggregated', 'distributed'],
    claims_supported: [...new Set([...PROTOCOL_CLAIMS, ...[...scopes.values()].flat(), ...snapshot.user_claims])],
  }
}

/** OpenID Connect Core §2 and Back-Channel Logout §2.1: claims that the provider adds to an ID token. */
const PROTOCOL_CLAIMS = ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid'] as const

/** OpenID Connect Front-Channel Logout §3 and Back-Channel Logout §2.1. */
const LOGOUT = {
  frontchannel_logout_supported: true,
  frontchannel_logout_session_supported: true,
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
} as const
