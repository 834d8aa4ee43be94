/** One suite for every store: each verb is one step, indexes follow the records, and collections are bounded. */
import type { Test } from 'tap'
import { COLLECTIONS, type CollectionName } from '../../src/store/collections.js'
import type { Grant, Session, StoredRecord } from '../../src/store/records.js'
import type { Collection, Store } from '../../src/store/store.js'

const grant = (change: Partial<Grant> = {}): Grant => ({
  sub: 'alice',
  client_id: 'app',
  scope: 'openid',
  auth_time: 1,
  sid: 's',
  expires_at: 2,
  ...change,
})

const keysOf = async (found: Promise<readonly (readonly [string, unknown])[]>) =>
  (await found).map(([key]) => key).sort()

/** Tests of a store that `create` makes; each call makes an empty store of its own. */
export function testStore(t: Test, create: () => Store): void {
  testVerbs(t, create)
  testUpdate(t, create)
  testIndexes(t, create)
  testBounds(t, create)
}

function testVerbs(t: Test, create: () => Store): void {
  t.test('put keeps a record and returns the record that it replaces', async (t) => {
    const { grants } = create()
    t.equal(await grants.get('a'), undefined)
    t.equal(await grants.put('a', grant()), undefined)
    t.strictSame(await grants.get('a'), grant())
    t.strictSame(await grants.put('a', grant({ sub: 'bob' })), grant())
    t.strictSame(await grants.list(), [['a', grant({ sub: 'bob' })]])
  })

  t.test('take returns a record to one caller only', async (t) => {
    const { grants } = create()
    await grants.put('a', grant())
    const taken = await Promise.all([grants.take('a'), grants.take('a'), grants.take('a')])
    t.strictSame(taken.filter(Boolean), [grant()])
    t.equal(await grants.get('a'), undefined)
    t.equal(await grants.take('never'), undefined)
  })

  t.test('add returns true to one caller only', async (t) => {
    const { grants } = create()
    const added = await Promise.all(['alice', 'bob', 'carol'].map((sub) => grants.add('a', grant({ sub }))))
    t.equal(added.filter(Boolean).length, 1)
    const kept = await grants.get('a')
    t.equal(kept?.sub, ['alice', 'bob', 'carol'][added.indexOf(true)], 'whose record is kept')
    await grants.delete('a')
    t.equal(await grants.add('a', grant({ sub: 'dave' })), true)
  })

  t.test('delete removes one record, present or not', async (t) => {
    const { grants } = create()
    await grants.put('a', grant())
    await grants.put('b', grant())
    await grants.delete('a')
    await grants.delete('a')
    t.strictSame(await keysOf(grants.list()), ['b'])
  })

  t.test('each reads the records that are there when their turn comes', async (t) => {
    const { users } = create()
    const text = 'x'.repeat(100_000)
    const put = (sub: string) => users.put(sub, { sub, claims: { text }, origin: 'put', expires_at: 1 })
    for (let count = 0; count < 20; count++) await put(String(count))
    const read: string[] = []
    for await (const [key, { claims }] of users.each()) {
      t.equal(claims.text, text)
      if (read.length === 0)
        await Promise.all(['15', '16'].filter((one) => one !== key).map((one) => users.delete(one)))
      read.push(key)
    }
    t.equal(read.length, 18)
    t.notOk(read.includes('15') || read.includes('16'))
  })

  t.test('clear removes every record of one collection', async (t) => {
    const { grants, consents } = create()
    for (const key of ['a', 'b']) await grants.put(key, grant())
    await consents.put('a', { scope: '', expires_at: 1 })
    await grants.clear()
    t.strictSame(await grants.list(), [])
    t.strictSame(await grants.listBy('sub', 'alice'), [])
    t.strictSame(await keysOf(consents.list()), ['a'])
  })

  t.test('stores share nothing, nor do collections', async (t) => {
    const [one, other] = [create(), create()]
    await one.consents.put('a', { scope: '', expires_at: 1 })
    t.equal(await other.consents.get('a'), undefined)
    t.equal(await one.grants.get('a'), undefined)
  })

  t.test('a record that was read can be changed without a change in the store', async (t) => {
    const { grants } = create()
    const given = grant()
    await grants.put('a', given)
    Object.assign(given, { sub: 'mallory' })
    Object.assign((await grants.get('a')) ?? {}, { sub: 'mallory' })
    t.strictSame(await grants.get('a'), grant())
  })

  for (const key of ['', '__proto__', 'a/b', '\u0000', 'é', '😀']) {
    t.test(`${JSON.stringify(key)} is a key and an indexed value like any other`, async (t) => {
      const { grants } = create()
      t.equal(await grants.get(key), undefined)
      t.strictSame(await grants.listBy('sub', key), [])
      await grants.put(key, grant({ sub: key }))
      t.strictSame(await grants.get(key), grant({ sub: key }))
      t.strictSame(await keysOf(grants.listBy('sub', key)), [key])
    })
  }
}

