/** Reads of the store by faults: no user, client or rule is looked up at a door where no declared fault can act. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createFaultState } from '../../src/issuer/faults.js'
import type { Store } from '../../src/store/store.js'
import { createApp, createIssuer, exchange, getTokens, getUserinfo, logIn, snapshotOf, type TestApp } from '../app.js'

/** Verbs that only read. */
const READS = ['get', 'listBy', 'list']

type Verb = (...args: unknown[]) => unknown

/** An app that records its reads as `collection.verb`. */
async function createCountingApp(config: ConfigInput) {
  const snapshot = await snapshotOf(config)
  const issuer = createIssuer(() => snapshot)
  const reads: string[] = []
  const wrapped = Object.entries(issuer.store).map(([name, collection]) => {
    const verbs = Object.entries(collection as unknown as Record<string, Verb>).map(([verb, call]) => {
      const counted = (...args: unknown[]) => {
        if (READS.includes(verb)) reads.push(`${name}.${verb}`)
        return call(...args)
      }
      return [verb, counted]
    })
    return [name, Object.fromEntries(verbs)]
  })
  const store = Object.fromEntries(wrapped) as Store
  const faults = createFaultState(store, { shared: false })
  const parts = { findIssuer: () => ({ ...issuer, store, faults }), current: () => snapshot }
  return { test: await createApp(t, config, parts), reads }
}

/** A whole login: the page, the form, the token request and userinfo. */
async function goThrough(test: TestApp): Promise<void> {
  await test.get('/oauth2/authorize?client_id=app&redirect_uri=http://a/cb&response_type=code&scope=openid')
  const code = (await logIn(test, { sub: 'alice' })).get('code')!
  const { access_token } = (await exchange(test, { code })).json<{ access_token: string }>()
  t.equal((await getUserinfo(test, access_token)).statusCode, 200)
}

t.test('a login without faults reads the store at most 16 times, and once for faults', async (t) => {
  const { test, reads } = await createCountingApp({ users: [{ sub: 'alice' }] })
  await goThrough(test)
  t.ok(reads.length <= 16, `${reads.length}: ${reads.join(' ')}`)
  t.strictSame(
    reads.filter((read) => read.startsWith('fault')),
    ['fault_declarations.get'],
  )
})

t.test('faults at other doors add no reads to a login', async (t) => {
  const users = [{ sub: 'alice' }]
  const plain = await createCountingApp({ users })
  await goThrough(plain.test)
  const { test, reads } = await createCountingApp({ users, faults: [{ fault: 'logout.not_delivered' }] })
  await goThrough(test)
  t.strictSame(reads, plain.reads)
})

t.test('a public document reads the declarations of faults once, and no user, client or rule', async (t) => {
  const { test, reads } = await createCountingApp({})
  await test.get('/jwks')
  await test.get('/.well-known/openid-configuration')
  t.strictSame(
    reads.filter((read) => /^(?:fault_|users|clients)/.test(read)),
    ['fault_declarations.get'],
  )
})

t.test('a rule of run time acts from the next request on', async (t) => {
  const { test } = await createCountingApp({ users: [{ sub: 'alice' }] })
  await getTokens(test)
  const payload = { fault: 'token.missing_id_token', match: { sub: 'alice' } }
  await test.app.inject({ method: 'POST', url: '/admin/faults', payload })
  t.notOk('id_token' in (await getTokens(test)))
  await test.app.inject({ method: 'DELETE', url: '/admin/faults' })
  t.ok('id_token' in (await getTokens(test)))
})
