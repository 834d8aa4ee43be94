/** HTTP faults, over real sockets. */
import { request } from 'node:http'
import t, { type Test } from 'tap'
import type { FaultName } from '../../src/faults/catalogue.js'
import type { ConfigInput } from '../../src/generated/input.js'
import { createFaultState } from '../../src/issuer/faults.js'
import { readStored, type StoredEntry } from '../../src/journal/stored.js'
import { createApp, createIssuer, createOwnApp, snapshotOf } from '../app.js'
import { start } from '../provider.js'
import { findCode, getTokens, PREPARE, PREPARED, startFaulty, tokenForm } from './endpoints.js'
import { HTTP_CASES } from './http_cases.js'
import { type Rule, send } from './wire.js'

for (const [name, { rule, check }] of Object.entries(HTTP_CASES)) {
  const fault = name as FaultName
  t.test(`${fault} happens at one endpoint of one issuer only`, async (t) => {
    const rules = PREPARED.map((endpoint) => ({ fault, ...rule, match: { endpoint, issuer: `only-${endpoint}` } }))
    const { url } = await startFaulty(t, rules)
    for (const endpoint of PREPARED) {
      const issuer = `${url}/issuers/only-${endpoint}`
      const ask = await PREPARE[endpoint](issuer)
      let pieces = 0
      // A request without a response needs a timeout.
      const patience = fault === 'http.timeout' && { signal: AbortSignal.timeout(200) }
      check(t, await ask({ onData: () => (pieces += 1), ...patience }), pieces)
      const other = await PREPARE[endpoint === 'jwks' ? 'discovery' : 'jwks'](issuer)
      t.match(await other(), { status: 200, failure: undefined }, 'another endpoint')
      t.ok((await (await PREPARE[endpoint](url))()).status! < 300, 'another issuer')
    }
  })
}

t.test('http.status: the body is a string, empty, or of a given type; the default status is 503', async (t) => {
  const rules: readonly [Omit<Rule, 'fault'>, object][] = [
    [{}, { status: 503, body: '', type: undefined }],
    [{ body: '<p>Down for maintenance</p>' }, { status: 503, body: /^<p>Down/, type: 'text/html; charset=utf-8' }],
    [
      { body: 'a,b', content_type: 'text/csv' },
      { status: 503, body: 'a,b', type: 'text/csv' },
    ],
    [
      { body: null, headers: { 'Content-Type': 'text/json' } },
      { status: 503, body: 'null\n', type: 'text/json' },
    ],
    [
      { status: 304, headers: { ETag: '"1"' } },
      { status: 304, body: '', type: undefined },
    ],
    [
      { status: 204, content_type: 'text/plain' },
      { status: 204, body: '' },
    ],
    [
      { status: 200, body: [1], content_type: 'text/plain' },
      { status: 200, body: '[\n  1\n]\n', type: 'text/plain' },
    ],
  ]
  for (const [rule, expected] of rules) {
    const { url } = await startFaulty(t, { fault: 'http.status', ...rule })
    const { status, headers, body } = await send(`${url}/jwks`)
    t.match({ status, body: body.toString(), type: headers['content-type'] }, expected, JSON.stringify(rule))
  }
})

t.test('a request that a fault answers has no effect: its code can be redeemed later', async (t) => {
  const { url } = await startFaulty(t, [
    { fault: 'http.status', match: { endpoint: 'token' }, times: 1 },
    { fault: 'http.reset', match: { endpoint: 'token' }, times: 1 },
    { fault: 'token.error', error: 'invalid_grant', times: 1 },
  ])
  const ask = await PREPARE.token(url)
  t.equal((await ask()).status, 503)
  t.equal((await ask()).failure, 'ECONNRESET')
  t.match(await ask(), { status: 400 })
  t.match(await ask(), { status: 200 })
})

