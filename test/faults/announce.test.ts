/** A fault that happens leaves a line in the log and a header of the response; a refusal names the key to edit. */
import t, { type Test } from 'tap'
import type { ConfigInput, Fault } from '../../src/generated/input.js'
import { createApp, exchange, getTokens, logIn, REDIRECT_URI, type TestApp } from '../app.js'
import { load } from '../config/loading.js'

const linesOf = ({ log }: TestApp) =>
  log.filter(({ msg }) => /^fault [a-z_]+\./.test(String(msg))).map(({ msg }) => msg)
const namesOf = (answer: { headers: Record<string, unknown> }) => answer.headers['x-mock-fault']

/** Creates an app with the configuration of a file, whose folder the lines of the log do not show. */
async function createFromFile(t: Test, text: string): Promise<TestApp & { lines(): unknown[] }> {
  const snapshot = await load(t, `keys: [{ alg: ES256 }]\n${text}`)
  const test = await createApp(t, {}, { current: () => snapshot })
  return { ...test, lines: () => linesOf(test).map((line) => String(line).replace(/(?<=, )\S+(?=config\.yaml)/, '')) }
}

t.test('the line has the fault, its parameters, the rule with its place, the endpoint and the client', async (t) => {
  const test = await createFromFile(
    t,
    `faults:
  - fault: http.delay
    delay: { min: 1ms, max: 2ms }
    match: { endpoint: jwks }
  - { fault: http.status, status: 503, headers: { Retry-After: "1" }, match: { endpoint: token }, times: 1 }
users:
  - sub: alice
  - sub: eve
    faults:
      - fault: id_token.missing_exp
      - { fault: access_token.expired, by: 2h }
clients:
  - client_id: my-app
    redirect_uris: [${REDIRECT_URI}]
    token_endpoint_auth_method: none
    faults: [{ fault: token.missing_expires_in, match: { sub: alice } }]
`,
  )
  await test.get('/jwks')
  t.strictSame(test.lines(), ['fault http.delay {"min":"1ms","max":"2ms"} (rule 1, config.yaml:3) jwks'])
  const code = (await logIn(test, { client_id: 'my-app' })).get('code')!
  const failed = await exchange(test, { code, client_id: 'my-app' })
  t.equal(namesOf(failed), 'http.status')
  await exchange(test, { code, client_id: 'my-app' })
  const eve = (await logIn(test, { client_id: 'my-app', sub: 'eve' })).get('code')!
  const faulty = await exchange(test, { code: eve, client_id: 'my-app' })
  t.equal(namesOf(faulty), 'access_token.expired, id_token.missing_exp')
  t.strictSame(test.lines().slice(1), [
    'fault http.status 503 (rule 2, config.yaml:6) token my-app',
    'fault token.missing_expires_in (rule 1 of client my-app, config.yaml:17) token my-app',
    'fault access_token.expired 2h (rule 2 of user eve, config.yaml:12) token my-app',
    'fault id_token.missing_exp (rule 1 of user eve, config.yaml:11) token my-app',
  ])
  const [line] = test.log.filter(({ msg }) => String(msg).startsWith('fault http.status'))
  t.match(line, { level: 40, fault: 'http.status', source: 'config', endpoint: 'token', client_id: 'my-app' })
})

t.test('the line says that a rule is of the admin API or of the login page', async (t) => {
  const test = await createApp(t)
  const add = (url: string, payload: object, method: 'POST' | 'PUT' = 'POST') =>
    test.app.inject({ method, url: `/admin/${url}`, payload })
  await add('faults', { fault: 'discovery.missing_member', member: 'jwks_uri' })
  await test.get('/.well-known/openid-configuration')
  await add('users/eve', { faults: [{ fault: 'id_token.wrong_iss', value: 'https://x.example/?token=secret' }] }, 'PUT')
  const client = { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }
  await add('clients/mobile', { ...client, faults: [{ fault: 'token.missing_id_token' }] }, 'PUT')
  await getTokens(test, { sub: 'eve', client_id: 'mobile' })
  t.strictSame(linesOf(test), [
    'fault discovery.missing_member jwks_uri (rule 1, admin API) discovery',
    'fault id_token.wrong_iss https://x.example/ (rule 1 of user eve, admin API) token mobile',
    'fault token.missing_id_token (rule 1 of client mobile, admin API) token mobile',
  ])
})

