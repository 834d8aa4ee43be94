/** The steps of an authorization request: login page, consent page or immediate response. OpenID Connect Core §3.1.2.1 and §3.1.2.3. */
import type { LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, REDIRECT_URI } from '../app.js'
import { textOf } from '../html.js'
import {
  CLIENT,
  createUserAgent,
  type Fields,
  hiddenIn,
  idTokenFor,
  idTokenOf,
  returned,
  type UserAgent,
} from '../user_agent.js'

const STRICT: ConfigInput = {
  profile: 'strict',
  keys: [{ alg: 'ES256' }],
  clients: [CLIENT, { ...CLIENT, client_id: 'other' }],
}
/** A state as the certification suite sends it. */
const STATE = 'Az09-_.~'.repeat(16)

async function start(t: Test, config: ConfigInput = STRICT) {
  const test = await createApp(t, config)
  return { test, agent: createUserAgent(test) }
}

/** Asserts that the response is the login page. */
function asksLogin(t: Test, { statusCode, body }: LightMyRequestResponse, message = 'asks for a login') {
  t.equal(statusCode, 200, message)
  t.match(body, '<label for="sub">Subject</label>', message)
}

/** Asserts that the response is the consent page for this account. */
function asksConsent(t: Test, page: LightMyRequestResponse, sub: string) {
  t.equal(page.statusCode, 200)
  t.match(textOf(page.body), `You are logged in as ${sub} `)
  t.match(page.body, /value="consent">Authorize<\/button>/)
  t.notMatch(page.body, '<label for="sub">')
}

/** Asserts that the client gets an error with state. */
function isError(t: Test, response: LightMyRequestResponse, error: string, description: RegExp = /./) {
  t.equal(response.statusCode, 302)
  t.match(Object.fromEntries(returned(response)), { error, error_description: description })
  t.notOk(returned(response).has('code'))
}

/** Returns the subject of a response without a page. */
async function silently(t: Test, { test, agent }: Awaited<ReturnType<typeof start>>, query: Fields = {}) {
  const response = await agent.ask(query)
  t.equal(response.statusCode, 302, 'nothing is asked')
  return idTokenOf(test, returned(response))
}

t.test('OpenID Connect Core §3.1.2.3: no page is shown after login and consent', async (t) => {
  const both = await start(t)
  asksLogin(t, await both.agent.ask())
  const first = await idTokenOf(both.test, await both.agent.logIn('alice'))
  both.test.advance(60)
  const second = await silently(t, both)
  t.equal(second.sub, 'alice')
  t.equal(second.auth_time, first.auth_time)
  t.equal(second.sid, first.sid)
  asksLogin(t, await createUserAgent(both.test).ask(), 'another browser is asked')
  t.match(
    both.test.log.find(({ msg }) => msg === 'answered from the session'),
    { sub: 'alice', client_id: 'app', scope: 'openid' },
  )
})

t.test('without single sign-on the form is always shown, and a session is used only by prompt=none', async (t) => {
  const both = await start(t, { clients: [CLIENT] })
  await both.agent.logIn('alice')
  const page = await both.agent.ask()
  asksLogin(t, page)
  t.notMatch(page.body, 'Logged in here')
  asksLogin(t, await both.agent.ask({ prompt: 'select_account consent' }))
  t.equal((await silently(t, both, { prompt: 'none' })).sub, 'alice')
})

t.test('single sign-on has its own switch', async (t) => {
  const lenient = await start(t, { clients: [CLIENT], sessions: { single_sign_on: true } })
  await lenient.agent.logIn('alice')
  t.equal((await silently(t, lenient)).sub, 'alice')
  const strict = await start(t, { ...STRICT, sessions: { single_sign_on: false } })
  await strict.agent.logIn('alice')
  asksLogin(t, await strict.agent.ask())
})

