/** The authorization endpoint: forms, responses, and errors for the end-user or the client. OpenID Connect Core §3.1.2. */
import { createHash } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import { CLIENT_DEFAULTS } from '../../src/clients/members.js'
import type { ConfigInput } from '../../src/generated/input.js'
import { createNewKeys } from '../../src/issuer/new_keys.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { createApp, createContext, logIn, REDIRECT_URI, register, type TestApp } from '../app.js'
import { createUserAgent, hiddenIn } from '../user_agent.js'

const QUERY = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', state: 's t&=' }
const SECRET_CLIENT = {
  client_id: 'web',
  client_secret: 'x',
  redirect_uris: [REDIRECT_URI, `${REDIRECT_URI}?tenant=1`],
}

const urlOf = (query: Record<string, string> = {}) => {
  const all = Object.entries({ ...QUERY, ...query }).filter(([, value]) => value !== '')
  return `/oauth2/authorize?${new URLSearchParams(all)}`
}
const ask = (test: TestApp, query: Record<string, string> = {}) => test.get(urlOf(query))
const answer = (test: TestApp, query: Record<string, string> = {}, form: Record<string, string> = { sub: 'alice' }) =>
  test.post(urlOf(query), form)

/** Asserts that a page shows the error, without a redirect. */
async function shownToUser(t: Test, test: TestApp, query: Record<string, string>, error: string, sentence: RegExp) {
  for (const response of [
    await ask(test, query),
    await answer(test, query),
    await answer(test, query, { action: 'deny' }),
  ]) {
    t.equal(response.statusCode, 400)
    t.equal(response.headers.location, undefined, 'no redirect')
    t.match(response.headers['content-type'], /^text\/html/)
    t.match(response.body, `<h1>Error: ${error}</h1>`)
    t.match(response.body, sentence)
  }
}

/** Asserts that the client gets the error with state, and no code. */
async function sentToClient(t: Test, test: TestApp, query: Record<string, string>, error: string, description: RegExp) {
  for (const response of [await ask(test, query), await answer(test, query)]) {
    t.equal(response.statusCode, 302)
    const location = new URL(String(response.headers.location))
    t.equal(location.href.split('?')[0], query.redirect_uri ?? REDIRECT_URI)
    const { error_description, ...rest } = Object.fromEntries(location.searchParams)
    t.strictSame(rest, { error, state: QUERY.state })
    t.match(error_description, description)
  }
}

const shared = await createApp(t, { clients: [SECRET_CLIENT] })

t.test('RFC 6749 §4.1.2: code and the unchanged state are added to the redirect_uri', async (t) => {
  const response = await answer(shared)
  t.equal(response.statusCode, 302)
  t.match(response.headers.location, /^http:\/\/localhost:8000\/callback\?code=[\w-]{43}&state=s\+t%26%3D$/)
  t.equal(response.headers['cache-control'], 'no-store')
  t.strictSame([...(await logIn(shared)).keys()], ['code'], 'no state where none came')
})

t.test('RFC 6749 §3.1.2: the query of the redirect_uri is kept', async (t) => {
  const response = await answer(shared, { redirect_uri: `${REDIRECT_URI}?tenant=1&x=%20` })
  t.match(response.headers.location, /^http:\/\/localhost:8000\/callback\?tenant=1&x=%20&code=[\w-]{43}&state=/)
})

t.test('RFC 8252 §7.1: a redirect_uri may have a scheme of its own', async (t) => {
  for (const redirect_uri of ['com.example.app:/callback', 'myapp://callback', 'urn:ietf:wg:oauth:2.0:oob']) {
    const { location } = (await answer(shared, { redirect_uri })).headers
    t.ok(String(location).startsWith(`${redirect_uri}?code=`), redirect_uri)
  }
})

