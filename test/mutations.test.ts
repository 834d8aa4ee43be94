/** Valid requests with one mutation, to a lenient and a strict provider: each answer has the format of its endpoint, and none is a 5xx. */
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import type { ConfigInput } from '../src/generated/input.js'
import { PATHS } from '../src/routes.js'
import { readError } from './answer_format.js'
import { basic, createApp, REDIRECT_URI } from './app.js'

const CONFIG: ConfigInput = {
  users: [{ sub: 'alice', claims: { email: 'alice@example.com' } }],
  clients: [
    {
      client_id: 'app',
      client_secret: 'secret',
      redirect_uris: [REDIRECT_URI],
      grant_types: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
    },
  ],
}

type Pairs = readonly (readonly [name: string, value: string])[]

/** A request as names and values, which a mutation changes. */
interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Parameters of the query, or else of the body. */
  readonly place: 'query' | 'form' | 'json'
  readonly pairs: Pairs
  readonly headers: Readonly<Record<string, string>>
}

const AUTHORIZATION = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid email' }
const MORE = {
  state: 's',
  nonce: 'n',
  max_age: '10',
  prompt: 'login',
  acr_values: 'a',
  claims: '{"userinfo":{"email":null}}',
}
const CLIENT = { authorization: basic('app', 'secret') }

const request = (
  method: Request['method'],
  path: string,
  place: Request['place'],
  params: Readonly<Record<string, string>>,
  headers: Request['headers'] = {},
): Request => ({ method, path, place, pairs: Object.entries(params), headers })

const VALID: readonly Request[] = [
  request('GET', PATHS.authorization_endpoint, 'query', { ...AUTHORIZATION, ...MORE, code_challenge: 'x'.repeat(43) }),
  request('POST', PATHS.authorization_endpoint, 'form', { ...AUTHORIZATION, ...MORE, sub: 'alice' }),
  request('POST', PATHS.authorization_endpoint, 'form', { ...AUTHORIZATION, response_mode: 'form_post', sub: 'alice' }),
  request('POST', PATHS.token_endpoint, 'form', { grant_type: 'client_credentials', scope: 'email' }, CLIENT),
  request(
    'POST',
    PATHS.token_endpoint,
    'form',
    { grant_type: 'authorization_code', code: 'c', code_verifier: 'v', redirect_uri: REDIRECT_URI },
    CLIENT,
  ),
  request('POST', PATHS.token_endpoint, 'form', {
    grant_type: 'refresh_token',
    refresh_token: 'r',
    scope: 'openid',
    client_id: 'app',
    client_secret: 'secret',
  }),
  request('POST', PATHS.introspection_endpoint, 'form', { token: 'x', token_type_hint: 'access_token' }, CLIENT),
  request('POST', PATHS.revocation_endpoint, 'form', { token: 'x', token_type_hint: 'refresh_token' }, CLIENT),
  request('POST', PATHS.device_authorization_endpoint, 'form', { scope: 'openid' }, CLIENT),
  request('GET', PATHS.device, 'query', { user_code: 'ABCD-EFGH' }),
  request('POST', PATHS.device, 'form', { user_code: 'ABCD-EFGH', sub: 'alice', action: 'deny' }),
  request('GET', PATHS.userinfo_endpoint, 'query', {}, { authorization: 'Bearer x' }),
  request('POST', PATHS.userinfo_endpoint, 'form', { access_token: 'x' }),
  request('POST', PATHS.registration_endpoint, 'json', {
    redirect_uris: `["${REDIRECT_URI}"]`,
    client_name: '"A"',
    default_max_age: '10',
    contacts: '["a@b"]',
  }),
  request('GET', PATHS.end_session_endpoint, 'query', {
    client_id: 'app',
    post_logout_redirect_uri: REDIRECT_URI,
    state: 's',
    id_token_hint: 'x',
  }),
  request('GET', PATHS.webfinger, 'query', {
    resource: 'acct:alice@localhost',
    rel: 'http://openid.net/specs/connect/1.0/issuer',
  }),
]

