/** RP-initiated logout by a page. OpenID Connect RP-Initiated Logout §2 and §3. */
import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, getTokens, REDIRECT_URI, register, type TestApp } from '../app.js'
import { textOf } from '../html.js'

const URL_PATH = '/oauth2/end_session'
const BYE = 'http://localhost:8000/bye'
const CONFIG: ConfigInput = {
  clients: [
    {
      client_id: 'web',
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
      post_logout_redirect_uris: [BYE, `${BYE}?tenant=1`],
    },
    {
      client_id: 'none',
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
      post_logout_redirect_uris: [],
    },
  ],
}
const test = await createApp(t, CONFIG)
const { id_token, access_token } = await getTokens(test, { client_id: 'web' })

const HINT_MISSING = /role="note">The request has no <code>id_token_hint<\/code>/

/** The hidden fields of the form. */
const hiddenOf = (body: string) =>
  Object.fromEntries(
    [...body.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [
      name!,
      plainOf(value!),
    ]),
  )
const plainOf = (html: string) => html.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"')

/** Shows the page and submits its form. */
async function endSession({ get, post }: TestApp, params: Record<string, string>, base = '') {
  const page = await get(`${base}${URL_PATH}?${new URLSearchParams(params)}`)
  const [, action = ''] = /<form method="post" action="([^"]*)"/.exec(page.body) ?? []
  return { page, action, after: await post(action, hiddenOf(page.body)) }
}

t.test('the page shows the parameters, and its button ends the session', async (t) => {
  const { page, action, after } = await endSession(test, { id_token_hint: id_token, state: 's' })
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-type'], /^text\/html/)
  t.match(page.body, '<button class="primary">End session</button>')
  t.match(page.body, '<code>state</code>')
  t.match(page.body, /Log out <bdi>alice<\/bdi>\? <bdi>web<\/bdi> requests it\./)
  t.notMatch(page.body, HINT_MISSING)
  t.equal(action, '/oauth2/end_session/confirm')
  t.equal(after.statusCode, 200)
  t.match(after.body, 'Session ended')
})

t.test('RP-Initiated Logout §2: the page recommends a missing id_token_hint', async (t) => {
  for (const params of [{}, { client_id: 'web' }, { id_token_hint: '' }] as Record<string, string>[]) {
    const { page, after } = await endSession(test, params)
    t.equal(page.statusCode, 200)
    t.match(page.body, HINT_MISSING)
    t.match(after.body, 'Session ended')
  }
})

const ROUNDS: [string, Record<string, string>, string][] = [
  ['registered', { post_logout_redirect_uri: BYE }, BYE],
  ['§3: state is added', { post_logout_redirect_uri: BYE, state: 'a b&c' }, `${BYE}?state=a+b%26c`],
  ['the query is kept', { post_logout_redirect_uri: `${BYE}?tenant=1`, state: 's' }, `${BYE}?tenant=1&state=s`],
  ['an empty state is none', { post_logout_redirect_uri: BYE, state: '' }, BYE],
  ["the reference's name", { redirect_uri: BYE, state: 's' }, `${BYE}?state=s`],
]
for (const [title, params, location] of ROUNDS) {
  t.test(`RP-Initiated Logout §3: the browser returns to the client: ${title}`, async (t) => {
    const { page, after } = await endSession(test, { id_token_hint: id_token, ...params })
    t.match(page.body, location.replaceAll('&', '&amp;'), 'the page says where to')
    t.equal(after.statusCode, 302)
    t.equal(after.headers.location, location)
  })
}

t.test('RP-Initiated Logout §2: a POST is read from its form, or from the query without a form', async (t) => {
  const params = { id_token_hint: id_token, post_logout_redirect_uri: BYE }
  for (const page of [
    await test.post(URL_PATH, params),
    await test.post(`${URL_PATH}?${new URLSearchParams(params)}`),
  ]) {
    t.equal(page.statusCode, 200)
    t.strictSame(hiddenOf(page.body), params)
  }
  const both = await test.post(`${URL_PATH}?${new URLSearchParams(params)}`, { client_id: 'web' })
  t.strictSame(hiddenOf(both.body), { client_id: 'web' })
  const json = await test.app.inject({ method: 'POST', url: URL_PATH, payload: params })
  t.equal(json.statusCode, 400)
})