t.test('OpenID Connect Core §3.1.2.1: prompt=none without a session is login_required, with state', async (t) => {
  for (const config of [STRICT, {}]) {
    const { agent } = await start(t, config)
    const response = await agent.ask({ prompt: 'none', state: STATE })
    isError(t, response, 'login_required', /^no end-user is logged in in this browser$/)
    t.equal(returned(response).get('state'), STATE)
    t.ok(String(response.headers.location).startsWith(`${REDIRECT_URI}?`))
    const fragment = await agent.ask({ prompt: 'none', response_mode: 'fragment' })
    t.match(fragment.headers.location, `${REDIRECT_URI}#error=login_required`)
  }
})

t.test(
  'OpenID Connect Core §3.1.2.1: prompt=none with a session succeeds silently: same sub, same auth_time',
  async (t) => {
    const both = await start(t)
    const first = await idTokenOf(both.test, await both.agent.logIn('alice'))
    both.test.advance(100)
    const { sub, auth_time, nonce } = await silently(t, both, { prompt: 'none', nonce: 'n-2' })
    t.strictSame({ sub, auth_time, nonce }, { sub: 'alice', auth_time: first.auth_time, nonce: 'n-2' })
  },
)

t.test('OpenID Connect Core §3.1.2.1: prompt=none without consent is consent_required', async (t) => {
  for (const config of [STRICT, { clients: [CLIENT, { ...CLIENT, client_id: 'other' }] }]) {
    const both = await start(t, config)
    await both.agent.logIn('alice', { scope: 'openid email' })
    isError(
      t,
      await both.agent.ask({ prompt: 'none', client_id: 'other' }),
      'consent_required',
      /request of the client other$/,
    )
    isError(t, await both.agent.ask({ prompt: 'none', scope: 'openid phone' }), 'consent_required')
    for (const place of ['userinfo', 'id_token']) {
      const claims = JSON.stringify({ [place]: { name: null } })
      isError(t, await both.agent.ask({ prompt: 'none', claims }), 'consent_required')
    }
    t.equal((await silently(t, both, { prompt: 'none', scope: 'openid' })).sub, 'alice', 'less is agreed to')
  }
})

t.test('OpenID Connect Core §3.1.2.1: prompt=none after max_age is login_required', async (t) => {
  const both = await start(t)
  await both.agent.logIn('alice')
  both.test.advance(10)
  isError(
    t,
    await both.agent.ask({ prompt: 'none', max_age: '9' }),
    'login_required',
    /^max_age is 9, and .* 1[01] s ago$/,
  )
  isError(t, await both.agent.ask({ prompt: 'none', max_age: '0' }), 'login_required')
  t.equal((await silently(t, both, { prompt: 'none', max_age: '60' })).sub, 'alice')
})

t.test('OpenID Connect Core §3.1.2.1: prompt=login requires a new login with a later auth_time', async (t) => {
  const both = await start(t)
  const first = await idTokenOf(both.test, await both.agent.logIn('alice'))
  both.test.advance(5)
  const page = await both.agent.ask({ prompt: 'login' })
  asksLogin(t, page)
  t.match(page.body, / value="alice" placeholder="sub" required/, 'who is logged in is filled in')
  t.notMatch(page.body, 'Logged in here', 'there is no going on with the login before')
  const second = await idTokenOf(both.test, await both.agent.logIn('alice', { prompt: 'login' }))
  t.equal(second.sub, 'alice')
  t.ok(Number(second.auth_time) > Number(first.auth_time))
  t.equal(second.sid, first.sid, 'in the same session of hers')
})

t.test('OpenID Connect Core §3.1.2.1: an existing login is not a new login', async (t) => {
  const { test, agent } = await start(t)
  await agent.logIn('alice')
  test.advance(10)
  const fields = { ...hiddenIn(await agent.ask({ prompt: 'consent' })), action: 'consent' }
  asksLogin(t, await agent.answer(fields, { prompt: 'login' }))
  asksLogin(t, await agent.answer(fields, { max_age: '9' }))
  t.ok(returned(await agent.answer(fields, { max_age: '60' })).has('code'))
})

