/** Parameters of an authorization request about the login, and the resulting claims. */
import { hasCode, hasFrontIdToken, hasToken } from '../plan.js'
import type { RelyingParty } from '../relying_party.js'
import { type Values, verifyRefusal } from '../verify.js'
import { ACR_VALUES, CLAIMS } from '../world.js'
import type { Module } from './module.js'

const CORE = 'OpenID Connect Core'

const hasUserinfo = (plan: Parameters<typeof hasCode>[0]) => hasCode(plan) || hasToken(plan)

const SCOPES: Readonly<Record<'profile' | 'email' | 'address' | 'phone', readonly string[]>> = {
  profile: Object.keys(CLAIMS).slice(0, Object.keys(CLAIMS).indexOf('email')),
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
}

/** Core §5.4: checks that the claims of the scopes are at userinfo, or in the ID token without an access token. */
async function verifyScopes(rp: RelyingParty, scopes: readonly (keyof typeof SCOPES)[]): Promise<void> {
  const { t, plan } = rp
  const names = scopes.flatMap((scope) => SCOPES[scope])
  const expected = Object.fromEntries(names.map((name) => [name, CLAIMS[name as keyof typeof CLAIMS]]))
  const login = await rp.logIn(await rp.register(), { parameters: { scope: ['openid', ...scopes].join(' ') } })
  const standard = (claims: Values) => Object.keys(claims).filter((name) => Object.hasOwn(CLAIMS, name))
  const there = hasUserinfo(plan) ? await rp.readUserinfo(login) : login.claims
  for (const name of names) t.strictSame(there[name], expected[name], `${name} is present`)
  t.strictSame(standard(there).sort(), names.sort(), 'no other claim is present')
  if (!hasUserinfo(plan)) return
  t.strictSame(standard({ ...login.claims, ...login.front_claims }), [], 'no claim of the scopes is in the ID tokens')
}

const scopeModule = (name: 'all' | keyof typeof SCOPES): Module => ({
  name: `scope-${name}`,
  section: `${CORE} §5.4`,
  rule: `the claims of ${name === 'all' ? 'all scopes' : `the scope ${name}`} are at userinfo, or in the ID token without an access token`,
  run: (rp) => verifyScopes(rp, name === 'all' ? ['profile', 'email', 'address', 'phone'] : [name]),
})

const userinfoModule = (name: Module['name'], how: string, section: string): Module => ({
  name,
  section,
  rule: `userinfo answers ${how}`,
  applies: hasUserinfo,
  run: async (rp) => void (await rp.readUserinfo(await rp.logIn(await rp.register()), how)),
})

/** Checks that a login with a parameter of no visible effect succeeds. */
const acceptedModule = (name: Module['name'], parameters: Record<string, string>): Module => ({
  name,
  section: `${CORE} §3.1.2.1`,
  rule: `${new URLSearchParams(parameters)} is accepted`,
  run: async (rp) => void (await rp.logIn(await rp.register(), { parameters })),
})

