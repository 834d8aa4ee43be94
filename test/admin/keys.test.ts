/** Tests of key rotation over HTTP: at once, with publish_ahead, and by the clock. */
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import t from 'tap'
import { createApp, getTokens, jsonOf, refused, type TestApp } from '../app.js'

interface Status {
  readonly kid: string
  readonly alg: string
  readonly status: string
  readonly signs_from?: number
  readonly published_until?: number
}

const HOUR = 3600
const ABRUPT = { mode: 'abrupt' }
const rotate = ({ app }: TestApp, payload?: object, base = '') =>
  app.inject({ method: 'POST', url: `${base}/admin/keys/rotate`, ...(payload && { payload }) })
const statuses = async (t: Parameters<typeof jsonOf>[0], test: TestApp, payload?: object, base = '') =>
  jsonOf(t, await rotate(test, payload, base)).keys as Status[]
const published = async (test: TestApp, base = '') =>
  (await test.get(`${base}/jwks`)).json<{ keys: { kid: string; alg: string }[] }>().keys.map(({ kid }) => kid)
const signer = async (test: TestApp, base = '') => decodeProtectedHeader((await getTokens(test, { base })).id_token).kid

t.test(
  'OpenID Connect Core §10.1.1: with mode abrupt, a new key signs at once, and the old key stays published',
  async (t) => {
    const test = await createApp(t)
    const { id_token } = await getTokens(test)
    const [old] = await published(test)
    const keys = await statuses(t, test, ABRUPT)
    const [now] = keys
    t.match(keys, [
      { kid: /^[\w-]{43}$/, alg: 'ES256', status: 'current' },
      { kid: old, alg: 'ES256', status: 'retired' },
    ])
    t.strictSame(Object.keys(now!), ['kid', 'alg', 'status', 'published'])
    t.strictSame(await published(test), [now!.kid, old], 'the current key comes first')
    t.equal(await signer(test), now!.kid)
    const jwks = (await test.get('/jwks')).json<JSONWebKeySet>()
    t.ok(await jwtVerify(id_token, createLocalJWKSet(jwks)), 'a token of the old key is still valid')
    t.notMatch(JSON.stringify(jwks), '"d"')
  },
)

t.test('an old key leaves the JWKS when the last token that it signed expires', async (t) => {
  const test = await createApp(t, { lifetimes: { access_token: '2h', id_token: '1h' } })
  const [old] = await published(test)
  test.advance(500)
  const [now, retired] = await statuses(t, test, ABRUPT)
  test.advance(2 * HOUR - 2)
  t.strictSame(await published(test), [now!.kid, old])
  test.advance(10)
  t.strictSame(await published(test), [now!.kid])
  t.equal(retired!.kid, old)
  t.ok(retired!.published_until! > 0)
})

t.test('shorter lifetimes after a reload do not unpublish the key of earlier tokens', async (t) => {
  const test = await createApp(t, { lifetimes: { access_token: '2h' } })
  const [old] = await published(test)
  await test.reload({ lifetimes: { access_token: '1m', id_token: '1m' } })
  await statuses(t, test, ABRUPT)
  test.advance(2 * HOUR - 10)
  t.ok((await published(test)).includes(old!))
})

t.test('publish_ahead: a new key is published before it signs', async (t) => {
  const test = await createApp(t)
  const [old] = await published(test)
  const [current, next] = await statuses(t, test, { alg: 'ES256', publish_ahead: '5m' })
  t.match(
    [current, next],
    [
      { kid: old, status: 'current' },
      { alg: 'ES256', status: 'next' },
    ],
  )
  t.type(next!.signs_from, 'number')
  t.equal(next!.published_until, undefined)
  test.advance(290)
  t.strictSame(await published(test), [old, next!.kid])
  t.equal(await signer(test), old)
  test.advance(20)
  t.strictSame(await published(test), [next!.kid, old])
  t.equal(await signer(test), next!.kid)
  t.equal(
    (await statuses(t, test, { publish_ahead: 60 }))[1]!.status,
    'next',
    'publish_ahead can be a number of seconds',
  )
})

