/** The catalogue of faults: what each name does, where it can, and which parameters it takes. What carries them out stands at the doors. */
import { type CatalogueEntry, FAULT_ENDPOINTS, type FaultEndpoint, type FaultName, type Rows } from './row.js'
import { ACCESS_TOKEN, CLAIMS, FRONT_CHANNEL, ID_TOKEN, LOGOUT_TOKEN, SIGNATURE } from './tokens.js'

const REJECT = 'reject'
const ACCEPT = 'accept'
const COPE = 'cope'
const FAIL = 'fail with a clear message'

const AUTHORIZE = {
  error: {
    effect: 'The answer is `error`, with `error_description`.',
    must: FAIL,
    takes: ['error', 'error_description'],
    needs: ['error'],
  },
  wrong_state: { effect: '`state` altered.', must: REJECT },
  missing_state: { effect: 'No `state`.', must: REJECT },
  wrong_iss: { effect: '`iss` is another issuer, or `value`.', must: REJECT, takes: ['value'] },
  missing_iss: { effect: 'No `iss`, though discovery promises it.', must: REJECT },
  missing_code: { effect: 'No `code`.', must: FAIL },
  replayed_code: { effect: 'A `code` that was used already.', must: 'fail at the token endpoint' },
  double_callback: { effect: 'The browser is sent back twice.', must: COPE },
  html_500: { effect: 'Status 500 and a page, and no way back.', must: COPE },
} as const satisfies Rows

const TOKEN = {
  error: {
    effect: 'An error of RFC 6749 §5.2: `error`, with `error_description`.',
    must: FAIL,
    takes: ['error', 'error_description', 'status'],
    needs: ['error'],
  },
  missing_id_token: { effect: 'No `id_token`.', must: FAIL },
  missing_expires_in: { effect: 'No `expires_in`.', must: ACCEPT },
  expires_in_string: { effect: '`expires_in` is a text.', must: COPE },
  missing_token_type: { effect: 'No `token_type`.', must: FAIL },
  token_type_case: { effect: '`token_type` is `bEARER`.', must: ACCEPT },
  missing_access_token: { effect: 'No `access_token`.', must: FAIL },
  extra_members: { effect: 'Members that no specification knows.', must: ACCEPT },
  wrong_content_type: {
    effect: 'JSON that calls itself `text/html`, or `content_type`.',
    must: COPE,
    takes: ['content_type'],
  },
  refresh_wrong_iss: { effect: 'At a refresh, the `iss` of the ID token is another.', must: REJECT },
  refresh_wrong_sub: { effect: 'At a refresh, the `sub` of the ID token is another.', must: REJECT },
  refresh_not_rotated: { effect: 'At a refresh, the refresh token stays the same.', must: ACCEPT },
  refresh_reuse_revokes_all: {
    effect: 'Refresh tokens are rotated, and one that comes twice ends the grant.',
    must: 'log in again',
  },
  authorization_pending: { effect: 'A poll of the device flow is told to wait.', must: 'poll again' },
  slow_down: { effect: 'A poll of the device flow is told to slow down.', must: 'poll five seconds less often' },
  expired_token: { effect: 'A poll of the device flow is told that the code expired.', must: 'begin again' },
  access_denied: { effect: 'A poll of the device flow is told that the end-user refused.', must: 'stop' },
} as const satisfies Rows

const USERINFO = {
  wrong_sub: { effect: '`sub` is another end-user, or `value`.', must: REJECT, takes: ['value'] },
  missing_sub: { effect: 'No `sub`.', must: REJECT },
  rejects_token: { effect: '401 `invalid_token` for a good token.', must: 'refresh once, or log in again' },
  insufficient_scope: { effect: '403 `insufficient_scope` for a good token.', must: FAIL },
} as const satisfies Rows

const DISCOVERY = {
  wrong_issuer: { effect: '`issuer` is another, or `value`.', must: 'stop before authorization', takes: ['value'] },
  missing_member: { effect: 'No `member`.', must: COPE, takes: ['member'], needs: ['member'] },
  extra_member: {
    effect: 'A `member` that no specification knows, with `value`.',
    must: ACCEPT,
    takes: ['member', 'value'],
  },
  not_found: { effect: 'Status 404.', must: FAIL },
  invalid_json: { effect: 'Broken JSON.', must: FAIL },
} as const satisfies Rows