t.test(
  'faults happen at endpoints: not to pages of ours, to what watches us, or to browsers that ask first',
  async (t) => {
    const { url } = await startFaulty(t, [{ fault: 'http.status' }, { fault: 'http.gzip_garbage' }])
    for (const path of ['/', '/healthz', '/config.schema.json', '/admin/journal', '/nothing/here']) {
      const { status, headers } = await send(url + path)
      t.not(status, 503, path)
      t.equal(headers['content-encoding'], undefined, path)
    }
    const asked = { origin: 'https://spa.example.com', 'access-control-request-method': 'POST' }
    t.match(await send(`${url}/oauth2/token`, { method: 'OPTIONS', headers: asked }), { status: 204 })
    const refused = await send(`${url}/oauth2/authorize`, { method: 'OPTIONS' })
    t.equal(refused.status, 405, 'the authorization endpoint takes no OPTIONS')
    t.equal((await send(`${url}/oauth2/token`)).status, 503, 'a method that is not taken fails like any other')
    t.match(await send(`${url}/issuers/a%20b/jwks`), { status: 404, headers: { 'content-encoding': undefined } })
  },
)

t.test('a response without a body is unchanged, and the rule waits for one with a body', async (t) => {
  const { url } = await startFaulty(t, { fault: 'http.truncate', times: 1, bytes: 1_000_000 })
  t.match(await send(`${url}/jwks`, { method: 'HEAD' }), { status: 200, failure: undefined })
  const { headers, body, failure } = await send(`${url}/jwks`)
  t.equal(failure, 'ECONNRESET')
  t.equal(body.length, Number(headers['content-length']) - 1, 'never all of it')
  t.match(await send(`${url}/jwks`), { status: 200, failure: undefined })
})

t.test('http.wrong_content_type and http.malformed_json exchange the types of pages and JSON', async (t) => {
  const { url } = await startFaulty(t, { fault: 'http.wrong_content_type' })
  t.match((await send(`${url}/jwks`)).headers, { 'content-type': 'text/html' })
  const page = await (await PREPARE.authorization(url))()
  t.match(page.headers, { 'content-type': 'application/json' })
})

t.test('a delay comes first, and another rule can decide on the response', async (t) => {
  const { url } = await startFaulty(t, [
    { fault: 'http.delay', delay: '300ms', match: { endpoint: 'jwks' } },
    { fault: 'http.status', status: 500, match: { endpoint: 'jwks' } },
    { fault: 'http.slow_body', match: { endpoint: 'jwks' } },
  ])
  const order: string[] = []
  await Promise.all([
    send(`${url}/jwks`).then(({ status }) => order.push(`late ${status}`)),
    send(`${url}/.well-known/openid-configuration`).then(({ status }) => order.push(`soon ${status}`)),
  ])
  t.strictSame(order, ['soon 200', 'late 500'])
})

t.test('a refusal can be truncated and broken like any other response', async (t) => {
  const { url } = await startFaulty(t, { fault: 'http.malformed_json', match: { endpoint: 'token' } })
  const { status, body } = await send(`${url}/oauth2/token`, { form: { grant_type: 'nonsense' } })
  t.equal(status, 400)
  t.throws(() => JSON.parse(body.toString()))
})

t.test('http.reset works over TLS and at the additional port for plain http', async (t) => {
  const rule: Rule = { fault: 'http.reset', match: { endpoint: 'jwks' } }
  const { provider, url } = await startFaulty(t, rule, { server: { http_port: 0, tls: { self_signed: true } } })
  const ca = provider.ca!
  t.match(await send(`${url}/jwks`, { ca }), { failure: 'ECONNRESET' })
  t.match(await send(`${provider.http_url}/jwks`), { failure: 'ECONNRESET' })
  t.match(await send(`${url}/.well-known/openid-configuration`, { ca }), { status: 200 })
})

t.test('http.reset: an injected request gets no response', async (t) => {
  const { get } = await createApp(t, { faults: [{ fault: 'http.reset' }] })
  await t.rejects(get('/jwks'), { code: 'LIGHT_ECONNRESET' })
})

