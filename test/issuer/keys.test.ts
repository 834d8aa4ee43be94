/** The keys of one issuer: configured ones are shared, generated ones its own for as long as they are asked for. */
import { CompactSign, compactVerify, importJWK } from 'jose'
import t from 'tap'
import { generateMaterial } from '../../src/config/key_material.js'
import type { Snapshot } from '../../src/config/snapshot.js'
import { cached } from '../../src/issuer/generated_keys.js'
import { createKeys, defaultAlg } from '../../src/issuer/keys.js'
import { createNewKeys } from '../../src/issuer/new_keys.js'
import { createJournal } from '../../src/journal/journal.js'
import { readStored } from '../../src/journal/stored.js'
import { unlimited } from '../../src/store/budget.js'
import { snapshotOf } from '../app.js'
import { createStore } from '../store/create.js'

const BOUNDS = { max_entries: 1000, max_size: 1_000_000 }

/** The keys of one issuer, whose clock shows the time that is set. */
function keysAt(start: number) {
  let now = start
  const [store, cache, new_keys] = [createStore(), new Map(), createNewKeys()]
  const journal = createJournal(() => BOUNDS, unlimited())
  const keysFor = (snapshot: Snapshot, own = cache) =>
    createKeys({ store, snapshot, journal, now, cache: own, new_keys, own_keys: false })
  const set = (time: number) => {
    now = time
  }
  return { keysFor, journal, set }
}

type KeysFor = ReturnType<typeof keysAt>['keysFor']

const kids = async (keysFor: KeysFor, snapshot: Snapshot) => (await keysFor(snapshot).signing()).map(({ kid }) => kid)

t.test('a generated key is made once, and is different for each process', async (t) => {
  const snapshot = await snapshotOf({ keys: [{ alg: 'ES256' }, { alg: 'EdDSA' }, { alg: 'ES256' }] })
  const [one, other] = [keysAt(0).keysFor, keysAt(0).keysFor]
  const [first, again] = await Promise.all([kids(one, snapshot), kids(one, snapshot)])
  t.strictSame(first, again)
  t.equal(new Set([...first, ...(await kids(other, snapshot))]).size, 6)
})

t.test('issuers of a process begin with the same keys, except those with keys of their own', async (t) => {
  const snapshot = await snapshotOf({
    keys: [{ alg: 'ES256' }, { alg: 'ES256', kid: 'mine' }],
    encryption_keys: [{ alg: 'ECDH-ES' }],
  })
  const new_keys = createNewKeys()
  const x = async (own_keys: boolean) => {
    const journal = createJournal(() => BOUNDS, unlimited())
    const keys = createKeys({ store: createStore(), snapshot, journal, now: 0, cache: new Map(), new_keys, own_keys })
    const all = await Promise.all([keys.signing(), keys.decryption()])
    return all.flat().map(({ publicJwk: { kid, x } }) => [kid, x])
  }
  const [one, other, own] = await Promise.all([x(false), x(false), x(true)])
  t.strictSame(one, other)
  t.equal(own[1]![0], 'mine')
  t.equal(new Set([...one!, ...own!].map(([, point]) => point)).size, 6)
})

t.test('with isolated_keys, RSA keys are generated ahead, and used once', async (t) => {
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  const snapshot = await snapshotOf({ isolated_keys: true, keys: [{ alg: 'RS256' }, { alg: 'ES256' }] })
  const new_keys = createNewKeys()
  await new_keys.prepare(snapshot)
  const taken = Promise.all([new_keys.generate('RS256', undefined), new_keys.generate('PS256', undefined)])
  // One after the other, so that they leave threads for the imports of the keys that are ready.
  const generateSome = async () => {
    for (let count = 0; count < 3; count += 1) await generateMaterial('RS256')
  }
  const slow = generateSome()
  t.equal(await Promise.race([taken.then(() => 'ahead'), slow.then(() => 'later')]), 'ahead')
  const more = await Promise.all([1, 2, 3].map(() => new_keys.generate('RS512', 'mine')))
  t.equal(new Set([...(await taken), ...more].map(({ jwk }) => jwk.n)).size, 5)
  t.strictSame(
    more.map(({ key }) => key.kid),
    ['mine', 'mine', 'mine'],
  )
  const [first, again] = await Promise.all([1, 2].map(() => new_keys.first({ id: 'x', key: snapshot.keys[0]! })))
  t.equal(first, again)
})

