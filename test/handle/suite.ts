/** Suite of rules for every handle. The tests of this folder run it with a provider in process and in another process. */
import { decodeJwt } from 'jose'
import { type Test, test } from 'tap'
import { AdminError, type Handle, JournalTimeoutError } from '../../src/index.js'
import { listen } from '../listener.js'

const REDIRECT_URI = 'http://localhost:8000/callback'

/** Configuration of the provider under test. */
export const CONFIG = {
  keys: [{ alg: 'ES256' as const }],
  users: [{ sub: 'alice', claims: { name: 'Alice' } }],
  clients: [{ client_id: 'web', client_secret: 'web-secret', redirect_uris: [REDIRECT_URI] }],
}

export type Open = (t: Test) => Promise<Handle>

/** Asserts that the call is refused with this status, code and description. */
async function refused(t: Test, call: Promise<unknown>, status: number, error: string, description: RegExp) {
  const caught = await call.catch((reason: unknown) => reason)
  if (!(caught instanceof AdminError)) return t.fail(`the call gave ${JSON.stringify(caught)}, expected an AdminError`)
  t.match(caught, { name: 'AdminError', status, error, error_description: description, message: description })
  return t.match(caught.message, /^(GET|POST|PUT|PATCH|DELETE) https?:\/\/\S+: /)
}

/** Returns the authorization URL of an application. */
function requestUrl({ issuer }: Handle, more: Record<string, string> = {}): URL {
  const query = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', ...more }
  return new URL(`${issuer}/oauth2/authorize?${new URLSearchParams(query)}`)
}

/** Redeems the code in the callback URL, as an application does. */
async function exchange({ issuer }: Handle, location = '') {
  const code = new URL(location).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', client_id: 'app', redirect_uri: REDIRECT_URI, code }
  const response = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
  return { status: response.status, ...((await response.json()) as { id_token: string; access_token: string }) }
}

async function logIn(provider: Handle, sub = 'alice') {
  const { location } = await provider.login({ authorization_request: requestUrl(provider), sub })
  return exchange(provider, location)
}

const userinfo = async ({ issuer }: Handle, access_token = '') =>
  (await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })).status

export function testHandle(kind: string, open: Open): void {
  test(`${kind}: every member of the handle`, async (t) => {
    const provider = await open(t)
    for (const [title, check] of Object.entries(CHECKS)) {
      await t.test(title, async (t) => check(t, provider.isolated()))
    }
  })
}

