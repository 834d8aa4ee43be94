/** Store reads of a login, counted: the steps of one request read a record once. */
import t from 'tap'
import type { Store } from '../../src/store/store.js'
import { createApp, createIssuer, exchange, getUserinfo, logIn, REDIRECT_URI, snapshotOf } from '../app.js'

const CONFIG = {
  users: [{ sub: 'alice' }],
  clients: [{ client_id: 'app', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' as const }],
}
const READS = ['get', 'list', 'listBy']

/** Returns a store that reports every read as `collection.verb(key)`. */
function countReads(store: Store, report: (read: string) => void): Store {
  const collections = Object.entries(store).map(([name, collection]) => {
    const verbs = Object.entries(collection).map(([verb, call]) => [
      verb,
      (...parameters: unknown[]) => {
        if (READS.includes(verb)) report(`${name}.${verb}(${String(parameters[0])})`)
        return (call as (...all: unknown[]) => unknown)(...parameters)
      },
    ])
    return [name, Object.fromEntries(verbs)]
  })
  return Object.fromEntries(collections) as Store
}

t.test('a login without faults does at most 16 store reads, and no request reads a record twice', async (t) => {
  const snapshot = await snapshotOf(CONFIG)
  const issuer = createIssuer(() => snapshot)
  let reads: string[] = []
  const store = countReads(issuer.store, (read) => reads.push(read))
  const test = await createApp(t, {}, { current: () => snapshot, findIssuer: () => ({ ...issuer, store }) })
  let total = 0
  const requireOnce = (request: string) => {
    t.ok(reads.length > 0, request)
    t.strictSame(reads, [...new Set(reads)], request)
    total += reads.length
    reads = []
  }
  const query = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid' }
  await test.get(`/oauth2/authorize?${new URLSearchParams(query)}`)
  requireOnce('the login page')
  const code = (await logIn(test)).get('code')!
  requireOnce('the login')
  const { access_token } = (await exchange(test, { code })).json<{ access_token: string }>()
  requireOnce('the token request')
  t.ok(total <= 16, `${total} reads`)
  t.equal((await getUserinfo(test, access_token)).statusCode, 200)
  requireOnce('userinfo')
})