function testUpdate(t: Test, create: () => Store): void {
  t.test('update replaces, adds or removes a record, and returns the record that is kept', async (t) => {
    const { grants } = create()
    t.equal(await grants.update('a', () => undefined), undefined)
    t.strictSame(await grants.update('a', (before) => grant({ scope: String(before) })), grant({ scope: 'undefined' }))
    t.strictSame(
      await grants.update('a', (before) => grant({ scope: `${before?.scope}!` })),
      grant({ scope: 'undefined!' }),
    )
    t.strictSame(await grants.get('a'), grant({ scope: 'undefined!' }))
    t.equal(await grants.update('a', () => undefined), undefined)
    t.strictSame(await grants.list(), [])
  })

  t.test('no update of many at the same time is lost', async (t) => {
    const { grants } = create()
    const add = (word: string) => grants.update('a', (before) => grant({ scope: `${before?.scope ?? ''}${word}` }))
    await Promise.all([...'abcdefgh'].map(add))
    t.strictSame([...((await grants.get('a'))?.scope ?? '')].sort().join(''), 'abcdefgh')
  })

  t.test('an update does not restore a record that is taken at the same time', async (t) => {
    const { grants } = create()
    await grants.put('a', grant())
    const touch = () => grants.update('a', (before) => before && { ...before, auth_time: before.auth_time! + 1 })
    const [taken] = await Promise.all([grants.take('a'), touch(), touch()])
    t.ok(taken)
    t.equal(await grants.get('a'), undefined)
  })

  t.test('an update whose function throws changes nothing', async (t) => {
    const { grants } = create()
    await grants.put('a', grant())
    const refuse = () => {
      throw new Error('refused')
    }
    await t.rejects(grants.update('a', refuse), { message: 'refused' })
    t.strictSame(await grants.get('a'), grant())
  })
}

function testIndexes(t: Test, create: () => Store): void {
  t.test('listBy returns the records with a value, as they are now', async (t) => {
    const { grants } = create()
    await grants.put('1', grant({ sub: 'alice', client_id: 'app' }))
    await grants.put('2', grant({ sub: 'bob', client_id: 'app' }))
    await grants.put('3', grant({ sub: 'alice', client_id: 'web', flow_id: 'f' }))
    t.strictSame(await keysOf(grants.listBy('sub', 'alice')), ['1', '3'])
    t.strictSame(await keysOf(grants.listBy('client_id', 'app')), ['1', '2'])
    t.strictSame(await grants.listBy('flow_id', 'f'), [['3', grant({ sub: 'alice', client_id: 'web', flow_id: 'f' })]])
    await grants.put('1', grant({ sub: 'bob' }))
    await grants.update('2', (before) => before && { ...before, sub: 'carol' })
    await grants.take('3')
    t.strictSame(await keysOf(grants.listBy('sub', 'alice')), [])
    t.strictSame(await keysOf(grants.listBy('sub', 'bob')), ['1'])
    t.strictSame(await keysOf(grants.listBy('sub', 'carol')), ['2'])
    await grants.delete('1')
    t.strictSame(await keysOf(grants.listBy('sub', 'bob')), [])
  })

  t.test('a record can have several values in one index', async (t) => {
    const { sessions } = create()
    const account = { sid: '', auth_time: 1, client_ids: [] }
    const session: Session = {
      accounts: [
        { ...account, sub: 'alice', sid: '1' },
        { ...account, sub: 'bob', sid: '2' },
      ],
      browser_state: 'b',
      expires_at: 1,
    }
    await sessions.put('id', session)
    for (const sid of ['1', '2']) t.strictSame(await sessions.listBy('sid', sid), [['id', session]])
    await sessions.update('id', (before) => before && { ...before, accounts: before.accounts.slice(1) })
    t.strictSame(await sessions.listBy('sub', 'alice'), [])
    t.strictSame(await keysOf(sessions.listBy('sub', 'bob')), ['id'])
  })

  t.test('dependants of a collection are an index of another', (t) => {
    for (const { dependants = [] } of Object.values(COLLECTIONS)) {
      for (const [name, index] of dependants) {
        t.ok(Object.keys(COLLECTIONS[name as CollectionName].indexes ?? {}).includes(index), `${name}.${index}`)
      }
    }
    t.end()
  })
}