t.test('OpenID Connect Core §3.1.2.1: after max_age a new login with auth_time is required', async (t) => {
  const both = await start(t)
  const first = await idTokenOf(both.test, await both.agent.logIn('alice'))
  both.test.advance(2)
  asksLogin(t, await both.agent.ask({ max_age: '1' }))
  const second = await idTokenOf(both.test, await both.agent.logIn('alice', { max_age: '1' }))
  t.ok(Number(second.auth_time) > Number(first.auth_time))
  asksLogin(t, await both.agent.ask({ max_age: '0' }), 'max_age=0 is prompt=login')
})

t.test('OpenID Connect Core §3.1.2.1: within max_age no login is required, and auth_time is kept', async (t) => {
  const both = await start(t)
  const first = await idTokenOf(both.test, await both.agent.logIn('alice', { max_age: '15000' }))
  both.test.advance(9000)
  const second = await silently(t, both, { max_age: '10000' })
  t.type(first.auth_time, 'number')
  t.strictSame([second.sub, second.auth_time], [first.sub, first.auth_time])
})

t.test('OpenID Connect Core §3.1.2.4: another client, more scopes or more claims require a new consent', async (t) => {
  const both = await start(t)
  await both.agent.logIn('alice')
  const claims = JSON.stringify({ userinfo: { name: null }, id_token: { email: null } })
  const requests: Fields[] = [{ client_id: 'other' }, { scope: 'openid phone' }, { claims }]
  for (const query of requests) {
    const page = await both.agent.ask(query)
    asksConsent(t, page, 'alice')
    const answer = await both.agent.answer({ ...hiddenIn(page), action: 'consent' }, query)
    t.ok(returned(answer).has('code'))
    t.equal((await both.agent.ask(query)).statusCode, 302, 'it is remembered')
  }
  t.equal((await silently(t, both, { scope: 'openid phone', claims })).sub, 'alice', 'each beside the others')
  const page = await both.agent.ask({ claims, scope: 'openid email phone' })
  t.match(textOf(page.body), 'Scopes openid email phone Requested claims email name')
})

t.test('OpenID Connect Core §3.1.2.1: prompt=consent requires a new consent', async (t) => {
  const { agent } = await start(t)
  await agent.logIn('alice')
  const page = await agent.ask({ prompt: 'consent' })
  asksConsent(t, page, 'alice')
  t.ok(returned(await agent.answer({ ...hiddenIn(page), action: 'consent' }, { prompt: 'consent' })).has('code'))
  isError(t, await agent.answer({ ...hiddenIn(page), action: 'deny' }, { prompt: 'consent' }), 'access_denied')
  asksConsent(t, await agent.ask({ prompt: 'consent' }), 'alice')
})

t.test('OpenID Connect Core §16.19: a form of another site is not a consent', async (t) => {
  const { agent } = await start(t)
  await agent.logIn('alice')
  const query = { client_id: 'other' }
  const page = await agent.ask(query)
  const { browser_state: _, ...fields }: Fields = { ...hiddenIn(page), action: 'consent' }
  const forged: Fields[] = [fields, { ...fields, browser_state: 'guessed' }, { ...fields, browser_state: '' }]
  for (const form of forged) {
    const again = await agent.answer(form, query)
    t.equal(again.statusCode, 400)
    t.match(textOf(again.body), 'the login of this browser has changed since the page was shown')
    t.match(again.body, 'value="consent">Authorize', 'and it is asked again')
  }
  t.strictSame(hiddenIn(await agent.answer(fields, query)), hiddenIn(page), 'and nothing has changed')
  const stranger = await createUserAgent((await start(t)).test).answer({ ...hiddenIn(page), action: 'consent' })
  t.equal(stranger.statusCode, 400)
  t.match(stranger.body, 'Subject</label>', 'who has no session is asked to log in')
})

t.test('a submission for an account that is not logged in is ignored', async (t) => {
  const { agent } = await start(t)
  await agent.logIn('alice')
  const page = await agent.ask({ prompt: 'consent' })
  const fields = { ...hiddenIn(page), account: 'bob', action: 'consent' }
  asksConsent(t, await agent.answer(fields, { prompt: 'consent' }), 'alice')
})

async function logInBoth(agent: UserAgent): Promise<void> {
  await agent.logIn('alice')
  await agent.logIn('bob', { prompt: 'login' })
}

