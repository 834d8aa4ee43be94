/** Release of claims: claims of scopes with their scope, all other claims always. OpenID Connect Core §5.4. */
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

t.test('OpenID Connect Core §5.4: a granted scope releases its claims', async (t) => {
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

t.test('a claim of no configured scope is always released', async (t) => {
  const claims = releaseClaims(await snapshotOf(), user, granted('openid', 'userinfo'))
  t.strictSame(claims, { ...ALWAYS, groups: ['admin'], team: 'blue', hint: 'userinfo' })
})

t.test('claims for one place override the claims of the user', async (t) => {
  const odd = { ...user, claims: { level: 1 }, id_token: { level: 2, email: 'x' } }
  t.strictSame(releaseClaims(await snapshotOf(), odd, granted('', 'id_token')), { level: 2, email: 'x' })
})

t.test('claims with names of object members are only claims', async (t) => {
  const claims = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}') as Record<string, unknown>
  const released = releaseClaims(await snapshotOf(), { ...user, claims }, granted('', 'userinfo'))
  t.equal(Object.getPrototypeOf(released), Object.prototype)
  t.equal((released as { admin?: unknown }).admin, undefined)
  t.strictSame(Object.keys(released).toSorted(), ['__proto__', 'constructor', 'hint'])
})

const STRICT = { rules: { scope_claims_at_userinfo: true, requested_claims_only: true } }
const names = (claims: object) => Object.keys(claims).toSorted()

t.test('OpenID Connect Core §5.4: if an access token is issued, userinfo returns the claims of scopes', async (t) => {
  const snapshot = await snapshotOf(STRICT)
  const email = ['email', 'email_verified', 'hint']
  const alone = { ...granted('openid email', 'id_token'), has_userinfo: false }
  t.strictSame(names(releaseClaims(snapshot, user, granted('openid email', 'id_token'))), ['hint'])
  t.strictSame(names(releaseClaims(snapshot, user, alone)), email)
  t.strictSame(names(releaseClaims(snapshot, user, granted('openid email', 'userinfo'))), email)
})

t.test('each rule applies without the other', async (t) => {
  const at = async (rules: object, place: Release['place']) =>
    names(releaseClaims(await snapshotOf({ rules }), user, granted('email', place)))
  const others = ['groups', 'hint', 'level', 'team']
  t.strictSame(await at({ scope_claims_at_userinfo: true }, 'id_token'), others)
  t.strictSame(await at({ requested_claims_only: true }, 'id_token'), ['email', 'email_verified', 'hint'])
})

const REQUESTED: [string, object, string[]][] = [
  ['nothing', {}, []],
  ['voluntarily', { email: null }, ['email']],
  ['as essential', { groups: { essential: true } }, ['groups']],
  ['that the user lacks', { nickname: { essential: true } }, []],
  ['with its value', { level: { value: 3 } }, ['level']],
  ['with another value', { level: { value: 4 } }, []],
  ['with a value of another type', { level: { value: '3' } }, []],
  ['with one of several values', { level: { values: [2, 3] } }, ['level']],
  ['with none of several values', { level: { values: [1, 2] } }, []],
  ['with an object as value', { address: { value: { country: 'NL' } } }, ['address']],
  ['with names of object members', JSON.parse('{"constructor": null, "__proto__": null}') as object, []],
]
for (const [title, requested, expected] of REQUESTED) {
  t.test(`OpenID Connect Core §5.5: an individually requested claim: ${title}`, async (t) => {
    const snapshot = await snapshotOf(STRICT)
    for (const place of ['id_token', 'userinfo'] as const) {
      const release = { ...granted('openid', place), claims: { [place]: requested } }
      t.strictSame(names(releaseClaims(snapshot, user, release)), [...expected, 'hint'].toSorted(), place)
      const other = { ...granted('openid', place === 'userinfo' ? 'id_token' : 'userinfo'), claims: release.claims }
      t.strictSame(names(releaseClaims(snapshot, user, other)), ['hint'], `${place} only`)
    }
  })
}

t.test('OpenID Connect Core §5.5.1: a requested value that differs withholds a claim of a granted scope', async (t) => {
  const release = { ...granted('email', 'userinfo'), claims: { userinfo: { email: { value: 'other@x' } } } }
  t.strictSame(names(releaseClaims(await snapshotOf(STRICT), user, release)), ['email_verified', 'hint'])
})

t.test('OpenID Connect Core §5.2: a claim in another language is released with the scope of the claim', async (t) => {
  const tagged = { ...user, claims: { name: 'Anna', 'name#ja': '\u30a2\u30f3\u30ca', 'level#de': 'drei' } }
  for (const config of [{}, STRICT]) {
    const snapshot = await snapshotOf(config)
    const of = (release: Release) =>
      names(releaseClaims(snapshot, tagged, release)).filter((name) => name !== 'level#de')
    t.strictSame(of(granted('profile', 'userinfo')), ['hint', 'name', 'name#ja'])
    t.strictSame(of(granted('email', 'userinfo')), ['hint'])
    const localized = { ...granted('', 'userinfo'), claims: { userinfo: { 'name#ja': null } } }
    t.strictSame(of(localized), ['hint', 'name#ja'])
  }
})

t.test(
  'OpenID Connect Core §5.3.2: claims without a value are omitted unless they are configured for this place',
  async (t) => {
    const empty = { ...user, claims: { name: null, nickname: ' ', groups: [], email: '' }, userinfo: { email: null } }
    const claims = { userinfo: { name: null, groups: null } }
    const release = { ...granted('profile email', 'userinfo'), claims }
    t.strictSame(releaseClaims(await snapshotOf(STRICT), empty, release), { groups: [], email: null })
    t.strictSame(names(releaseClaims(await snapshotOf(), empty, release)), ['email', 'groups', 'name', 'nickname'])
  },
)