/** A record that every index accepts. */
const plain = {
  accounts: [],
  claims: {},
  client_id: '',
  expires_at: 1,
  grant_id: '',
  origin: 'put',
  rule: { fault: 'http.reset' },
  sid: '',
  sub: '',
  user_code: '',
}

async function putMany<R>(records: Collection<R, string>, count: number, record: R): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => records.put(String(index), record)))
}

function testBounds(t: Test, create: () => Store): void {
  for (const [name, { cap, pinned = false }] of Object.entries(COLLECTIONS)) {
    t.test(`${name} holds ${cap} records, and ${pinned ? 'refuses more' : 'the newest is among them'}`, async (t) => {
      const records = create()[name as CollectionName] as unknown as Collection<StoredRecord, string>
      await putMany(records, cap, plain)
      if (pinned) await t.rejects(records.put('one more', plain), { status: 507, message: /^\w+ holds \d+ records/ })
      else await records.put('one more', plain)
      t.equal((await records.list()).length, cap)
      t.equal(await records.get('one more').then(Boolean), !pinned)
      t.ok(await records.put(pinned ? '0' : 'one more', plain), 'a record can be replaced')
    })
  }

  t.test('an evicted grant takes its codes and tokens with it, and no others', async (t) => {
    const store = create()
    await store.grants.put('evicted', grant())
    const leave = async (grant_id: string) => {
      const record = { grant_id, expires_at: 1 }
      await store.authorization_codes.put(grant_id, { ...record, client_id: 'app', redirect_uri: '' })
      await store.access_tokens.put(grant_id, { ...record, scope: '' })
      await store.refresh_tokens.put(grant_id, record)
      const waiting = { user_code: 'B', client_id: 'app', scope: '', interval: 5, flow_id: '', expires_at: 1 }
      await store.device_codes.put(grant_id, { ...waiting, answer: { grant_id } })
    }
    await leave('evicted')
    await leave('other')
    await putMany(store.grants, COLLECTIONS.grants.cap, grant())
    t.equal(await store.grants.get('evicted'), undefined)
    for (const name of ['authorization_codes', 'access_tokens', 'refresh_tokens', 'device_codes'] as const) {
      t.strictSame(await keysOf(store[name].list()), ['other'], name)
    }
  })

  t.test('users and clients of an administrator make room last, and the newest record has room', async (t) => {
    const { users, clients } = create()
    const rows = { users: [users, 'login'], clients: [clients, undefined] } as const
    for (const [name, [collection, origin]] of Object.entries(rows)) {
      const { cap } = COLLECTIONS[name as 'users' | 'clients']
      const records = collection as unknown as Collection<StoredRecord, string>
      const stranger = { ...plain, origin }
      for (const [key, record] of Object.entries({
        put: plain,
        deleted: { ...plain, origin: 'deleted' },
        early: stranger,
      })) {
        await records.put(key, record)
      }
      await putMany(records, cap, stranger)
      await records.put('late', stranger)
      const keys = await keysOf(records.list())
      t.equal(keys.length, cap)
      t.strictSame(keys.slice(-3), ['deleted', 'late', 'put'], 'the oldest stranger is gone')

      await putMany(records, cap, plain)
      t.equal(await records.get('put'), undefined, 'the oldest record of the administrator')
      for (const key of ['stranger', 'another']) await records.put(key, stranger)
      t.strictSame(await records.get('another'), JSON.parse(JSON.stringify(stranger)))
      const kept = (await records.list()).filter(([key]) => /^\d/.test(key))
      t.equal(kept.length, cap - 1, 'strangers take the room of one record')
    }
  })

  t.test('a collection holds 32 MiB, however large its records are', async (t) => {
    const { consents } = create()
    for (let index = 0; index < 40; index++) {
      await consents.put(String(index), { scope: 'x'.repeat(1024 * 1024), expires_at: 1 })
    }
    const kept = await keysOf(consents.list())
    t.equal(kept.length, 31)
    t.ok(kept.includes('39'))
  })
}
