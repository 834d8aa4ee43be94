/** Faults of the responses of single endpoints: the rule, and checks of the changed response. */
import { createLocalJWKSet, importJWK, type JSONWebKeySet, type JWK, jwtVerify } from 'jose'
import type { Test } from 'tap'
import type { FaultName } from '../../src/faults/catalogue.js'
import { getTokens, type Prepared } from './endpoints.js'
import { jsonOf, type Received, type Rule } from './wire.js'

export interface AnswerCase {
  readonly endpoint: Prepared
  /** Parameters of the rule. */
  readonly rule?: Omit<Rule, 'fault' | 'match'>
  /**
   * Checks the response.
   * @param well the response without the fault.
   * @param url the issuer with the fault.
   */
  check(t: Test, received: Received, well: Received, url: string): unknown
}

/** The response lacks one member and is otherwise unchanged. */
const lacks = (endpoint: Prepared, member: string, rule?: AnswerCase['rule']): AnswerCase => ({
  endpoint,
  ...(rule && { rule }),
  check: (t, received, well) => {
    t.equal(received.status, well.status)
    const { [member]: gone, ...others } = jsonOf(well)
    t.not(gone, undefined, `${member} is there without the fault`)
    t.strictSame(Object.keys(jsonOf(received)), Object.keys(others))
  },
})

const changes = (endpoint: Prepared, members: object, rule?: AnswerCase['rule']): AnswerCase => ({
  endpoint,
  ...(rule && { rule }),
  check: (t, received, well) => {
    t.equal(received.status, well.status)
    t.notMatch(jsonOf(well), members)
    t.match(jsonOf(received), members)
    t.match(Object.keys(jsonOf(received)), Object.keys(jsonOf(well)), 'and nothing is left out')
  },
})

const refuses = (
  endpoint: Prepared,
  status: number,
  body: object,
  { rule, headers = {} }: { rule?: AnswerCase['rule']; headers?: object } = {},
): AnswerCase => ({
  endpoint,
  ...(rule && { rule }),
  check: (t, received) => {
    t.match(received, { status, headers: { 'content-type': /^application\/json/, ...headers } })
    t.match(jsonOf(received), body)
  },
})

const isBroken = (t: Test, received: Received) => {
  t.equal(received.status, 200)
  t.throws(() => jsonOf(received), SyntaxError)
}

/** @param code error code of jose for an ID token verified with the JWKS; undefined if the verification succeeds. */
const keySet = (
  code: string | undefined,
  look?: (t: Test, keys: readonly JWK[], id_token: string) => unknown,
): AnswerCase => ({
  endpoint: 'jwks',
  check: async (t, received, _well, url) => {
    t.equal(received.status, 200)
    const { id_token } = await getTokens(url)
    const verified = jwtVerify(id_token!, createLocalJWKSet(jsonOf(received) as unknown as JSONWebKeySet))
    if (code === undefined) await t.resolves(verified)
    else await t.rejects(verified, { code })
    await look?.(t, jsonOf(received).keys as readonly JWK[], id_token!)
  },
})

export const ANSWER_CASES: Partial<Record<FaultName, AnswerCase>> = {
  'token.error': refuses(
    'token',
    400,
    { error: 'invalid_grant', error_description: 'It was a good code' },
    { rule: { error: 'invalid_grant', error_description: 'It was a good code' } },
  ),
  'token.missing_id_token': lacks('token', 'id_token'),
  'token.missing_expires_in': lacks('token', 'expires_in'),
  'token.missing_token_type': lacks('token', 'token_type'),
  'token.missing_access_token': lacks('token', 'access_token'),
  'token.expires_in_string': changes('token', { expires_in: String }),
  'token.token_type_case': changes('token', { token_type: 'bEARER' }),
  'token.extra_members': changes('token', { x_text: String, x_number: Number, x_null: null, x_object: Object }),
  'token.wrong_content_type': {
    endpoint: 'token',
    check: (t, received) => {
      t.match(received, { status: 200, headers: { 'content-type': 'text/html' } })
      t.match(jsonOf(received), { access_token: String })
    },
  },
  'userinfo.rejects_token': refuses(
    'userinfo',
    401,
    { error: 'invalid_token' },
    {
      headers: { 'www-authenticate': /^Bearer .*error="invalid_token"/ },
    },
  ),
  'userinfo.insufficient_scope': refuses(
    'userinfo',
    403,
    { error: 'insufficient_scope' },
    {
      headers: { 'www-authenticate': /^Bearer .*error="insufficient_scope"/ },
    },
  ),
  'introspection.inactive': {
    endpoint: 'introspection',
    check: (t, received, well) => {
      t.match(jsonOf(well), { active: true, sub: 'alice' })
      t.equal(received.status, 200)
      t.strictSame(jsonOf(received), { active: false }, 'and nothing else')
    },
  },
  'discovery.wrong_issuer': changes('discovery', { issuer: 'https://wrong-issuer.example.com' }),
  'discovery.missing_member': lacks('discovery', 'jwks_uri', { member: 'jwks_uri' }),
  'discovery.extra_member': changes('discovery', { x_new: { a: 1 } }, { member: 'x_new', value: { a: 1 } }),
  'discovery.not_found': refuses('discovery', 404, { error: 'not_found' }),
  'discovery.invalid_json': { endpoint: 'discovery', check: isBroken },
  'jwks.empty': keySet('ERR_JWKS_NO_MATCHING_KEY', (t, keys) => t.strictSame(keys, [])),
  'jwks.duplicate_kid': keySet('ERR_JWKS_MULTIPLE_MATCHING_KEYS', (t, keys) => {
    t.equal(new Set(keys.map(({ kid }) => kid)).size, 1)
    t.equal(new Set(keys.map(({ x }) => x)).size, 2)
  }),
  'jwks.reused_kid': keySet('ERR_JWS_SIGNATURE_VERIFICATION_FAILED'),
  // jose doesn't try keys without kid for a token that names one; others do, and then it verifies.
  'jwks.missing_kid': keySet('ERR_JWKS_NO_MATCHING_KEY', async (t, [key, ...others], id_token) => {
    t.strictSame([key!.kid, others.length], [undefined, 0])
    await t.resolves(jwtVerify(id_token, await importJWK(key!)))
  }),
  'jwks.stale': keySet('ERR_JWKS_NO_MATCHING_KEY'),
  'jwks.unavailable': refuses('jwks', 503, { error: 'temporarily_unavailable' }),
  'jwks.mixed_types': keySet(undefined, (t, keys) => {
    t.match(
      keys.map(({ kty }) => kty),
      ['AKP', 'EC', 'oct', 'RSA', undefined, 'EC', 'AKP'],
    )
  }),
  'registration.error': refuses(
    'registration',
    400,
    { error: 'invalid_redirect_uri', error_description: /registration\.error/ },
    { rule: { error: 'invalid_redirect_uri' } },
  ),
  'registration.drops_member': lacks('registration', 'client_name', { member: 'client_name' }),
  'authorize.html_500': {
    endpoint: 'authorization',
    check: (t, received) => {
      t.match(received, { status: 500, headers: { 'content-type': /^text\/html/, location: undefined } })
      t.match(received.body.toString(), /<h1>Internal Server Error<\/h1>/)
    },
  },
}
