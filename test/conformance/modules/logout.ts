/** Logouts. OpenID Connect RP-Initiated Logout, Front-Channel Logout, Back-Channel Logout. */
import { decodeJwt, UnsecuredJWT } from 'jose'
import type { Outcome } from '../browser.js'
import { type Client, type Login, randomText, signAs } from '../plan.js'
import type { RelyingParty } from '../relying_party.js'
import { type Values, verifyRefusal, verifySignature } from '../verify.js'
import type { Module } from './module.js'

const RP_INITIATED = 'OpenID Connect RP-Initiated Logout'

const POST_LOGOUT_REDIRECT_URI = 'https://rp.example.com/logged_out'

type Parameters_ = Readonly<Record<string, string | undefined>>

async function register(rp: RelyingParty, metadata: Values = {}): Promise<Client> {
  rp.t.match(rp.endpoint('end_session_endpoint'), /^https:/)
  return rp.register({ post_logout_redirect_uris: [POST_LOGOUT_REDIRECT_URI], ...metadata })
}

/** Logs out. The parameters replace those of a complete request; undefined removes one. */
function logOut(rp: RelyingParty, { browser, id_token }: Login, parameters: Parameters_ = {}): Promise<Outcome> {
  const all = { id_token_hint: id_token, post_logout_redirect_uri: POST_LOGOUT_REDIRECT_URI, ...parameters }
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return browser.open(`${rp.endpoint('end_session_endpoint')}?${new URLSearchParams(given)}`)
}

/** RP-Initiated Logout §3: checks that the browser is at the registered URI with the state only. */
function verifyBack({ t }: RelyingParty, { elsewhere, pages }: Outcome, state?: string): void {
  const expected = state === undefined ? '' : `?${new URLSearchParams({ state })}`
  t.equal(elsewhere?.url.href, POST_LOGOUT_REDIRECT_URI + expected, `back at the client: ${pages.at(-1)?.heading}`)
  t.equal(elsewhere?.posted, undefined, 'by a redirect')
}

/** Checks that the browser stays at a page of the provider. */
function verifyPage({ t }: RelyingParty, { elsewhere, pages }: Outcome, heading: RegExp): void {
  t.equal(elsewhere, undefined, 'no redirect')
  t.match(pages.at(-1)?.heading, heading)
}

/** Checks that no user is logged in after a logout. */
async function verifyLoggedOut(rp: RelyingParty, client: Client, { browser }: Login): Promise<void> {
  const query = rp.parameters(client, { parameters: { prompt: 'none' } })
  const { params } = rp.readAnswer(await rp.ask(query, { browser }), client)
  const errors = ['login_required', 'interaction_required', 'account_selection_required', 'consent_required']
  verifyRefusal(rp.t, Object.fromEntries(params), errors, ['state', 'iss', 'session_state'])
}

/** Defines a logout after which the browser stays at the provider. */
const stayingModule = (
  name: Module['name'],
  rule: string,
  parameters: (rp: RelyingParty, login: Login) => Parameters_ | Promise<Parameters_>,
  { section = `${RP_INITIATED} §3`, ends = false } = {},
): Module => ({
  name,
  section,
  rule,
  async run(rp) {
    const client = await register(rp)
    const login = await rp.logIn(client)
    const outcome = await logOut(rp, login, { state: randomText(), ...(await parameters(rp, login)) })
    verifyPage(rp, outcome, ends ? /^Logged out$/ : /./)
    if (ends) await verifyLoggedOut(rp, client, login)
    else rp.t.equal(outcome.pages.at(-1)?.status, 400, 'the page has the error')
  },
})

const nothing = { id_token_hint: undefined, post_logout_redirect_uri: undefined }

