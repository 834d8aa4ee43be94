/** Tests of signing keys over HTTP: list, reused kid, unpublished key, withdrawal, break and reset, each with the JWKS. */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeProtectedHeader,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { getTokens, jsonOf, refused } from '../app.js'
import { createAdminApp } from './api.js'

interface Listed {
  readonly kid: string
  readonly alg: string
  readonly status: string
  readonly published: boolean
  readonly published_until?: number
}

const create = async (t: Test, config: ConfigInput = {}) => {
  const test = await createAdminApp(t, config)
  const keys = async (base = '') => (await test.call('GET', `${base}/keys`)).json<{ keys: Listed[] }>().keys
  /** Rotates keys, so that the new ones sign at once unless the body says otherwise. */
  const rotate = async (body: object = {}) => {
    const mode = 'publish_ahead' in body ? {} : { mode: 'abrupt' }
    return jsonOf(t, await test.call('POST', '/keys/rotate', { ...mode, ...body })).keys as Listed[]
  }
  const jwks = async (base = '') => (await test.get(`${base}/jwks`)).json<JSONWebKeySet>()
  const idToken = async (base = '') => (await getTokens(test, { base })).id_token
  /** Verifies the token with the current JWKS. Returns the error code of a failure. */
  const problem = async (jwt: string, base = '') =>
    jwtVerify(jwt, createLocalJWKSet(await jwks(base))).then(
      () => undefined,
      ({ code }: { code: string }) => code,
    )
  const remarks = async () =>
    (await test.call('GET', '/journal?event=keys_changed'))
      .json<{ entries: { remarks: { message: string }[] }[] }>()
      .entries.map((entry) => entry.remarks[0]!.message)
  return { ...test, keys, rotate, jwks, idToken, problem, remarks }
}
const kidOf = (jwt: string) => decodeProtectedHeader(jwt).kid
const NO_KEY = 'ERR_JWKS_NO_MATCHING_KEY'
const BAD_SIGNATURE = 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'

t.test('the list has every key with its kid, alg, status and publication', async (t) => {
  const { keys, rotate } = await create(t, {
    keys: [{ alg: 'ES256', kid: 'one' }, { alg: 'EdDSA' }, { alg: 'ES256', kid: 'spare' }],
  })
  t.match(await keys(), [
    { kid: 'one', alg: 'ES256', status: 'current', published: true },
    { alg: 'EdDSA', status: 'current', published: true },
    { kid: 'spare', alg: 'ES256', status: 'spare', published: true },
  ])
  t.strictSame(await rotate({ alg: 'ES256' }), await keys())
  t.match(await keys(), [{ status: 'current' }, { kid: 'one', status: 'retired' }, { alg: 'EdDSA' }, { kid: 'spare' }])
})

t.test('a new key with the kid of the current key: with the old JWKS the signature is invalid', async (t) => {
  const { jwks, idToken, problem, rotate } = await create(t, { keys: [{ alg: 'ES256', kid: 'same' }] })
  const before = await idToken()
  const kept = createLocalJWKSet(await jwks())
  const keys = await rotate({ kid: 'same' })
  t.match(keys, [
    { kid: 'same', status: 'current', published: true },
    { kid: 'same', status: 'retired', published: false },
  ])
  t.notOk('published_until' in keys[1]!)
  t.equal((await jwks()).keys.length, 1, 'the JWKS has each kid once')
  const after = await idToken()
  t.equal(kidOf(after), 'same')
  t.equal(await problem(after), undefined)
  t.equal(await problem(before), BAD_SIGNATURE)
  await t.rejects(jwtVerify(after, kept), { code: BAD_SIGNATURE })
})

t.test('a rotation with publish_ahead can set the kid', async (t) => {
  const { keys, rotate } = await create(t)
  await rotate({ kid: 'soon', publish_ahead: '1h' })
  t.match(await keys(), [{ status: 'current' }, { kid: 'soon', status: 'next', published: true }])
})

t.test('published: false signs with a key that is not in the JWKS, and the old key stays', async (t) => {
  const { app, jwks, idToken, problem, rotate } = await create(t)
  const before = await idToken()
  const [current] = await rotate({ published: false })
  t.match(current, { status: 'current', published: false })
  const after = await idToken()
  t.equal(kidOf(after), current!.kid)
  t.equal(await problem(after), NO_KEY)
  t.equal(await problem(before), undefined)
  t.equal((await jwks()).keys.length, 1)
  const hinted = await app.inject(
    `/oauth2/end_session?${new URLSearchParams({ id_token_hint: after, post_logout_redirect_uri: 'http://localhost/' })}`,
  )
  t.equal(hinted.statusCode, 200, 'the provider accepts a token of its unpublished key')
  await rotate()
  t.equal(await problem(await idToken()), undefined, 'the next key is published')
})

