/** The journal entry of each exchange: facts, request, response, tokens and flow. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import type { JournalEntry } from '../../src/journal/entry.js'
import {
  basic,
  createApp,
  exchange,
  getTokens,
  getUserinfo,
  logIn,
  REDIRECT_URI,
  refresh,
  refused,
  register,
  type TestApp,
  type Tokens,
} from '../app.js'
import { listen } from '../listener.js'
import { createUserAgent } from '../user_agent.js'

const CLIENT = { client_id: 'app', redirect_uris: [REDIRECT_URI], client_secret: 'a-long-secret-of-app' }
const AUTHORIZE = `/oauth2/authorize?${new URLSearchParams({
  client_id: 'app',
  redirect_uri: REDIRECT_URI,
  response_type: 'code',
  scope: 'openid offline_access',
  prompt: 'consent',
})}`

async function journalOf({ get }: TestApp, query = 'secrets=true'): Promise<JournalEntry[]> {
  return (await get(`/admin/journal?${query}`)).json<{ entries: JournalEntry[] }>().entries
}
const lastOf = async (test: TestApp, query?: string) => (await journalOf(test, query)).at(-1)!

/** The hidden fields of a page. */
function hiddenIn(page: string): Record<string, string> {
  const fields = [...page.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)]
  return Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value]))
}

t.test('all exchanges of a login share its flow_id, from the first request to the logout', async (t) => {
  const { url, received } = await listen(t)
  const config: ConfigInput = {
    clients: [{ ...CLIENT, backchannel_logout_uri: url, token_endpoint_auth_method: 'client_secret_post' }],
  }
  const test = await createApp(t, config)
  const agent = createUserAgent(test)
  const { client_secret } = CLIENT
  const page = await agent.get(AUTHORIZE)
  const answer = await agent.post(AUTHORIZE, { ...hiddenIn(page.body), sub: 'alice' })
  const code = new URL(String(answer.headers.location)).searchParams.get('code') ?? ''
  const tokens = (await exchange(test, { code, client_secret })).json<Tokens>()
  await getUserinfo(test, tokens.access_token)
  await test.post('/oauth2/introspect', { token: tokens.access_token, client_id: 'app', client_secret })
  const again = (await refresh(test, tokens.refresh_token, { client_secret })).json<Tokens>()
  await exchange(test, { code, client_secret })
  await test.get(`/oauth2/end_session?id_token_hint=${again.id_token}`)
  await agent.logOut({ id_token_hint: again.id_token })
  t.equal(received.length, 1)
  const entries = (await journalOf(test)).filter(({ endpoint }) => endpoint !== undefined)
  t.strictSame(
    entries.map(({ endpoint }) => endpoint),
    [
      ...['authorization', 'authorization', 'token', 'userinfo', 'introspection', 'token', 'token'],
      ...['end_session', 'end_session', 'backchannel_logout', 'end_session'],
    ],
  )
  const [{ flow_id }] = entries as [JournalEntry]
  t.match(flow_id, /^[\w-]{22}$/)
  for (const entry of entries) t.equal(entry.flow_id, flow_id, `${entry.id} ${entry.endpoint}`)
  for (const { id, endpoint, client_id } of entries) t.equal(client_id, 'app', `${id} ${endpoint}`)
  for (const { id, endpoint, sub } of entries.slice(1)) t.equal(sub, 'alice', `${id} ${endpoint}`)
  await logIn(test, { sub: 'bob' })
  t.not((await lastOf(test)).flow_id, flow_id, 'another login is another flow')
})

