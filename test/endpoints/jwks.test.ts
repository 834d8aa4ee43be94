/** The JWKS, with public keys only. RFC 7517 §5. */
import t from 'tap'
import { loadSnapshot } from '../../src/config/load.js'
import { createApp, jsonOf, type TestApp } from '../app.js'

const PUBLIC: Record<string, string[]> = { RSA: ['e', 'n'], EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'] }
const ALGS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

t.test('RFC 7517 §4: each key has kid, alg, use and only public members', async (t) => {
  const test = await createApp(t, { keys: ALGS.map((alg) => ({ alg })) })
  const answer = await test.get('/jwks')
  const { keys, ...rest } = jsonOf(t, answer) as { keys: Record<string, string>[] }
  t.strictSame(rest, {})
  t.strictSame(
    keys.map(({ alg }) => alg),
    [...ALGS],
  )
  t.equal(new Set(keys.map(({ kid }) => kid)).size, ALGS.length)
  for (const { kty, kid, alg, use, ...members } of keys) {
    t.equal(use, 'sig', `${alg}`)
    t.type(kid, 'string')
    t.strictSame(Object.keys(members).toSorted(), PUBLIC[kty!], `${alg}`)
  }
  t.match(answer.body, '{\n  "keys"', 'indented, for people')
})

t.test('an issuer always has the same keys, and another issuer begins with the same ones', async (t) => {
  const test = await createApp(t)
  const [one, again, other] = await Promise.all(['/jwks', '/jwks', '/issuers/x/jwks'].map((url) => test.get(url)))
  t.equal(one!.body, again!.body)
  t.equal(one!.body, other!.body)
})

t.test('RFC 7517 §4.2: encryption keys are published with another use and other kids', async (t) => {
  const test = await createApp(t, { encryption_keys: [{ alg: 'RSA-OAEP' }, { alg: 'ECDH-ES', kid: 'mine' }] })
  const { keys } = jsonOf(t, await test.get('/jwks')) as { keys: Record<string, string>[] }
  t.strictSame(
    keys.map(({ use, alg, kty }) => [use, alg, kty]),
    [
      ['sig', 'ES256', 'EC'],
      ['enc', 'RSA-OAEP', 'RSA'],
      ['enc', 'ECDH-ES', 'EC'],
    ],
  )
  t.equal(keys[2]!.kid, 'mine')
  t.equal(new Set(keys.map(({ kid }) => kid)).size, 3)
  t.notMatch(JSON.stringify(keys), /"(d|p|q|dp|dq|qi)":/)
})

t.test('under strict, the JWKS has RSA and EC keys; with an EdDSA key of the configuration also OKP', async (t) => {
  const read = async (test: TestApp) => {
    const { keys } = jsonOf(t, await test.get('/jwks')) as { keys: { kty: string; alg: string }[] }
    const discovery = jsonOf(t, await test.get('/.well-known/openid-configuration'))
    const algs = (discovery.id_token_signing_alg_values_supported as string[]).filter((alg) => !/^HS|none/.test(alg))
    return [keys.map(({ kty, alg }) => `${kty} ${alg}`), algs]
  }
  // The other tests have a key of the configuration.
  const strict = { source: 'test', path: ['profile'], value: 'strict' }
  const snapshot = await loadSnapshot({ env: {}, overrides: [strict] })
  t.strictSame(await read(await createApp(t, {}, { current: () => snapshot })), [
    ['RSA RS256', 'RSA PS256', 'EC ES256', 'RSA RSA-OAEP', 'EC ECDH-ES'],
    ['RS256', 'PS256', 'ES256'],
  ])
  t.strictSame(await read(await createApp(t, { profile: 'strict', keys: [{ alg: 'EdDSA' }], encryption_keys: [] })), [
    ['OKP EdDSA'],
    ['EdDSA'],
  ])
})

t.test('isolated issuers begin with the same generated keys, and rotate separately', async (t) => {
  const test = await createApp(t, { keys: [{ alg: 'ES256' }] })
  const kids = async (base = '') =>
    (jsonOf(t, await test.get(`${base}/jwks`)).keys as { kid: string }[]).map(({ kid }) => kid)
  const first = await kids()
  t.strictSame(await kids('/issuers/a'), first)
  await test.app.inject({ method: 'POST', url: '/issuers/a/admin/keys/rotate' })
  t.equal((await kids('/issuers/a')).length, 2)
  for (const base of ['', '/issuers/b']) t.strictSame(await kids(base), first, base)
})

t.test('with isolated_keys, each isolated issuer has keys of its own', async (t) => {
  const test = await createApp(t, {
    isolated_keys: true,
    keys: [{ alg: 'ES256' }],
    encryption_keys: [{ alg: 'ECDH-ES' }],
  })
  const kids = async (base: string) =>
    (jsonOf(t, await test.get(`${base}/jwks`)).keys as { kid: string }[]).map(({ kid }) => kid)
  const all = [await kids(''), await kids('/issuers/a'), await kids('/issuers/b')].flat()
  t.equal(new Set(all).size, 6)
  t.strictSame(await kids('/issuers/a'), all.slice(2, 4))
})
