/** One suite for every store: records are kept, taken once, listed in order, and bounded. */
import t from 'tap'
import { createMemoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'

const STORES: Readonly<Record<string, () => Store>> = { memory: createMemoryStore }
const CAPS: readonly [keyof Store, number][] = [
  ['authorization_codes', 10_000],
  ['grants', 10_000],
  ['access_tokens', 10_000],
  ['refresh_tokens', 10_000],
  ['users', 10_000],
  ['clients', 1_000],
  ['recent_users', 20],
  ['self_logins', 100],
]

for (const [name, createStore] of Object.entries(STORES)) {
  const create = () => createStore().recent_users
  const keysOf = async (collection: ReturnType<typeof create>) => (await collection.list()).map(([key]) => key)

  t.test(`${name}: put and get`, async (t) => {
    const users = create()
    t.equal(await users.get('a'), undefined)
    t.equal(await users.put('a', { sub: 'a' }), undefined)
    t.strictSame(await users.get('a'), { sub: 'a' })
    t.strictSame(await users.put('a', { sub: 'b' }), { sub: 'a' }, 'what was there comes back')
    t.strictSame(await users.list(), [['a', { sub: 'b' }]], 'in place of what was there')
  })

  t.test(`${name}: of all who take a record only one gets it`, async (t) => {
    const users = create()
    await users.put('a', { sub: 'a' })
    const taken = await Promise.all([users.take('a'), users.take('a'), users.take('a')])
    t.strictSame(taken.filter(Boolean), [{ sub: 'a' }])
    t.equal(await users.get('a'), undefined)
    t.equal(await users.take('never'), undefined)
  })

  t.test(`${name}: of all who add a record under one key only one may`, async (t) => {
    const users = create()
    const added = await Promise.all(['a', 'b', 'c'].map((sub) => users.add('a', { sub })))
    t.strictSame(added, [true, false, false])
    t.strictSame(await users.list(), [['a', { sub: 'a' }]], 'which stays')
    await users.delete('a')
    t.ok(await users.add('a', { sub: 'b' }))
  })

  t.test(`${name}: delete removes, and does nothing where there is nothing`, async (t) => {
    const users = create()
    await users.put('a', { sub: 'a' })
    await users.put('b', { sub: 'b' })
    await users.delete('a')
    await users.delete('a')
    t.strictSame(await keysOf(users), ['b'])
  })

  t.test(`${name}: list begins with the least recently put or read`, async (t) => {
    const users = create()
    for (const sub of ['a', 'b', 'c']) await users.put(sub, { sub })
    t.strictSame(await keysOf(users), ['a', 'b', 'c'])
    await users.get('a')
    await users.put('b', { sub: 'b' })
    t.strictSame(await keysOf(users), ['c', 'a', 'b'])
  })

  t.test(`${name}: two stores share nothing, nor do two collections`, async (t) => {
    const [one, other] = [createStore(), createStore()]
    await one.recent_users.put('a', { sub: 'a' })
    t.equal(await other.recent_users.get('a'), undefined)
    t.equal(await one.users.get('a'), undefined)
  })

  for (const key of ['', '__proto__', 'a/b', '\u0000', 'é']) {
    t.test(`${name}: ${JSON.stringify(key)} is a key like any other`, async (t) => {
      const users = create()
      t.equal(await users.get(key), undefined)
      await users.put(key, { sub: 'x' })
      t.strictSame(await users.get(key), { sub: 'x' })
    })
  }

  t.test(`${name}: a collection holds 16 MiB, however large its records are`, async (t) => {
    const users = create()
    const sub = 'x'.repeat(1024 * 1024)
    for (let index = 0; index < 20; index++) await users.put(String(index), { sub })
    const kept = await users.list()
    t.equal(kept.length, 15)
    t.strictSame(kept.at(-1)?.[0], '19')
  })

  for (const [collection, cap] of CAPS) {
    t.test(`${name}: ${collection} holds ${cap}, and the least recently used makes room`, async (t) => {
      const records = createStore()[collection] as ReturnType<typeof create>
      for (let index = 0; index <= cap; index++) await records.put(String(index), { sub: '' })
      t.equal((await records.list()).length, cap)
      t.equal(await records.get('0'), undefined)
      t.ok(await records.get('1'))
    })
  }
}