/** Starts a server. `met` resolves at the first match of a rule, `recorded` with the first entry of the journal. */
async function listen(t: Test, config: ConfigInput) {
  const snapshot = await snapshotOf(config)
  const issuer = createIssuer(() => snapshot)
  let meet = () => {}
  const met = new Promise<void>((resolve) => (meet = resolve))
  const { fault_counters } = issuer.store
  const update: typeof fault_counters.update = (...counted) => {
    meet()
    return fault_counters.update(...counted)
  }
  const store = { ...issuer.store, fault_counters: { ...fault_counters, update } }
  const faults = createFaultState(store, { shared: false })
  const parts = { findIssuer: () => ({ ...issuer, store, faults }), current: () => snapshot }
  const { app } = await createOwnApp(t, config, parts)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const recorded = new Promise<StoredEntry>((resolve) => issuer.journal.follow(resolve))
  return { url, met, recorded }
}

t.test('a journal that fails leads to a log line; neither the request nor the process fails', async (t) => {
  const snapshot = await snapshotOf({ faults: [{ fault: 'http.reset', match: { endpoint: 'jwks' } }] })
  const issuer = createIssuer(() => snapshot)
  const add = () => Promise.reject(new Error('the store is away'))
  const parts = { findIssuer: () => ({ ...issuer, journal: { ...issuer.journal, add } }), current: () => snapshot }
  const { app, log } = await createOwnApp(t, {}, parts)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.match(await send(`${url}/jwks`), { failure: 'ECONNRESET' })
  t.match(await send(`${url}/.well-known/openid-configuration`), { status: 200 })
  const lost = log.filter(({ msg }) => msg === 'the exchange could not be recorded in the journal')
  t.match(lost, [
    { level: 50, endpoint: 'jwks', err: { message: 'the store is away' } },
    { level: 50, endpoint: 'discovery' },
  ])
})

for (const [rule, answered] of [
  [{ fault: 'http.delay', delay: '1h' }, false],
  [{ fault: 'http.timeout' }, false],
  [{ fault: 'http.slow_body', delay: '1h' }, true],
] as const) {
  t.test(`${rule.fault} ends when the client closes the connection`, async (t) => {
    const { url, met, recorded } = await listen(t, { faults: [rule] })
    const away = new AbortController()
    const received = send(`${url}/jwks`, { signal: away.signal })
    await met
    away.abort()
    t.match(await received, { failure: 'ABORT_ERR' })
    const { response, faults } = readStored(await recorded)
    t.equal(response !== undefined, answered, 'the journal has an answer only where there was one')
    t.match(faults, [{ fault: rule.fault, source: 'config' }])
  })

  t.test(`${rule.fault} ends when the provider closes`, async (t) => {
    const { provider, url } = await start(t, { faults: [rule] })
    await new Promise((taken) => {
      const asked = request(`${url}/jwks`, { agent: false, headers: { expect: '100-continue' } })
      asked
        .on('continue', taken)
        .on('error', () => {})
        .end()
    })
    await provider.close()
    t.match(await send(`${url}/jwks`), { failure: 'ECONNREFUSED' })
  })
}

t.test('the faults of a user apply to codes and tokens of the user', async (t) => {
  const match = { endpoint: 'userinfo' }
  const eve = { sub: 'eve', faults: [{ fault: 'http.status', status: 502, match } as const] }
  const { url } = await startFaulty(
    t,
    { fault: 'http.status', match: { endpoint: 'token', sub: 'mallory' } },
    {
      users: [{ sub: 'alice' }, eve],
    },
  )
  for (const [sub, expected] of [
    ['alice', 200],
    ['eve', 502],
  ] as const) {
    const { access_token } = await getTokens(url, sub)
    const { status } = await send(`${url}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
    t.equal(status, expected, sub)
  }
  t.equal((await send(`${url}/oauth2/token`, { form: tokenForm(await findCode(url, 'mallory')) })).status, 503)
})
