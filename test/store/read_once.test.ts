/** The view of a store for one request: each record is read once, and writes always reach the store. */
import t from 'tap'
import { createMemoryStore } from '../../src/store/memory.js'
import { readOnce } from '../../src/store/read_once.js'
import type { StoredUser } from '../../src/store/records.js'
import type { Store } from '../../src/store/store.js'

const alice: StoredUser = { sub: 'alice', claims: {}, origin: 'put', expires_at: 1 }
const changed: StoredUser = { ...alice, claims: { level: 2 } }

/** A store that counts the calls of `users.get`. */
function createStore(): { store: Store; reads: () => number } {
  const store = createMemoryStore()
  let reads = 0
  const get = (key: string) => {
    reads += 1
    return store.users.get(key)
  }
  return { store: { ...store, users: { ...store.users, get } }, reads: () => reads }
}

t.test('a record is read once per view, present or not', async (t) => {
  const { store, reads } = createStore()
  await store.users.put('alice', alice)
  const view = readOnce(store)
  for (let time = 0; time < 3; time++) {
    t.strictSame(await view.users.get('alice'), alice)
    t.equal(await view.users.get('bob'), undefined)
  }
  t.equal(reads(), 2)
  t.strictSame(await readOnce(store).users.get('alice'), alice)
  t.equal(reads(), 3, 'another view reads again')
})

t.test('a write through the view forgets the record', async (t) => {
  const { store } = createStore()
  const { users } = readOnce(store)
  t.equal(await users.get('alice'), undefined)
  t.equal(await users.add('alice', alice), true)
  t.strictSame(await users.get('alice'), alice)
  t.equal(await users.add('alice', changed), false)
  t.strictSame(await users.put('alice', changed), alice)
  t.strictSame(await users.get('alice'), changed)
  t.strictSame(await users.take('alice'), changed)
  t.equal(await users.get('alice'), undefined)
  await users.put('alice', alice)
  t.strictSame(await users.list(), [['alice', alice]])
  await users.delete('alice')
  t.equal(await users.get('alice'), undefined)
  await users.put('alice', alice)
  t.strictSame(await users.get('alice'), alice)
  await users.clear()
  t.equal(await users.get('alice'), undefined)
  t.strictSame(await store.users.list(), [])
})

t.test('a record that is added through the view is not read again', async (t) => {
  const { store, reads } = createStore()
  const { users } = readOnce(store)
  t.equal(await users.add('alice', alice), true)
  t.strictSame(await users.get('alice'), alice)
  t.equal(reads(), 0)
  t.equal(await users.add('alice', changed), false)
  t.strictSame(await users.get('alice'), alice)
  t.equal(reads(), 1)
})

t.test('a failed write forgets the record as well', async (t) => {
  const { store, reads } = createStore()
  const put = async () => {
    throw new Error('full')
  }
  const { users } = readOnce({ ...store, users: { ...store.users, put } })
  await users.get('alice')
  await t.rejects(users.put('alice', alice), { message: 'full' })
  await users.get('alice')
  t.equal(reads(), 2)
})

t.test('what only one request may use is always read from the store', async (t) => {
  const { store } = createStore()
  const view = readOnce(store)
  const code = { grant_id: 'g', client_id: 'app', redirect_uri: 'http://a/', expires_at: 1 }
  t.equal(await view.authorization_codes.get('code'), undefined)
  await store.authorization_codes.put('code', code)
  t.strictSame(await view.authorization_codes.get('code'), code)
})
