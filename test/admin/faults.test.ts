/** The admin API of faults: rules as in the file, with their counters. */
import t from 'tap'
import { FAULT_NAMES } from '../../src/faults/catalogue.js'
import { describeFault } from '../../src/faults/requirements.js'
import { exchange, getTokens, getUserinfo, jsonOf, logIn, REDIRECT_URI, refused, type TestApp } from '../app.js'
import { problemsOf } from '../config/loading.js'
import { createAdminApp } from './api.js'

interface Listed {
  readonly id: string
  readonly source: string
  readonly rule: { readonly fault: string; readonly seed?: number }
  readonly matched: number
  readonly hits: number
}
type AdminApp = Awaited<ReturnType<typeof createAdminApp>>

const listed = async (test: AdminApp, base = '') =>
  (await test.call('GET', `${base}/faults`)).json<{ faults: Listed[] }>().faults
const discover = async (test: TestApp, base = '') =>
  (await test.get(`${base}/.well-known/openid-configuration`)).statusCode

t.test('a rule applies from its addition to its deletion, and shows its counters', async (t) => {
  const test = await createAdminApp(t)
  const rule = { fault: 'http.status', status: 503, match: { endpoint: 'discovery' }, after: 1, times: 1 }
  const added = jsonOf(t, await test.call('POST', '/faults', rule), 201)
  t.strictSame(added, { id: '1', source: 'runtime', rule, matched: 0, hits: 0 })
  t.strictSame([await discover(test), await discover(test), await discover(test)], [200, 503, 200])
  t.strictSame(jsonOf(t, await test.call('GET', '/faults/1')), { ...added, matched: 3, hits: 1 })
  t.strictSame(
    await listed(test),
    [{ ...added, matched: 3, hits: 1 }],
    'a rule that has reached its times stays in the list',
  )
  t.equal((await test.call('DELETE', '/faults/1')).statusCode, 204)
  t.strictSame(await listed(test), [])
  t.equal(jsonOf(t, await test.call('POST', '/faults', rule), 201).id, '2', 'an id is not reused')
})

t.test('the oldest rule applies first, and the next one if that one is skipped', async (t) => {
  const test = await createAdminApp(t)
  const match = { endpoint: 'discovery' }
  for (const status of [501, 502, 503]) {
    await test.call('POST', '/faults', { fault: 'http.status', status, match, ...(status < 503 && { times: 1 }) })
  }
  t.strictSame((await Promise.all([discover(test), discover(test)])).sort(), [501, 502])
  t.equal(await discover(test), 503)
  const counters = (await listed(test)).map(({ matched, hits }) => [matched, hits])
  t.strictSame(counters, [
    [3, 1],
    [2, 1],
    [1, 1],
  ])
})

t.test('the list has the rules of every source, in order of precedence, with their owners', async (t) => {
  const faults = [{ fault: 'id_token.expired' as const }]
  const client = { client_id: 'app', client_secret: 's', redirect_uris: [REDIRECT_URI] }
  const test = await createAdminApp(t, {
    users: [{ sub: 'alice', faults }, { sub: 'bob' }],
    clients: [{ ...client, faults }],
    faults: [{ fault: 'jwks.empty' }, { fault: 'token.extra_members' }],
  })
  await test.call('PUT', '/users/carol', { faults: [{ fault: 'userinfo.missing_sub' }] })
  const { client_id: _, ...metadata } = client
  await test.call('PUT', '/clients/put', { ...metadata, faults: [{ fault: 'token.token_type_case' }] })
  await test.call('POST', '/faults', { fault: 'userinfo.wrong_sub', value: 'x', match: { sub: 'alice' } })
  const query = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid' }
  const form = { sub: 'bob', fault: 'token.missing_id_token' }
  const flow_id = 'f'.repeat(22)
  // A form that is sent twice leads to two grants of one flow.
  for (const _ of [1, 2]) await test.post(`/oauth2/authorize?${new URLSearchParams(query)}`, { ...form, flow_id })
  const all = await listed(test)
  t.match(all, [
    { source: 'login', rule: { fault: 'token.missing_id_token' }, flow_id: /^[\w-]{22}$/ },
    { source: 'runtime', rule: { fault: 'userinfo.wrong_sub', value: 'x', match: { sub: 'alice' } }, id: '1' },
    { source: 'user', rule: { fault: 'id_token.expired' }, sub: 'alice' },
    { source: 'user', rule: { fault: 'userinfo.missing_sub' }, sub: 'carol' },
    { source: 'client', rule: { fault: 'id_token.expired' }, client_id: 'app' },
    { source: 'client', rule: { fault: 'token.token_type_case' }, client_id: 'put' },
    { source: 'config', rule: { fault: 'jwks.empty' } },
    { source: 'config', rule: { fault: 'token.extra_members' } },
  ])
  t.equal(new Set(all.map(({ id }) => id)).size, 8)
  await test.get('/jwks')
  const [, , , , , , jwks] = await listed(test)
  t.match(jwks, { source: 'config', matched: 1, hits: 1 })
  t.strictSame(jsonOf(t, await test.call('GET', `/faults/${jwks!.id}`)), { ...jwks })
  for (const { id, source } of all.filter((one) => one.source !== 'runtime')) {
    refused(t, await test.call('DELETE', `/faults/${id}`), 'invalid_request', /cannot be deleted here: it /)
    t.ok((await listed(test)).some((one) => one.id === id && one.source === source))
  }
})