t.test('an unknown client, or a client without registered URIs, can redirect anywhere', async (t) => {
  const { client_id } = await register(test)
  for (const params of [{ client_id }, { client_id: 'unknown' }, {}] as Record<string, string>[]) {
    const { after } = await endSession(test, { ...params, post_logout_redirect_uri: 'myapp:bye', state: 's' })
    t.equal(after.headers.location, 'myapp:bye?state=s')
  }
})

t.test('a path of this provider is accepted as a URI', async (t) => {
  const { page, after } = await endSession(test, { post_logout_redirect_uri: '/oidc/login', state: 's' })
  t.match(page.body, '/oidc/login?state=s')
  t.equal(after.headers.location, '/oidc/login?state=s')
})

const hintOf = async (key: CryptoKey, claims: object) =>
  new SignJWT({ iss: 'http://localhost', aud: 'web', sub: 'alice', ...claims })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(key)

t.test('RP-Initiated Logout §2: an expired hint is accepted', async (t) => {
  const test = await createApp(t, CONFIG)
  test.advance(-100_000)
  const { id_token } = await getTokens(test, { client_id: 'web' })
  test.advance(100_000)
  const { page } = await endSession(test, { id_token_hint: id_token })
  t.match(page.body, '<bdi>alice</bdi>')
})

t.test('a hint with any configured times is accepted', async (t) => {
  const test = await createApp(t, { users: [{ sub: 'alice', id_token: { nbf: 99_999_999_999 } }] })
  const { id_token } = await getTokens(test)
  t.match((await endSession(test, { id_token_hint: id_token })).page.body, '<bdi>alice</bdi>')
})

t.test('a hint that this issuer has not issued identifies no user', async (t) => {
  const foreign = await getTokens(test, { client_id: 'web', base: '/issuers/other' })
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const unsigned = `${btoa('{"alg":"none"}')}.${id_token.split('.')[1]}.`
  const hints = ['garbage', `${id_token}x`, unsigned, access_token, foreign.id_token, await hintOf(privateKey, {})]
  for (const id_token_hint of hints) {
    const { page, after } = await endSession(test, { id_token_hint })
    t.equal(page.statusCode, 200)
    t.notMatch(page.body, '<bdi>')
    t.match(page.body, /role="note">The <code>id_token_hint<\/code> is not an ID token of this issuer/)
    t.match(after.body, 'Session ended')
  }
})

const REFUSED: [string, Record<string, string>, RegExp][] = [
  ['§2: client_id and hint differ', { client_id: 'app', id_token_hint: id_token }, /client_id is app, but .* to web/],
  ['§3: not registered', { client_id: 'web', post_logout_redirect_uri: `${BYE}/` }, /expected one of the client/],
  [
    '§3: not registered, by hint',
    { id_token_hint: id_token, post_logout_redirect_uri: 'http://evil' },
    /expected one of/,
  ],
  ['§3: query added', { client_id: 'web', post_logout_redirect_uri: `${BYE}?x=y` }, /expected one of/],
  [
    '§3: the client has none',
    { client_id: 'none', post_logout_redirect_uri: BYE },
    /client&#39;s post_logout_redirect_uris: none/,
  ],
  ['a script', { post_logout_redirect_uri: 'javascript:alert(1)' }, /not a script/],
  ['a script in capitals', { post_logout_redirect_uri: 'JavaScript://localhost/%0aalert(1)' }, /not a script/],
  ['a script after a space', { post_logout_redirect_uri: ' javascript:alert(1)' }, /printable ASCII/],
  ['a script of a client', { client_id: 'web', post_logout_redirect_uri: 'vbscript:x' }, /not a script/],
  ['a script by the name of the reference', { redirect_uri: 'javascript:alert(1)' }, /not a script/],
  ['data', { post_logout_redirect_uri: 'data:text/html,x' }, /not a script/],
  ['a blob', { post_logout_redirect_uri: 'blob:http://localhost/1' }, /not a script/],
  ['a fragment', { post_logout_redirect_uri: `${BYE}#x` }, /without a fragment/],
  ['a path that leads elsewhere', { post_logout_redirect_uri: '/\\evil.com' }, /an absolute URI/],
  ['a path with a fragment', { post_logout_redirect_uri: '/oidc/login#x' }, /without a fragment/],
  ['a path, of a client that has others', { client_id: 'web', post_logout_redirect_uri: '/bye' }, /expected one of/],
  ['a host without scheme', { post_logout_redirect_uri: '//evil.com' }, /an absolute URI/],
  ['a line break', { post_logout_redirect_uri: `${BYE}\r\nX-Injected: 1` }, /printable ASCII/],
]
for (const [title, params, sentence] of REFUSED) {
  t.test(`RP-Initiated Logout: ${title}: 400 and a page, before and after the button`, async (t) => {
    const query = `?${new URLSearchParams(params)}`
    const answers = [
      await test.get(URL_PATH + query),
      await test.post(URL_PATH, params),
      await test.post(`${URL_PATH}/confirm`, params),
    ]
    for (const answer of answers) {
      t.equal(answer.statusCode, 400)
      t.equal(answer.headers.location, undefined)
      t.match(answer.body, 'Error: invalid_request')
      t.match(answer.body, sentence)
    }
  })
}

