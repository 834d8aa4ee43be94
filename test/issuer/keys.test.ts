/** The keys of one issuer: configured ones are shared, generated ones its own for as long as they are asked for. */
import t from 'tap'
import { createClock } from '../../src/issuer/clock.js'
import { createKeys, defaultAlg, type Keys } from '../../src/issuer/keys.js'
import { createJournal } from '../../src/journal/journal.js'
import { unlimited } from '../../src/store/budget.js'
import { snapshotOf } from '../app.js'

const BOUNDS = { max_entries: 1000, max_size: 1_000_000 }
const keysOf = () =>
  createKeys(
    createClock(),
    createJournal(() => BOUNDS, unlimited()),
  )
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
  const encryption = await snapshotOf({ encryption_keys: [{ alg: 'ECDH-ES', kid: 'enc', jwk }] })
  t.strictSame(await keysOf().listEncryption(encryption), encryption.encryption_keys)
  t.equal((await keysOf().list(snapshot))[0], (await keysOf().list(snapshot))[0])
})

t.test('OpenID Connect Core §15.1: RS256 is the default where there is such a key', async (t) => {
  const algOf = async (...algs: ('ES256' | 'RS256' | 'PS256')[]) =>
    defaultAlg(await snapshotOf({ keys: algs.map((alg) => ({ alg })) }))
  t.equal(await algOf('ES256', 'RS256'), 'RS256')
  t.equal(await algOf('PS256', 'ES256'), 'PS256')
  t.equal(defaultAlg(await snapshotOf({ keys: [{}] })), 'RS256')
})

t.test('keys to encrypt to are made once, and are different for each issuer', async (t) => {
  const snapshot = await snapshotOf({ encryption_keys: [{ alg: 'ECDH-ES' }, { alg: 'ECDH-ES', kid: 'mine' }] })
  const [one, other] = [keysOf(), keysOf()]
  const [first, again] = await Promise.all([one.listEncryption(snapshot), one.listEncryption(snapshot)])
  t.strictSame(first, again)
  t.equal(first[1]!.kid, 'mine')
  t.not(first[0]!.kid, (await other.listEncryption(snapshot))[0]!.kid)
  const after = await snapshotOf({ encryption_keys: [{ alg: 'ECDH-ES', kid: 'mine' }] }, snapshot)
  t.strictSame(await one.listEncryption(after), [first[1]])
})

/** Keys whose clock shows what it is told to. */
function keysAt(start: number) {
  let now = start
  const journal = createJournal(() => BOUNDS, unlimited())
  const keys = createKeys({ now: () => now }, journal)
  const set = (time: number) => {
    now = time
  }
  return { keys, journal, set }
}
const ROTATING = { period: 1000, publish_ahead: 100 }
const LIFETIMES = { access_token: 300, id_token: 200 }

t.test('OpenID Connect Core §10.1.1: keys rotate by the clock, each published before it signs', async (t) => {
  const snapshot = await snapshotOf({ key_rotation: ROTATING, lifetimes: LIFETIMES })
  const { keys, journal, set } = keysAt(5000)
  const [first] = await kids(keys, snapshot)
  set(5899)
  t.strictSame(await kids(keys, snapshot), [first])
  set(5900)
  const [still, second, ...none] = await kids(keys, snapshot)
  t.strictSame([still, none], [first, []])
  t.not(second, first)
  set(5999)
  t.strictSame(await kids(keys, snapshot), [first, second])
  set(6000)
  t.strictSame(await kids(keys, snapshot), [second, first])
  set(6299)
  t.strictSame(await kids(keys, snapshot), [second, first])
  set(6300)
  t.strictSame(await kids(keys, snapshot), [second], 'the longest lifetime has passed')
  t.match(await journal.list(), [
    { at: 5900, remarks: [{ event: 'keys_rotated', details: { alg: 'ES256', kid: second, signs_from: 6000 } }] },
  ])
  t.equal((await journal.list()).length, 1)
})

t.test('two requests in the same instant make one new key', async (t) => {
  const snapshot = await snapshotOf({ key_rotation: ROTATING })
  const { keys, journal, set } = keysAt(0)
  await kids(keys, snapshot)
  set(950)
  const [one, two] = await Promise.all([kids(keys, snapshot), kids(keys, snapshot)])
  t.strictSame(one, two)
  t.equal(one.length, 2)
  t.equal((await journal.list()).length, 1)
})