const browserStateOf = (agent: UserAgent) =>
  [...agent.cookies.values()].find(({ name }) => name.startsWith('oidc_browser_state_'))!.value

t.test('Initiating User Registration §4.1: prompt=create shows the page although there is a login', async (t) => {
  const both = await start(t)
  await both.agent.logIn('alice')
  const page = await both.agent.ask({ prompt: 'create' })
  asksLogin(t, page)
  t.match(page.body, 'asks you to create an account.')
  t.notMatch(page.body, 'Logged in here')
  const created = await idTokenOf(both.test, await both.agent.logIn('new', { prompt: 'create' }))
  t.equal(created.sub, 'new')
  isError(t, await both.agent.ask({ prompt: 'none create' }), 'invalid_request')
})

t.test('OpenID Connect Core §3.1.2.1: prompt=select_account offers the logins of the browser', async (t) => {
  const alice = { sub: 'alice', display_name: 'Alice Adams', description: 'The usual one' }
  const both = await start(t, { ...STRICT, users: [alice] })
  const first = await idTokenOf(both.test, await both.agent.logIn('alice'))
  both.test.advance(10)
  await both.agent.logIn('bob', { prompt: 'login' })
  t.equal((await silently(t, both)).sub, 'bob', 'else it is the latest')
  const query = { prompt: 'select_account' }
  const page = await both.agent.ask(query)
  asksLogin(t, page)
  const buttons = [...page.body.matchAll(/name="account" value="(\w+)"[^>]*>Continue as \1</g)].map(([, sub]) => sub)
  t.strictSame(buttons, ['bob', 'alice'])
  t.match(textOf(page.body), 'Continue as alice Alice Adams · The usual one')
  const chosen = { account: 'alice', browser_state: browserStateOf(both.agent) }
  const answer = await both.agent.answer(chosen, query)
  const { sub, auth_time } = await idTokenOf(both.test, returned(answer))
  t.strictSame([sub, auth_time], ['alice', first.auth_time], 'without a new login')
  const more = { prompt: 'select_account', scope: 'openid phone' }
  asksConsent(t, await both.agent.answer(chosen, more), 'alice')
  t.ok(returned(await both.agent.answer({ ...chosen, action: 'consent' }, more)).has('code'))
  t.equal((await idTokenOf(both.test, await both.agent.logIn('carol', query))).sub, 'carol', 'or somebody else')
})

t.test('the consent page allows a switch to another account', async (t) => {
  const { agent } = await start(t)
  await logInBoth(agent)
  const query = { scope: 'openid phone' }
  const page = await agent.ask(query)
  asksConsent(t, page, 'bob')
  t.match(page.body, /value="switch">Use another account</)
  const { account: _, ...rest } = hiddenIn(page)
  const choice = await agent.answer({ ...rest, action: 'switch' }, query)
  asksLogin(t, choice)
  t.match(choice.body, 'Continue as alice')
  t.match(choice.body, 'Continue as bob')
  asksConsent(t, await agent.answer({ ...rest, account: 'alice' }, query), 'alice')
})

t.test('OpenID Connect Core §3.1.2.1: id_token_hint with the session of its end-user succeeds silently', async (t) => {
  const both = await start(t)
  const id_token_hint = await idTokenFor(both.test, await both.agent.logIn('alice'))
  const first = await silently(t, both)
  both.test.advance(7200)
  const { sub, auth_time } = await silently(t, both, { prompt: 'none', id_token_hint })
  t.strictSame([sub, auth_time], ['alice', first.auth_time], 'after its exp as well')
  await both.agent.logIn('bob', { prompt: 'login' })
  t.equal((await silently(t, both, { prompt: 'none', id_token_hint })).sub, 'alice', 'though bob came later')
  t.equal((await silently(t, both, { id_token_hint })).sub, 'alice')
  await both.agent.logIn('alice', { prompt: 'login' })
  t.equal((await silently(t, both, { prompt: 'none', id_token_hint })).sub, 'alice', 'in another login of hers')
})