t.test('a repeated parameter is 400', async (t) => {
  for (const name of ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state']) {
    const answer = await test.get(`${URL_PATH}?${name}=x:a&${name}=x:b`)
    t.equal(answer.statusCode, 400, name)
    t.match(answer.body, `${name} has 2 values`)
  }
})

t.test('hostile characters are shown as text', async (t) => {
  const hostile = '"><script>alert(1)</script>'
  for (const name of ['state', 'client_id', 'id_token_hint', 'extra', hostile]) {
    const { page } = await endSession(test, { [name]: hostile, post_logout_redirect_uri: 'x:y' })
    t.equal(page.statusCode, 200)
    t.notMatch(page.body, '<script')
  }
})

t.test('the form of an isolated issuer posts to that issuer', async (t) => {
  const { action, after } = await endSession(test, { state: 's' }, '/issuers/one')
  t.equal(action, '/issuers/one/oauth2/end_session/confirm')
  t.match(after.body, 'Session ended')
})

/** Asserts that GET, POST and the form are refused by a page, without a redirect. */
async function refusedEverywhere(t: Test, { get, post }: TestApp, params: Record<string, string>, sentence: RegExp) {
  const answers = [
    await get(`${URL_PATH}?${new URLSearchParams(params)}`),
    await post(URL_PATH, params),
    await post(`${URL_PATH}/confirm`, params),
  ]
  for (const answer of answers) {
    t.equal(answer.statusCode, 400)
    t.equal(answer.headers.location, undefined)
    t.match(textOf(answer.body), sentence)
  }
}

const remarksOf = ({ log }: TestApp) => log.filter(({ event }) => event === 'would_be_refused').map(({ rule }) => rule)

t.test('RP-Initiated Logout §2: a strict provider refuses a hint that it has not signed', async (t) => {
  const strict = await createApp(t, { ...CONFIG, rules: { verified_id_token_hint: true } })
  const { id_token } = await getTokens(strict, { client_id: 'web' })
  const [, payload = '', signature = ''] = id_token.split('.')
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
  const foreign = await getTokens(strict, { client_id: 'web', base: '/issuers/other' })
  const hints = {
    unsigned: `${btoa('{"alg":"none"}').replaceAll('=', '')}.${payload}.`,
    'unsigned, with a signature': `${btoa('{"alg":"none"}').replaceAll('=', '')}.${payload}.${signature}`,
    'signed by another': await hintOf(privateKey, { aud: 'http://localhost', iss: 'web' }),
    'of another issuer': foreign.id_token,
    garbage: 'garbage',
  }
  for (const [title, id_token_hint] of Object.entries(hints)) {
    t.comment(title)
    await refusedEverywhere(t, strict, { id_token_hint }, /id_token_hint is not an ID token signed by this issuer/)
    await refusedEverywhere(t, strict, { id_token_hint, post_logout_redirect_uri: BYE }, /is not an ID token/)
  }
  const { after } = await endSession(strict, { id_token_hint: id_token, post_logout_redirect_uri: BYE })
  t.equal(after.headers.location, BYE)
})

t.test('RP-Initiated Logout §3: a strict provider does not redirect without a hint', async (t) => {
  const strict = await createApp(t, { ...CONFIG, rules: { verified_id_token_hint: true } })
  const params = { client_id: 'web', post_logout_redirect_uri: BYE }
  await refusedEverywhere(t, strict, params, /post_logout_redirect_uri is http.*, but id_token_hint is missing/)
  const { after } = await endSession(strict, { client_id: 'web', logout_hint: 'alice', ui_locales: 'de' })
  t.match(after.body, 'Session ended', 'without a redirect the hint may be missing')
})