t.test('a withdrawn key leaves the JWKS; the current key continues to sign', async (t) => {
  const { idToken, problem, rotate, call, jwks, remarks } = await create(t, {
    keys: [{ alg: 'ES256' }, { alg: 'EdDSA' }],
  })
  const jwt = await idToken()
  const kid = kidOf(jwt)!
  const answer = jsonOf(t, await call('DELETE', `/keys/${kid}`))
  t.match(answer, {
    signs: true,
    keys: [
      { kid, status: 'current', published: false },
      { alg: 'EdDSA', published: true },
    ],
  })
  t.equal((await jwks()).keys.length, 1)
  t.equal(kidOf(await idToken()), kid)
  t.equal(await problem(await idToken()), NO_KEY)
  await rotate({ alg: 'ES256' })
  t.match(jsonOf(t, await call('DELETE', `/keys/${kid}`)), { signs: false })
  t.equal(await problem(await idToken()), undefined)
  t.strictSame(await remarks(), Array(2).fill(`${kid} is withdrawn from the JWKS`))
})

t.test('a key whose kid has a slash can be withdrawn', async (t) => {
  const { call, jwks } = await create(t, { keys: [{ alg: 'ES256', kid: 'https://op/1?x' }] })
  t.equal((await call('DELETE', `/keys/${encodeURIComponent('https://op/1?x')}`)).statusCode, 200)
  t.strictSame((await jwks()).keys, [])
})

t.test(
  'OpenID Connect Core §10.1.1: a client that fetches the JWKS anew finds the key after each rotation',
  async (t) => {
    const { app, idToken, rotate } = await create(t)
    let fetched = 0
    const live = createRemoteJWKSet(new URL('http://localhost/jwks'), {
      cooldownDuration: 0,
      [customFetch]: async () => {
        fetched += 1
        return new Response((await app.inject('/jwks')).body, { headers: { 'content-type': 'application/json' } })
      },
    })
    const tokens = [await idToken()]
    for (const body of [{}, { kid: 'chosen' }]) {
      await rotate(body)
      tokens.push(await idToken())
    }
    for (const token of tokens) t.ok(await jwtVerify(token, live))
    t.equal(new Set(tokens.map(kidOf)).size, 3)
    t.equal(fetched, 1, 'all keys are published')
  },
)

const WAYS = ['empty', 'duplicate_kid', 'reused_kid', 'missing_kid', 'stale', 'unavailable', 'mixed_types']
for (const how of WAYS) {
  t.test(`break: ${how} is the fault jwks.${how}, until it is deleted`, async (t) => {
    const { call, get, jwks, remarks } = await create(t)
    const before = await jwks()
    const rule = jsonOf(t, await call('POST', '/keys/break', { how }), 201)
    t.match(rule, { source: 'runtime', rule: { fault: `jwks.${how}` }, hits: 0 })
    await get('/jwks')
    t.match(jsonOf(t, await call('GET', `/faults/${rule.id}`)), { hits: 1 })
    t.strictSame(await remarks(), [`the JWKS is broken by jwks.${how}`])
    await call('DELETE', `/faults/${rule.id}`)
    t.strictSame(await jwks().then(({ keys }) => keys.at(-1)), before.keys[0])
  })
}

t.test('no token verifies with a broken JWKS', async (t) => {
  const { call, idToken, problem, get } = await create(t)
  await call('POST', '/keys/break', { how: 'empty' })
  t.equal(await problem(await idToken()), NO_KEY)
  await call('POST', '/keys/reset')
  t.equal(await problem(await idToken()), undefined)
  await call('POST', '/keys/break', { how: 'unavailable' })
  t.equal((await get('/jwks')).statusCode, 503)
})