t.test('OAuth 2.0 Multiple Response Types §2.1: response_mode=fragment', async (t) => {
  t.match((await answer(shared, { response_mode: 'fragment' })).headers.location, /callback#code=[\w-]{43}&state=/)
  const denied = await answer(shared, { response_mode: 'fragment' }, { action: 'deny' })
  t.match(denied.headers.location, /callback#error=access_denied&/)
})

t.test('a POST succeeds without cookie, earlier GET and hidden form fields', async (t) => {
  const fresh = await createApp(t)
  t.ok((await logIn(fresh)).has('code'))
})

t.test('RFC 6749 §4.1.2.1: after a refusal the client gets access_denied and its state', async (t) => {
  for (const form of [{ action: 'deny' }, { action: 'deny', sub: 'alice' }] as Record<string, string>[]) {
    const response = await answer(shared, {}, form)
    t.equal(response.statusCode, 302)
    t.strictSame(Object.fromEntries(new URL(String(response.headers.location)).searchParams), {
      error: 'access_denied',
      error_description: 'the end-user denied access',
      state: QUERY.state,
    })
  }
})

t.test('a missing or empty sub is 400 invalid_request with the form', async (t) => {
  const responses = [
    await answer(shared, {}, {}),
    await answer(shared, {}, { sub: '' }),
    await answer(shared, {}, { action: 'other' }),
    await shared.post(urlOf()),
  ]
  for (const response of responses) {
    t.equal(response.statusCode, 400)
    t.equal(response.headers.location, undefined)
    t.match(response.body, 'invalid_request: sub is missing')
    t.match(response.body, '<h1>Authorize Client</h1>')
  }
})

t.test('a sub has at most 255 characters and is not repeated', async (t) => {
  const long = await answer(shared, {}, { sub: 'x'.repeat(255) })
  t.equal(long.statusCode, 302)
  const longer = await answer(shared, {}, { sub: 'x'.repeat(256) })
  t.equal(longer.statusCode, 400)
  t.match(longer.body, 'Error: invalid_request')
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const twice = await shared.post(urlOf(), undefined, { payload: 'sub=a&sub=b', headers })
  t.equal(twice.statusCode, 400)
  t.match(twice.body, 'sub has 2 values')
})

t.test('a body that is not a form is 400', async (t) => {
  const response = await shared.app.inject({ method: 'POST', url: urlOf(), payload: { sub: 'alice' } })
  t.equal(response.statusCode, 400)
  t.match(response.headers['content-type'], /^text\/html/)
  t.match(response.body, 'content type is application/json')
})

const UNTRUSTED: [string, Record<string, string>, string, RegExp][] = [
  ['client_id is missing', { client_id: '' }, 'invalid_client', /client_id is missing/],
  ['redirect_uri is missing', { redirect_uri: '' }, 'invalid_request', /redirect_uri is missing/],
  [
    'redirect_uri is missing, of the only one',
    { client_id: 'web', redirect_uri: '' },
    'invalid_request',
    /redirect_uri/,
  ],
  ['redirect_uri is relative', { redirect_uri: '/callback' }, 'invalid_client', /expected an absolute URI/],
  ['redirect_uri has a fragment', { redirect_uri: `${REDIRECT_URI}#x` }, 'invalid_client', /without a fragment/],
  [
    'redirect_uri has a line break',
    { redirect_uri: 'http://a/\r\nX-Injected: 1' },
    'invalid_client',
    /printable ASCII/,
  ],
  ['redirect_uri is a script', { redirect_uri: 'javascript:alert(1)' }, 'invalid_client', /not a script/],
  ['redirect_uri is a script in capitals', { redirect_uri: 'JavaScript://a/%0ax' }, 'invalid_client', /not a script/],
  ['redirect_uri is a blob', { redirect_uri: 'blob:http://localhost/1' }, 'invalid_client', /not a script/],
  ['redirect_uri is a script after a tab', { redirect_uri: '\tvbscript:x' }, 'invalid_client', /printable ASCII/],
  [
    "redirect_uri isn't registered",
    { client_id: 'web', redirect_uri: 'https://evil.com/' },
    'invalid_client',
    /redirect_uri is https:\/\/evil\.com\/, expected one of the client&#39;s redirect_uris: http:\/\/localhost:8000/,
  ],
  [
    'redirect_uri has more',
    { client_id: 'web', redirect_uri: `${REDIRECT_URI}?a=b` },
    'invalid_client',
    /expected one of/,
  ],
  ['response_mode is unknown', { response_mode: 'web_message' }, 'invalid_request', /response_mode is web_message/],
]
for (const [title, query, error, sentence] of UNTRUSTED) {
  t.test(`RFC 6749 §4.1.2.1: ${title}: a page, never a redirect`, async (t) => {
    await shownToUser(t, shared, query, error, sentence)
  })
}

t.test('RFC 6749 §4.1.2.1: an unknown client, if registration is required: a page, never a redirect', async (t) => {
  const test = await createApp(t, { clients: [SECRET_CLIENT], require_registration: true })
  await shownToUser(t, test, {}, 'invalid_client', /client_id is app, expected a configured or registered client/)
  t.ok((await logIn(test, { client_id: 'web' })).has('code'), 'a known one may')
  const { client_id } = await register(test)
  t.ok((await logIn(test, { client_id })).has('code'), 'and one that registered')
})

for (const name of ['client_id', 'redirect_uri', 'response_mode', 'state']) {
  t.test(`RFC 6749 §3.1: a repeated ${name} is a page`, async (t) => {
    const response = await shared.get(`${urlOf({ response_mode: 'query' })}&${name}=x`)
    t.equal(response.statusCode, 400)
    t.equal(response.headers.location, undefined)
    t.match(response.body, `${name} has 2 values`)
  })
}

const REFUSED: [string, Record<string, string>, string, RegExp, ConfigInput?][] = [
  ['response_type missing', { response_type: '' }, 'invalid_request', /^response_type is missing$/],
  ['response_type token', { response_type: 'token' }, 'unsupported_response_type', /^response_type is token, expec/],
  ['response_type of more', { response_type: 'code x' }, 'unsupported_response_type', /response_type is code x/],
  ['response_type of all objects', { response_type: 'toString' }, 'unsupported_response_type', /toString/],
  ['registration', { registration: '{}' }, 'registration_not_supported', /^registration is not supported/],
  ['an illegal scope', { scope: 'openid ä' }, 'invalid_scope', /^scope has \?, expected words/],
  [
    'a PKCE method without challenge',
    { code_challenge_method: 'S256' },
    'invalid_request',
    /^code_challenge is missing/,
  ],
  ['an unknown PKCE method', { code_challenge: 'x', code_challenge_method: 'S1' }, 'invalid_request', /transform algo/],
  ['a malformed challenge', { code_challenge: 'x', code_challenge_method: 'S256' }, 'invalid_request', /43 to 128/],
  ['a parameter that is too long', { nonce: 'x'.repeat(8193) }, 'invalid_request', /^nonce has 8193 characters/],
  ['no nonce', {}, 'invalid_request', /^nonce is missing/, { require_nonce: true }],
  ['no code_challenge', {}, 'invalid_request', /^code_challenge is missing/, { require_pkce: true }],
]
for (const [title, query, error, description, config] of REFUSED) {
  t.test(`OpenID Connect Core §3.1.2.6: ${title}: ${error}, to the client`, async (t) => {
    await sentToClient(t, config === undefined ? shared : await createApp(t, config), query, error, description)
  })
}

t.test('a request with the required nonce and code_challenge succeeds', async (t) => {
  const test = await createApp(t, { require_nonce: true, require_pkce: true })
  t.ok((await logIn(test, { nonce: 'n', code_challenge: 'c'.repeat(43) })).has('code'))
})

t.test(
  'RFC 6749 §3.1: the client gets the error for another repeated parameter; unknown parameters are ignored',
  async (t) => {
    const twice = await shared.get(`${urlOf({ nonce: 'a' })}&nonce=b`)
    t.equal(
      new URL(String(twice.headers.location)).searchParams.get('error_description')?.slice(0, 19),
      'nonce has 2 values,',
    )
    t.equal((await shared.get(`${urlOf()}&extra=a&extra=b&prompt=login&ui_locales=se`)).statusCode, 200)
  },
)

t.test('a client without a grant type that ends with a redirect gets no response type', async (t) => {
  for (const grant_types of [[], ['refresh_token'], ['client_credentials']] as const) {
    const client = { client_id: 'app', client_secret: 'secret', redirect_uris: [REDIRECT_URI] }
    const test = await createApp(t, { clients: [{ ...client, grant_types: [...grant_types] }] })
    await sentToClient(t, test, {}, 'unauthorized_client', /response_types: it has none$/)
  }
})

t.test('RFC 6749 §4.1.2.1: a client without the response type is unauthorized_client', async (t) => {
  const test = await createApp(t, {
    clients: [
      { client_id: 'app', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none', response_types: [] },
    ],
  })
  await sentToClient(t, test, {}, 'unauthorized_client', /response_types: it has none$/)
})

t.test('the granted scope is the requested scope, limited to the scope of the client', async (t) => {
  const test = await createApp(t, {
    clients: [{ client_id: 'app', redirect_uris: [REDIRECT_URI], scope: 'openid email' }],
  })
  const page = await ask(test, { scope: 'openid profile custom email' })
  t.match(page.body, '<code>openid</code>')
  t.match(page.body, '<code>email</code>')
  t.notMatch(page.body, '<code>profile</code>')
})

t.test('wildcards match if the client or the configuration allows them', async (t) => {
  const pattern = 'https://*.preview.example.com/cb'
  const fits = 'https://pr-1.preview.example.com/cb'
  const client = { client_id: 'app', redirect_uris: [pattern], token_endpoint_auth_method: 'none' as const }
  const configs: ConfigInput[] = [
    { clients: [{ ...client, wildcard_redirect_uris: true }] },
    { clients: [client], wildcard_redirect_uris: true },
  ]
  for (const config of configs) {
    const test = await createApp(t, config)
    t.match(
      (await answer(test, { redirect_uri: fits })).headers.location,
      /^https:\/\/pr-1\.preview\.example\.com\/cb\?code=/,
    )
    const attacks = ['https://evil.com/.preview.example.com/cb', 'https://evil.com\\.preview.example.com/cb']
    for (const redirect_uri of [
      ...attacks,
      'https://evil.com%2F.preview.example.com/cb',
      'https://a@x.preview.example.com/cb',
    ]) {
      const response = await answer(test, { redirect_uri })
      t.equal(response.statusCode, 400, redirect_uri)
      t.equal(response.headers.location, undefined)
    }
  }
  t.match(await register(shared, { redirect_uris: [pattern] }), { error: 'invalid_redirect_uri' })
})

t.test('a request uses the configuration in force', async (t) => {
  const test = await createApp(t, { require_nonce: true })
  t.equal((await ask(test)).statusCode, 302)
  await test.reload({})
  t.equal((await ask(test)).statusCode, 200)
})

const HOSTILE = [
  '"><script>alert(1)</script>',
  "' onmouseover=alert(1) '",
  '</textarea>&<b>',
  '\u0000\u202e',
  '<%= 1 %>',
]
const SHOWN = ['client_id', 'login_hint', 'state', 'nonce', 'redirect_uri', 'extra'] as const
for (const name of SHOWN) {
  t.test(`hostile characters in ${name} are shown as text`, async (t) => {
    for (const value of HOSTILE) {
      const { body } = await ask(shared, {
        [name]: name === 'redirect_uri' ? `myapp:${encodeURI(value)}"'><script>` : value,
      })
      t.notMatch(body, /<script|<b>| onmouseover=alert\(1\) '/)
    }
  })
}

t.test('a user with a hostile sub can log in', async (t) => {
  for (const sub of HOSTILE) {
    t.equal((await answer(shared, {}, { sub })).statusCode, 302)
    t.notMatch((await ask(shared)).body, /<script|<b>/, 'among the recent users')
  }
})

t.test('a failure of the provider is a page with 500, without a redirect', async (t) => {
  const grants = { ...createMemoryStore().grants, put: () => Promise.reject(new Error('grants are unavailable')) }
  const { clock, faults, journal } = await createContext()
  const issuer = {
    store: { ...createMemoryStore(), grants },
    clock,
    faults,
    key_cache: new Map(),
    new_keys: createNewKeys(),
    journal,
  }
  const test = await createApp(t, {}, { findIssuer: () => issuer })
  const response = await answer(test)
  t.equal(response.statusCode, 500)
  t.equal(response.headers.location, undefined)
  t.match(response.body, 'Error: server_error')
  t.notMatch(response.body, 'grants are unavailable')
  t.equal((await ask(test)).statusCode, 200, 'and it goes on')
})

const form: Record<string, string> = { ...QUERY }
const SSO = { single_sign_on: true }
const FORM_CLIENT = { ...SECRET_CLIENT, client_id: 'app', redirect_uris: [REDIRECT_URI] }

t.test(
  'OpenID Connect Core §3.1.2.1: a request can be the form of a POST, whose fields the page repeats',
  async (t) => {
    for (const url of ['/oauth2/authorize', '/oauth2/authorize?client_id=&extra=1', urlOf({ client_id: 'other' })]) {
      const page = await shared.post(url, { ...form, nonce: '"n"' })
      t.equal(page.statusCode, 200)
      t.match(page.body, '<label for="sub">Subject</label>')
      t.match(page.body, '<code class="value">app</code>', 'the form counts')
      const [, first = ''] = /<form method="post" action="([^"]*)"/.exec(page.body) ?? []
      t.equal(first.replaceAll('&amp;', '&'), `?${url.split('?')[1] ?? ''}`)
      const { flow_id, ...carried } = hiddenIn(page)
      t.match(flow_id, /^[\w-]{22}$/)
      t.strictSame(carried, { ...form, nonce: '"n"' })
      const back = await shared.post(url, { ...hiddenIn(page), sub: 'alice' })
      t.equal(back.statusCode, 302)
      t.equal(new URL(String(back.headers.location)).searchParams.get('state'), QUERY.state)
      const again = await shared.post(url, { ...hiddenIn(page), sub: '' })
      t.equal(again.statusCode, 400)
      t.strictSame(hiddenIn(again), hiddenIn(page), 'also with the page after a wrong answer')
      t.match((await shared.post(url, { ...form, action: 'deny' })).headers.location, 'error=access_denied')
    }
  },
)

t.test('OpenID Connect Core §3.1.2.1: a request by POST follows the same rules', async (t) => {
  const untrusted = await shared.post('/oauth2/authorize', { ...form, redirect_uri: 'javascript:alert(1)' })
  t.equal(untrusted.statusCode, 400)
  t.match(untrusted.body, 'Error: invalid_client')
  const refused = await shared.post('/oauth2/authorize', { ...form, response_type: 'x' })
  t.match(refused.headers.location, 'error=unsupported_response_type')
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const payload = `${new URLSearchParams(form)}&client_id=other`
  const twice = await shared.post('/oauth2/authorize', undefined, { payload, headers })
  t.match(twice.body, 'client_id has 2 values')
})

t.test('OpenID Connect Core §3.1.2.1: a request by POST is answered from the session as well', async (t) => {
  const test = await createApp(t, { clients: [FORM_CLIENT], sessions: SSO })
  const agent = createUserAgent(test)
  await agent.logIn('alice')
  const cookies = Object.fromEntries([...agent.cookies].map(([name, { value }]) => [name, value]))
  t.match((await test.post('/oauth2/authorize', form, { cookies })).headers.location, '?code=')
})

t.test(
  'OAuth 2.0 Form Post Response Mode §2: the response is a form that a script posts to the redirect_uri',
  async (t) => {
    const page = await answer(shared, { response_mode: 'form_post' })
    t.equal(page.statusCode, 200)
    t.equal(page.headers['cache-control'], 'no-store')
    t.match(page.body, `<form method="post" action="${REDIRECT_URI}">`)
    t.match(hiddenIn(page), { state: QUERY.state, code: /^[\w-]{43}$/ })
    const [, script = ''] = /<script>(.*?)<\/script>/s.exec(page.body) ?? []
    const hash = createHash('sha256').update(script).digest('base64')
    t.match(page.headers['content-security-policy'], `script-src 'sha256-${hash}'`)
    t.notMatch(script, /=>|const|let|`/, 'in words that any browser knows')
    t.match(page.body, '>Continue</button>', 'and a button for those without script')
    const denied = await answer(shared, { response_mode: 'form_post' }, { action: 'deny' })
    t.match(hiddenIn(denied), { error: 'access_denied', state: QUERY.state })
    const unknown = await ask(shared, { response_mode: 'form_post', response_type: '' })
    t.match(hiddenIn(unknown), { error: /^(invalid_request|unsupported_response_type)$/, state: QUERY.state })
  },
)

t.test('OAuth 2.0 Form Post Response Mode §2: the form can be framed, other pages cannot', async (t) => {
  const { headers } = await ask(shared, { response_mode: 'form_post', prompt: 'none' })
  t.match(headers['content-security-policy'], 'frame-ancestors *')
  t.equal(headers['x-frame-options'], undefined)
  const page = await ask(shared)
  t.match(page.headers['content-security-policy'], "frame-ancestors 'none'")
  t.equal(page.headers['x-frame-options'], 'DENY')
})

/** Returns the policy of a page, and its message with the origin that receives it. */
function framed({ headers, body }: LightMyRequestResponse) {
  const [, message, target] = /data-message="([^"]*)" data-target="([^"]*)"/.exec(body) ?? []
  return {
    frames: /frame-ancestors ([^;]*)/.exec(String(headers['content-security-policy']))?.[1],
    option: headers['x-frame-options'],
    target,
    ...(message !== undefined && {
      message: JSON.parse(message.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')),
    }),
  }
}

const UNFRAMED = { frames: "'none'", option: 'DENY', target: undefined }
const FRAMED = { ...UNFRAMED, frames: '*', option: undefined }

t.test('a refusal on a page can be framed after prompt=none, and only then', async (t) => {
  const wrong = { redirect_uri: 'javascript:alert(1)' }
  t.strictSame(framed(await ask(shared, { ...wrong, prompt: 'none' })), FRAMED)
  t.strictSame(framed(await shared.post('/oauth2/authorize', { ...form, ...wrong, prompt: 'none' })), FRAMED)
  t.strictSame(framed(await shared.get('/authorize?prompt=none', { headers: { accept: 'text/html' } })), UNFRAMED)
  const silent = await ask(shared, { ...wrong, prompt: 'none' })
  t.notMatch(silent.body, /<a |<button|<form/, 'it has nothing to press')
  t.match(silent.body, /flow_id/)
  t.strictSame(framed(await ask(shared, wrong)), UNFRAMED)
  t.match((await ask(shared, wrong)).body, '<a ')
  t.strictSame(framed(await ask(shared, { ...wrong, prompt: 'login' })), UNFRAMED)
  t.strictSame(framed(await ask(shared, { prompt: 'login' })), UNFRAMED, 'a page with buttons')
  const page = await shared.post(urlOf({ prompt: 'none' }), { sub: 'alice', fault: 'unknown' })
  t.strictSame(framed(page), UNFRAMED, 'a page with buttons although the prompt is none')
  t.equal(page.statusCode, 400)
})

t.test('Web Message Response Mode §4.1: a refusal is a message to the origin of the redirect_uri', async (t) => {
  const test = await createApp(t, { clients: [FORM_CLIENT] })
  const mode = { response_mode: 'web_message', client_id: FORM_CLIENT.client_id }
  const page = await ask(test, { ...mode, state: '"s"' })
  t.match(framed(page), { ...FRAMED, target: new URL(REDIRECT_URI).origin })
  const error_description = /^response_mode is web_message, expected one of query, /
  const response = { error: 'invalid_request', error_description, state: '"s"' }
  t.match(framed(page).message, { type: 'authorization_response', response })
  const [, script = ''] = /<script>(.*?)<\/script>/s.exec(page.body) ?? []
  const hash = createHash('sha256').update(script).digest('base64')
  t.match(page.headers['content-security-policy'], `script-src 'sha256-${hash}'`)
  t.notMatch(script, /=>|const|let|`/, 'in words that any browser knows')
  const okta = framed(await ask(test, { ...mode, response_mode: 'okta_post_message', state: 's' })).message
  t.match(okta, { error: 'invalid_request', state: 's' })
})

t.test('a refusal of an unknown address is a message to any page, without the reason', async (t) => {
  const test = await createApp(t, { require_registration: true, clients: [FORM_CLIENT] })
  const mode = { response_mode: 'web_message', client_id: FORM_CLIENT.client_id }
  const response = {
    error: 'invalid_client',
    error_description: 'the page of the provider and its log have the reason',
    state: QUERY.state,
  }
  const message = { type: 'authorization_response', response }
  const wrongs: Record<string, string>[] = [
    { client_id: 'unknown' },
    { redirect_uri: 'https://evil.test/cb' },
    { redirect_uri: 'javascript:alert(1)' },
  ]
  for (const wrong of wrongs) {
    t.strictSame(framed(await ask(test, { ...mode, ...wrong })), { ...FRAMED, target: '*', message })
  }
  const app = { clients: [{ ...FORM_CLIENT, redirect_uris: ['com.example.app:/cb'] }] }
  const native = await ask(await createApp(t, app), { ...mode, redirect_uri: 'com.example.app:/cb' })
  t.match(framed(native), { target: '*', message: { response: { error: 'invalid_request' } } })
  const twice = await test.get(`${urlOf(mode)}&state=a&client_id=b`)
  const { message: bare } = framed(twice)
  t.strictSame(Object.keys(bare.response), ['error', 'error_description'], 'a repeated state is left out')
})

t.test('OpenID Connect Registration §2: the pages show the logo, the policy and the terms', async (t) => {
  const client = {
    ...FORM_CLIENT,
    client_name: 'My app',
    client_uri: 'https://app.example',
    logo_uri: 'https://cdn.example/logo.png',
    policy_uri: 'https://app.example/policy?a=1&b=2',
    tos_uri: 'http://terms.example/',
  }
  const test = await createApp(t, { clients: [client, { ...FORM_CLIENT, client_id: 'plain' }], sessions: SSO })
  const agent = createUserAgent(test)
  const login = await agent.ask()
  await agent.logIn('alice')
  for (const page of [login, await agent.ask({ prompt: 'consent' })]) {
    t.match(page.body, '<img class="logo" src="https://cdn.example/logo.png" alt="">')
    t.match(page.headers['content-security-policy'], ';img-src data: https: http:;')
    const links = [...page.body.matchAll(/<a href="([^"]*)" target="_blank" rel="noopener noreferrer">([^<]*)</g)]
    t.strictSame(
      links.map(([, href, name]) => [name, href]),
      [
        ['Website', 'https://app.example'],
        ['Privacy policy', 'https://app.example/policy?a=1&amp;b=2'],
        ['Terms of service', 'http://terms.example/'],
      ],
    )
  }
  const plain = await agent.ask({ client_id: 'plain' })
  t.match(plain.headers['content-security-policy'], ';img-src data:;')
  t.notMatch(plain.body, /<img|<a (?!class="brand")/)
})

t.test('a link of a client that is a script or not a URL is omitted', async (t) => {
  const store = createMemoryStore()
  const { clock, faults, journal } = await createContext()
  const issuer = { store, clock, faults, journal, key_cache: new Map(), new_keys: createNewKeys() }
  const test = await createApp(t, {}, { findIssuer: () => issuer })
  const bad = {
    logo_uri: 'javascript:alert(1)',
    policy_uri: 'data:text/html,x',
    tos_uri: '//',
    client_uri: 'file:///x',
  }
  const known = { client_id: 'app', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' as const }
  await store.clients.put('app', { ...CLIENT_DEFAULTS, ...known, ...bad, client_id_issued_at: 1, expires_at: 1 })
  const { body, headers } = await ask(test)
  t.notMatch(body, /<img|<a (?!class="brand")/)
  t.match(headers['content-security-policy'], ';img-src data:;')
})
