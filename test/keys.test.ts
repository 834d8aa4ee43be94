/** The keys of one issuer: configured ones are shared, generated ones its own for as long as they are asked for. */
import t from 'tap'
import { createKeys, defaultAlg, type Keys } from '../src/keys.js'
import { createClock } from '../src/mock/clock.js'
import { createJournal } from '../src/mock/journal.js'
import { snapshotOf } from './app.js'

const keysOf = () => createKeys(createClock(), createJournal())
const kids = async (keys: Keys, snapshot: Awaited<ReturnType<typeof snapshotOf>>) =>
  (await keys.list(snapshot)).map(({ kid }) => kid)

t.test('a generated key is made once, and is different for each issuer', async (t) => {
  const snapshot = await snapshotOf({ keys: [{ alg: 'ES256' }, { alg: 'EdDSA' }, { alg: 'ES256' }] })
  const [one, other] = [keysOf(), keysOf()]
  const [first, again] = await Promise.all([kids(one, snapshot), kids(one, snapshot)])
  t.strictSame(first, again)
  t.equal(new Set([...first, ...(await kids(other, snapshot))]).size, 6)
})

t.test('a reload keeps the keys that are still asked for', async (t) => {
  const keys = keysOf()
  const before = await snapshotOf({ keys: [{ alg: 'ES256' }, { alg: 'ES384' }] })
  const [es256, es384] = await kids(keys, before)
  const after = await snapshotOf({ keys: [{ alg: 'EdDSA' }, { alg: 'ES384' }, { alg: 'ES256' }] }, before)
  const [eddsa, ...kept] = await kids(keys, after)
  t.strictSame(kept, [es384, es256])
  t.ok(eddsa)
  t.not(eddsa, es256)
})

t.test('a key has the kid of its entry, and another entry never gets it', async (t) => {
  const snapshot = await snapshotOf({
    keys: [{ alg: 'ES256' }, { alg: 'ES256', kid: '0' }, { alg: 'ES256', kid: '1' }],
  })
  const [thumbprint, ...named] = await kids(keysOf(), snapshot)
  t.strictSame(named, ['0', '1'])
  t.match(thumbprint, /^[\w-]{43}$/, 'RFC 7638: the thumbprint')
})

t.test('a configured key is the same for every issuer', async (t) => {
  const jwk = {
    ...{ kty: 'EC', crv: 'P-256', x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4' },
    ...{ y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM', d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE' },
  }
  const snapshot = await snapshotOf({ keys: [{ alg: 'ES256', kid: 'rfc7517', jwk }] })
  t.strictSame(await kids(keysOf(), snapshot), ['rfc7517'])
  t.equal((await keysOf().list(snapshot))[0], (await keysOf().list(snapshot))[0])
})

t.test('OpenID Connect Core §15.1: RS256 is the default where there is such a key', async (t) => {
  const algOf = async (...algs: ('ES256' | 'RS256' | 'PS256')[]) =>
    defaultAlg(await snapshotOf({ keys: algs.map((alg) => ({ alg })) }))
  t.equal(await algOf('ES256', 'RS256'), 'RS256')
  t.equal(await algOf('PS256', 'ES256'), 'PS256')
  t.equal(defaultAlg(await snapshotOf({ keys: [{}] })), 'RS256')
})