t.test(
  'reset restores and publishes the keys of the start, deletes faults of the JWKS and keeps other faults',
  async (t) => {
    const { call, idToken, jwks, keys, problem, rotate, remarks } = await create(t, {
      keys: [{ alg: 'ES256' }, { alg: 'EdDSA', kid: 'own' }],
    })
    const [start, first] = [await jwks(), await idToken()]
    await rotate()
    await rotate({ alg: 'EdDSA', published: false })
    await call('DELETE', `/keys/${start.keys[0]!.kid}`)
    await call('POST', '/keys/break', { how: 'empty' })
    await call('POST', '/faults', { fault: 'discovery.not_found' })
    t.match(jsonOf(t, await call('POST', '/keys/reset')), {
      keys: start.keys.map(({ kid }) => ({ kid, status: 'current', published: true })),
    })
    t.strictSame(await jwks(), start)
    t.equal((await keys()).length, 2)
    t.equal(await problem(first), undefined, 'a token of a key of the start is valid again')
    t.equal(kidOf(await idToken()), kidOf(first))
    t.equal((await remarks()).at(-1), 'the keys are those of the start')
    const { faults } = (await call('GET', '/faults')).json<{ faults: { rule: { fault: string } }[] }>()
    t.strictSame(
      faults.map(({ rule }) => rule.fault),
      ['discovery.not_found'],
    )
  },
)

t.test('each issuer rotates keys separately, also keys of the file', async (t) => {
  const jwk = {
    ...{ kty: 'EC', crv: 'P-256', x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4' },
    ...{ y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM', d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE' },
  }
  const { call, jwks, idToken, problem } = await create(t, { keys: [{ alg: 'ES256', kid: 'file', jwk }] })
  await call('DELETE', '/issuers/x/keys/file')
  t.strictSame((await jwks('/issuers/x')).keys, [])
  t.equal((await jwks()).keys.length, 1)
  t.equal(await problem(await idToken('/issuers/x'), '/issuers/x'), NO_KEY)
  t.equal(await problem(await idToken()), undefined)
})

const BAD: [method: 'POST' | 'DELETE', path: string, body: object | undefined, message: RegExp, error?: string][] = [
  ['POST', '/keys/rotate', { kid: 'x' }, /^\/kid is .x. without \/alg, expected \/alg with one of ES256, EdDSA/],
  ['POST', '/keys/rotate', { kid: '' }, /^\/kid is empty, expected at least 1 character$/],
  ['POST', '/keys/rotate', { kid: 'x'.repeat(256) }, /^\/kid is .*, expected at most 255 characters/],
  ['POST', '/keys/rotate', { published: 'no' }, /^\/published is the text .no., expected a boolean/],
  ['POST', '/keys/rotate', { published: false, publish_ahead: 5 }, /^\/publish_ahead is set and \/published is false/],
  [
    'POST',
    '/keys/rotate',
    { alg: 'EdDSA', kid: 'own', publish_ahead: 5 },
    /^\/kid is .own., that of another key, and \/publish_ahead is set, expected a kid that no other key has/,
  ],
  [
    'POST',
    '/keys/rotate',
    { alg: 'EdDSA', kid: 'own', mode: 'graceful' },
    /^\/kid is .own., that of another key, and \/mode is graceful, expected a kid that no other key has, .* set \/mode to abrupt to replace/,
  ],
  ['POST', '/keys/break', { how: 'emtpy' }, /^\/how is .emtpy., expected one of empty, .*; did you mean empty\?$/],
  ['POST', '/keys/break', { how: 'rotated' }, /^\/how is .rotated., expected one of/],
  ['POST', '/keys/break', {}, /^the body lacks the required key how$/],
  ['POST', '/keys/reset', { all: true }, /^\/all is not a known key/],
  ['DELETE', '/keys/none', undefined, /^there is no signing key none$/, 'not_found'],
]
for (const [method, path, body, message, error = 'invalid_request'] of BAD) {
  t.test(`${method} ${path} ${JSON.stringify(body)?.slice(0, 60)} is refused, and nothing changes`, async (t) => {
    const { call, keys, jwks } = await create(t, { keys: [{ alg: 'ES256' }, { alg: 'EdDSA', kid: 'own' }] })
    const before = [await keys(), await jwks()]
    refused(t, await call(method, path, body), error, message, error === 'not_found' ? 404 : 400)
    t.strictSame([await keys(), await jwks()], before)
  })
}

t.test('break is refused at the maximum number of fault rules', async (t) => {
  const { app, call, jwks } = await create(t)
  for (let count = 0; count < 1000; count += 1) {
    await app.inject({ method: 'POST', url: '/admin/faults', payload: { fault: 'http.reset', match: { sub: 'x' } } })
  }
  refused(t, await call('POST', '/keys/break', { how: 'empty' }), 'invalid_request', /^there are 1000 rules/)
  t.equal((await jwks()).keys.length, 1)
})
