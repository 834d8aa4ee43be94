/** OpenID Connect Core §5.4: a scope's claims come with the scope, all others always. */
import t from 'tap'
import { type Release, releaseClaims } from '../../src/oauth/claims.js'
import { snapshotOf } from '../app.js'

const ALL = {
  name: 'Alice',
  updated_at: 1,
  email: 'alice@example.com',
  email_verified: true,
  address: { country: 'NL' },
  phone_number: '+31',
  groups: ['admin'],
  team: 'blue',
  level: 3,
}
const user = { sub: 'alice', claims: ALL, id_token: { hint: 'id' }, userinfo: { hint: 'userinfo' }, access_token: {} }
const ALWAYS = { level: 3 }

const granted = (scope: string, place: Release['place']): Release => ({
  scope,
  place,
  claims: undefined,
  has_userinfo: true,
})

const RELEASED: [string, object][] = [
  ['', {}],
  ['openid', {}],
  ['openid profile', { name: 'Alice', updated_at: 1, team: 'blue' }],
  ['openid email', { email: 'alice@example.com', email_verified: true }],
  ['address', { address: { country: 'NL' } }],
  ['phone', { phone_number: '+31' }],
  ['groups', { groups: ['admin'], team: 'blue' }],
  ['email groups unknown', { email: 'alice@example.com', email_verified: true, groups: ['admin'], team: 'blue' }],
]

t.test('OpenID Connect Core §5.4: claims by scope', async (t) => {
  const scopes = { groups: { claims: ['groups', 'team'] }, profile: { claims: ['team'] } }
  const snapshot = await snapshotOf({ scopes })
  for (const [scope, claims] of RELEASED) {
    for (const place of ['id_token', 'userinfo'] as const) {
      const hint = place === 'id_token' ? 'id' : 'userinfo'
      t.strictSame(
        releaseClaims(snapshot, user, granted(scope, place)),
        { ...claims, ...ALWAYS, hint },
        `${scope} ${place}`,
      )
    }
  }
})

t.test('a claim that no configured scope names is for everybody', async (t) => {
  const claims = releaseClaims(await snapshotOf(), user, granted('openid', 'userinfo'))
  t.strictSame(claims, { ...ALWAYS, groups: ['admin'], team: 'blue', hint: 'userinfo' })
})

t.test('claims of one place lie over the others', async (t) => {
  const odd = { ...user, claims: { level: 1 }, id_token: { level: 2, email: 'x' } }
  t.strictSame(releaseClaims(await snapshotOf(), odd, granted('', 'id_token')), { level: 2, email: 'x' })
})

t.test('a claim with the name of what all objects have is only a claim', async (t) => {
  const claims = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}') as Record<string, unknown>
  const released = releaseClaims(await snapshotOf(), { ...user, claims }, granted('', 'userinfo'))
  t.equal(Object.getPrototypeOf(released), Object.prototype)
  t.equal((released as { admin?: unknown }).admin, undefined)
  t.strictSame(Object.keys(released).toSorted(), ['__proto__', 'constructor', 'hint'])
})
