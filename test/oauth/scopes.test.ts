/** The granted scope and the claims that each scope releases. RFC 6749 §3.3 and OpenID Connect Core §5.4. */
import t from 'tap'
import type { Client } from '../../src/directory/clients.js'
import { grantScope, listScopes, selectScope } from '../../src/oauth/scopes.js'
import { createContext, snapshotOf } from '../app.js'

const clientWith = (scope?: string) => ({ client_id: 'app', ...(scope !== undefined && { scope }) }) as Client

const GRANTED: [string, string | undefined, string | undefined, string][] = [
  ['everything that is requested', undefined, 'openid email custom:scope', 'openid email custom:scope'],
  ['nothing if nothing is requested', undefined, undefined, ''],
  ['a repeated scope once', undefined, 'openid openid  email', 'openid email'],
  ['only scopes of the client', 'openid email', 'openid profile email', 'openid email'],
  ['nothing to a client with an empty scope', '', 'openid', ''],
  ['no scope of the client that is not requested', 'openid email', 'email', 'email'],
]
const lenient = await createContext()
for (const [title, registered, requested, granted] of GRANTED) {
  t.equal(grantScope(lenient, clientWith(registered), requested, false), granted, `RFC 6749 §3.3: granted is ${title}`)
}

t.test('OpenID Connect Core §3.1.2.1: an unknown scope is ignored if the rule is on', async (t) => {
  const requested = 'openid custom unknown toString'
  const scopes = { custom: {} }
  const strict = await createContext({ scopes, rules: { known_scopes: true } })
  t.equal(grantScope(strict, clientWith(), requested, false), 'openid custom')
  t.equal(grantScope(strict, clientWith('unknown openid'), requested, false), 'openid')
  t.equal(grantScope(await createContext({ scopes }), clientWith(), requested, false), requested)
})

t.test(
  'OpenID Connect Core §11: offline_access is ignored in a request that cannot ask for it if the rule is on',
  async (t) => {
    const requested = 'openid offline_access'
    const strict = await createContext({ rules: { offline_access: true, known_scopes: true } })
    t.equal(grantScope(strict, clientWith(), requested, true), requested)
    t.equal(grantScope(strict, clientWith(), requested, false), 'openid')
    t.equal(grantScope(strict, clientWith('openid'), requested, true), 'openid')
    t.equal(grantScope(lenient, clientWith(), requested, false), requested)
  },
)

t.test('an ignored scope is in the journal with the reason', async (t) => {
  const strict = await createContext({ rules: { offline_access: true, known_scopes: true } })
  grantScope(strict, clientWith('openid offline_access a b'), 'openid a email b offline_access', false)
  t.strictSame(
    strict.exchange.remarks.map(({ event, message }) => [event, message]),
    [
      ['scope_ignored', 'scope email is ignored: it is not in the scope of the client'],
      ['scope_ignored', 'scope a b is ignored: it is neither standard nor defined under scopes'],
      ['scope_ignored', 'scope offline_access is ignored: it needs prompt=consent and a response_type with code'],
    ],
  )
  const quiet = await createContext({ rules: { offline_access: true, known_scopes: true } })
  grantScope(quiet, clientWith('openid'), 'openid', false)
  t.strictSame(quiet.exchange.remarks, [])
})

for (const word of ['a"b', 'a\\b', 'größe', 'a\tb', 'a\nb', '\u007f', '\u0000']) {
  t.test(`RFC 6749 §3.3: ${JSON.stringify(word)} is not a scope`, async (t) => {
    t.throws(() => grantScope(lenient, clientWith(), `openid ${word}`, false), {
      error: 'invalid_scope',
      message: /^scope has /,
    })
  })
}

t.test('RFC 6749 §6: a refresh can narrow the scope, but not widen it', async (t) => {
  t.equal(selectScope(lenient, clientWith(), 'openid email', undefined), 'openid email')
  t.equal(selectScope(lenient, clientWith(), 'openid email', 'email'), 'email')
  t.equal(selectScope(lenient, clientWith(), 'openid email', 'email openid email'), 'email openid')
  for (const requested of ['openid profile', 'x']) {
    t.throws(() => selectScope(lenient, clientWith(), 'openid email', requested), {
      error: 'invalid_scope',
      message: /^scope has (profile|x), expected no more than what was granted: openid email$/,
    })
  }
})

t.test('OpenID Connect Core §5.4: the standard scopes release 14, 2, 1 and 2 claims', async (t) => {
  const scopes = listScopes(await snapshotOf())
  const counts = [...scopes].map(([name, claims]) => [name, claims.length])
  t.strictSame(Object.fromEntries(counts), {
    openid: 0,
    profile: 14,
    email: 2,
    address: 1,
    phone: 2,
    offline_access: 0,
  })
})

t.test('configured scopes come after the standard ones and add to them', async (t) => {
  const scopes = listScopes(
    await snapshotOf({ scopes: { groups: { claims: ['groups', 'team'] }, profile: { claims: ['team'] }, bare: {} } }),
  )
  t.strictSame(
    [...scopes.keys()],
    ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'groups', 'bare'],
  )
  t.strictSame(scopes.get('groups'), ['groups', 'team'])
  t.equal(scopes.get('profile')?.at(-1), 'team')
  t.equal(scopes.get('profile')?.length, 15)
  t.strictSame(scopes.get('bare'), [])
})
