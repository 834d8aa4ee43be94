/** Faults of the responses of single endpoints. */
import { ACCEPT, COPE, FAIL, REJECT, type Rows } from './row.js'

/** RFC 6749 §4.1.2 and §10.12, RFC 9207. */
export const AUTHORIZE = {
  error: {
    effect: 'The response is the error `error`, with `error_description`.',
    ...FAIL,
    takes: ['error', 'error_description'],
    needs: ['error'],
    door: 'authorization_request',
    offered: false,
  },
  wrong_state: { effect: '`state` is another value than that of the request.', ...REJECT },
  missing_state: { effect: 'The response has no `state`.', ...REJECT },
  wrong_iss: { effect: '`iss` is another issuer, or `value`.', ...REJECT, takes: ['value'] },
  missing_iss: {
    effect: 'The response has no `iss`, although discovery announces it.',
    ...REJECT,
    requires: 'iss',
  },
  missing_code: { effect: 'The response has no `code`.', ...FAIL },
  replayed_code: {
    effect: '`code` has already been redeemed.',
    severity: 'must_fail',
    must: 'fail at the token endpoint',
  },
  double_callback: { effect: 'The browser sends the response twice.', ...COPE },
  html_500: {
    effect: 'The status is 500, with an HTML page and no way back to the client.',
    ...COPE,
    door: 'http_body',
  },
} as const satisfies Rows

/** RFC 6749 §5. */
export const TOKEN = {
  error: {
    effect: 'The response is an error of RFC 6749 §5.2: `error`, with `error_description`.',
    ...FAIL,
    takes: ['error', 'error_description', 'status'],
    needs: ['error'],
    door: 'http_response',
    grant_types: undefined,
    offered: false,
  },
  missing_id_token: { effect: 'The response has no `id_token`.', ...FAIL },
  missing_expires_in: { effect: 'The response has no `expires_in`.', ...ACCEPT },
  expires_in_string: { effect: '`expires_in` is a string.', ...COPE },
  missing_token_type: { effect: 'The response has no `token_type`.', ...FAIL },
  token_type_case: { effect: '`token_type` is `bEARER`.', ...ACCEPT },
  missing_access_token: { effect: 'The response has no `access_token`.', ...FAIL },
  extra_members: { effect: 'The response has members that no specification defines.', ...ACCEPT },
  wrong_content_type: {
    effect: 'The JSON response has the content type `text/html`, or `content_type`.',
    ...COPE,
    takes: ['content_type'],
    door: 'http_body',
  },
} as const satisfies Rows

/** RFC 8628 §3.5: responses to a poll of the device flow. */
export const DEVICE_POLL = {
  authorization_pending: {
    effect: 'A poll of the device flow is answered with `authorization_pending`.',
    severity: 'must_recover',
    must: 'poll again',
  },
  slow_down: {
    effect: 'A poll of the device flow is answered with `slow_down`.',
    severity: 'must_recover',
    must: 'poll five seconds less often',
  },
  expired_token: {
    effect: 'A poll of the device flow is answered with `expired_token`.',
    severity: 'must_recover',
    must: 'begin again',
  },
  access_denied: {
    effect: 'A poll of the device flow is answered with `access_denied`.',
    severity: 'must_fail',
    must: 'stop',
  },
} as const satisfies Rows

/** OpenID Connect Discovery §4.3. */
export const DISCOVERY = {
  wrong_issuer: {
    effect: '`issuer` is another issuer, or `value`.',
    ...REJECT,
    must: 'stop before authorization',
    takes: ['value'],
  },
  missing_member: { effect: 'The document has no `member`.', ...COPE, takes: ['member'], needs: ['member'] },
  extra_member: {
    effect: 'The document has a `member` that no specification defines, with `value`.',
    ...ACCEPT,
    takes: ['member', 'value'],
  },
  not_found: { effect: 'The status is 404.', ...FAIL, door: 'http_response' },
  invalid_json: { effect: 'The body is not valid JSON.', ...FAIL, door: 'http_body' },
} as const satisfies Rows

/** RFC 7517 §5. */
export const JWKS = {
  empty: { effect: 'The JWKS has no keys.', ...REJECT, must: 'reject tokens, and fetch again later' },
  duplicate_kid: {
    effect: 'Another key precedes the signing key and has the same `kid`.',
    ...COPE,
    must: 'try both, or reject',
  },
  reused_kid: {
    effect: 'Another key has the `kid` of the signing key, which is missing.',
    ...REJECT,
    must: 'reject tokens',
  },
  missing_kid: { effect: 'The keys have no `kid`.', ...ACCEPT, must: 'try all that fit' },
  stale: {
    effect: 'The JWKS is that from before the last rotation. Without a rotation yet, keys rotate.',
    ...REJECT,
    must: 'reject, and fetch again',
  },
  unavailable: {
    effect: 'The status is 503.',
    ...COPE,
    must: 'use the JWKS fetched before, or fail',
    door: 'http_response',
  },
  mixed_types: { effect: 'The JWKS also has keys that no client can use.', ...ACCEPT, must: 'ignore them' },
} as const satisfies Rows

/** OpenID Connect RP-Initiated Logout §3. */
export const END_SESSION = {
  missing_state: { effect: 'The redirect back to the client has no `state`.', ...COPE },
  wrong_state: { effect: 'The redirect back to the client has another `state` than the request.', ...COPE },
} as const satisfies Rows

/** RFC 7591 §3.2. */
export const REGISTRATION = {
  error: {
    effect: 'The response is an error of RFC 7591 §3.2.2: `error`, with `error_description`.',
    ...FAIL,
    takes: ['error', 'error_description', 'status'],
    needs: ['error'],
    door: 'http_response',
  },
  drops_member: {
    effect: 'The response has no `member`.',
    ...ACCEPT,
    must: 'use the metadata of the response',
    takes: ['member'],
    needs: ['member'],
  },
} as const satisfies Rows

/** Faults of HTTP at any endpoint. */
export const HTTP = {
  status: {
    effect: 'The status is 503, or `status`, with `headers` and `body`. The request has no effect.',
    ...COPE,
    takes: ['status', 'headers', 'body', 'content_type'],
  },
  delay: {
    effect: 'The response is late by `delay`, or by a time from `min` to `max`.',
    ...COPE,
    takes: ['delay'],
    needs: ['delay'],
    door: 'http_delay',
  },
  timeout: { effect: 'The request is accepted and never answered.', ...COPE },
  reset: { effect: 'The connection is reset.', ...COPE },
  truncate: {
    effect: 'The body ends after `bytes`, or after half of it, although its length announces all.',
    ...FAIL,
    takes: ['bytes'],
    door: 'http_body',
  },
  slow_body: {
    effect: 'The body is sent slowly: `bytes` (1) per `delay` (100ms).',
    ...COPE,
    takes: ['delay', 'bytes'],
    door: 'http_body',
  },
  malformed_json: { effect: 'The body is not valid JSON.', ...FAIL, door: 'http_body' },
  redirect: {
    effect: 'The response redirects to `location`, with status 302 or `status`.',
    ...COPE,
    takes: ['location', 'status'],
    needs: ['location'],
  },
  wrong_content_type: {
    effect: 'The content type is `text/html`, or `content_type`.',
    ...COPE,
    takes: ['content_type'],
    door: 'http_body',
  },
  gzip_garbage: { effect: 'The content encoding is gzip, but the body is not compressed.', ...FAIL, door: 'http_body' },
} as const satisfies Rows