/** The rules. Each runs at a separate issuer. */
const CHECKS: Readonly<Record<string, (t: Test, provider: Handle) => Promise<unknown>>> = {
  async 'issuer is the identifier in discovery, also of an isolated issuer'(t, provider) {
    for (const { issuer } of [provider, provider.isolated('worker-7'), provider.isolated()]) {
      const response = await fetch(`${issuer}/.well-known/openid-configuration`)
      t.match(await response.json(), { issuer })
    }
    t.not(provider.isolated().issuer, provider.isolated().issuer, 'without a name the issuer is a new one')
    t.match(provider.isolated('worker-7').issuer, /\/issuers\/worker-7$/)
    t.equal(provider.isolated('one').isolated('two').issuer, provider.isolated('two').issuer)
    await refused(t, provider.isolated('no name').users.list(), 404, 'not_found', /the path does not exist/)
  },

  async 'users can be put, changed and deleted'(t, { users }) {
    t.match(await users.list(), [{ sub: 'alice', origin: 'file' }])
    t.match(await users.put('bob', { claims: { plan: 'gold' } }), {
      sub: 'bob',
      claims: { plan: 'gold' },
      origin: 'put',
    })
    t.match(await users.patch('bob', { claims: { plan: null, team: 'blue' } }), { claims: { team: 'blue' } })
    t.strictSame((await users.get('bob')).claims, { team: 'blue' })
    t.match(await users.put('émile / ünder ?'), { sub: 'émile / ünder ?' })
    t.match(await users.get('émile / ünder ?'), { origin: 'put' })
    t.equal(await users.delete('bob'), undefined)
    await refused(t, users.get('bob'), 404, 'not_found', /there is no user bob/)
    await refused(t, users.put('bob', { claim: {} } as object), 400, 'invalid_request', /\/claim is not a known key/)
    await refused(t, users.get('bob'), 404, 'not_found', /bob/)
  },

  async 'clients can be put, changed and deleted'(t, { clients }) {
    t.match(await clients.list(), [{ client_id: 'web', origin: 'file' }])
    const put = await clients.put('spa', { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' })
    t.match(put, { client_id: 'spa', redirect_uris: [REDIRECT_URI], origin: 'put' })
    t.match(await clients.patch('spa', { client_name: 'Shop' }), { client_name: 'Shop', redirect_uris: [REDIRECT_URI] })
    t.match(await clients.get('spa'), { client_name: 'Shop' })
    await clients.delete('spa')
    await refused(t, clients.get('spa'), 404, 'not_found', /there is no client spa/)
    const wrong = { redirect_url: [] } as unknown as { redirect_uris: string[] }
    await refused(t, clients.put('spa', wrong), 400, 'invalid_request', /did you mean redirect_uris/)
  },

  async 'login() returns the callback with a code that buys tokens'(t, provider) {
    const request = requestUrl(provider, { state: 'xyz' })
    const { location, parameters, flow_id } = await provider.login({ authorization_request: request, sub: 'alice' })
    t.match(parameters, { state: 'xyz', code: /./ })
    t.match(location, `${REDIRECT_URI}?`)
    const { id_token } = await exchange(provider, location)
    t.match(decodeJwt(id_token), { sub: 'alice', iss: provider.issuer })
    t.match(await provider.journal.list({ flow_id }), [{ endpoint: 'authorization' }, { endpoint: 'token' }])
    for (const authorization_request of [request.href, Object.fromEntries(request.searchParams)]) {
      t.match(await provider.login({ authorization_request, sub: 'bob' }), { parameters: { code: /./ } })
    }
    const denied = await provider.login({ authorization_request: request, deny: true })
    t.match(denied.parameters, { error: 'access_denied', state: 'xyz' })
    const form = { authorization_request: requestUrl(provider, { response_mode: 'form_post' }), sub: 'alice' }
    t.match(await provider.login(form), { action: REDIRECT_URI, fields: { code: /./ } })
    const failed = { authorization_request: request, error: 'temporarily_unavailable' }
    t.match((await provider.login(failed)).parameters, { error: 'temporarily_unavailable' })
    const strange = provider.login({ authorization_request: { client_id: 'app' }, sub: 'alice' })
    await refused(t, strange, 400, 'invalid_request', /redirect_uri|response_type/)
  },

  async 'a fault of login() applies to that login only'(t, provider) {
    const request = { authorization_request: requestUrl(provider), sub: 'alice' }
    const { location } = await provider.login({ ...request, fault: 'id_token.wrong_iss' })
    t.not(decodeJwt((await exchange(provider, location)).id_token).iss, provider.issuer)
    t.equal(decodeJwt((await logIn(provider)).id_token).iss, provider.issuer)
  },

  async 'tokens can be minted, listed and revoked'(t, provider) {
    const { tokens } = provider
    const minted = await tokens.mint({
      sub: 'alice',
      client_id: 'app',
      scope: 'openid email',
      claims: { plan: 'gold' },
      expires_in: 60,
    })
    t.match(decodeJwt(minted.id_token!), { sub: 'alice', aud: 'app', plan: 'gold' })
    t.equal(await userinfo(provider, minted.access_token), 200)
    const [one] = await tokens.list({ sub: 'alice', kind: 'access_token' })
    t.match(one, { token: minted.access_token, client_id: 'app', scope: 'openid email', expired: false })
    t.equal(await tokens.revoke(minted.access_token!), 1)
    t.equal(await userinfo(provider, minted.access_token), 401)
    t.equal(await tokens.revoke({ sub: 'alice' }), 1, 'the refresh token')
    t.strictSame(await tokens.list(), [])
    const only = await tokens.mint({ sub: 'bob', client_id: 'app', kind: 'access_token', expires_in: 0 })
    t.equal(only.id_token, undefined)
    t.equal(await userinfo(provider, only.access_token), 401, 'the token has expired')
    await refused(t, tokens.revoke('unknown'), 404, 'not_found', /there is no such token/)
  },

  async 'sessions and grants can be listed and ended'(t, provider) {
    const { url, received } = await listen(t)
    await provider.clients.put('app', {
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
      backchannel_logout_uri: `${url}/logout`,
    })
    const { access_token } = await logIn(provider)
    const [session] = await provider.sessions.list()
    t.match(session, { sub: 'alice', client_ids: ['app'], expires_at: Number })
    t.match(await provider.sessions.delete(session!.sid, { notify: true }), [{ client_id: 'app', status: 200 }])
    t.match(received, [{ url: '/logout', body: /^logout_token=/ }])
    t.strictSame(await provider.sessions.list(), [])
    await logIn(provider, 'bob')
    const [other] = await provider.sessions.list()
    t.strictSame(await provider.sessions.delete(other!.sid), [], 'without notify no client is called')
    t.equal(received.length, 1)
    await refused(t, provider.sessions.delete(session!.sid), 404, 'not_found', /there is no session/)
    const [grant] = await provider.grants.list({ sub: 'alice' })
    t.match(grant, { sub: 'alice', client_id: 'app', scope: 'openid' })
    t.strictSame(await provider.grants.list({ sub: 'carol' }), [])
    t.equal((await provider.grants.list()).length, 2)
    t.equal(await userinfo(provider, access_token), 200)
    await provider.grants.delete(grant!.grant_id)
    t.equal(await userinfo(provider, access_token), 401)
    await refused(t, provider.grants.delete(grant!.grant_id), 404, 'not_found', /there is no grant/)
  },

  async 'a device gets tokens when its end-user approves'(t, provider) {
    const start = async () => {
      const body = new URLSearchParams({ client_id: 'tv', scope: 'openid' })
      const answer = await fetch(`${provider.issuer}/oauth2/device_authorization`, { method: 'POST', body })
      return (await answer.json()) as { user_code: string; device_code: string }
    }
    const poll = async (device_code: string) => {
      const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
      const body = new URLSearchParams({ client_id: 'tv', grant_type, device_code })
      return (await fetch(`${provider.issuer}/oauth2/token`, { method: 'POST', body })).json()
    }
    const [yes, no] = [await start(), await start()]
    t.match(await provider.device_codes.list(), [
      { user_code: yes.user_code, status: 'pending' },
      { user_code: no.user_code, status: 'pending' },
    ])
    t.match(await provider.device_codes.approve(yes.user_code, { sub: 'alice' }), { status: 'approved' })
    t.match(await provider.device_codes.deny(no.user_code), { status: 'denied' })
    t.match(await poll(yes.device_code), { id_token: /./ })
    t.match(await poll(no.device_code), { error: 'access_denied' })
    await refused(t, provider.device_codes.deny('ABCD-EFGH'), 404, 'not_found', /ABCD-EFGH/)
  },

  async 'the clock can be set, moved, stopped and reset'(t, { clock, ...provider }) {
    const { now, ahead } = await clock.now()
    t.equal(ahead, 0)
    t.match(await clock.set('2030-01-01T00:00:00Z'), { now: 1_893_456_000, iso: /^2030-01-01T00:00:0/, frozen: false })
    t.match(await clock.freeze(1_893_456_000), { frozen: true, iso: '2030-01-01T00:00:00.000Z' })
    t.match(await clock.advance('1h30m'), { now: 1_893_461_400, frozen: true })
    t.match(await clock.advance(-5400), { now: 1_893_456_000 })
    const { id_token } = await provider.tokens.mint({ sub: 'alice', client_id: 'app' })
    t.equal(decodeJwt(id_token!).iat, 1_893_456_000)
    t.match(await clock.resume(), { frozen: false })
    const reset = await clock.reset()
    t.ok(reset.now - now < 3600 && reset.ahead === 0)
    t.match(await clock.freeze(), { frozen: true }, 'without a time the clock stops at its current time')
    await refused(t, clock.advance('a while'), 400, 'invalid_request', /\/by/)
    await refused(t, clock.set('2030-13-45'), 400, 'invalid_request', /\/now/)
  },

  async 'faults can be added, counted and deleted'(t, provider) {
    const { faults } = provider
    const added = await faults.add({ fault: 'id_token.wrong_iss', times: 1 })
    t.match(added, { source: 'runtime', matched: 0, hits: 0, rule: { fault: 'id_token.wrong_iss' } })
    t.not(decodeJwt((await logIn(provider)).id_token).iss, provider.issuer)
    t.equal(decodeJwt((await logIn(provider)).id_token).iss, provider.issuer)
    t.match(await faults.get(added.id), { matched: 2, hits: 1 })
    t.match(await faults.list(), [{ id: added.id }])
    await faults.delete(added.id)
    t.strictSame(await faults.list(), [])
    await faults.add({ fault: 'http.status', status: 503, match: { endpoint: 'token' } })
    t.equal((await logIn(provider).catch(() => ({ status: 503 }))).status, 503)
    await faults.clear()
    t.equal((await logIn(provider)).status, 200)
    const catalogue = await faults.catalogue()
    t.match(
      catalogue.find(({ fault }) => fault === 'http.status'),
      { effect: /./, must: /./, takes: ['status'] },
    )
    const misspelt = faults.add({ fault: 'id_token.expird' } as unknown as { fault: 'id_token.expired' })
    await refused(t, misspelt, 400, 'invalid_request', /did you mean "?id_token\.expired/)
    await refused(t, faults.get('99'), 404, 'not_found', /there is no rule 99/)
  },

  async 'keys can be rotated, withdrawn, broken and reset'(t, provider) {
    const { keys } = provider
    const kids = async () => {
      const response = await fetch(`${provider.issuer}/jwks`)
      return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
    }
    const [first] = await keys.list()
    t.strictSame(await kids(), [first!.kid])
    const rotated = await keys.rotate({ alg: 'ES256', kid: 'second', mode: 'abrupt' })
    t.match(rotated, [
      { kid: 'second', status: 'current' },
      { kid: first!.kid, status: 'retired' },
    ])
    t.strictSame(await kids(), ['second', first!.kid])
    await keys.withdraw('second')
    t.strictSame(await kids(), [first!.kid])
    const fault = await keys.break('empty')
    t.match(fault, { rule: { fault: 'jwks.empty' } })
    t.strictSame(await kids(), [])
    await provider.faults.delete(fault.id)
    t.match(await keys.rotate(), [{ kid: 'second', status: 'current' }, { status: 'next' }, { kid: first!.kid }])
    await keys.reset()
    t.strictSame(await kids(), [first!.kid])
    await refused(t, keys.withdraw('unknown'), 404, 'not_found', /unknown/)
    await refused(t, keys.break('it'), 400, 'invalid_request', /empty/)
  },

  async 'journal.list() returns matching entries and masks secrets by default'(t, provider) {
    const { journal } = provider
    t.equal(await journal.last_id(), 0)
    const { access_token } = await logIn(provider)
    await userinfo(provider, access_token)
    await userinfo(provider, 'wrong')
    const all = await journal.list()
    t.strictSame(
      all.map(({ endpoint }) => endpoint),
      ['authorization', 'token', 'userinfo', 'userinfo'],
    )
    t.equal(await journal.last_id(), 4)
    t.match(await journal.list({ endpoint: 'userinfo', status: 401 }), [{ id: 4 }])
    t.match(await journal.list({ status: '4xx', sub: 'alice' }), [])
    t.match(await journal.list({}, { after: 1, limit: 1 }), [{ id: 2 }])
    t.notMatch(JSON.stringify(all), access_token)
    t.match(JSON.stringify(await journal.list({}, { secrets: true })), access_token)
    await refused(t, journal.list({ endpoint: 'tokens' }), 400, 'invalid_request', /endpoint/)
    await journal.clear()
    t.strictSame(await journal.list(), [])
  },

  async 'journal.waitFor() finds earlier and later entries'(t, provider) {
    const { journal } = provider
    await logIn(provider)
    const first = await journal.waitFor({ endpoint: 'token' })
    t.match(first, { endpoint: 'token', sub: 'alice' })
    const later = journal.waitFor({ endpoint: 'token' }, { after: first.id, timeout: '1m' })
    await logIn(provider, 'bob')
    t.match(await later, { sub: 'bob' })
    const mark = await journal.last_id()
    const next = journal.waitFor({ status: '4xx' }, { after: mark, timeout: 60 })
    await userinfo(provider, 'wrong')
    t.match(await next, { endpoint: 'userinfo', response: { status: 401 } })
    t.match(await journal.waitFor(), { endpoint: 'authorization' }, 'without a filter the first entry matches')
  },

  async 'a JournalTimeoutError has the filter and the newest entries'(t, provider) {
    const { journal } = provider
    const timeOut = async (call: Promise<unknown>) => {
      const caught = await call.catch((reason: unknown) => reason)
      if (!(caught instanceof JournalTimeoutError)) throw new Error(`caught ${caught}, expected a JournalTimeoutError`)
      return caught
    }
    const nothing = await timeOut(journal.waitFor({ endpoint: 'token' }, { timeout: '10ms' }))
    t.equal(
      nothing.message,
      'no entry matches {"endpoint":"token"} within 10ms; the journal is empty: this issuer has received no request',
    )
    t.strictSame(nothing.entries, [])
    await userinfo(provider, 'wrong')
    const one = await timeOut(journal.waitFor({ endpoint: 'token' }, { timeout: 0.01 }))
    t.match(one.message, /within 10ms; the newest entry is:\n {2}1 userinfo GET \S*\/userinfo 401$/)
    await provider.clock.freeze()
    await provider.faults.add({ fault: 'id_token.expired' })
    await logIn(provider)
    const four = await timeOut(journal.waitFor({}, { after: 4, timeout: '10ms' }))
    t.match(four.message, /^no entry matches \{\} after 4 within 10ms; the newest 4 entries are:\n/)
    t.match(four.message, /\n {2}2 clock_moved\n/)
    t.match(four.message, /4 token POST \S+ 200 client_id app, sub alice, id_token\.expired$/)
    t.match(four, { name: 'JournalTimeoutError', entries: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }] })
    await refused(t, journal.waitFor({}, { timeout: 'soon' }), 400, 'invalid_request', /wait is soon/)
  },

  async 'journal.stream() yields entries until the loop is left or the signal aborts'(t, provider) {
    const { journal } = provider
    await logIn(provider)
    const seen: (string | undefined)[] = []
    for await (const { endpoint } of journal.stream({}, { after: 0 })) {
      if (seen.push(endpoint) === 2) break
    }
    t.strictSame(seen, ['authorization', 'token'])
    const ending = new AbortController()
    const stream = journal.stream({ endpoint: 'userinfo' }, { after: 2, signal: ending.signal })
    const next = stream.next()
    await userinfo(provider, 'wrong')
    t.match(await next, { value: { endpoint: 'userinfo' }, done: false })
    const last = stream.next()
    ending.abort()
    t.match(await last, { done: true })
    t.match(await journal.stream({}, { signal: AbortSignal.abort() }).next(), { done: true })
    const wrong = journal.stream({ endpoint: 'tokens' }).next()
    await refused(t, wrong, 400, 'invalid_request', /endpoint/)
  },

  async 'the configuration can be read and reloaded'(t, { config }) {
    t.match(await config.get(), {
      config: { users: [{ sub: 'alice' }] },
      files: Array,
      status: 'current',
      problems: [],
      warnings: [],
    })
    t.strictSame(await config.reload(), { reloaded: true, problems: [], warnings: [] })
  },

  async 'reset() resets all parts or the given parts'(t, provider) {
    await provider.users.put('bob')
    await provider.clock.set('2030-01-01T00:00:00Z')
    t.equal(await provider.reset(['clock']), undefined)
    t.match(await provider.clock.now(), { ahead: 0 })
    t.match(await provider.users.get('bob'), { origin: 'put' })
    await provider.reset()
    t.match(await provider.users.list(), [{ sub: 'alice' }])
    const unknown = provider.reset(['everything' as 'users'])
    await refused(t, unknown, 400, 'invalid_request', /parts/)
  },

  async 'disposing of an isolated handle resets its issuer only'(t, provider) {
    await provider.users.put('bob')
    const { issuer } = provider
    const name = issuer.slice(issuer.lastIndexOf('/') + 1)
    {
      await using other = provider.isolated()
      await other.users.put('carol')
    }
    t.match(await provider.users.get('bob'), { origin: 'put' })
    {
      await using same = provider.isolated(name)
      t.match(await same.users.get('bob'), { origin: 'put' }, 'the same name is the same issuer')
    }
    await refused(t, provider.users.get('bob'), 404, 'not_found', /bob/)
  },
}