t.test('the line says that the login page chose the fault', async (t) => {
  const test = await createApp(t)
  const query = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', state: 's' }
  const answer = await test.post(`/oauth2/authorize?${new URLSearchParams(query)}`, {
    sub: 'alice',
    fault: 'authorize.wrong_state',
  })
  t.equal(namesOf(answer), 'authorize.wrong_state')
  t.strictSame(linesOf(test), ['fault authorize.wrong_state (login page) authorization app'])
})

t.test('the line is short and harmless, whatever the client is called', async (t) => {
  const test = await createApp(t, { faults: [{ fault: 'token.error', error: 'e'.repeat(150) }] })
  const client_id = `\n\u001b[31m${'x'.repeat(500)}`
  await exchange(test, { code: 'x', client_id })
  const [line] = linesOf(test)
  t.ok(String(line).length < 350)
  t.match(line, /^fault token\.error e{100}\.\.\. \(rule 1, test\) token \?\?\[31mx+\.\.\.$/)
})

t.test('each firing leaves one line, and a rule that does not fire leaves none', async (t) => {
  const test = await createApp(t, { faults: [{ fault: 'jwks.empty', times: 2, after: 1 }] })
  const answers = []
  for (let count = 0; count < 4; count += 1) answers.push(await test.get('/jwks'))
  t.strictSame(answers.map(namesOf), [undefined, 'jwks.empty', 'jwks.empty', undefined])
  t.equal(linesOf(test).length, 2)
})

const HEADERS: [title: string, fault: Fault, expected: string | undefined][] = [
  ['a rule with announce: false', { fault: 'http.status', announce: false }, undefined],
  ['a rule with announce: true', { fault: 'http.status', announce: true }, 'http.status'],
  ['a rule that sets the header', { fault: 'http.status', headers: { 'X-Mock-Fault': 'mine' } }, 'mine'],
  ['a fault of the body', { fault: 'http.malformed_json' }, 'http.malformed_json'],
  ['a fault that refuses', { fault: 'jwks.unavailable' }, 'jwks.unavailable'],
]
for (const [title, fault, expected] of HEADERS) {
  t.test(`X-Mock-Fault names the faults of a response: ${title}`, async (t) => {
    const test = await createApp(t, { faults: [fault] })
    t.equal(namesOf(await test.get('/jwks')), expected)
    t.equal(linesOf(test).length, 1)
  })
}

t.test('Fetch §3.2.5: scripts of other origins can read the header', async (t) => {
  const test = await createApp(t, { faults: [{ fault: 'jwks.empty' }] })
  const { headers } = await test.get('/jwks', { headers: { origin: 'http://localhost:3000' } })
  t.match(headers['access-control-expose-headers'], /\bX-Mock-Fault\b/)
})

t.test('the log names the key that decided a refusal, with the place of the client', async (t) => {
  const client = `{ client_id: my-app, client_secret: s, token_endpoint_auth_method: client_secret_post, redirect_uris: [${REDIRECT_URI}], response_types: [code], grant_types: [authorization_code], post_logout_redirect_uris: [] }`
  const test = await createFromFile(
    t,
    `clients:\n  - ${client}\nrules: { pkce_for_public_clients: true }\nrequire_nonce: true\n`,
  )
  const ask = (query: Record<string, string>) =>
    test.get(
      `/oauth2/authorize?${new URLSearchParams({ client_id: 'my-app', redirect_uri: REDIRECT_URI, response_type: 'code', ...query })}`,
    )
  await ask({ redirect_uri: 'http://other.example/' })
  await ask({ response_type: 'code id_token', nonce: 'n' })
  await ask({})
  await test.get('/oauth2/end_session?client_id=my-app&post_logout_redirect_uri=http://other.example/')
  await exchange(test, { grant_type: 'client_credentials', client_id: 'my-app', client_secret: 's' })
  const refusals = test.log.filter(({ msg }) => String(msg).endsWith('request refused'))
  t.match(
    refusals.map(({ config_key, place }) => [config_key, place]),
    [
      ['clients[my-app].redirect_uris', /config\.yaml:3$/],
      ['clients[my-app].response_types', /config\.yaml:3$/],
      ['require_nonce', undefined],
      ['clients[my-app].post_logout_redirect_uris', /config\.yaml:3$/],
      ['clients[my-app].grant_types', /config\.yaml:3$/],
    ],
  )
  t.match(refusals[0], { endpoint: 'authorization', client_id: 'my-app', flow_id: /^[\w-]{22}$/ })
})

t.test('the log names a rule, a lifetime or the list of clients that decided a refusal', async (t) => {
  const keysOf = async (config: ConfigInput, run: (test: TestApp) => Promise<unknown>) => {
    const test = await createApp(t, config)
    await run(test)
    return test.log.filter(({ msg }) => String(msg).endsWith('request refused')).map(({ config_key }) => config_key)
  }
  const query = new URLSearchParams({ client_id: 'x', redirect_uri: REDIRECT_URI, response_type: 'code' })
  const authorize = (test: TestApp) => test.get(`/oauth2/authorize?${query}`)
  const redeem = (test: TestApp) => exchange(test, { code: 'x', client_id: 'x', client_secret: 'wrong' })
  t.strictSame(await keysOf({ rules: { registered_clients: true } }, authorize), ['clients'])
  t.strictSame(await keysOf({ rules: { registered_clients: true } }, redeem), ['clients'])
  const secret = { client_id: 'x', client_secret: 's', redirect_uris: [REDIRECT_URI] }
  const byPost = { ...secret, token_endpoint_auth_method: 'client_secret_post' as const }
  t.strictSame(await keysOf({ clients: [byPost] }, redeem), ['clients[x].client_secret'])
  const byBasic = { ...secret, token_endpoint_auth_method: 'client_secret_basic' as const }
  t.strictSame(await keysOf({ clients: [byBasic] }, redeem), ['clients[x].token_endpoint_auth_method'])
  const unproven = (test: TestApp) => exchange(test, { code: 'x', client_id: 'x' })
  t.strictSame(await keysOf({ clients: [secret] }, unproven), ['clients[x].token_endpoint_auth_method'])
  t.strictSame(await keysOf({ require_pkce: true }, authorize), ['require_pkce'])
  const clients = [{ client_id: 'x', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' as const }]
  const rules = { pkce_for_public_clients: true }
  t.strictSame(await keysOf({ clients, rules }, authorize), ['rules.pkce_for_public_clients'])
  const late = async (test: TestApp) => {
    const code = (await logIn(test)).get('code')!
    const { access_token, refresh_token } = await getTokens(test)
    test.advance(10_000_000)
    await exchange(test, { code })
    await test.get('/userinfo', { headers: { authorization: `Bearer ${access_token}` } })
    await exchange(test, { grant_type: 'refresh_token', refresh_token })
  }
  const lifetimes = ['lifetimes.authorization_code', 'lifetimes.access_token', 'lifetimes.refresh_token']
  t.strictSame(await keysOf({}, late), lifetimes)
  const registered = await keysOf({}, async (test) => {
    const payload = { redirect_uris: ['http://a.example/'] }
    const { client_id } = (await test.app.inject({ method: 'POST', url: '/oauth2/clients', payload })).json()
    query.set('client_id', client_id)
    await authorize(test)
  })
  t.strictSame(registered, [undefined], 'a client of run time has no key of the configuration')
})