t.test(
  'without a body, a new key is published, and the old one signs until a minute has passed on the clock',
  async (t) => {
    const test = await createApp(t, { clock: { start: '2030-01-01T00:00:00Z', frozen: true } })
    const [old] = await published(test)
    const { keys, schedule } = jsonOf(t, await rotate(test)) as { keys: Status[]; schedule: string[] }
    const kid = keys[1]!.kid
    const at = Date.UTC(2030, 0, 1, 0, 1) / 1000
    t.strictSame(keys, [
      { kid: old, alg: 'ES256', status: 'current', published: true, signs_until: at },
      { kid, alg: 'ES256', status: 'next', published: true, signs_from: at },
    ])
    t.strictSame(schedule, [`${old} signs ES256 now`, `${kid} signs ES256 in 1 minute, at 2030-01-01T00:01:00Z`])
    t.strictSame(await published(test), [old, kid])
    const advance = (by: number) => test.app.inject({ method: 'POST', url: '/admin/clock/advance', payload: { by } })
    await advance(59)
    t.equal(await signer(test), old)
    await advance(1)
    t.equal(await signer(test), kid)
    t.strictSame(await published(test), [kid, old])
    const abrupt = jsonOf(t, await rotate(test, ABRUPT)) as { keys: Status[]; schedule: string[] }
    t.strictSame(abrupt.schedule, [`${abrupt.keys[0]!.kid} signs ES256 now`])
    t.notOk('signs_until' in abrupt.keys[0]!)
  },
)

t.test('mode abrupt during a graceful rotation: the pending key leaves the JWKS and never signs', async (t) => {
  const test = await createApp(t)
  const [old] = await published(test)
  await statuses(t, test)
  const answer = jsonOf(t, await rotate(test, ABRUPT)) as { keys: Status[]; schedule: string[] }
  const kid = answer.keys[0]!.kid
  t.strictSame(answer.schedule, [`${kid} signs ES256 now`])
  t.strictSame(await published(test), [kid, old])
  test.advance(70)
  t.equal(await signer(test), kid)
})

t.test('the schedule has the algorithms that rotate', async (t) => {
  const test = await createApp(t, {
    keys: [
      { alg: 'ES256', kid: 'a' },
      { alg: 'EdDSA', kid: 'b' },
    ],
  })
  const schedule = async (body: object) => jsonOf(t, await rotate(test, body)).schedule as string[]
  const [one, two, ...rest] = await schedule({ alg: 'EdDSA', publish_ahead: '2h' })
  t.equal(one, 'b signs EdDSA now')
  t.match(two, /^\S+ signs EdDSA in 2 hours, at \S+Z$/)
  t.strictSame(rest, [])
  t.equal((await schedule({ mode: 'graceful' })).length, 5)
})

t.test('key_rotation.publish_ahead is the default of publish_ahead', async (t) => {
  const test = await createApp(t, { key_rotation: { period: '1d', publish_ahead: '2h' } })
  const [old] = await published(test)
  await statuses(t, test)
  test.advance(2 * HOUR - 10)
  t.equal(await signer(test), old)
  test.advance(20)
  t.not(await signer(test), old)
})

t.test('a key that cannot be published first signs at once', async (t) => {
  for (const body of [
    { publish_ahead: 0 },
    { published: false },
    { kid: 'mine' },
    { kid: 'mine', ...ABRUPT, publish_ahead: 0 },
  ]) {
    const test = await createApp(t, { keys: [{ alg: 'ES256', kid: 'mine' }] })
    t.match(await statuses(t, test, body), [{ status: 'current' }, { kid: 'mine', status: 'retired' }])
  }
})