export const login: readonly Module[] = [
  userinfoModule('userinfo-get', 'GET header', `${CORE} §5.3.1`),
  userinfoModule('userinfo-post-header', 'POST header', `${CORE} §5.3.1`),
  userinfoModule('userinfo-post-body', 'POST body', 'RFC 6750 §2.2'),
  scopeModule('profile'),
  scopeModule('email'),
  scopeModule('address'),
  scopeModule('phone'),
  scopeModule('all'),
  acceptedModule('display-page', { display: 'page' }),
  acceptedModule('display-popup', { display: 'popup' }),
  acceptedModule('login-hint', { login_hint: 'buffy@example.com' }),
  acceptedModule('ui-locales', { ui_locales: 'se' }),
  acceptedModule('claims-locales', { claims_locales: 'se' }),
  {
    name: 'prompt-login',
    section: `${CORE} §3.1.2.1`,
    rule: 'prompt=login requires a new login with a later auth_time',
    async run(rp) {
      const client = await rp.register()
      const first = await rp.logIn(client)
      await rp.world.advance(2)
      const { browser } = first
      const second = await rp.logIn(client, { browser, parameters: { prompt: 'login' } })
      rp.t.ok(second.outcome.pages.length > 0, 'a page was shown')
      rp.t.ok(Number(second.claims.auth_time) > Number(first.claims.auth_time), 'auth_time is later')
    },
  },
  {
    name: 'prompt-none-not-logged-in',
    section: `${CORE} §3.1.2.6`,
    rule: 'prompt=none without a login is refused without a page',
    async run(rp) {
      const client = await rp.register()
      const query = rp.parameters(client, { parameters: { prompt: 'none' } })
      const outcome = await rp.ask(query)
      const { params } = rp.readAnswer(outcome, client)
      const errors = ['login_required', 'interaction_required', 'account_selection_required', 'consent_required']
      verifyRefusal(rp.t, Object.fromEntries(params), errors, ['state', 'iss', 'session_state'])
      rp.t.equal(params.get('state'), query.get('state'))
      if (rp.place() !== 'body') rp.t.strictSame(outcome.pages, [], 'no page was shown')
    },
  },
  {
    name: 'prompt-none-logged-in',
    section: `${CORE} §3.1.2.1`,
    rule: 'prompt=none with a login and consent gets tokens of the same login without a page',
    run: (rp) => verifySilent(rp, {}, { prompt: 'none' }),
  },
  {
    name: 'id-token-hint',
    section: `${CORE} §3.1.2.1`,
    rule: 'prompt=none with the ID token of the login gets tokens of the same login without a page',
    run: (rp) => verifySilent(rp, {}, (id_token) => ({ prompt: 'none', id_token_hint: id_token })),
  },
  {
    name: 'max-age-10000',
    section: `${CORE} §3.1.2.1`,
    rule: 'a login within max_age is accepted, and auth_time is its time',
    run: (rp) => verifySilent(rp, { max_age: '15000' }, { max_age: '10000' }, true),
  },
  {
    name: 'max-age-1',
    section: `${CORE} §3.1.2.1`,
    rule: 'a login older than max_age must be repeated, and auth_time is the time of the new login',
    async run(rp) {
      const { t, world } = rp
      const client = await rp.register()
      const first = await rp.logIn(client)
      await world.advance(2)
      const second = await rp.logIn(client, { browser: first.browser, parameters: { max_age: '1' } })
      t.ok(second.outcome.pages.length > 0, 'a page was shown')
      for (const claims of [second.claims, second.front_claims ?? second.claims]) {
        t.ok(Number.isInteger(claims.auth_time), 'auth_time is a number')
        t.ok(Number(claims.auth_time) > Number(first.claims.auth_time), 'auth_time is later')
        t.ok(Math.abs(Number(claims.auth_time) - world.now()) < 5, 'auth_time is now')
      }
    },
  },
  {
    name: 'ensure-request-with-acr-values-succeeds',
    section: `${CORE} §3.1.2.1`,
    rule: 'a login has one of the requested acr_values',
    async run(rp) {
      rp.t.strictSame(rp.world.metadata.acr_values_supported, ACR_VALUES)
      const parameters = { acr_values: ACR_VALUES.join(' ') }
      const { claims } = await rp.logIn(await rp.register(), { parameters })
      rp.t.ok(ACR_VALUES.includes(String(claims.acr)), `acr is ${claims.acr}`)
    },
  },
  {
    name: 'claims-essential',
    section: `${CORE} §5.5`,
    rule: 'an individually requested claim is at the requested place',
    async run(rp) {
      const { t, plan } = rp
      const place = hasUserinfo(plan) ? 'userinfo' : 'id_token'
      const parameters = { claims: JSON.stringify({ [place]: { name: { essential: true } } }) }
      const login = await rp.logIn(await rp.register(), { parameters })
      const there = hasUserinfo(plan) ? await rp.readUserinfo(login) : login.claims
      t.equal(there.name, CLAIMS.name)
      if (!hasUserinfo(plan)) return
      t.notOk(Object.hasOwn(login.claims, 'name'), 'not in the ID token')
      if (hasFrontIdToken(plan))
        t.notOk(Object.hasOwn(login.front_claims!, 'name'), 'not in the ID token of the front channel')
    },
  },
]

type Parameters_ = Readonly<Record<string, string>>

/** Checks that the second login of a browser shows no page and has the same subject and auth_time. */
async function verifySilent(
  rp: RelyingParty,
  before: Parameters_,
  after: Parameters_ | ((id_token: string) => Parameters_),
  timed = false,
): Promise<void> {
  const { t } = rp
  const client = await rp.register()
  const first = await rp.logIn(client, { parameters: before })
  const parameters = typeof after === 'function' ? after(first.id_token) : after
  const second = await rp.logIn(client, { browser: first.browser, parameters })
  const questions = second.outcome.pages.filter(({ html }) => /name="sub"|value="consent"/.test(html))
  t.strictSame(questions, [], 'no page was shown')
  t.equal(second.claims.sub, first.claims.sub, 'the same sub')
  t.equal(second.claims.auth_time, first.claims.auth_time, 'the same auth_time')
  if (timed) t.ok(Number.isInteger(second.claims.auth_time), 'auth_time is a number')
}
