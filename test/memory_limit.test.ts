/** `server.memory_limit`: the memory of all issuers is bounded, and a flood of records does not end the process. */
import t, { type Test } from 'tap'
import type { ConfigInput } from '../src/generated/input.js'
import { serveProcess } from './cli/program.js'
import { start } from './provider.js'

const MIB = 1024 * 1024
/** Two thirds of it, 1 MiB, are for records. */
const LIMIT = (MIB * 3) / 2

async function startLimited(t: Test, server: ConfigInput['server'] = {}) {
  const { url } = await start(t, { server: { memory_limit: LIMIT, body_limit: MIB, ...server } })
  return {
    put: createPut(url),
    list: (issuer: string) => listUsers(url + issuer),
    fillJournal: (issuer: string) => fillJournal(url + issuer),
    readJournal: (issuer: string) => countEntries(url + issuer),
  }
}

/** Puts a user with claims of a size in characters. */
const createPut = (url: string) => (issuer: string, sub: string, size: number) =>
  putUser(url + issuer, sub, { text: 'x'.repeat(size) })

const putUser = (issuer: string, sub: string, claims: object) =>
  fetch(`${issuer}/admin/users/${sub}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ claims }),
  })

/** Sends requests whose journal entries take more than the limit. Returns their number. */
async function fillJournal(issuer: string): Promise<number> {
  const body = new URLSearchParams({ grant_type: 'x'.repeat(8000) }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  for (let count = 0; count < 150; count++) await fetch(`${issuer}/oauth2/token`, { method: 'POST', headers, body })
  return 150
}

async function countEntries(issuer: string): Promise<number> {
  return ((await (await fetch(`${issuer}/admin/journal`)).json()) as { entries: object[] }).entries.length
}

async function listUsers(issuer: string): Promise<string[]> {
  const { users } = (await (await fetch(`${issuer}/admin/users`)).json()) as { users: { sub: string }[] }
  return users.map(({ sub }) => sub)
}

t.test('RFC 9110 §15.5.14: a record of more than a quarter of the limit is refused', async (t) => {
  const { put, list } = await startLimited(t)
  const refused = await put('', 'alice', MIB / 4)
  t.equal(refused.status, 413)
  t.match(await refused.json(), { error: 'invalid_request', error_description: /expected 262144 at most/ })
  t.equal((await put('', 'alice', MIB / 5)).status, 201)
  t.equal((await put('', 'alice', MIB / 4)).status, 413)
  t.strictSame(await list(''), ['alice'], 'the user from before is kept')
})

t.test('if no issuer takes much, the least recently used ones make room, whole', async (t) => {
  const { put, list } = await startLimited(t)
  await put('', 'root', 100_000)
  for (const name of ['one', 'two', 'three', 'four', 'five']) {
    t.equal((await put(`/issuers/${name}`, name, 100_000)).status, 201)
  }
  await list('/issuers/one')
  t.equal((await put('/issuers/six', 'six', 100_000)).status, 201)
  t.strictSame(await list('/issuers/one'), ['one'])
  t.strictSame(await list('/issuers/six'), ['six'])
  t.strictSame(await list(''), ['root'], 'the default issuer is never dropped')
  t.strictSame(await list('/issuers/two'), [])
})

t.test('an issuer that takes much makes room by itself, and the others keep their records', async (t) => {
  const { put, list, fillJournal, readJournal } = await startLimited(t)
  for (const name of ['one', 'two']) await put(`/issuers/${name}`, name, 100_000)
  for (const issuer of ['', '/issuers/three']) {
    const sent = await fillJournal(issuer)
    t.ok((await readJournal(issuer)) < sent)
    for (const name of ['one', 'two']) t.strictSame(await list(`/issuers/${name}`), [name])
  }
})

for (const users of [5, 3]) {
  t.test(
    `old records of issuers with ${users} users make room if the largest issuer has only fault rules`,
    async (t) => {
      const { url } = await start(t, {
        server: { memory_limit: 4 * LIMIT, body_limit: MIB },
        journal: { max_entries: 0 },
      })
      const put = createPut(url)
      await put('/issuers/small', 'small', 1)
      const rule = { fault: 'id_token.expired', match: { client_id: 'x'.repeat(190_000) } }
      const headers = { 'content-type': 'application/json' }
      const add = () =>
        fetch(`${url}/issuers/rules/admin/faults`, { method: 'POST', headers, body: JSON.stringify(rule) })
      for (let count = 0; count < 5; count++) t.equal((await add()).status, 201)
      for (let issuer = 0; issuer < 12; issuer++) {
        for (let user = 0; user < users; user++) {
          t.equal((await put(`/issuers/large-${issuer}`, `user-${user}`, 100_000)).status, 201)
        }
      }
      t.strictSame(await listUsers(`${url}/issuers/small`), ['small'])
      const { faults } = (await (await fetch(`${url}/issuers/rules/admin/faults`)).json()) as { faults: object[] }
      t.equal(faults.length, 5)
      const first = await listUsers(`${url}/issuers/large-0`)
      t.ok(
        first.length < users && !first.includes('user-0'),
        'the oldest user of the least recently used issuer is gone',
      )
    },
  )
}

t.test('logins with unknown subs and registrations remove no user or client of an administrator', async (t) => {
  const { url } = await start(t, {
    server: { memory_limit: LIMIT },
    journal: { max_entries: 0 },
    users: [{ sub: 'alice' }],
  })
  const call = (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    return fetch(url + path, { method, redirect: 'manual', ...(body && { headers, body: JSON.stringify(body) }) })
  }
  const redirect_uris = ['http://localhost/cb']
  t.equal((await call('DELETE', '/admin/users/alice')).status, 204)
  t.equal((await call('PUT', '/admin/users/bob', {})).status, 201)
  t.equal((await call('PUT', '/admin/clients/app', { redirect_uris, token_endpoint_auth_method: 'none' })).status, 201)
  const query = { client_id: 'web', response_type: 'code', redirect_uri: 'http://localhost/cb' }
  for (let count = 0; count < 500; count++) {
    const body = new URLSearchParams({ sub: `stranger-${count}` })
    const path = `${url}/oauth2/authorize?${new URLSearchParams(query)}`
    t.equal((await fetch(path, { method: 'POST', redirect: 'manual', body })).status, 302)
    t.equal((await call('POST', '/oauth2/clients', { redirect_uris })).status, 201)
  }
  const kept = await listUsers(url)
  t.ok(kept.includes('bob') && !kept.includes('alice') && !kept.includes('stranger-0'), String(kept))
  t.equal((await call('GET', '/admin/clients/app')).status, 200)
  t.equal((await call('GET', '/admin/users/alice')).status, 404)
})

t.test('a collection takes a quarter of the limit, and its oldest records make room', async (t) => {
  const { put, list } = await startLimited(t)
  for (const issuer of ['', '/issuers/one']) {
    for (let count = 0; count < 8; count++) t.equal((await put(issuer, `user-${count}`, 100_000)).status, 201)
    t.strictSame(await list(issuer), ['user-6', 'user-7'])
  }
})

t.test('if no other issuer is left, the journal makes room before records', async (t) => {
  for (const issuer of ['', '/issuers/one']) {
    const { put, list, fillJournal, readJournal } = await startLimited(t)
    await put(issuer, 'first', 100_000)
    const sent = await fillJournal(issuer)
    t.ok((await readJournal(issuer)) < sent)
    t.equal((await put(issuer, 'second', 100_000)).status, 201)
    t.strictSame(await list(issuer), ['first', 'second'])
  }
})

t.test('an isolated issuer takes room from the default issuer only while that is the larger one', async (t) => {
  const { put, list, fillJournal, readJournal } = await startLimited(t)
  const sent = await fillJournal('')
  const before = await readJournal('')
  for (const sub of ['first', 'second']) t.equal((await put('/issuers/one', sub, 100_000)).status, 201)
  t.strictSame(await list('/issuers/one'), ['first', 'second'])
  const after = await readJournal('')
  t.ok(after < before && after > 0, `${sent} sent, ${before} kept before, ${after} after`)
})

t.test('an isolated issuer that is the larger one takes no room from the default issuer', async (t) => {
  const { put, list, fillJournal, readJournal } = await startLimited(t)
  await put('', 'root', 100_000)
  const sent = await fillJournal('/issuers/one')
  t.ok((await readJournal('/issuers/one')) < sent)
  t.strictSame(await list(''), ['root'])
})

t.test('an issuer that goes since there are more than max_issuers gives its memory back', async (t) => {
  const { put, list } = await startLimited(t, { max_issuers: 2 })
  await put('', 'root', 180_000)
  for (let count = 0; count < 10; count++) await put(`/issuers/i${count}`, 'alice', 180_000)
  t.strictSame(await list(''), ['root'])
  t.strictSame(await list('/issuers/i9'), ['alice'])
  t.strictSame(await list('/issuers/i7'), [])
})

t.test('a flood of users with many objects does not end a process with a small heap', async (t) => {
  const { NODE_OPTIONS = '' } = process.env
  const { issuer } = await serveProcess(t, [], { NODE_OPTIONS: `${NODE_OPTIONS} --max-old-space-size=96` })
  // Each takes some 1.4 MB in memory, and they take 210 MB together.
  const claims = { objects: Array(19_900).fill({}) }
  const statuses = new Set<number>()
  for (let count = 0; count < 151; count++) {
    const name = count % 3 === 0 ? '' : `/issuers/worker-${count}`
    statuses.add((await putUser(issuer + name, `user-${count}`, claims)).status)
  }
  t.strictSame([...statuses], [201])
  t.strictSame(await listUsers(`${issuer}/issuers/worker-149`), ['user-149'])
  t.equal((await fetch(`${issuer}/healthz`)).status, 200)
})

t.test('RFC 4918 §11.5: rules for which there is no room are refused, since no rule is dropped', async (t) => {
  const { url } = await start(t, { server: { memory_limit: LIMIT } })
  const headers = { 'content-type': 'application/json' }
  const client_id = Array.from({ length: 1000 }, (_, index) => `${index}-${'x'.repeat(90)}`)
  const body = JSON.stringify({ fault: 'token.error', error: 'invalid_grant', match: { client_id } })
  const add = () => fetch(`${url}/admin/faults`, { method: 'POST', headers, body })
  t.strictSame([(await add()).status, (await add()).status], [201, 201])
  const refused = await add()
  t.equal(refused.status, 507)
  t.match(await refused.json(), { error: 'temporarily_unavailable', error_description: /^fault_rules holds 2 records/ })
  const { faults } = (await (await fetch(`${url}/admin/faults`)).json()) as { faults: object[] }
  t.equal(faults.length, 2)
})
