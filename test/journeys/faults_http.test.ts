/** Journeys of an application with faulty responses and connections, which its library refuses or accepts. */
import * as client from 'openid-client'
import t from 'tap'
import type { FaultName } from '../../src/faults/catalogue.js'
import { startFaulty } from '../faults/endpoints.js'
import { type Rule, send } from '../faults/wire.js'

const REDIRECT_URI = 'http://localhost:8000/callback'

/** Seconds that the library waits for a response, generous for a busy machine. */
const TIMEOUT = 60

const discover = (issuer: string) =>
  client.discovery(new URL(issuer), 'app', { id_token_signed_response_alg: 'ES256' }, client.None(), {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
    timeout: TIMEOUT,
  })

interface Journey {
  readonly configuration: client.Configuration
  /** Redeems the code, once for each call. */
  exchange(): Promise<client.TokenEndpointResponse & client.TokenEndpointResponseHelpers>
}

/** Discovers the provider and logs a user in. */
async function begin(issuer: string): Promise<Journey> {
  const configuration = await discover(issuer)
  const expectedNonce = client.randomNonce()
  const parameters = { redirect_uri: REDIRECT_URI, scope: 'openid', nonce: expectedNonce }
  const { href } = client.buildAuthorizationUrl(configuration, parameters)
  const { headers } = await send(href, { form: { sub: 'alice' } })
  const back = new URL(headers.location!)
  return { configuration, exchange: () => client.authorizationCodeGrant(configuration, back, { expectedNonce }) }
}

/** Logs in, redeems the code and calls userinfo. The timeout applies after discovery. */
async function goThrough(issuer: string, timeout = TIMEOUT): Promise<client.UserInfoResponse> {
  const { configuration, exchange } = await begin(issuer)
  configuration.timeout = timeout
  const { access_token } = await exchange()
  return client.fetchUserInfo(configuration, access_token, 'alice')
}

/** Returns the error of the library. */
const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no error',
    (error: unknown) => error,
  )

type ExpectedError = Readonly<Record<string, unknown>>

const NOT_CONFORM = { code: 'OAUTH_RESPONSE_IS_NOT_CONFORM' }
const UNPARSABLE = { code: 'OAUTH_PARSE_ERROR' }
const INVALID = { code: 'OAUTH_INVALID_RESPONSE' }
const NO_KEY = { code: 'OAUTH_KEY_SELECTION_FAILED' }
const at = (endpoint: string): Pick<Rule, 'match'> => ({ match: { endpoint } })