t.test('DELETE of all rules deletes those of run time only, and keeps the counters of the others', async (t) => {
  const test = await createAdminApp(t, { faults: [{ fault: 'jwks.empty' }] })
  await test.call('POST', '/faults', { fault: 'discovery.not_found' })
  await test.call('POST', '/faults', { fault: 'http.status', match: { endpoint: 'userinfo' } })
  await test.get('/jwks')
  t.equal((await test.call('DELETE', '/faults')).statusCode, 204)
  t.match(await listed(test), [{ source: 'config', rule: { fault: 'jwks.empty' }, matched: 1, hits: 1 }])
  t.equal((await listed(test)).length, 1)
  t.equal(await discover(test), 200)
  await test.call('POST', '/faults', { fault: 'discovery.not_found' })
  await test.call('POST', '/reset', { parts: ['faults'] })
  t.match(await listed(test), [{ source: 'config', matched: 0, hits: 0 }], 'a reset sets the counters to zero')
})

t.test('a reload keeps the counters of unchanged rules', async (t) => {
  const once = { fault: 'http.status' as const, match: { endpoint: 'discovery' }, times: 1 }
  const test = await createAdminApp(t, { faults: [once] })
  t.strictSame([await discover(test), await discover(test)], [503, 200])
  await test.reload({ faults: [{ fault: 'jwks.empty' }, once] })
  t.equal(await discover(test), 200)
  t.match(await listed(test), [
    { rule: { fault: 'jwks.empty' }, matched: 0 },
    { rule: once, matched: 3, hits: 1 },
  ])
  await test.reload({ faults: [{ ...once, status: 500 }] })
  t.equal(await discover(test), 500, 'a changed rule is a new rule')
})

t.test('the shown seed repeats a run with probability', async (t) => {
  const run = async (seed?: number) => {
    const test = await createAdminApp(t)
    const rule = { fault: 'http.status', probability: 0.5, ...(seed !== undefined && { seed }) }
    const added = (await test.call('POST', '/faults', rule)).json<Listed>()
    const answers: number[] = []
    for (let count = 0; count < 40; count += 1) answers.push(await discover(test))
    return { seed: added.rule.seed!, answers: answers.join() }
  }
  const first = await run()
  t.type(first.seed, 'number')
  t.match(first.answers, /200/)
  t.match(first.answers, /503/)
  t.equal((await run(first.seed)).answers, first.answers)
  t.not((await run(first.seed + 1)).answers, first.answers)
})

t.test('every issuer has its own rules, and its own counters of the rules of the file', async (t) => {
  const test = await createAdminApp(t, {
    faults: [
      { fault: 'http.status', status: 500, times: 1, match: { endpoint: 'discovery' } },
      { fault: 'http.status', status: 501, match: { endpoint: 'discovery', issuer: ['x', 'y'] } },
      { fault: 'http.status', status: 502, match: { endpoint: 'discovery', issuer: 'default' } },
    ],
  })
  await test.call('POST', '/issuers/x/faults', { fault: 'http.status', status: 503, times: 1, match: { issuer: 'x' } })
  const x = '/issuers/x'
  t.strictSame([await discover(test, x), await discover(test, x), await discover(test, x)], [503, 500, 501])
  t.strictSame([await discover(test), await discover(test)], [500, 502])
  t.strictSame([await discover(test, '/issuers/z'), await discover(test, '/issuers/z')], [500, 200])
  t.equal((await listed(test)).length, 3)
  t.equal((await listed(test, x)).length, 4)
  refused(
    t,
    await test.call('POST', '/issuers/x/faults', { fault: 'http.reset', match: { issuer: ['x', 'y'] } }),
    'invalid_request',
    /^\/match\/issuer is 'y', expected 'x'/,
  )
  t.equal((await listed(test, x)).length, 4)
})

