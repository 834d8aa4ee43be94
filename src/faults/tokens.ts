/** What can be wrong with a token: the rows of the catalogue that are about JWTs. RFC 7519, and OpenID Connect Core §3.1.3.7 for what a client checks. */
import type { Rows } from './row.js'

const REJECT = 'reject'

/** What can be wrong with the signature and the header of any JWT. */
export const SIGNATURE = {
  bad_signature: { effect: 'Signature bytes altered; same `alg` and `kid`.', must: REJECT },
  alg_none: { effect: '`alg` is `none`, and the signature is empty.', must: 'reject, unless `none` is registered' },
  wrong_alg: { effect: 'Signed with another algorithm than agreed, whose key is published as well.', must: REJECT },
  hs256_with_public_key: { effect: 'HS256, keyed with the PEM of the public key.', must: REJECT },
  missing_kid: { effect: 'No `kid` in the header.', must: 'accept with one key; with several try all, or reject' },
  unknown_kid: { effect: 'A `kid` that the JWKS lacks.', must: 'fetch the JWKS again once, then reject' },
  unpublished_key: { effect: 'Signed by a key that the JWKS lacks, under a published `kid`.', must: REJECT },
  malformed: { effect: 'Not three parts.', must: REJECT },
  wrong_iss: { effect: '`iss` is another issuer, or `value`.', must: REJECT, takes: ['value'] },
  wrong_aud: { effect: '`aud` is another audience, or `value`.', must: REJECT, takes: ['value'] },
} as const satisfies Rows

/** What can be wrong with the claims of any token. */
export const CLAIMS = {
  wrong_typ: { effect: 'The `typ` of another kind of token.', must: REJECT },
  missing_iss: { effect: 'No `iss`.', must: REJECT },
  missing_aud: { effect: 'No `aud`.', must: REJECT },
  missing_iat: { effect: 'No `iat`.', must: REJECT },
  missing_exp: { effect: 'No `exp`.', must: REJECT },
  expired: { effect: '`exp` was five minutes ago.', must: REJECT },
  not_yet_valid: { effect: '`nbf` and `iat` are an hour ahead.', must: REJECT },
  stale_iat: { effect: '`iat` is a week ago.', must: REJECT },
} as const satisfies Rows

export const ID_TOKEN = {
  extra_aud: { effect: 'A second, unknown audience, and no `azp`.', must: REJECT },
  wrong_azp: { effect: '`azp` is another client, or `value`.', must: REJECT, takes: ['value'] },
  missing_sub: { effect: 'No `sub`.', must: REJECT },
  wrong_nonce: { effect: '`nonce` altered.', must: REJECT },
  missing_nonce: { effect: 'No `nonce`.', must: REJECT },
  wrong_at_hash: { effect: '`at_hash` altered.', must: REJECT },
  missing_at_hash: { effect: 'No `at_hash`.', must: 'reject from the authorization endpoint' },
} as const satisfies Rows

/** OpenID Connect Core §3.3.2.11: what an ID token has of what the authorization response says beside it. */
export const FRONT_CHANNEL = {
  wrong_c_hash: { effect: '`c_hash` altered.', must: REJECT },
  missing_c_hash: { effect: 'No `c_hash`.', must: 'reject in the hybrid flow' },
  wrong_s_hash: { effect: '`s_hash` altered.', must: REJECT },
  missing_s_hash: { effect: 'No `s_hash`.', must: 'reject where the profile asks for it' },
} as const satisfies Rows

export const ACCESS_TOKEN = {
  missing_sub: { effect: 'No `sub`.', must: REJECT },
  missing_scope: { effect: 'No `scope` claim.', must: REJECT },
  insufficient_scope: { effect: 'Less `scope` than was granted: none, or `scope`.', must: REJECT, takes: ['scope'] },
} as const satisfies Rows

export const LOGOUT_TOKEN = {
  missing_events: { effect: 'No `events`.', must: REJECT },
  wrong_event: { effect: '`events` has another member.', must: REJECT },
  with_nonce: { effect: 'A `nonce`, which it must not have.', must: REJECT },
  missing_sub_and_sid: { effect: 'Neither `sub` nor `sid`.', must: REJECT },
} as const satisfies Rows