t.test('secrets of a login are shown only on request', async (t) => {
  const test = await createApp(t)
  const agent = createUserAgent(test)
  const verifier = 'v'.repeat(50)
  const secrets = new Map<string, string>([
    ['code_verifier', verifier],
    ['client_secret', CLIENT.client_secret],
  ])
  const query = `${AUTHORIZE}&code_challenge=${verifier}&code_challenge_method=plain`
  const page = await agent.get(query)
  const answer = await agent.post(query, { ...hiddenIn(page.body), sub: 'alice' })
  const code = new URL(String(answer.headers.location)).searchParams.get('code') ?? ''
  const form = { code, code_verifier: verifier, client_secret: CLIENT.client_secret }
  const tokens = (await exchange(test, form)).json<Tokens>()
  await exchange(test, { ...form, client_id: '' }, '', { authorization: basic('app', CLIENT.client_secret) })
  await getUserinfo(test, tokens.access_token)
  await test.post('/userinfo', { access_token: tokens.access_token })
  await test.post('/oauth2/introspect', { token: tokens.refresh_token, client_id: 'app' })
  await refresh(test, tokens.refresh_token)
  await test.get(`/oauth2/end_session?id_token_hint=${tokens.id_token}`)
  await agent.get(`${AUTHORIZE}&prompt=none`)
  for (const response_mode of ['form_post', 'fragment']) {
    const hybrid = `${AUTHORIZE.replace('code', 'code id_token token')}&nonce=n&response_mode=${response_mode}`
    const sent = await agent.post(hybrid, { sub: 'alice' })
    const text = response_mode === 'fragment' ? String(sent.headers.location).split('#')[1] : ''
    for (const [name, value] of new URLSearchParams(text)) {
      if (['code', 'access_token', 'id_token'].includes(name)) secrets.set(`${name} in the ${response_mode}`, value)
    }
    for (const [name, value] of Object.entries(hiddenIn(sent.body))) {
      if (['code', 'access_token', 'id_token'].includes(name)) secrets.set(`${name} in the ${response_mode}`, value)
    }
  }
  const registered = await register(test, {})
  await test.get(`/oauth2/clients/${registered.client_id}`, {
    headers: { authorization: `Bearer ${registered.registration_access_token}` },
  })
  const device = (await test.post('/oauth2/device_authorization', { client_id: 'app' })).json<{ device_code: string }>()
  const cookies = Object.fromEntries([...agent.cookies].map(([name, { value }]) => [name, value]))
  for (const [name, value] of Object.entries({ code, ...tokens, ...cookies })) {
    if (['token_type', 'expires_in', 'scope'].includes(name)) continue
    secrets.set(name, String(value))
  }
  secrets.set('registration_access_token', String(registered.registration_access_token))
  secrets.set('registered client_secret', registered.client_secret)
  secrets.set('device_code', device.device_code)
  t.ok(secrets.size >= 16, `${[...secrets.keys()]}`)
  const masked = await journalOf(test, '')
  const [hidden, open] = [JSON.stringify(masked), JSON.stringify(await journalOf(test))]
  for (const [name, secret] of secrets) {
    t.notOk(hidden.includes(secret), `${name} is not shown`)
    t.notOk(hidden.includes(encodeURIComponent(secret)), `${name} is not shown in a URL`)
    // Secrets of pages and later cookies are not kept.
    t.ok(open.includes(secret), `${name} is shown to whoever asks`)
    const signature = secret.split('.')[2]
    if (signature) t.notOk(hidden.includes(signature), `the signature of ${name} is not shown`)
  }
  t.match(hidden, /"authorization":"Basic \*\*\*"/)
  t.match(hidden, /"id_token":"ey[\w-]+\.ey[\w-]+\.\*\*\*"/, 'what a token says is shown')
  const { request } = masked.find(({ endpoint }) => endpoint === 'token')!
  t.match(request?.body, { grant_type: 'authorization_code', code: '***', client_id: 'app', code_verifier: '***' })
})

t.test('a secret that was cut is masked whole at other places of its entry', async (t) => {
  const test = await createApp(t, { journal: { max_body: 60 } })
  const secret = 'LONG-SECRET-0123456789-abcdefghijklmnopq-ZZ'
  const form = { grant_type: 'client_credentials', client_secret: secret, scope: secret }
  await test.post(`/oauth2/token?a=${secret}&b=${secret}`, form)
  const { request, scope } = await lastOf(test, '')
  t.match(request, {
    url: '/oauth2/token?a=***&b=***',
    body: { grant_type: form.grant_type, client_secret: '***' },
    body_cut: Number,
  })
  t.equal(scope, '***')
})

t.test('an entry has the request, the response and the decoded tokens', async (t) => {
  const test = await createApp(t, { faults: [{ fault: 'token.extra_members' }] })
  await getTokens(test, { nonce: 'n' })
  const [login, token] = (await journalOf(test)).filter(({ endpoint }) => endpoint !== undefined)
  t.match(login, {
    endpoint: 'authorization',
    client_id: 'app',
    sub: 'alice',
    scope: 'openid',
    request: { method: 'POST', url: /^\/oauth2\/authorize\?client_id=app&/, body: { sub: 'alice' } },
    response: { status: 302, headers: { location: /code=/ }, body: { code: /./ } },
    remarks: Array,
    faults: [],
  })
  t.match(token, {
    grant_type: 'authorization_code',
    request: { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: { grant_type: /./ } },
    response: { status: 200, headers: { 'cache-control': 'no-store' }, body: { token_type: 'Bearer' } },
    tokens: [
      { name: 'access_token', header: { typ: 'at+jwt' }, payload: { client_id: 'app' } },
      { name: 'id_token', header: { alg: 'ES256' }, payload: { sub: 'alice', nonce: 'n' } },
    ],
    faults: [{ fault: 'token.extra_members', source: 'config' }],
  })
  t.ok(Number.isInteger(token?.ms) && token!.ms! >= 0)
  t.notOk('error' in token! || 'error' in login!)
})