t.test('a rotation with alg affects only that algorithm and only this issuer', async (t) => {
  const jwk = {
    ...{ kty: 'EC', crv: 'P-256', x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4' },
    ...{ y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM', d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE' },
  }
  const test = await createApp(t, {
    keys: [{ alg: 'ES256', kid: 'mine', jwk }, { alg: 'EdDSA', kid: 'own' }, { alg: 'ES256' }],
  })
  const spare = (await published(test))[2]
  const keys = await statuses(t, test, { alg: 'ES256', ...ABRUPT })
  t.match(keys, [
    { alg: 'ES256', status: 'current' },
    { kid: 'mine', alg: 'ES256', status: 'retired' },
    { kid: 'own', alg: 'EdDSA', status: 'current' },
    { kid: spare, alg: 'ES256', status: 'spare', published: true },
  ])
  t.strictSame(await published(test), [keys[0]!.kid, 'mine', 'own', spare], 'a configured key keeps its kid')
  t.strictSame((await published(test, '/issuers/x')).slice(0, 2), ['mine', 'own'])
  const all = await statuses(t, test, ABRUPT, '/issuers/x')
  t.strictSame(
    all.map(({ alg, status }) => [alg, status]),
    [
      ['ES256', 'current'],
      ['ES256', 'retired'],
      ['EdDSA', 'current'],
      ['EdDSA', 'retired'],
      ['ES256', 'spare'],
    ],
  )
})

t.test('at most 20 keys of an algorithm are published; the oldest retired keys are removed first', async (t) => {
  const test = await createApp(t)
  const kids = await published(test)
  for (let count = 0; count < 25; count += 1) kids.unshift((await statuses(t, test, ABRUPT))[0]!.kid)
  t.equal((await published(test)).length, 20)
  t.strictSame(new Set(await published(test)), new Set(kids.slice(0, 20)))
  t.equal(await signer(test), kids[0])
})

t.test('a rotation is refused while too many rotations are pending, and nothing changes', async (t) => {
  const test = await createApp(t, { keys: [{ alg: 'EdDSA' }, { alg: 'ES256' }] })
  await statuses(t, test, { alg: 'EdDSA' })
  for (let count = 0; count < 19; count += 1) await statuses(t, test, { alg: 'ES256', publish_ahead: '1h' })
  const before = await published(test)
  t.equal(before.length, 22)
  refused(
    t,
    await rotate(test),
    'invalid_request',
    /^19 keys of ES256 do not sign yet, expected at most 18 before a rotation; wait until the first of them signs in (?:1 hour|59 minutes), at \S+Z, or reset the keys$/,
  )
  t.strictSame(await published(test), before)
  t.equal((await rotate(test, { alg: 'EdDSA' })).statusCode, 200)
})

const BAD: [string, unknown, RegExp, Record<string, string>?][] = [
  ['an algorithm without a key', { alg: 'RS256' }, /^\/alg is RS256, expected an algorithm with a key: ES256$/],
  ['no text as alg', { alg: ['ES256'] }, /^\/alg is a list, expected a text$/],
  ['another member', { algs: 'ES256' }, /^\/algs is not a known key; did you mean alg\?$/],
  ['an unknown unit', { publish_ahead: '5y' }, /^\/publish_ahead is .5y., expected seconds or a duration such/],
  ['an empty duration', { publish_ahead: '' }, /^\/publish_ahead is .., expected seconds/],
  ['a fraction', { publish_ahead: 0.5 }, /^\/publish_ahead is 0.5, expected seconds .*$/],
  ['the past', { publish_ahead: -1 }, /^\/publish_ahead is -1, expected seconds .*$/],
  ['more than a century', { publish_ahead: '99999w' }, /^\/publish_ahead is '99999w', expected at most 100 years$/],
  [
    'an unknown mode',
    { mode: 'abrubt' },
    /^\/mode is .abrubt., expected one of graceful, abrupt; did you mean abrupt\?$/,
  ],
  [
    'a publish_ahead of an abrupt rotation',
    { mode: 'abrupt', publish_ahead: '1m' },
    /^\/publish_ahead is set and \/mode is abrupt, expected one of them; leave one out$/,
  ],
  [
    'no publish_ahead of a graceful rotation',
    { mode: 'graceful', publish_ahead: 0 },
    /^\/publish_ahead is 0 and \/mode is graceful, expected at least 1 second, or \/mode abrupt$/,
  ],
  [
    'a graceful rotation without publication',
    { mode: 'graceful', published: false },
    /^\/mode is graceful and \/published is false, expected one of them; leave one out$/,
  ],
  ['null', { publish_ahead: null }, /^\/publish_ahead is empty, expected seconds .*$/],
  ['a list', [], /^the body is invalid, expected a JSON object/],
  ['broken JSON', '{', /not valid JSON/, { 'content-type': 'application/json' }],
  ['a form', 'alg=ES256', /^the body is invalid, expected/, { 'content-type': 'application/x-www-form-urlencoded' }],
]
for (const [title, payload, message, headers = {}] of BAD) {
  t.test(`${title} is refused, and nothing is changed`, async (t) => {
    const test = await createApp(t)
    const before = await published(test)
    const url = '/admin/keys/rotate'
    const answer = await test.app.inject({ method: 'POST', url, payload: payload as object, headers })
    refused(t, answer, 'invalid_request', message)
    t.strictSame(await published(test), before)
  })
}

t.test("pages of other origins cannot rotate keys, the provider's own pages can", async (t) => {
  const test = await createApp(t, { public_url: 'https://id.example/auth', issuer: 'https://id.example/auth' })
  const [before] = await published(test)
  const from = (origin: string) =>
    test.app.inject({ method: 'POST', url: '/admin/keys/rotate', headers: { origin, accept: 'text/html' } })
  for (const origin of ['https://evil.example', 'null', 'http://id.example', 'https://id.example.evil.example']) {
    refused(t, await from(origin), 'access_denied', /^Origin is .*, expected none, or https:\/\/id.example/, 403)
  }
  t.strictSame(await published(test), [before])
  for (const origin of ['https://id.example', 'http://localhost']) {
    t.equal((await from(origin)).statusCode, 200, origin)
  }
  t.equal((await published(test)).length, 3)
})
