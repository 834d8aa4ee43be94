/** Random requests: the provider responds to each in the format of its route, without a 5xx, and still works afterwards. */
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { PATHS } from '../src/routes.js'
import { readError } from './answer_format.js'
import { createApp, getTokens, logIn, REDIRECT_URI } from './app.js'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
const NAMES = [
  ...[
    'client_id',
    'redirect_uri',
    'response_type',
    'response_mode',
    'scope',
    'state',
    'nonce',
    'request',
    'login_hint',
  ],
  ...[
    'code_challenge',
    'code_challenge_method',
    'sub',
    'action',
    'grant_type',
    'code',
    'code_verifier',
    'client_secret',
  ],
  ...['refresh_token', 'access_token', 'id_token_hint', 'post_logout_redirect_uri', '__proto__', 'constructor', 'a[b]'],
  ...['redirect_uris', 'token_endpoint_auth_method', 'grant_types', 'client_name', '', ' ', '='],
  ...['token', 'token_type_hint', 'device_code', 'user_code', 'fault', 'as'],
]
const VALUES = [
  ...[
    'app',
    REDIRECT_URI,
    'code',
    'token',
    'query',
    'jwt',
    'openid email',
    'S256',
    'alice',
    'deny',
    'authorization_code',
  ],
  ...[
    'refresh_token',
    'a'.repeat(43),
    '',
    ' ',
    '\r\nX-Injected: 1',
    '\u0000',
    '<script>',
    '%',
    '__proto__',
    'é\u{1f600}',
  ],
  ...['https://evil.com\\@x', 'javascript:alert(1)', 'x:', 'null', '[object Object]', 'x'.repeat(9000), 'a.b.c'],
]
const PATHNAMES = Object.values(PATHS).flatMap((path) => [
  path.replace(':sub', 'alice'),
  path.replace(':sub', '%F0%9F%98%80'),
])

const text = fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary' }), fc.string())
const pair = fc.tuple(fc.oneof(fc.constantFrom(...NAMES), fc.string()), text)
/** A query or a form, with valid or invalid encoding. */
const pairs = fc.oneof(
  fc.array(pair, { maxLength: 8 }).map((all) => new URLSearchParams(all.map(([k, v]) => [k, v])).toString()),
  fc.array(pair, { maxLength: 3 }).map((all) => all.map(([k, v]) => `${k}=${v}`).join('&')),
  fc.constantFrom('%', '%zz=%zz', '&&&', '=', 'a=1;b=2', '%00=%00', 'client_id=%ff%fe', 'scope[]=a&scope[b]=c', '?'),
)
const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PATHNAMES) },
  { weight: 1, arbitrary: fc.string().map((tail) => `/${encodeURIComponent(tail.replace(/[\ud800-\udfff]/g, ''))}`) },
  { weight: 1, arbitrary: fc.constantFrom('/%', '/%zz', '/users/%ff', '/users/%00', '/../jwks', '//jwks', '/jwks/') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(`/users/${'x'.repeat(3000)}`, '/users/a%2Fb', '/issuers/', '/issuers//jwks'),
  },
)
const base = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('', '/issuers/isolated') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/issuers/..', '/issuers/%2e%2e', '/issuers/a%20b', `/issuers/${'x'.repeat(99)}`),
  },
)

/** A header value that Node accepts: Latin-1 without control characters. */
const headerText = fc
  .oneof(text, fc.constantFrom('Bearer x', 'Bearer ', 'Basic', 'Basic Og==', 'Basic YTpi', 'Basic ///', 'Digest x'))
  .map((value) => value.replaceAll(/[^\x20-\x7e\x80-\xff]/g, '').slice(0, 4000))
