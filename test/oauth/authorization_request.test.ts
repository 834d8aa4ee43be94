/** The authorization request: its parameters, and the rules of strict providers. OpenID Connect Core §3.1.2.1. */
import t, { type Test } from 'tap'
import type { Rule } from '../../src/config/profiles.js'
import type { Context } from '../../src/context.js'
import type { Client, ConfigInput } from '../../src/generated/input.js'
import { readAuthorizationRequest, readReturnAddress } from '../../src/oauth/authorization_request.js'
import { readParams } from '../../src/oauth/params.js'
import { createApp, createContext, REDIRECT_URI } from '../app.js'

type Query = Record<string, string>

const QUERY = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid' }

const read = async (ctx: Context, query: Query = {}) =>
  readAuthorizationRequest(ctx, await readReturnAddress(ctx, readParams({ ...QUERY, ...query })))
const refusals = ({ exchange }: Context) => exchange.remarks.filter(({ event }) => event === 'would_be_refused')
const remarks = (ctx: Context) => refusals(ctx).map(({ message }) => message)
const public_client = (more: Partial<Client> = {}): Client => ({
  client_id: 'app',
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'none',
  response_types: ['code', 'id_token', 'code id_token', 'id_token token', 'code token'],
  grant_types: ['authorization_code', 'implicit', 'refresh_token'],
  ...more,
})

const lenient = await createContext()
const registered = await createContext({ clients: [public_client({ default_max_age: 60, default_acr_values: ['2'] })] })

const READ: [string, Query, object, Context?][] = [
  [
    'omitted parameters have no value',
    {},
    {
      prompt: [],
      max_age: undefined,
      acr_values: [],
      display: undefined,
      ui_locales: [],
      claims_locales: [],
      claims: undefined,
      id_token_hint: undefined,
      login_hint: undefined,
      nonce: undefined,
      code_challenge: undefined,
    },
  ],
  ['prompt is a list', { prompt: 'login  consent' }, { prompt: ['login', 'consent'] }],
  ['prompt can be none', { prompt: 'none' }, { prompt: ['none'] }],
  ['max_age is in seconds', { max_age: '10000' }, { max_age: 10000 }],
  ['max_age can be 0', { max_age: '0' }, { max_age: 0 }],
  ['max_age overrides default_max_age', { max_age: '0' }, { max_age: 0 }, registered],
  ['default_max_age is the default of max_age', {}, { max_age: 60 }, registered],
  ['acr_values keep their order of preference', { acr_values: '3 1' }, { acr_values: ['3', '1'] }],
  ['acr_values override default_acr_values', { acr_values: '1' }, { acr_values: ['1'] }, registered],
  ['default_acr_values are the default of acr_values', {}, { acr_values: ['2'] }, registered],
  ['display has one of four values', { display: 'popup' }, { display: 'popup' }],
  ['an unknown display is ignored', { display: 'hologram' }, { display: undefined }],
  ['ui_locales are a list', { ui_locales: 'fr-CA fr en' }, { ui_locales: ['fr-CA', 'fr', 'en'] }],
  ['claims_locales are a list', { claims_locales: 'se' }, { claims_locales: ['se'] }],
  ['hints are not changed', { id_token_hint: 'a.b.c', login_hint: 'é' }, { id_token_hint: 'a.b.c', login_hint: 'é' }],
  ['claims are parsed', { claims: '{"userinfo":{"name":null}}' }, { claims: { userinfo: { name: null } } }],
  ['the words of a response_type can have any order', { response_type: 'token code' }, { response_type: 'code token' }],
]
for (const [title, query, expected, ctx = lenient] of READ) {
  t.test(`OpenID Connect Core §3.1.2.1: ${title}`, async (t) => {
    t.match(await read(ctx, query), expected)
  })
}

const REFUSED: [string, Query, RegExp][] = [
  ['prompt=none with another', { prompt: 'none login' }, /^prompt is none login, expected no other value with none$/],
  ['prompt=none with create', { prompt: 'none create' }, /^prompt is none create, expected no other value with none$/],
  ['a negative max_age', { max_age: '-1' }, /^max_age is -1, expected a whole number of seconds/],
  ['a max_age that is not a whole number', { max_age: '1.5' }, /^max_age is 1\.5/],
  ['a max_age in hexadecimal', { max_age: '0x10' }, /^max_age is 0x10/],
  ['a max_age that is too large', { max_age: '9'.repeat(16) }, /^max_age is 9{16}/],
  ['claims that are not JSON', { claims: 'name' }, /^claims is name, expected a JSON object$/],
  ['claims that are too long', { claims: `{"userinfo":{"${'x'.repeat(8192)}":null}}` }, /^claims has 8214 characters/],
]
for (const [title, query, message] of REFUSED) {
  t.test(`OpenID Connect Core §3.1.2.1: ${title} is refused`, async (t) => {
    await t.rejects(read(lenient, query), { error: 'invalid_request', message })
  })
}

interface Held {
  readonly rule: Rule
  readonly title: string
  readonly query: Query
  readonly error: string
  readonly message: RegExp
  /** Parameters that make the request valid. */
  readonly valid: Query
  readonly config?: ConfigInput
}