/** Errors of the library by fault. */
const REFUSED: readonly [Rule, ExpectedError][] = [
  [{ fault: 'discovery.wrong_issuer' }, { code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' }],
  [{ fault: 'discovery.missing_member', member: 'issuer' }, INVALID],
  [{ fault: 'discovery.missing_member', member: 'token_endpoint' }, { code: 'OAUTH_MISSING_SERVER_METADATA' }],
  [{ fault: 'discovery.not_found' }, NOT_CONFORM],
  [{ fault: 'discovery.invalid_json' }, UNPARSABLE],
  [
    { fault: 'token.error', error: 'invalid_grant' },
    { error: 'invalid_grant', status: 400 },
  ],
  [{ fault: 'token.missing_id_token' }, INVALID],
  [{ fault: 'token.missing_token_type' }, INVALID],
  [{ fault: 'token.missing_access_token' }, INVALID],
  [{ fault: 'userinfo.rejects_token' }, { cause: [{ parameters: { error: 'invalid_token' } }] }],
  [{ fault: 'userinfo.insufficient_scope' }, { cause: [{ parameters: { error: 'insufficient_scope' } }] }],
  [{ fault: 'jwks.empty' }, NO_KEY],
  [{ fault: 'jwks.duplicate_kid' }, NO_KEY],
  [{ fault: 'jwks.reused_kid' }, INVALID],
  [{ fault: 'jwks.missing_kid' }, NO_KEY],
  [{ fault: 'jwks.unavailable' }, NOT_CONFORM],
  [{ fault: 'http.status', ...at('token') }, NOT_CONFORM],
  [{ fault: 'http.timeout', ...at('token') }, { code: 'OAUTH_TIMEOUT' }],
  [{ fault: 'http.reset', ...at('token') }, { cause: { code: 'ECONNRESET' } }],
  [{ fault: 'http.truncate', ...at('token') }, UNPARSABLE],
  [{ fault: 'http.malformed_json', ...at('token') }, UNPARSABLE],
  [{ fault: 'http.gzip_garbage', ...at('token') }, UNPARSABLE],
  [{ fault: 'http.redirect', location: 'https://elsewhere.example.com/', ...at('token') }, NOT_CONFORM],
]

t.test('the library refuses each of these faults', async (t) => {
  const rules = REFUSED.map(([rule], index) => ({ ...rule, match: { ...rule.match, issuer: `case-${index}` } }))
  const { url } = await startFaulty(t, rules)
  for (const [index, [{ fault, member }, expected]] of REFUSED.entries()) {
    const timeout = fault === 'http.timeout' ? 1 : TIMEOUT
    t.match(await failureOf(goThrough(`${url}/issuers/case-${index}`, timeout)), expected, [fault, member].join(' '))
  }
  t.match(await goThrough(url), { sub: 'alice' }, 'without a fault, the login succeeds')
})

/** Faults that the library accepts. */
const ACCEPTED: readonly (Rule & { readonly fault: FaultName })[] = [
  { fault: 'token.missing_expires_in' },
  { fault: 'token.token_type_case' },
  { fault: 'token.extra_members' },
  // This library accepts numbers as texts, and JSON of any content type; other libraries refuse them.
  { fault: 'token.expires_in_string' },
  { fault: 'token.wrong_content_type' },
  { fault: 'http.wrong_content_type' },
  { fault: 'discovery.extra_member' },
  { fault: 'discovery.missing_member', member: 'end_session_endpoint' },
  { fault: 'jwks.mixed_types' },
  { fault: 'http.delay', delay: '50ms' },
  { fault: 'http.slow_body', bytes: 500, delay: '5ms' },
]

t.test('the library accepts each of these faults', async (t) => {
  const rules = ACCEPTED.map((rule) => ({ ...rule, match: { issuer: rule.fault } }))
  const { url } = await startFaulty(t, rules)
  for (const { fault } of ACCEPTED) t.match(await goThrough(`${url}/issuers/${fault}`), { sub: 'alice' }, fault)
})

t.test('after one response with 503, a retry gets the tokens of the same code', async (t) => {
  const { url } = await startFaulty(t, { fault: 'http.status', times: 1, match: { endpoint: 'token' } })
  const { exchange } = await begin(url)
  t.match(await failureOf(exchange()), NOT_CONFORM)
  t.match((await exchange()).claims(), { sub: 'alice' })
})

t.test('jwks.stale: after a rotation that the JWKS lacks, tokens are refused', async (t) => {
  const { url } = await startFaulty(t, { fault: 'jwks.stale' })
  t.match(await goThrough(url), { sub: 'alice' }, 'tokens of the old key are accepted')
  t.match(await failureOf(goThrough(url)), NO_KEY)
})

t.test('introspection.inactive: a resource server sees a valid token as inactive', async (t) => {
  const { url } = await startFaulty(t, { fault: 'introspection.inactive', times: 1 })
  const { configuration, exchange } = await begin(url)
  const { access_token } = await exchange()
  t.strictSame(await client.tokenIntrospection(configuration, access_token), { active: false })
  t.match(await client.tokenIntrospection(configuration, access_token), { active: true })
})

t.test('registration: the library reports an error, and accepts a response with less than requested', async (t) => {
  const { url } = await startFaulty(t, [
    { fault: 'registration.error', error: 'invalid_client_metadata', times: 1 },
    { fault: 'registration.drops_member', member: 'client_name' },
  ])
  const metadata = { redirect_uris: [REDIRECT_URI], client_name: 'An app' }
  const options = { execute: [client.allowInsecureRequests] }
  const register = () => client.dynamicClientRegistration(new URL(url), metadata, client.None(), options)
  t.match(await failureOf(register()), { error: 'invalid_client_metadata' })
  const registered = (await register()).clientMetadata()
  t.match(registered, { client_id: String, redirect_uris: [REDIRECT_URI] })
  t.notOk('client_name' in registered)
})