t.test('the catalogue lists every fault with its effect, severity, endpoints and parameters', async (t) => {
  const test = await createAdminApp(t)
  const { faults } = jsonOf(t, await test.call('GET', '/faults/catalogue')) as { faults: { fault: string }[] }
  t.strictSame(faults, FAULT_NAMES.map(describeFault))
  const { token_type_case } = Object.fromEntries(faults.map((entry) => [entry.fault.replace('token.', ''), entry]))
  t.strictSame(token_type_case, {
    fault: 'token.token_type_case',
    effect: '`token_type` is `bEARER`.',
    severity: 'must_accept',
    must: 'accept',
    endpoints: ['token'],
  })
})

/** Rules that are refused over HTTP and in the file with the same message. */
const BAD: [title: string, rule: Record<string, unknown>, message: RegExp][] = [
  [
    'a mistyped name',
    { fault: 'id_token.expird' },
    /^\/fault is .id_token.expird., expected a name .*; did you mean id_token\.expired\?$/,
  ],
  ['a parameter of another fault', { fault: 'jwks.empty', status: 500 }, /^\/status is not a parameter of jwks\.empty/],
  ['a match that can never be', { fault: 'jwks.empty', match: { sub: 'a' } }, /^\/match\/sub can never match/],
  ['a delay that is none', { fault: 'http.delay', delay: 'soon' }, /^\/delay is .soon., expected seconds /],
  ['a missing parameter', { fault: 'authorize.error' }, / lacks the key error, which authorize\.error needs$/],
  ['no fault', { times: 1 }, / lacks the required key fault$/],
  ['a header that ends the headers', { fault: 'http.status', headers: { a: 'b\r\n\r\nc' } }, /^\/headers\/a has/],
]
for (const [title, rule, message] of BAD) {
  t.test(`refused as in the file, without a change: ${title}`, async (t) => {
    const test = await createAdminApp(t)
    const answer = await test.call('POST', '/faults', rule)
    refused(t, answer, 'invalid_request', message)
    t.strictSame(await listed(test), [])
    const [problem] = await problemsOf(t, JSON.stringify({ faults: [rule] }))
    const words = (text: string) => text.replace(/^.*?\/faults\/0|^the (body|fault)/, '').replaceAll('"', "'")
    t.equal(words(answer.json<{ error_description: string }>().error_description), words(problem!))
  })
}

t.test('a missing rule is refused', async (t) => {
  const test = await createAdminApp(t)
  refused(t, await test.call('POST', '/faults'), 'invalid_request', /^the body is missing/)
  refused(t, await test.call('POST', '/faults', []), 'invalid_request', /^the body is invalid, expected a JSON object/)
})

t.test('an unknown rule is not found', async (t) => {
  const test = await createAdminApp(t)
  refused(t, await test.call('GET', '/faults/5'), 'not_found', /^there is no rule 5$/, 404)
  refused(t, await test.call('DELETE', '/faults/5'), 'not_found', /^there is no rule 5$/, 404)
})

t.test('of 1000 rules of run time the last one still applies, and one more is refused', async (t) => {
  const test = await createAdminApp(t)
  for (let count = 1; count < 1000; count += 1) {
    const payload = { fault: 'id_token.expired', match: { sub: `user-${count}` } }
    await test.app.inject({ method: 'POST', url: '/admin/faults', payload })
  }
  await test.call('POST', '/faults', { fault: 'userinfo.rejects_token', match: { sub: 'alice' } })
  refused(t, await test.call('POST', '/faults', { fault: 'http.reset' }), 'invalid_request', /^there are 1000 rules/)
  const { access_token } = await getTokens(test)
  t.equal((await getUserinfo(test, access_token)).statusCode, 401)
  const code = (await logIn(test, { sub: 'user-999' })).get('code')!
  t.equal((await exchange(test, { code })).statusCode, 200)
  const counted = (await listed(test)).filter(({ hits }) => hits > 0)
  t.strictSame(
    counted.map(({ id, hits }) => [id, hits]),
    [
      ['999', 1],
      ['1000', 1],
    ],
  )
})