const NONCE = { nonce: 'n' }
const CHALLENGE = { code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' }

const HELD: Held[] = [
  {
    rule: 'registered_clients',
    title: 'RFC 6749 §2: the client must be registered',
    query: { client_id: 'unknown' },
    error: 'invalid_client',
    message: /client_id is unknown, expected a configured or registered client$/,
    valid: { client_id: 'app', ...CHALLENGE },
  },
  {
    rule: 'exact_redirect_uris',
    title: 'RFC 9700 §2.1: the redirect_uri must be registered exactly',
    query: { redirect_uri: 'https://a.example.com/cb', ...CHALLENGE },
    error: 'invalid_client',
    message:
      /redirect_uri is https:\/\/a\.example\.com\/cb, expected one of the client's redirect_uris: http:\/\/localhost:8000.*, in which \* is not a wildcard$/,
    valid: { redirect_uri: REDIRECT_URI },
  },
  ...['id_token', 'id_token token', 'code id_token'].map(
    (response_type): Held => ({
      rule: 'nonce_in_front_channel',
      title: `OpenID Connect Core §3.2.2.1 and §3.3.2.11: response_type ${response_type} requires a nonce`,
      query: { response_type, ...CHALLENGE },
      error: 'invalid_request',
      message: new RegExp(`nonce is missing, expected one for response_type ${response_type}$`),
      valid: NONCE,
    }),
  ),
  ...['code', 'code id_token', 'code token'].map(
    (response_type): Held => ({
      rule: 'pkce_for_public_clients',
      title: `RFC 9700 §2.1.1: a public client with response_type ${response_type} must send a code_challenge`,
      query: { response_type, ...NONCE },
      error: 'invalid_request',
      message: /code_challenge is missing, expected one from a client without auth/,
      valid: CHALLENGE,
    }),
  ),
  {
    rule: 'known_prompts',
    title: 'Initiating User Registration §4.1: the values of prompt must be supported',
    query: { prompt: 'login admin_consent Create', ...CHALLENGE },
    error: 'invalid_request',
    message: /prompt has admin_consent Create, expected only none, login, consent, select_account, create$/,
    valid: { prompt: 'create login' },
  },
  {
    rule: 'openid_scope',
    title: 'OpenID Connect Core §3.1.2.1: an ID token requires the scope openid',
    query: { response_type: 'id_token', scope: 'email', ...NONCE },
    error: 'invalid_scope',
    message: /scope is email, of which email is granted, expected openid for response_type id_token$/,
    valid: { scope: 'email openid' },
  },
  {
    rule: 'openid_scope',
    title: 'OpenID Connect Core §3.1.2.1: an ID token requires a scope',
    query: { response_type: 'id_token', scope: '', ...NONCE },
    error: 'invalid_scope',
    message: /scope is missing, expected openid for response_type id_token$/,
    valid: { scope: 'openid' },
  },
  {
    rule: 'openid_scope',
    title: 'OpenID Connect Core §3.1.2.1: an ID token requires that openid is granted',
    query: { client_id: 'mail', response_type: 'id_token', scope: 'openid', ...NONCE },
    error: 'invalid_scope',
    message: /scope is openid, of which nothing is granted, expected openid/,
    valid: { client_id: 'app' },
  },
]
const CLIENTS: Client[] = [
  public_client({ redirect_uris: [REDIRECT_URI, 'https://*.example.com/cb'], wildcard_redirect_uris: true }),
  public_client({ client_id: 'mail', scope: 'email' }),
]
for (const { rule, title, query, error, message, valid } of HELD) {
  t.test(`${title} (rule ${rule})`, async (t) => {
    const strict = await createContext({ clients: CLIENTS, rules: { [rule]: true } })
    const without = await createContext({ clients: CLIENTS, profile: 'strict', rules: { [rule]: false } })
    await t.rejects(read(strict, query), { error, message })
    t.strictSame(remarks(strict), [])
    t.ok(await read(strict, { ...query, ...valid }), 'the valid request')
    t.ok(await read(without, query), 'without the rule')
    t.equal(remarks(without).length, 1)
    t.match(remarks(without)[0], /^would be refused by a strict provider: /)
    t.match(remarks(without)[0], message)
    t.match(refusals(without)[0], { details: { rule, error } })
    t.ok(await read(without, { ...query, ...valid }))
    t.equal(remarks(without).length, 1, 'a valid request gives no remark')
  })
}

t.test('the refusal of a client without redirect_uris names the key', async (t) => {
  const machine = {
    client_id: 'app',
    client_secret: 's',
    grant_types: ['client_credentials' as const],
    redirect_uris: [],
  }
  const ctx = await createContext({ clients: [machine] })
  const message = 'redirect_uri is http://localhost:3000/cb, but client app has no redirect_uris; add the URI to them'
  await t.rejects(read(ctx, { redirect_uri: 'http://localhost:3000/cb' }), { error: 'invalid_client', message })
})

t.test('RFC 8252 §7.3: the refusal of another loopback port names application_type', async (t) => {
  const ctx = await createContext({ clients: [public_client({ redirect_uris: ['http://localhost/cb'] })] })
  const message = /expected one of the client's redirect_uris: http:\/\/localhost\/cb; application_type: native allows/
  await t.rejects(read(ctx, { redirect_uri: 'http://localhost:3000/cb' }), { error: 'invalid_client', message })
  const elsewhere = /redirect_uris: http:\/\/localhost\/cb$/
  await t.rejects(read(ctx, { redirect_uri: 'http://localhost:3000/' }), { message: elsewhere })
})

t.test('RFC 9700 §2.1.1: a client with a secret or without registration needs no code_challenge', async (t) => {
  const rules = { pkce_for_public_clients: true }
  const secret = public_client({ token_endpoint_auth_method: 'client_secret_post', client_secret: 's' })
  for (const config of [{ rules, clients: [secret] }, { rules }] as ConfigInput[]) {
    t.equal((await read(await createContext(config))).code_challenge, undefined)
  }
  const ctx = await createContext({ rules, clients: [public_client()] })
  t.ok(await read(ctx, { response_type: 'id_token', ...NONCE }), 'a response without a code needs none')
  t.ok(await read(await createContext({ require_pkce: true }), { response_type: 'id_token' }))
})

t.test('OpenID Connect Core §11: with the rule, offline_access needs prompt=consent and a code', async (t) => {
  const strict = await createContext({ clients: [public_client()], rules: { offline_access: true } })
  const granted = async (ctx: Context, query: Query) =>
    (await read(ctx, { scope: 'openid offline_access', ...NONCE, ...query })).scope
  t.equal(await granted(strict, { prompt: 'consent' }), 'openid offline_access')
  t.equal(await granted(strict, { prompt: 'login consent', response_type: 'code id_token' }), 'openid offline_access')
  t.equal(await granted(strict, { prompt: 'login' }), 'openid')
  t.equal(await granted(strict, {}), 'openid')
  t.equal(await granted(strict, { prompt: 'consent', response_type: 'id_token token' }), 'openid')
  t.equal(await granted(registered, {}), 'openid offline_access', 'without the rule')
})

t.test('OpenID Connect Core §3.1.2.1: with the rule, an unknown scope is not granted', async (t) => {
  const strict = await createContext({ scopes: { groups: {} }, rules: { known_scopes: true } })
  t.equal((await read(strict, { scope: 'openid x groups' })).scope, 'openid groups')
  t.equal((await read(lenient, { scope: 'openid x groups' })).scope, 'openid x groups')
})

/** Returns the parameters of a redirect and their place in the URL. */
async function answerTo(t: Test, query: Query) {
  const app = await createApp(t, { clients: [public_client()] })
  const all = Object.entries({ ...QUERY, state: 's'.repeat(128), ...query }).filter(([, value]) => value !== '')
  const { statusCode, headers, body } = await app.get(`/oauth2/authorize?${new URLSearchParams(all)}`)
  const { search, hash } = headers.location === undefined ? {} : new URL(String(headers.location))
  const inFragment = hash !== undefined && hash !== ''
  const place = inFragment ? 'fragment' : statusCode === 200 ? 'form' : 'query'
  return { place, body, ...Object.fromEntries(new URLSearchParams(inFragment ? hash.slice(1) : search)) }
}

const state = 's'.repeat(128)

t.test(
  'OAuth 2.0 Multiple Response Types §5: an error uses the response mode of the successful response',
  async (t) => {
    const wrong = { max_age: 'x' }
    t.match(await answerTo(t, { ...wrong }), { place: 'query', error: 'invalid_request', state })
    for (const response_type of ['id_token', 'token id_token', 'code token']) {
      t.match(await answerTo(t, { ...wrong, response_type }), { place: 'fragment', error: 'invalid_request', state })
    }
    const form = await answerTo(t, { ...wrong, response_type: 'id_token', response_mode: 'form_post' })
    t.match(form, { place: 'form', body: /name="error" value="invalid_request"/ })
  },
)

t.test(
  'OAuth 2.0 Multiple Response Types §3 and §5: neither tokens nor the errors of such requests are in the query',
  async (t) => {
    for (const response_type of ['id_token', 'code id_token', 'code token']) {
      t.match(await answerTo(t, { response_type, response_mode: 'query', nonce: 'n' }), {
        place: 'fragment',
        error: 'invalid_request',
        error_description: `response_mode is query, expected fragment or form_post for response_type ${response_type}`,
        state,
      })
    }
  },
)

t.test('RFC 6749 §4.1.2.1: a missing or unknown response_type is sent to the client', async (t) => {
  const missing = { error: 'invalid_request', error_description: 'response_type is missing' }
  t.match(await answerTo(t, { response_type: '' }), { place: 'query', ...missing, state })
  t.match(await answerTo(t, { response_type: '', response_mode: 'fragment' }), { place: 'fragment', ...missing, state })
  const form = await answerTo(t, { response_type: '', response_mode: 'form_post' })
  t.match(form, { place: 'form', body: /response_type is missing/ })
  t.match(await answerTo(t, { response_type: 'token' }), { place: 'query', error: 'unsupported_response_type', state })
})
