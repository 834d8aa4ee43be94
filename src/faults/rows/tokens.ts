/** Faults of JWTs. RFC 7519; OpenID Connect Core §3.1.3.7 says what a client checks. */
import { COPE, FAIL, REJECT, type Rows } from './row.js'

/** Faults of the signature, the header, the issuer and the audience of any JWT. */
export const SIGNATURE = {
  bad_signature: { effect: 'The signature has altered bytes; `alg` and `kid` are correct.', ...REJECT },
  alg_none: {
    effect: '`alg` is `none` and the signature is empty.',
    ...REJECT,
    must: 'reject, unless `none` is registered',
  },
  wrong_alg: { effect: 'Another algorithm than the agreed one signs. Its key is published.', ...REJECT },
  hs256_with_public_key: { effect: 'HS256 signs with the PEM of the public key as secret.', ...REJECT },
  missing_kid: {
    effect: 'The header has no `kid`.',
    ...COPE,
    must: 'accept with one key; with several try all, or reject',
  },
  unknown_kid: {
    effect: 'The header has a `kid` that is not in the JWKS.',
    ...REJECT,
    must: 'fetch the JWKS again once, then reject',
  },
  unpublished_key: { effect: 'A key that is not in the JWKS signs, under a published `kid`.', ...REJECT },
  malformed: { effect: 'The JWT has only two parts.', ...REJECT },
  wrong_iss: { effect: '`iss` is another issuer, or `value`.', ...REJECT, takes: ['value'] },
  wrong_aud: { effect: '`aud` is another audience, or `value`.', ...REJECT, takes: ['value'] },
} as const satisfies Rows

/** Faults of the claims of any token. */
export const CLAIMS = {
  wrong_typ: { effect: 'The header has the `typ` of another kind of token.', ...REJECT },
  missing_iss: { effect: 'The token has no `iss`.', ...REJECT },
  missing_aud: { effect: 'The token has no `aud`.', ...REJECT },
  missing_iat: { effect: 'The token has no `iat`.', ...REJECT },
  missing_exp: { effect: 'The token has no `exp`.', ...REJECT },
  expired: { effect: '`exp` is one hour ago, or `by`, and `iat` is before it.', ...REJECT, takes: ['by'] },
  not_yet_valid: { effect: '`nbf` and `iat` are one hour ahead, or `by`.', ...REJECT, takes: ['by'] },
  stale_iat: { effect: '`iat` is one week ago, or `by`.', ...REJECT, takes: ['by'] },
} as const satisfies Rows

export const ID_TOKEN = {
  extra_aud: { effect: '`aud` has a second, unknown audience, and there is no `azp`.', ...REJECT },
  wrong_azp: { effect: '`azp` is another client, or `value`.', ...REJECT, takes: ['value'] },
  missing_sub: { effect: 'The ID token has no `sub`.', ...REJECT },
  wrong_nonce: {
    effect: '`nonce` is another value. The claim is added if the request had no nonce.',
    ...REJECT,
  },
  missing_nonce: { effect: 'The ID token has no `nonce`.', ...REJECT },
  wrong_at_hash: { effect: '`at_hash` is altered.', ...REJECT },
  missing_at_hash: {
    effect: 'The ID token has no `at_hash`.',
    ...REJECT,
    must: 'reject from the authorization endpoint',
  },
} as const satisfies Rows

/** OpenID Connect Core §3.3.2.11: hashes of the parameters beside the ID token in an authorization response. */
export const FRONT_CHANNEL = {
  wrong_c_hash: { effect: '`c_hash` is altered.', ...REJECT },
  missing_c_hash: { effect: 'The ID token has no `c_hash`.', ...REJECT, must: 'reject in the hybrid flow' },
  wrong_s_hash: { effect: '`s_hash` is altered.', ...REJECT },
  missing_s_hash: {
    effect: 'The ID token has no `s_hash`.',
    ...REJECT,
    must: 'reject if the profile requires `s_hash`',
  },
} as const satisfies Rows

export const ACCESS_TOKEN = {
  missing_sub: { effect: 'The access token has no `sub`.', ...REJECT },
  missing_scope: { effect: 'The access token has no `scope`.', ...REJECT },
  insufficient_scope: {
    effect: '`scope` is smaller than granted: empty, or `scope` of the rule.',
    ...REJECT,
    takes: ['scope'],
  },
} as const satisfies Rows

/** Faults of userinfo responses, signed or not. */
export const USERINFO_CLAIMS = {
  wrong_sub: { effect: '`sub` is another end-user, or `value`.', ...REJECT, takes: ['value'] },
  missing_sub: { effect: 'The response has no `sub`.', ...REJECT },
} as const satisfies Rows

export const LOGOUT_TOKEN = {
  missing_events: { effect: 'The logout token has no `events`.', ...REJECT },
  wrong_event: { effect: '`events` has another member.', ...REJECT },
  with_nonce: { effect: 'The logout token has a `nonce`, which is forbidden.', ...REJECT },
  missing_sub_and_sid: { effect: 'The logout token has neither `sub` nor `sid`.', ...REJECT },
} as const satisfies Rows

/** Changes of the signing keys when tokens are signed. */
export const ROTATION = {
  rotated: {
    effect: 'New keys replace the signing keys right after the token is signed. The old ones stay published.',
    severity: 'must_recover',
    must: 'fetch the JWKS again',
  },
  rotated_before_signing: {
    effect: 'A new key signs the token, and the old keys are no longer published.',
    severity: 'must_recover',
    must: 'fetch the JWKS again',
  },
} as const satisfies Rows

/** Faults of the ID token or the refresh token of a token response to a refresh. */
export const REFRESH = {
  refresh_wrong_iss: {
    effect: 'In a refresh, the `iss` of the ID token is another issuer.',
    ...REJECT,
    door: 'id_token',
  },
  refresh_wrong_sub: {
    effect: 'In a refresh, the `sub` of the ID token is another end-user.',
    ...REJECT,
    door: 'id_token',
  },
  refresh_not_rotated: {
    effect: 'In a refresh, the refresh token stays the same.',
    requires: 'rotation',
    severity: 'must_accept',
    must: 'accept',
    door: 'refresh_token_rotation',
  },
  refresh_reuse_revokes_all: {
    effect: 'Refresh tokens are rotated, and the second use of one ends the grant.',
    severity: 'must_recover',
    must: 'log in again',
    door: 'refresh_token_rotation',
  },
} as const satisfies Rows

/** Faults of back-channel logout calls. */
export const BACKCHANNEL_LOGOUT = {
  not_delivered: { effect: 'The provider does not call the client.', ...COPE },
} as const satisfies Rows

/** Faults of the token introspection of an active token. RFC 7662 §2.2. */
export const INTROSPECTION = {
  inactive: { effect: '`active` is false for a valid token.', ...REJECT },
} as const satisfies Rows

/** Refusals of a valid access token at userinfo. RFC 6750 §3.1. */
export const USERINFO_REFUSAL = {
  rejects_token: {
    effect: 'A valid token is refused with 401 `invalid_token`.',
    severity: 'must_recover',
    must: 'refresh once, or log in again',
  },
  insufficient_scope: { effect: 'A valid token is refused with 403 `insufficient_scope`.', ...FAIL },
} as const satisfies Rows
