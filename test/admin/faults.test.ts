/** Rules of faults over HTTP: the same as in the file, with their counters. */
import t from 'tap'
import { describeFault, FAULT_NAMES } from '../../src/faults/catalogue.js'
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

t.test('a rule counts from when it is added until it is deleted, and says how often it matched and hit', async (t) => {
  const test = await createAdminApp(t)
  const rule = { fault: 'http.status', status: 503, match: { endpoint: 'discovery' }, after: 1, times: 1 }
  const added = jsonOf(t, await test.call('POST', '/faults', rule), 201)
  t.strictSame(added, { id: '1', source: 'runtime', rule, matched: 0, hits: 0 })
  t.strictSame([await discover(test), await discover(test), await discover(test)], [200, 503, 200])
  t.strictSame(jsonOf(t, await test.call('GET', '/faults/1')), { ...added, matched: 3, hits: 1 })
  t.strictSame(await listed(test), [{ ...added, matched: 3, hits: 1 }], 'one that is used up stays in the list')
  t.equal((await test.call('DELETE', '/faults/1')).statusCode, 204)
  t.strictSame(await listed(test), [])
  t.equal(jsonOf(t, await test.call('POST', '/faults', rule), 201).id, '2', 'an id is never used again')
})

t.test(
  'at one point the oldest rule goes first, and the next one has its chance when that one has no turn',
  async (t) => {
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
  },
)

t.test('the list has the rules of every source, in the order in which they count, with whose they are', async (t) => {
  const faults = [{ fault: 'id_token.expired' as const }]
  const client = { client_id: 'app', client_secret: 's', redirect_uris: [REDIRECT_URI] }
  const test = await createAdminApp(t, {
    users: [{ sub: 'alice', faults }, { sub: 'bob' }],
    clients: [{ ...client, faults }],
    faults: [{ fault: 'jwks.empty' }, { fault: 'token.extra_members' }],
  })
  await test.call('PUT', '/users/carol', { faults: [{ fault: 'userinfo.missing_sub' }] })
  await test.call('POST', '/faults', { fault: 'userinfo.wrong_sub', value: 'x', match: { sub: 'alice' } })
  const query = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid' }
  const form = { sub: 'bob', fault: 'token.missing_id_token' }
  await test.post(`/oauth2/authorize?${new URLSearchParams(query)}`, form)
  const all = await listed(test)
  t.match(all, [
    { source: 'login', rule: { fault: 'token.missing_id_token' }, flow_id: /^[\w-]{22}$/ },
    { source: 'runtime', rule: { fault: 'userinfo.wrong_sub', value: 'x', match: { sub: 'alice' } }, id: '1' },
    { source: 'user', rule: { fault: 'id_token.expired' }, sub: 'alice' },
    { source: 'user', rule: { fault: 'userinfo.missing_sub' }, sub: 'carol' },
    { source: 'client', rule: { fault: 'id_token.expired' }, client_id: 'app' },
    { source: 'config', rule: { fault: 'jwks.empty' } },
    { source: 'config', rule: { fault: 'token.extra_members' } },
  ])
  t.equal(new Set(all.map(({ id }) => id)).size, 7)
  await test.get('/jwks')
  const [, , , , , jwks] = await listed(test)
  t.match(jwks, { source: 'config', matched: 1, hits: 1 })
  t.strictSame(jsonOf(t, await test.call('GET', `/faults/${jwks!.id}`)), { ...jwks })
  for (const { id, source } of all.filter((one) => one.source !== 'runtime')) {
    refused(t, await test.call('DELETE', `/faults/${id}`), 'invalid_request', /cannot be deleted here: it /)
    t.ok((await listed(test)).some((one) => one.id === id && one.source === source))
  }
})

t.test('DELETE of all takes those of run time only, and leaves the counters of the others', async (t) => {
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
  t.match(await listed(test), [{ source: 'config', matched: 0, hits: 0 }], 'a reset sets them to zero')
})

t.test('a reload keeps the counters of rules that stay as they were', async (t) => {
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
  t.equal(await discover(test), 500, 'a changed rule is a new one')
})

t.test('chance follows from a seed that is shown, so that a run can be repeated', async (t) => {
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

t.test('every issuer has its own rules, and its own counters of those of the file', async (t) => {
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

/** What is refused over HTTP is refused in the file, and in the same words. */
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
  t.test(`refused as in the file, and nothing changes: ${title}`, async (t) => {
    const test = await createAdminApp(t)
    const answer = await test.call('POST', '/faults', rule)
    refused(t, answer, 'invalid_request', message)
    t.strictSame(await listed(test), [])
    const [problem] = await problemsOf(t, JSON.stringify({ faults: [rule] }))
    const words = (text: string) => text.replace(/^.*?\/faults\/0|^the (body|fault)/, '').replaceAll('"', "'")
    t.equal(words(answer.json<{ error_description: string }>().error_description), words(problem!))
  })
}

t.test('no rule at all is refused', async (t) => {
  const test = await createAdminApp(t)
  refused(t, await test.call('POST', '/faults'), 'invalid_request', /^the body is missing/)
  refused(t, await test.call('POST', '/faults', []), 'invalid_request', /^the body is invalid, expected a JSON object/)
})

t.test('a rule that is not there', async (t) => {
  const test = await createAdminApp(t)
  refused(t, await test.call('GET', '/faults/5'), 'not_found', /^there is no rule 5$/, 404)
  refused(t, await test.call('DELETE', '/faults/5'), 'not_found', /^there is no rule 5$/, 404)
})

t.test(
  'at most 1000 rules of run time: with all of them in force the last one still works, and one more is refused',
  async (t) => {
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
  },
)