const JWKS = {
  empty: { effect: 'No keys.', must: 'reject tokens, and fetch again later' },
  duplicate_kid: { effect: 'Another key first, with the `kid` of the one that signs.', must: 'try both, or reject' },
  reused_kid: { effect: 'Another key under the `kid` of the one that signs.', must: 'reject tokens' },
  missing_kid: { effect: 'Keys without `kid`.', must: 'try all that fit' },
  stale: {
    effect: 'The set from before the last rotation; the first time, keys rotate.',
    must: 'reject, and fetch again',
  },
  unavailable: { effect: 'Status 503.', must: 'use what was fetched before, or fail' },
  mixed_types: { effect: 'Keys that no client can use among the good ones.', must: 'ignore them' },
} as const satisfies Rows

/** What happens to keys when something is signed. */
const ROTATION = {
  rotated: {
    effect: 'New keys follow right after the token; the old ones stay published.',
    must: 'fetch the JWKS again',
  },
  rotated_before_signing: {
    effect: 'A new key signs the token, and the old ones are no longer published.',
    must: 'fetch the JWKS again',
  },
} as const satisfies Rows

const END_SESSION = {
  missing_state: { effect: 'No `state` on the way back.', must: COPE },
  wrong_state: { effect: '`state` altered on the way back.', must: COPE },
} as const satisfies Rows

const REGISTRATION = {
  error: {
    effect: 'An error of RFC 7591 §3.2.2: `error`, with `error_description`.',
    must: FAIL,
    takes: ['error', 'error_description', 'status'],
    needs: ['error'],
  },
  drops_member: {
    effect: 'The answer has no `member`.',
    must: 'take what was answered',
    takes: ['member'],
    needs: ['member'],
  },
} as const satisfies Rows

const HTTP = {
  status: {
    effect: 'Another status, 503 unless `status` says so, with `headers` and `body`; nothing is done.',
    must: COPE,
    takes: ['status', 'headers', 'body', 'content_type'],
  },
  delay: {
    effect: 'The answer comes after `delay`, or after a time from `min` to `max`.',
    must: COPE,
    takes: ['delay'],
    needs: ['delay'],
  },
  timeout: { effect: 'The request is accepted and never answered.', must: COPE },
  reset: { effect: 'The connection is reset.', must: COPE },
  truncate: {
    effect: 'The body is cut after `bytes`, or half of it; its length promises all.',
    must: FAIL,
    takes: ['bytes'],
  },
  slow_body: { effect: 'The body drips, `bytes` (1) each `delay` (100ms).', must: COPE, takes: ['delay', 'bytes'] },
  malformed_json: { effect: 'The body is broken JSON.', must: FAIL },
  redirect: {
    effect: 'The answer is elsewhere, at `location`; `status` is 302 unless said.',
    must: COPE,
    takes: ['location', 'status'],
    needs: ['location'],
  },
  wrong_content_type: {
    effect: '`content-type` is `text/html`, or `content_type`.',
    must: COPE,
    takes: ['content_type'],
  },
  gzip_garbage: { effect: 'The body calls itself gzip and is not.', must: FAIL },
} as const satisfies Rows

export const FAULT_CATALOGUE: Readonly<Record<FaultName, CatalogueEntry>> = {
  ...below('id_token', { ...SIGNATURE, ...CLAIMS, ...ID_TOKEN }, ['authorization', 'token']),
  ...below('id_token', FRONT_CHANNEL, ['authorization']),
  ...below('access_token', { ...SIGNATURE, ...CLAIMS, ...ACCESS_TOKEN }, ['authorization', 'token']),
  ...below('userinfo', { ...SIGNATURE, ...USERINFO }, ['userinfo']),
  ...below('introspection', { inactive: { effect: '`active` is false for a good token.', must: REJECT } }, [
    'introspection',
  ]),
  ...below('jarm', SIGNATURE, ['authorization']),
  ...below('authorize', AUTHORIZE, ['authorization']),
  ...below('token', TOKEN, ['token']),
  ...below('discovery', DISCOVERY, ['discovery']),
  ...below('jwks', JWKS, ['jwks']),
  ...below('jwks', ROTATION, ['authorization', 'token']),
  ...below('logout_token', { ...SIGNATURE, ...CLAIMS, ...LOGOUT_TOKEN }, ['end_session']),
  ...below('end_session', END_SESSION, ['end_session']),
  ...below('logout', { not_delivered: { effect: 'The back-channel call never comes.', must: COPE } }, ['end_session']),
  ...below('registration', REGISTRATION, ['registration']),
  ...below('http', HTTP, FAULT_ENDPOINTS),
}

function below<P extends string, R extends Rows>(prefix: P, rows: R, endpoints: readonly FaultEndpoint[]) {
  const entries = Object.entries(rows).map(([name, row]) => [`${prefix}.${name}`, { ...row, endpoints }])
  return Object.fromEntries(entries) as Record<`${P}.${Extract<keyof R, string>}`, CatalogueEntry>
}