const host = fc.oneof(
  fc.constantFrom(
    'localhost',
    'localhost:9400',
    '[::1]:80',
    'a b',
    '<x>',
    'x:y',
    'http',
    'https',
    'constructor',
    ',',
    '',
  ),
  headerText,
)
const type = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('application/x-www-form-urlencoded', 'application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...['text/plain', 'multipart/form-data; boundary=x', 'application/json; charset=utf-16', '', ';', 'x/y', '*/*'],
    ),
  },
  { weight: 1, arbitrary: headerText },
)
const headers = fc
  .record(
    {
      authorization: headerText,
      cookie: fc.oneof(headerText, fc.constantFrom('oidc_provider_mock_self_login=x', '=', ';;', 'a=%zz')),
      host,
      'x-forwarded-host': host,
      'x-forwarded-proto': host,
      'x-forwarded-port': host,
      'content-type': type,
      accept: fc.oneof(headerText, fc.constantFrom('text/html', 'application/json', '*/*;q=x', ',')),
      origin: headerText,
      'access-control-request-method': headerText,
      'access-control-request-headers': headerText,
    },
    { requiredKeys: [] },
  )
  .map((all): Record<string, string> => ({ ...all }))

const body = fc.oneof(
  fc.constant(undefined),
  pairs,
  fc.json(),
  fc
    .dictionary(fc.constantFrom(...NAMES), fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.jsonValue()))
    .map((all) => JSON.stringify(all)),
  fc.constantFrom(
    '{',
    '{"__proto__": {"a": 1}}',
    '{"constructor": {"prototype": {"a": 1}}}',
    '[[[[]]]]',
    '""',
    'null',
    '0',
  ),
  fc.constantFrom(
    '['.repeat(5000),
    `{"redirect_uris": [${'"http://a/",'.repeat(500)}"http://a/"]}`,
    `a=${'x'.repeat(2 ** 21)}`,
  ),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
)

const request = fc.record({ method: fc.constantFrom(...METHODS), base, path, query: fc.option(pairs), headers, body })

t.test('random requests get a response in the format of their route, without a 5xx', async (t) => {
  const test = await createApp(t, { users: [{ sub: 'alice' }], wildcard_redirect_uris: true })
  await fc.assert(
    fc.asyncProperty(request, async ({ method, base, path, query, headers, body }) => {
      const url = `${base}${path}${query === null ? '' : `?${query}`}`
      const payload = method === 'GET' || method === 'HEAD' ? undefined : body
      const answer = await test.app.inject({
        method,
        url,
        headers,
        ...(payload !== undefined && { payload }),
      } as InjectOptions)
      if (answer.statusCode >= 500)
        throw new Error(`${answer.statusCode} ${answer.body}\n${JSON.stringify(test.log.at(-2))}`)
      // An isolated issuer does not have every route, http has no certificate, and a preflight request belongs to no route.
      const isOwn = base === '' && method !== 'OPTIONS' && path !== '/tls/ca.pem'
      readError(isOwn ? path : '', answer)
    }),
    { numRuns: 3000, interruptAfterTimeLimit: 20_000, timeout: 60_000 },
  )
  for (const base of ['', '/issuers/isolated']) {
    t.type((await getTokens(test, { base })).access_token, 'string', `${base || 'the default issuer'} still works`)
  }
  t.equal(({} as { a?: unknown }).a, undefined, 'what all objects have is as it was')
})

t.test(
  'garbage in a parameter of a valid request results in a page, a refusal or a login, and breaks no header',
  async (t) => {
    const test = await createApp(t)
    const names = [
      'state',
      'nonce',
      'scope',
      'login_hint',
      'sub',
      'client_id',
      'code_challenge',
      'prompt',
      'ui_locales',
    ] as const
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), text, async (name, value) => {
        const query = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', [name]: value }
        const answer = await test.post(`/oauth2/authorize?${new URLSearchParams(query)}`, {
          sub: name === 'sub' ? value : 'alice',
        })
        if (![302, 400].includes(answer.statusCode)) throw new Error(`status ${answer.statusCode}`)
        if (answer.statusCode === 302) {
          const location = new URL(String(answer.headers.location))
          if (`${location.origin}${location.pathname}` !== REDIRECT_URI) throw new Error(`sent to ${location}`)
          const state = new URLSearchParams({ state: name === 'state' ? value : '' }).get('state')
          if ((location.searchParams.get('state') ?? '') !== state) throw new Error('state came back changed')
        }
      }),
      { numRuns: 500, interruptAfterTimeLimit: 10_000, timeout: 60_000 },
    )
    t.ok((await logIn(test)).has('code'))
  },
)