const VALUES = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\r\nX-Injected: 1',
    'é\u{1f600}',
    '\ud800',
    '\u202e',
    '<script>',
    "'",
    '"',
    '\\',
    '%',
    '%zz',
  ],
  ...[
    '-1',
    '0',
    '1e999',
    '99999999999999999999999',
    'NaN',
    '-0',
    '0x10',
    '1.5',
    'null',
    'true',
    '[]',
    '{}',
    '[object Object]',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'a'.repeat(8192),
    'a'.repeat(8193),
    'a.b.c',
    '../..',
    '//',
    'javascript:alert(1)',
  ],
  ...[
    '{"userinfo":{"a":{"values":[1e999]}}}',
    `${'['.repeat(500)}${']'.repeat(500)}`,
    '{"__proto__":{"a":1}}',
    '["http://a/",5]',
  ],
]
const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary' }))
const index = fc.nat(7)
const TYPES = [
  'text/plain',
  'application/json',
  'application/x-www-form-urlencoded; charset=utf-16',
  'multipart/form-data; boundary=x',
  'x',
  '',
]

/** One change of a valid request. */
const mutation = fc.oneof(
  fc.record({ at: index, value }).map(
    ({ at, value }) =>
      (pairs: Pairs) =>
        replace(pairs, at, ([name]) => [[name, value]]),
  ),
  fc.record({ at: index, value }).map(
    ({ at, value }) =>
      (pairs: Pairs) =>
        replace(pairs, at, (pair) => [pair, [pair[0], value]]),
  ),
  index.map((at) => (pairs: Pairs) => replace(pairs, at, () => [])),
  index.map((at) => (pairs: Pairs) => replace(pairs, at, ([name, old]) => [[`${name}[]`, old]])),
  fc.record({ at: index, name: value }).map(
    ({ at, name }) =>
      (pairs: Pairs) =>
        replace(pairs, at, ([, old]) => [[name, old]]),
  ),
)

function replace(pairs: Pairs, at: number, change: (pair: Pairs[number]) => Pairs): Pairs {
  return pairs.flatMap((pair, index) => (index === at % pairs.length ? change(pair) : [pair]))
}

function encode({ place, pairs }: Request): { query?: string; payload?: string; type?: string } {
  if (place === 'json') {
    const body = `{${pairs.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`
    return { payload: body, type: 'application/json' }
  }
  const form = new URLSearchParams(pairs.map(([name, text]) => [name, text])).toString()
  return place === 'query' ? { query: form } : { payload: form, type: 'application/x-www-form-urlencoded' }
}

t.test(
  'each answer has the format of its endpoint, and the lenient provider accepts what the strict one accepts',
  async (t) => {
    const lenient = await createApp(t, CONFIG)
    const strict = await createApp(t, { ...CONFIG, profile: 'strict', keys: [{ alg: 'RS256' }], encryption_keys: [] })
    const answered = new Set<string>()
    const mutated = fc.record({
      valid: fc.constantFrom(...VALID),
      mutate: mutation,
      type: fc.option(fc.constantFrom(...TYPES), { freq: 8 }),
    })
    await fc.assert(
      fc.asyncProperty(mutated, async ({ valid, mutate, type: other }) => {
        const { query, payload, type } = encode({ ...valid, pairs: mutate(valid.pairs) })
        const content_type = other ?? type
        const options = {
          method: valid.method,
          url: query === undefined ? valid.path : `${valid.path}?${query}`,
          headers: { ...valid.headers, ...(payload !== undefined && { 'content-type': content_type }) },
          ...(payload !== undefined && { payload }),
        } as InjectOptions
        const byStrict = readError(valid.path, await strict.app.inject(options))
        const byLenient = readError(valid.path, await lenient.app.inject(options))
        answered.add(`${valid.path} ${byLenient ?? 'success'}`)
        if (byStrict === undefined && byLenient !== undefined)
          throw new Error(`only the strict provider accepts it: ${byLenient}`)
      }),
      { numRuns: 2000, interruptAfterTimeLimit: 15_000, timeout: 60_000 },
    )
    const seen = (path: string) => [...answered].filter((one) => one.startsWith(`${path} `)).length
    for (const { path } of VALID)
      t.ok(
        seen(path) >= 2,
        `${path} succeeds and fails: ${[...answered].filter((one) => one.startsWith(`${path} `)).join(', ')}`,
      )
  },
)