t.test('OpenID Connect Core §3.1.2.2: a user other than the one of id_token_hint is refused', async (t) => {
  for (const config of [STRICT, { clients: [CLIENT] }]) {
    const { test, agent } = await start(t, config)
    const id_token_hint = await idTokenFor(test, await agent.logIn('alice'))
    const stranger = createUserAgent(test)
    await stranger.logIn('bob')
    const hinted = { id_token_hint }
    isError(t, await stranger.ask({ ...hinted, prompt: 'none' }), 'login_required', /another end-user is logged in/)
    asksLogin(t, await stranger.ask(hinted))
    isError(t, await stranger.answer({ sub: 'bob' }, hinted), 'login_required', /not the user that id_token_hint/)
    t.ok((await stranger.logIn('alice', hinted)).has('code'))
  }
  const { test, agent } = await start(t)
  const id_token_hint = await idTokenFor(test, await agent.logIn('alice'))
  await agent.logIn('bob', { prompt: 'login' })
  const form = { account: 'bob', browser_state: browserStateOf(agent) }
  isError(t, await agent.answer(form, { id_token_hint, prompt: 'select_account' }), 'login_required')
})

t.test('a hint of a deleted client is accepted', async (t) => {
  const both = await start(t)
  const id_token_hint = await idTokenFor(both.test, await both.agent.logIn('alice'))
  await both.agent.logIn('alice', { client_id: 'other' })
  await both.test.reload({ ...STRICT, clients: [{ ...CLIENT, client_id: 'other' }] })
  const response = await both.agent.ask({ client_id: 'other', prompt: 'none', id_token_hint })
  t.ok(returned(response).has('code'))
})

t.test('OpenID Connect Core §8.1: the hint of a pairwise client identifies its user', async (t) => {
  const { test, agent } = await start(t, { ...STRICT, clients: [{ ...CLIENT, subject_type: 'pairwise' }] })
  const id_token_hint = await idTokenFor(test, await agent.logIn('alice'))
  const other = createUserAgent(test)
  t.ok((await other.logIn('alice', { id_token_hint })).has('code'))
  isError(t, await other.answer({ sub: 'bob' }, { id_token_hint }), 'login_required')
})

t.test('OpenID Connect Core §3.1.2.1: an id_token_hint of another issuer identifies no user', async (t) => {
  const unsigned = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.'
  const strict = await start(t)
  const lenient = await start(t, { clients: [CLIENT] })
  for (const { agent } of [strict, lenient]) {
    await agent.logIn('alice')
    const response = await agent.ask({ prompt: 'none', id_token_hint: unsigned })
    isError(t, response, 'login_required', /^id_token_hint is not an ID token signed by this issuer$/)
  }
  isError(
    t,
    await strict.agent.ask({ id_token_hint: unsigned }),
    'invalid_request',
    /^id_token_hint is not an ID token/,
  )
  asksLogin(t, await lenient.agent.ask({ id_token_hint: unsigned }))
  t.match(
    lenient.test.log.find(({ event }) => event === 'would_be_refused'),
    { rule: 'verified_id_token_hint' },
  )
})

t.test('OpenID Connect Core §5.5.1: only the sub in claims can log in', async (t) => {
  const both = await start(t)
  await both.agent.logIn('alice')
  const claimsFor = (sub: object) => ({ claims: JSON.stringify({ id_token: { sub } }) })
  await both.agent.logIn('alice', claimsFor({ value: 'alice' }))
  for (const request of [{ value: 'alice' }, { values: ['carol', 'alice'] }, { essential: true }]) {
    t.equal((await silently(t, both, { ...claimsFor(request), prompt: 'none' })).sub, 'alice')
  }
  for (const request of [{ value: 'bob' }, { values: ['bob'] }, { value: { not: 'a string' } }, { values: [] }]) {
    isError(t, await both.agent.ask({ ...claimsFor(request), prompt: 'none' }), 'login_required')
    asksLogin(t, await both.agent.ask(claimsFor(request)))
    isError(t, await both.agent.answer({ sub: 'alice' }, claimsFor(request)), 'login_required')
  }
})