t.test('a refusal is recorded as JSON, redirect, form or page', async (t) => {
  const test = await createApp(t)
  await exchange(test, { code: 'none' })
  t.match(await lastOf(test), { error: 'invalid_grant', error_description: /code/, response: { status: 400 } })
  for (const response_mode of ['query', 'form_post']) {
    await test.get(`${AUTHORIZE.replace('consent', 'none')}&response_mode=${response_mode}`)
    t.match(await lastOf(test), { error: 'login_required', response: { body: { error: 'login_required' } } })
  }
  await test.get('/oauth2/authorize?client_id=app', { headers: { accept: 'text/html' } })
  const page = await lastOf(test)
  t.match(page, { error: 'invalid_request', error_description: /redirect_uri/, response: { status: 400 } })
  t.match(page.response?.body, { error: 'invalid_request' })
  await test.app.inject({
    method: 'POST',
    url: '/oauth2/clients',
    headers: { 'content-type': 'application/json' },
    payload: '{',
  })
  t.match(await lastOf(test), { endpoint: 'registration', error: 'invalid_client_metadata', client_id: undefined })
  await test.get('/oauth2/token')
  t.match(await lastOf(test), { endpoint: 'token', error: 'method_not_allowed', response: { status: 405 } })
})

t.test('JARM §2.3: a response in a JWT is recorded with its claims', async (t) => {
  const test = await createApp(t)
  for (const response_mode of ['query.jwt', 'form_post.jwt']) {
    await test.post(`${AUTHORIZE}&state=s&response_mode=${response_mode}`, { sub: 'alice' })
    const shown = { name: 'response', payload: { aud: 'app', state: 's', code: '***' } }
    const { tokens, response } = await lastOf(test, '')
    t.match(tokens, [shown])
    t.match(response?.body, { code: '***', state: 's', response: '***' })
  }
})

t.test('a page is recorded by its length, and bytes are omitted', async (t) => {
  const test = await createApp(t)
  const page = await test.get(AUTHORIZE)
  t.equal((await lastOf(test)).response?.body, `a page of ${page.body.length} characters`)
  await test.app.inject({ method: 'HEAD', url: '/jwks' })
  t.notOk('body' in (await lastOf(test)).response!)
})

t.test('admin requests, home and self-login pages, unknown paths and preflight requests have no entry', async (t) => {
  const test = await createApp(t)
  for (const url of ['/', '/healthz', '/nothing', '/admin/users', '/issuers/..%2f/jwks', '/config.schema.json']) {
    await test.get(url)
  }
  await test.app.inject({
    method: 'OPTIONS',
    url: '/oauth2/token',
    headers: { origin: 'https://spa.example', 'access-control-request-method': 'POST' },
  })
  t.strictSame(await journalOf(test), [])
})

t.test('a long body is cut, and the entry has its length', async (t) => {
  const test = await createApp(t, { journal: { max_body: 150 } })
  const long = 'x'.repeat(500)
  await exchange(test, { code: long, code_verifier: long, state: 'ab' })
  const { request, response } = await lastOf(test)
  t.equal(
    request?.body_cut,
    JSON.stringify({
      grant_type: 'authorization_code',
      client_id: 'app',
      redirect_uri: REDIRECT_URI,
      code: long,
      code_verifier: long,
      state: 'ab',
    }).length,
  )
  t.match(request?.body, { grant_type: 'authorization_code', client_id: 'app', redirect_uri: REDIRECT_URI })
  t.ok(JSON.stringify(request?.body).length < 250)
  t.notOk('body_cut' in response!, 'what fits is whole')
  await test.get('/jwks')
  t.strictSame((await lastOf(test)).response?.body, {}, 'a member that is no text is there whole or not at all')
  const masked = await lastOf(test, 'endpoint=token')
  t.notMatch(JSON.stringify(masked.request?.body), /xx/, 'what is left of a secret is masked as well')
  await test.reload({ journal: { max_body: 0 } })
  await test.get('/jwks')
  t.match((await lastOf(test)).response, { body: {}, body_cut: Number })
  t.strictSame((await lastOf(test)).tokens, [])
})

t.test('the error of a cut response is in the entry, also if the error is not the own one', async (t) => {
  const test = await createApp(t, { journal: { max_body: 10 } })
  await test.get('/userinfo')
  t.match(await lastOf(test), { error: 'invalid_token' })
})