t.test('with isolated_keys, the RSA keys of several issuers are generated ahead', async (t) => {
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  const rsa = [{ alg: 'RS256' }, { alg: 'PS256' }] as const
  const snapshot = await snapshotOf({ isolated_keys: true, keys: [...rsa], encryption_keys: [{ alg: 'RSA-OAEP' }] })
  const new_keys = createNewKeys()
  await new_keys.prepare(snapshot)
  const slow = Promise.all([1, 2, 3, 4, 5, 6].map(() => generateMaterial('RS256')))
  const taken = Promise.all(Array.from({ length: 12 }, () => new_keys.generate('PS256', undefined)))
  t.equal(await Promise.race([taken.then(() => 'ahead'), slow.then(() => 'later')]), 'ahead')
  t.equal(new Set((await taken).map(({ jwk }) => jwk.n)).size, 12)
})

t.test('a reload keeps the keys that are still asked for', async (t) => {
  const { keysFor } = keysAt(0)
  const before = await snapshotOf({ keys: [{ alg: 'ES256' }, { alg: 'ES384' }] })
  const [es256, es384] = await kids(keysFor, before)
  const after = await snapshotOf({ keys: [{ alg: 'EdDSA' }, { alg: 'ES384' }, { alg: 'ES256' }] }, before)
  const [eddsa, ...kept] = await kids(keysFor, after)
  t.strictSame(kept, [es384, es256])
  t.ok(eddsa)
  t.not(eddsa, es256)
})

t.test('a key has the kid of its entry, and another entry never gets it', async (t) => {
  const snapshot = await snapshotOf({
    keys: [{ alg: 'ES256' }, { alg: 'ES256', kid: '0' }, { alg: 'ES256', kid: '1' }],
  })
  const [thumbprint, ...named] = await kids(keysAt(0).keysFor, snapshot)
  t.strictSame(named, ['0', '1'])
  t.match(thumbprint, /^[\w-]{43}$/, 'RFC 7638: the thumbprint')
})

