/** Records that another request removes between a look-up and a change. */
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import type { CollectionName } from '../../src/store/collections.js'
import { createMemoryStore } from '../../src/store/memory.js'
import type { StoredRecord } from '../../src/store/records.js'
import type { Collection, Store } from '../../src/store/store.js'
import { createApp, createIssuer, getTokens, jsonOf, refresh, refused, snapshotOf } from '../app.js'
import { CLIENT, createUserAgent } from '../user_agent.js'

/** An app whose store removes all records of a collection after the nth look-up, counted from `begin`. */
async function createVanishing(t: Test, config: ConfigInput, name: CollectionName, nth = 1) {
  const store = createMemoryStore()
  const collection = store[name] as unknown as Collection<StoredRecord, string>
  let left = Number.POSITIVE_INFINITY
  const look = async <T>(result: Promise<T>): Promise<T> => {
    await result
    left -= 1
    if (left === 0) await collection.clear()
    return result
  }
  const vanishing: Collection<StoredRecord, string> = {
    ...collection,
    get: (key) => look(collection.get(key)),
    listBy: (index, value) => look(collection.listBy(index, value)),
  }
  const snapshot = await snapshotOf(config)
  const issuer = { ...createIssuer(() => snapshot), store: { ...store, [name]: vanishing } as Store }
  const test = await createApp(t, config, { findIssuer: () => issuer })
  const begin = () => {
    left = nth
  }
  return { test, store, begin }
}

t.test('a rotated refresh token that is removed before its use is unknown', async (t) => {
  const config: ConfigInput = {
    clients: [{ client_id: 'app', redirect_uris: CLIENT.redirect_uris, token_endpoint_auth_method: 'none' }],
    rules: { rotate_refresh_tokens: true },
  }
  const { test, store, begin } = await createVanishing(t, config, 'refresh_tokens', 2)
  const { refresh_token } = await getTokens(test)
  begin()
  refused(t, await refresh(test, refresh_token), 'invalid_grant', /^refresh_token is unknown/)
  t.strictSame(await store.refresh_tokens.list(), [])
})

const SSO: ConfigInput = { clients: [CLIENT], sessions: { single_sign_on: true } }

t.test('a logout of a session that another logout ends first succeeds', async (t) => {
  const { test, begin } = await createVanishing(t, SSO, 'sessions')
  const agent = createUserAgent(test)
  await agent.logIn('alice')
  begin()
  const answer = await test.app.inject({
    method: 'POST',
    url: '/oauth2/end_session/confirm',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    cookies: Object.fromEntries([...agent.cookies.values()].map(({ name, value }) => [name, value])),
  })
  t.equal(answer.statusCode, 200)
  t.match(answer.body, 'Session ended')
})

t.test('the admin API does not find a session that ends before its deletion', async (t) => {
  const { test, store, begin } = await createVanishing(t, SSO, 'sessions')
  await createUserAgent(test).logIn('alice')
  const [session] = await store.sessions.list()
  begin()
  const { sid } = session![1].accounts[0]!
  const answer = await test.app.inject({ method: 'DELETE', url: `/admin/sessions/${sid}` })
  t.match(jsonOf(t, answer, 404), { error: 'not_found' })
})

t.test('the deletion of a user does not restore a session that ends at the same time', async (t) => {
  const { test, store, begin } = await createVanishing(t, SSO, 'sessions')
  await createUserAgent(test).logIn('alice')
  begin()
  t.equal((await test.app.inject({ method: 'DELETE', url: '/admin/users/alice' })).statusCode, 204)
  t.strictSame(await store.sessions.list(), [])
})