t.test('a body that is no JSON gets the own error, long or short, and is not recorded', async (t) => {
  const test = await createApp(t, { journal: { max_body: 100 } })
  const headers = { 'content-type': 'application/json' }
  for (const payload of [
    "{'client_secret': 'the-secret'}",
    '{"client_secret":"ab\\"the-secret", x}',
    '{"jwks":{"keys":[{"kty":"oct","k":"the-secret"}]},}',
    `{the-secret ${'x'.repeat(500)}`,
    `{"__proto__":"the-secret ${'x'.repeat(500)}"}`,
  ]) {
    const answer = await test.app.inject({ method: 'POST', url: '/oauth2/clients', headers, payload })
    refused(t, answer, 'invalid_client_metadata', /body/i)
    const { request } = await lastOf(test, '')
    t.equal(request?.url, '/oauth2/clients')
    t.notMatch(JSON.stringify(request), 'the-secret')
  }
})

t.test('a body of JSON that is no object is cut', async (t) => {
  const test = await createApp(t, { journal: { max_body: 0 } })
  const headers = { 'content-type': 'application/json' }
  for (const payload of ['null', '12', 'true']) {
    const answer = await test.app.inject({ method: 'POST', url: '/oauth2/clients', headers, payload })
    refused(t, answer, 'invalid_client_metadata', /body/i)
    t.equal((await lastOf(test, '')).request?.body_cut, payload.length)
  }
})

t.test('the entry of a request with a long body and a response without one has no body of the response', async (t) => {
  const faults = [{ fault: 'http.status' as const, status: 503, match: { endpoint: 'revocation' as const } }]
  const test = await createApp(t, { journal: { max_body: 10 }, faults })
  await test.post('/oauth2/revoke', { token: 'x'.repeat(100), client_id: 'app' })
  const { request, response } = await lastOf(test)
  t.ok(request?.body_cut)
  t.equal(response?.status, 503)
  t.notOk('body' in response!)
})

t.test('long texts are cut, and long tokens are not decoded', async (t) => {
  const users = [{ sub: 'alice', claims: { text: 'x'.repeat(500) } }]
  const clients = [{ ...CLIENT, token_endpoint_auth_method: 'none', userinfo_signed_response_alg: 'ES256' }]
  const config = { users, clients: clients.map(({ client_secret: _, ...rest }) => rest) } as ConfigInput
  const test = await createApp(t, config)
  const tokens = await getTokens(test, { scope: 'openid profile' })
  await getUserinfo(test, tokens.access_token)
  const whole = await lastOf(test)
  t.match(
    whole.tokens.find(({ name }) => name === 'userinfo'),
    { payload: { sub: 'alice' } },
  )
  await test.reload({ ...config, journal: { max_body: 50 } })
  await getUserinfo(test, tokens.access_token)
  const cut = await lastOf(test)
  t.equal(cut.response?.body, String(whole.response?.body).slice(0, 50))
  t.equal(cut.response?.body_cut, String(whole.response?.body).length)
  t.strictSame(cut.tokens, [])
})

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Returns the bytes of all reachable objects. */
function memoryInUse(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

t.test('a cut body does not keep the whole body in memory', async (t) => {
  const test = await createApp(t, { journal: { max_body: 1000 } })
  await test.post('/oauth2/token', { grant_type: 'x' })
  const before = memoryInUse()
  for (let count = 0; count < 200; count += 1) {
    await test.post('/oauth2/token', {
      grant_type: 'x',
      junk: Buffer.alloc(200_000, `${count} `).toString('base64url'),
    })
  }
  t.equal((await journalOf(test)).length, 201)
  t.ok(memoryInUse() - before < 20_000_000, 'the bodies have 53 megabytes')
})

t.test('a body or token that exceeds the bounds of JSON is not recorded', async (t) => {
  const test = await createApp(t)
  const deep = '['.repeat(20_000) + ']'.repeat(20_000)
  const headers = { 'content-type': 'application/json' }
  await test.app.inject({ method: 'POST', url: '/oauth2/clients', headers, payload: `{"a":${deep}}` })
  t.notHas((await lastOf(test, '')).request, 'body')
  const jwt = [`{"alg":"none"}`, `{"sid":${deep},"aud":${deep}}`].map((part) => Buffer.from(part).toString('base64url'))
  await test.post('/oauth2/end_session', { id_token_hint: `${jwt.join('.')}.` })
  t.match(await lastOf(test, ''), { endpoint: 'end_session', tokens: [] })
})

t.test('the journal stays within its bounds', async (t) => {
  const journal = { max_entries: 500, max_size: 1_000_000, max_body: 4096 }
  const test = await createApp(t, { journal })
  const form = { code: 'x'.repeat(3000), grant_type: 'authorization_code', client_id: 'app', junk: 'y'.repeat(9000) }
  for (let count = 0; count < 1200; count += 1) await test.post('/oauth2/token', form)
  const entries = await journalOf(test)
  t.equal(entries.at(-1)?.id, 1200)
  t.ok(entries.length <= journal.max_entries && entries.length > 100, `${entries.length} entries`)
  t.ok(JSON.stringify(entries).length <= journal.max_size)
})