t.test('RP-Initiated Logout §3: a strict provider redirects only to registered URIs', async (t) => {
  const strict = await createApp(t, { ...CONFIG, rules: { registered_post_logout_redirect_uris: true } })
  const { client_id } = await register(strict)
  const cases: [Record<string, string>, RegExp][] = [
    [{}, /but the request names no client/],
    [{ client_id: 'unknown' }, /but client unknown has registered none/],
    [{ client_id }, /but client .* has registered none/],
    [{ client_id: 'none' }, /post_logout_redirect_uris: none/],
    [{ client_id: 'web', post_logout_redirect_uri: `${BYE}?foo=bar` }, /expected one of the client's/],
    [{ client_id: 'web', post_logout_redirect_uri: `${BYE}?tenant=1&foo=bar` }, /expected one of the client's/],
  ]
  for (const [params, sentence] of cases) {
    await refusedEverywhere(t, strict, { post_logout_redirect_uri: BYE, state: 's', ...params }, sentence)
  }
  const { after } = await endSession(strict, { client_id: 'web', post_logout_redirect_uri: BYE })
  t.equal(after.headers.location, BYE)
})

t.test('with disabled rules, the refusal of a strict provider is logged once', async (t) => {
  const test = await createApp(t, CONFIG)
  const { id_token } = await getTokens(test, { client_id: 'web' })
  await endSession(test, { id_token_hint: id_token, post_logout_redirect_uri: BYE })
  t.strictSame(
    remarksOf(test).filter((rule) => String(rule).includes('logout') || String(rule).includes('hint')),
    [],
  )
  await endSession(test, { id_token_hint: 'garbage' })
  t.equal(remarksOf(test).at(-1), 'verified_id_token_hint')
  const before = remarksOf(test).length
  await endSession(test, { post_logout_redirect_uri: 'myapp:bye' })
  t.strictSame(remarksOf(test).slice(before), ['verified_id_token_hint', 'registered_post_logout_redirect_uris'])
})

t.test(
  'RP-Initiated Logout §3.1: wildcards and the loopback port of a native client are for lenient logouts',
  async (t) => {
    const clients: ConfigInput['clients'] = [
      {
        client_id: 'preview',
        token_endpoint_auth_method: 'none',
        redirect_uris: [REDIRECT_URI],
        wildcard_redirect_uris: true,
        post_logout_redirect_uris: ['https://*.example.test/**'],
      },
      {
        client_id: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: [REDIRECT_URI],
        application_type: 'native',
        post_logout_redirect_uris: ['http://127.0.0.1/bye', 'https://*.example.test/bye'],
      },
    ]
    const lenient = await createApp(t, { clients })
    const strict = await createApp(t, { clients, rules: { exact_redirect_uris: true } })
    const cases: [string, string][] = [
      ['preview', 'https://pr-1.example.test/a/bye'],
      ['native', 'http://127.0.0.1:51004/bye'],
    ]
    for (const [client_id, post_logout_redirect_uri] of cases) {
      const params = { client_id, post_logout_redirect_uri }
      const { after } = await endSession(lenient, params)
      t.equal(after.headers.location, post_logout_redirect_uri)
      t.ok(remarksOf(lenient).includes('exact_redirect_uris'), client_id)
      await refusedEverywhere(t, strict, params, /expected one of the client's/)
    }
    for (const [client_id, post_logout_redirect_uri] of [
      ['preview', 'https://example.test/bye'],
      ['native', 'http://127.0.0.1:51004/other'],
      ['native', 'https://pr-1.example.test/bye'],
    ] as const) {
      await refusedEverywhere(t, lenient, { client_id, post_logout_redirect_uri }, /expected one of the client's/)
    }
  },
)

t.test('RP-Initiated Logout §3: a state of 128 characters is returned unchanged', async (t) => {
  const state = 'aZ09-._~!*()'.repeat(11).slice(0, 128)
  const { after } = await endSession(test, { id_token_hint: id_token, post_logout_redirect_uri: BYE, state })
  t.strictSame([...new URL(String(after.headers.location)).searchParams], [['state', state]])
})

t.test('pages about a user are not cached', async (t) => {
  const { page, after } = await endSession(test, { id_token_hint: id_token })
  for (const { headers } of [page, after]) t.equal(headers['cache-control'], 'no-store')
})