export const logout: readonly Module[] = [
  {
    name: 'rp-initiated-logout',
    section: `${RP_INITIATED} §3`,
    rule: 'after the logout, the browser returns with the state, and no user is logged in',
    async run(rp) {
      const client = await register(rp)
      const login = await rp.logIn(client)
      const state = randomText()
      verifyBack(rp, await logOut(rp, login, { state }), state)
      await verifyLoggedOut(rp, client, login)
    },
  },
  {
    name: 'rp-initiated-logout-no-state',
    section: `${RP_INITIATED} §3`,
    rule: 'without a state in the request, the redirect has none',
    async run(rp) {
      const client = await register(rp)
      const login = await rp.logIn(client)
      verifyBack(rp, await logOut(rp, login))
      await verifyLoggedOut(rp, client, login)
    },
  },
  stayingModule(
    'rp-initiated-logout-bad-post-logout-redirect-uri',
    'there is no redirect to an unregistered URI',
    () => ({ post_logout_redirect_uri: 'https://rp.example.com/elsewhere' }),
  ),
  stayingModule(
    'rp-initiated-logout-query-added-to-post-logout-redirect-uri',
    'there is no redirect to a registered URI with an additional query',
    () => ({ post_logout_redirect_uri: `${POST_LOGOUT_REDIRECT_URI}?foo=bar` }),
  ),
  stayingModule(
    'rp-initiated-logout-modified-id-token-hint',
    'a hint without a signature is not accepted',
    (_rp, { id_token }) => ({ id_token_hint: new UnsecuredJWT(decodeJwt(id_token)).encode() }),
    { section: `${RP_INITIATED} §4` },
  ),
  stayingModule(
    'rp-initiated-logout-bad-id-token-hint',
    'a hint with the signature of another issuer is not accepted',
    async ({ world }, { id_token }) => {
      const { iss, aud, ...claims } = decodeJwt(id_token)
      return { id_token_hint: await signAs(world.key, { ...claims, iss: String(aud), aud: iss! }, world.now()) }
    },
    { section: `${RP_INITIATED} §4` },
  ),
  stayingModule('rp-initiated-logout-no-id-token-hint', 'there is no redirect without a hint', () => ({
    id_token_hint: undefined,
  })),
  stayingModule(
    'rp-initiated-logout-no-params',
    'a request without parameters logs out',
    () => ({ ...nothing, state: undefined }),
    {
      section: `${RP_INITIATED} §2`,
      ends: true,
    },
  ),
  stayingModule('rp-initiated-logout-only-state', 'a request with only a state logs out', () => nothing, {
    section: `${RP_INITIATED} §2`,
    ends: true,
  }),
  stayingModule(
    'rp-initiated-logout-no-post-logout-redirect-uri',
    'a request without post_logout_redirect_uri logs out',
    () => ({ post_logout_redirect_uri: undefined }),
    { section: `${RP_INITIATED} §2`, ends: true },
  ),
  {
    name: 'frontchannel-rp-initiated-logout',
    section: 'OpenID Connect Front-Channel Logout §3',
    rule: "a client's page is loaded in a frame with only iss and sid before the browser returns",
    async run(rp) {
      const { t, world } = rp
      t.equal(world.metadata.frontchannel_logout_supported, true)
      t.equal(world.metadata.frontchannel_logout_session_supported, true)
      const frontchannel_logout_uri = 'https://rp.example.com/frontchannel_logout'
      const client = await register(rp, {
        frontchannel_logout_uri,
        frontchannel_logout_session_required: true,
      })
      const login = await rp.logIn(client)
      const state = randomText()
      verifyBack(rp, await logOut(rp, login, { state }), state)
      t.equal(login.browser.framed.length, 1, 'one frame')
      const framed = new URL(login.browser.framed[0] ?? 'about:blank')
      t.equal(framed.origin + framed.pathname, frontchannel_logout_uri)
      t.strictSame(Object.fromEntries(framed.searchParams), { iss: world.issuer, sid: login.claims.sid })
      await verifyLoggedOut(rp, client, login)
    },
  },
  {
    name: 'backchannel-rp-initiated-logout',
    section: 'OpenID Connect Back-Channel Logout §2.4',
    rule: 'a client gets only a signed logout token of its login',
    async run(rp) {
      const { t, world } = rp
      t.equal(world.metadata.backchannel_logout_supported, true)
      t.equal(world.metadata.backchannel_logout_session_supported, true)
      const path = `/${randomText(20)}`
      world.site.documents.set(path, { type: 'text/plain', body: '' })
      const client = await register(rp, {
        backchannel_logout_uri: world.site.url + path,
        backchannel_logout_session_required: true,
      })
      const login = await rp.logIn(client)
      const state = randomText()
      verifyBack(rp, await logOut(rp, login, { state }), state)
      const calls = world.site.requests.filter(({ url }) => url === path)
      t.strictSame(
        calls.map(({ method }) => method),
        ['POST'],
        'one call',
      )
      t.match(calls[0]?.headers['content-type'], /^application\/x-www-form-urlencoded\b/)
      t.equal(calls[0]?.protocol, 'TLSv1.3')
      const form = new URLSearchParams(calls[0]?.body)
      t.strictSame([...form.keys()], ['logout_token'], 'only the token is sent')
      await verifyLogoutToken(rp, form.get('logout_token')!, client, login)
      await verifyLoggedOut(rp, client, login)
    },
  },
]

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Verifies a logout token by Back-Channel Logout §2.4 and §2.6. */
async function verifyLogoutToken({ t, world }: RelyingParty, jwt: string, client: Client, login: Login): Promise<void> {
  const { iss, aud, iat, exp, jti, sub, sid, events, ...others } = await verifySignature(t, world, jwt)
  t.equal(iss, world.issuer)
  t.ok([aud].flat().includes(client.client_id), 'aud has the client')
  t.ok(Math.abs(iat! - world.now()) < 86_400, 'iat is now')
  t.ok(exp === undefined || exp > world.now(), 'exp is in the future')
  t.ok(jti, 'jti')
  t.strictSame(events, { [EVENT]: {} })
  t.equal(sub, login.claims.sub)
  t.equal(sid, login.claims.sid)
  t.strictSame(Object.keys(others), [], 'no nonce and no other claim')
}