t.test('turns that passed while nobody asked are left out, and the clock may go back', async (t) => {
  const snapshot = await snapshotOf({ key_rotation: ROTATING, lifetimes: LIFETIMES })
  const { keys, journal, set } = keysAt(0)
  const [first] = await kids(keys, snapshot)
  set(1_000_000_950)
  const [now, next, ...none] = await kids(keys, snapshot)
  t.strictSame(none, [], 'what the first one signed has expired long ago')
  t.not(now, first)
  t.strictSame(
    (await journal.list()).map(({ remarks }) => Number(remarks[0]!.details.signs_from)).sort(),
    [1_000_000_000, 1_000_001_000],
    'each is told of once it is made, whichever that is first',
  )
  set(10)
  t.strictSame(await kids(keys, snapshot), [now, next])
})

t.test('a period as short as can be keeps 20 keys at most', async (t) => {
  const snapshot = await snapshotOf({ key_rotation: { period: 2, publish_ahead: 1 } })
  const { keys, set } = keysAt(0)
  for (let time = 0; time < 60; time += 2) {
    set(time)
    t.ok((await kids(keys, snapshot)).length <= 20)
  }
  t.equal((await kids(keys, snapshot)).length, 20)
})

t.test('only keys that sign rotate, and a second key of an algorithm stays as it is', async (t) => {
  const snapshot = await snapshotOf({
    keys: [
      { alg: 'ES256', kid: 'a' },
      { alg: 'ES256', kid: 'b' },
      { alg: 'EdDSA', kid: 'c' },
    ],
    key_rotation: ROTATING,
    lifetimes: LIFETIMES,
  })
  const { keys, set } = keysAt(0)
  t.strictSame(await kids(keys, snapshot), ['a', 'b', 'c'])
  set(1000)
  const [es256, a, b, eddsa, c] = await kids(keys, snapshot)
  t.strictSame([a, b, c], ['a', 'b', 'c'])
  t.match([es256, eddsa], [/^[\w-]{43}$/, /^[\w-]{43}$/])
  set(1300)
  t.strictSame(await kids(keys, snapshot), [es256, 'b', eddsa])
})

t.test('a reload keeps the line of an unchanged key, and begins a new one for a changed key', async (t) => {
  const lifetimes = LIFETIMES
  const before = await snapshotOf({ keys: [{ alg: 'ES256' }, { alg: 'EdDSA', kid: 'old' }], lifetimes })
  const { keys, set } = keysAt(0)
  await kids(keys, before)
  await keys.rotate(before, { publish_ahead: 0 })
  const [es256, first, eddsa, old] = await kids(keys, before)
  t.equal(old, 'old')
  const after = await snapshotOf({ keys: [{ alg: 'EdDSA', kid: 'new' }, { alg: 'ES256' }], lifetimes }, before)
  t.strictSame(await kids(keys, after), ['new', es256, first])
  t.strictSame(await kids(keys, before), [es256, first, eddsa, old], 'for a request that began before')
  set(300)
  t.strictSame(await kids(keys, after), ['new', es256])
})

t.test('a key that was announced takes over even when keys no longer rotate by the clock', async (t) => {
  const before = await snapshotOf({ key_rotation: ROTATING, lifetimes: LIFETIMES })
  const { keys, set } = keysAt(0)
  const [first] = await kids(keys, before)
  set(900)
  const next = (await kids(keys, before))[1]
  const after = await snapshotOf({ lifetimes: LIFETIMES }, before)
  set(1000)
  t.strictSame(await kids(keys, after), [next, first])
  set(5000)
  t.strictSame(await kids(keys, after), [next])
})

t.test('a key on demand signs until the turn of one that was announced before', async (t) => {
  const snapshot = await snapshotOf({ lifetimes: LIFETIMES })
  const { keys, set } = keysAt(0)
  const told = await keys.rotate(snapshot, { publish_ahead: 60 })
  const [first, announced] = told!
  const now = await keys.rotate(snapshot, { alg: 'ES256', publish_ahead: 0 })
  t.match(now, [
    { alg: 'ES256', status: 'current' },
    { kid: announced!.kid, status: 'next', signs_from: 60 },
    { kid: first!.kid, status: 'retired', published_until: 300 },
  ])
  set(60)
  t.strictSame(await kids(keys, snapshot), [announced!.kid, first!.kid, now![0]!.kid])
})