t.test('OpenID Connect Core §3.1.2.1: login_hint selects the login by sub or email', async (t) => {
  const both = await start(t, { ...STRICT, users: [{ sub: 'alice', claims: { email: 'alice@example.com' } }] })
  await logInBoth(both.agent)
  for (const prompt of ['', 'none']) {
    t.equal((await silently(t, both, { prompt })).sub, 'bob')
    for (const login_hint of ['alice', 'alice@example.com']) {
      t.equal((await silently(t, both, { prompt, login_hint })).sub, 'alice')
    }
  }
  const unknown = await both.agent.ask({ login_hint: 'buffy@host' })
  asksLogin(t, unknown)
  t.match(unknown.body, ' value="buffy@host" placeholder="sub" required')
  t.equal((await silently(t, both, { login_hint: 'buffy@host', prompt: 'none' })).sub, 'bob', 'it is a hint only')
})

t.test('a deleted user gets no response', async (t) => {
  const both = await start(t, { ...STRICT, users: [{ sub: 'alice' }] })
  await both.agent.logIn('alice')
  t.equal((await silently(t, both)).sub, 'alice')
  await both.test.reload(STRICT)
  asksLogin(t, await both.agent.ask())
  isError(t, await both.agent.ask({ prompt: 'none' }), 'login_required')
})

t.test('OpenID Connect Core §3.1.2.1: the login has the first supported context of acr_values', async (t) => {
  const both = await start(t, { ...STRICT, acr_values: ['1', 'gold'] })
  const cases: [Fields, string | undefined][] = [
    [{}, undefined],
    [{ acr_values: '1 2' }, '1'],
    [{ acr_values: 'gold 1' }, 'gold'],
    [{ acr_values: 'platinum gold' }, 'gold'],
    [{ acr_values: 'platinum' }, undefined],
    [{ claims: '{"id_token":{"acr":null}}' }, '1'],
    [{ claims: '{"id_token":{"acr":null}}', acr_values: 'gold' }, 'gold'],
    [{ claims: '{"id_token":{"acr":{"essential":true}}}' }, '1'],
    [{ claims: '{"id_token":{"acr":{"values":["x","gold","1"],"essential":true}}}' }, 'gold'],
    [{ claims: '{"id_token":{"acr":{"value":"gold"}}}', acr_values: '1' }, 'gold'],
    [{ claims: '{"id_token":{"acr":{"value":"x"}}}', acr_values: '1' }, undefined],
  ]
  for (const [query, acr] of cases) {
    t.equal((await idTokenOf(both.test, await both.agent.logIn('alice', query))).acr, acr, JSON.stringify(query))
    t.equal((await silently(t, both, query)).acr, acr, 'silently')
  }
})

t.test('OpenID Connect Core §5.5.1.1: an essential acr that is not supported is a failed authentication', async (t) => {
  const { agent } = await start(t)
  const claims = '{"id_token":{"acr":{"essential":true,"values":["x","y"]}}}'
  for (const prompt of ['', 'none', 'login']) {
    const response = await agent.ask({ claims, prompt, acr_values: '1' })
    isError(t, response, 'unmet_authentication_requirements', /essential acr of claims is x, y, expected one of 1, 2$/)
  }
  const none = await start(t, { ...STRICT, acr_values: [] })
  const response = await none.agent.ask({ claims: '{"id_token":{"acr":{"essential":true}}}' })
  isError(t, response, 'unmet_authentication_requirements', /is any, expected one of none$/)
})

t.test(
  'OpenID Connect Core §3.1.2.1: display, ui_locales, claims_locales and unknown parameters do no harm',
  async (t) => {
    const both = await start(t)
    const requests: Fields[] = [
      { display: 'page' },
      { display: 'popup' },
      { ui_locales: 'se' },
      { claims_locales: 'se' },
      { extra: 'foobar' },
      { login_hint: 'buffy@host' },
    ]
    for (const query of requests) {
      const agent = createUserAgent(both.test)
      asksLogin(t, await agent.ask(query))
      t.equal((await idTokenOf(both.test, await agent.logIn('alice', query))).sub, 'alice', JSON.stringify(query))
    }
  },
)