t.test('a configured key is the same for every issuer', async (t) => {
  const jwk = {
    ...{ kty: 'EC', crv: 'P-256', x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4' },
    ...{ y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM', d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE' },
  }
  const snapshot = await snapshotOf({ keys: [{ alg: 'ES256', kid: 'rfc7517', jwk }] })
  t.strictSame(await kids(keysAt(0).keysFor, snapshot), ['rfc7517'])
  const encryption = await snapshotOf({ encryption_keys: [{ alg: 'ECDH-ES', kid: 'enc', jwk }] })
  t.strictSame(await keysAt(0).keysFor(encryption).decryption(), encryption.encryption_keys)
  t.equal((await keysAt(0).keysFor(snapshot).signing())[0], (await keysAt(0).keysFor(snapshot).signing())[0])
})

t.test('two processes with one store use the same keys, and each imports them', async (t) => {
  const snapshot = await snapshotOf({ keys: [{ alg: 'ES256' }], encryption_keys: [{ alg: 'ECDH-ES' }] })
  const { keysFor } = keysAt(0)
  const [one, other] = [keysFor(snapshot, new Map()), keysFor(snapshot, new Map())]
  const [[first], [second]] = await Promise.all([one.signing(), other.signing()])
  t.equal(first!.kid, second!.kid)
  const payload = new Uint8Array(1)
  const jws = await new CompactSign(payload).setProtectedHeader({ alg: 'ES256' }).sign(second!.privateKey)
  t.ok(await compactVerify(jws, await importJWK({ ...first!.publicJwk }, 'ES256')))
  t.equal((await one.decryption())[0]!.kid, (await other.decryption())[0]!.kid)
})

t.test('a cache forgets its oldest keys, which are imported again', async (t) => {
  const snapshot = await snapshotOf({ keys: [{ alg: 'ES256' }] })
  const { keysFor } = keysAt(0)
  const cache = new Map<string, Promise<unknown>>()
  const [before] = await keysFor(snapshot, cache).signing()
  for (let count = 0; count < 300; count += 1) await cached(cache, String(count), async () => count)
  t.ok(cache.size <= 200)
  const [after] = await keysFor(snapshot, cache).signing()
  t.equal(after!.kid, before!.kid)
  t.not(after, before)
})

t.test('a key that cannot be made is tried again', async (t) => {
  const cache = new Map<string, Promise<unknown>>()
  const fail = () => cached(cache, 'a', () => Promise.reject(new Error('no entropy')))
  await t.rejects(fail(), { message: 'no entropy' })
  t.equal(await cached(cache, 'a', async () => 1), 1)
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
  const [one, other] = [keysAt(0).keysFor, keysAt(0).keysFor]
  const [first, again] = await Promise.all([one(snapshot).decryption(), one(snapshot).decryption()])
  t.strictSame(first, again)
  t.equal(first[1]!.kid, 'mine')
  t.not(first[0]!.kid, (await other(snapshot).decryption())[0]!.kid)
  const after = await snapshotOf({ encryption_keys: [{ alg: 'ECDH-ES', kid: 'mine' }] }, snapshot)
  t.strictSame(await one(after).decryption(), [first[1]])
})

const ROTATING = { period: 1000, publish_ahead: 100 }
const LIFETIMES = { access_token: 300, id_token: 200 }

t.test('OpenID Connect Core §10.1.1: keys rotate by the clock, each published before it signs', async (t) => {
  const snapshot = await snapshotOf({ key_rotation: ROTATING, lifetimes: LIFETIMES })
  const { keysFor, journal, set } = keysAt(5000)
  const [first] = await kids(keysFor, snapshot)
  set(5899)
  t.strictSame(await kids(keysFor, snapshot), [first])
  set(5900)
  const [still, second, ...none] = await kids(keysFor, snapshot)
  t.strictSame([still, none], [first, []])
  t.not(second, first)
  set(5999)
  t.strictSame(await kids(keysFor, snapshot), [first, second])
  set(6000)
  t.strictSame(await kids(keysFor, snapshot), [second, first])
  set(6299)
  t.strictSame(await kids(keysFor, snapshot), [second, first])
  set(6300)
  t.strictSame(await kids(keysFor, snapshot), [second], 'the longest lifetime has passed')
  t.match((await journal.list()).map(readStored), [
    { at: 5900, remarks: [{ event: 'keys_rotated', details: { alg: 'ES256', kid: second, signs_from: 6000 } }] },
  ])
  t.equal((await journal.list()).length, 1)
})

t.test('two requests in the same instant make one new key', async (t) => {
  const snapshot = await snapshotOf({ key_rotation: ROTATING })
  const { keysFor, journal, set } = keysAt(0)
  await kids(keysFor, snapshot)
  set(950)
  const [one, two] = await Promise.all([kids(keysFor, snapshot), kids(keysFor, snapshot)])
  t.strictSame(one, two)
  t.equal(one.length, 2)
  t.equal((await journal.list()).length, 1)
})

t.test('turns that passed while nobody asked are left out, and the clock may go back', async (t) => {
  const snapshot = await snapshotOf({ key_rotation: ROTATING, lifetimes: LIFETIMES })
  const { keysFor, journal, set } = keysAt(0)
  const [first] = await kids(keysFor, snapshot)
  set(1_000_000_950)
  const [now, next, ...none] = await kids(keysFor, snapshot)
  t.strictSame(none, [], 'what the first one signed has expired long ago')
  t.not(now, first)
  t.strictSame(
    (await journal.list())
      .map(readStored)
      .map(({ remarks }) => Number(remarks[0]!.details.signs_from))
      .sort(),
    [1_000_000_000, 1_000_001_000],
    'each is told of once it is made, whichever that is first',
  )
  set(10)
  t.strictSame(await kids(keysFor, snapshot), [now, next])
})

t.test('a period as short as can be keeps 20 keys at most', async (t) => {
  const snapshot = await snapshotOf({ key_rotation: { period: 2, publish_ahead: 1 } })
  const { keysFor, set } = keysAt(0)
  for (let time = 0; time < 60; time += 2) {
    set(time)
    t.ok((await kids(keysFor, snapshot)).length <= 20)
  }
  t.equal((await kids(keysFor, snapshot)).length, 20)
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
  const { keysFor, set } = keysAt(0)
  t.strictSame(await kids(keysFor, snapshot), ['a', 'b', 'c'])
  set(1000)
  const [es256, a, b, eddsa, c] = await kids(keysFor, snapshot)
  t.strictSame([a, b, c], ['a', 'b', 'c'])
  t.match([es256, eddsa], [/^[\w-]{43}$/, /^[\w-]{43}$/])
  set(1300)
  t.strictSame(await kids(keysFor, snapshot), [es256, 'b', eddsa])
})

t.test('a reload keeps the line of an unchanged key, and begins a new one for a changed key', async (t) => {
  const lifetimes = LIFETIMES
  const before = await snapshotOf({ keys: [{ alg: 'ES256' }, { alg: 'EdDSA', kid: 'old' }], lifetimes })
  const { keysFor, set } = keysAt(0)
  await kids(keysFor, before)
  await keysFor(before).rotate({ publish_ahead: 0 })
  const [es256, first, eddsa, old] = await kids(keysFor, before)
  t.equal(old, 'old')
  const after = await snapshotOf({ keys: [{ alg: 'EdDSA', kid: 'new' }, { alg: 'ES256' }], lifetimes }, before)
  t.strictSame(await kids(keysFor, after), ['new', es256, first])
  t.strictSame(await kids(keysFor, before), [es256, first, eddsa, old], 'for a request that began before')
  set(300)
  t.strictSame(await kids(keysFor, after), ['new', es256])
})

t.test('a key that was announced takes over even when keys no longer rotate by the clock', async (t) => {
  const before = await snapshotOf({ key_rotation: ROTATING, lifetimes: LIFETIMES })
  const { keysFor, set } = keysAt(0)
  const [first] = await kids(keysFor, before)
  set(900)
  const next = (await kids(keysFor, before))[1]
  const after = await snapshotOf({ lifetimes: LIFETIMES }, before)
  set(1000)
  t.strictSame(await kids(keysFor, after), [next, first])
  set(5000)
  t.strictSame(await kids(keysFor, after), [next])
})

t.test('a key that signs at once replaces keys that were announced before', async (t) => {
  const snapshot = await snapshotOf({ lifetimes: LIFETIMES })
  const { keysFor, set } = keysAt(0)
  const told = await keysFor(snapshot).rotate({ publish_ahead: 60 })
  const first = told![0]!
  const now = await keysFor(snapshot).rotate({ alg: 'ES256', publish_ahead: 0 })
  t.match(now, [
    { alg: 'ES256', status: 'current' },
    { kid: first.kid, status: 'retired', published_until: 300 },
  ])
  t.equal(now!.length, 2)
  set(60)
  t.strictSame(await kids(keysFor, snapshot), [now![0]!.kid, first.kid])
})

t.test('a key that is announced does not replace a key that was announced for later', async (t) => {
  const snapshot = await snapshotOf({ lifetimes: LIFETIMES })
  const { keysFor, set } = keysAt(0)
  const [, late] = (await keysFor(snapshot).rotate({ publish_ahead: 60 }))!
  const [, soon] = (await keysFor(snapshot).rotate({ publish_ahead: 30 }))!
  set(30)
  t.equal((await kids(keysFor, snapshot))[0], soon!.kid)
  set(60)
  t.equal((await kids(keysFor, snapshot))[0], late!.kid)
})

t.test('keys rotate by the clock from the time of a key that signed at once', async (t) => {
  const snapshot = await snapshotOf({ key_rotation: ROTATING, lifetimes: LIFETIMES })
  const { keysFor, set } = keysAt(0)
  await kids(keysFor, snapshot)
  set(950)
  const [first, due] = await kids(keysFor, snapshot)
  const [now] = (await keysFor(snapshot).rotate({ publish_ahead: 0 }))!
  t.strictSame(await kids(keysFor, snapshot), [now!.kid, first])
  set(1849)
  t.strictSame(await kids(keysFor, snapshot), [now!.kid])
  set(1950)
  const [next, before] = await kids(keysFor, snapshot)
  t.equal(before, now!.kid)
  t.notOk([due, first].includes(next))
})
