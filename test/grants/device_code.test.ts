/** The device_code grant. RFC 8628 §3.4 and §3.5. */
import { decodeJwt } from 'jose'
import t from 'tap'
import { findClient } from '../../src/directory/clients.js'
import { deviceCode } from '../../src/grants/device_code.js'
import { approveDevice, createDeviceCode } from '../../src/oauth/device_code.js'
import { readParams } from '../../src/oauth/params.js'
import { createApp, createContext, exchange, getUserinfo, jsonOf, refresh, refused, type TestApp } from '../app.js'

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'

async function begin({ post }: TestApp, form: Record<string, string> = {}, base = '') {
  const all = { client_id: 'tv', scope: 'openid email offline_access', ...form }
  return (await post(`${base}/oauth2/device_authorization`, all)).json<{ device_code: string; user_code: string }>()
}

const poll = (test: TestApp, device_code: string, form: Record<string, string> = {}, base = '') =>
  exchange(test, { grant_type: GRANT_TYPE, redirect_uri: '', client_id: 'tv', device_code, ...form }, base)

const answer = ({ post }: TestApp, form: Record<string, string>, base = '') => post(`${base}/oauth2/device`, form)

t.test('RFC 8628 §3.5: a poll is pending until the end-user approves, then gets tokens once', async (t) => {
  const test = await createApp(t)
  const { device_code, user_code } = await begin(test)
  const pending = /^the end-user has not answered yet for user_code .{9}; poll again in 5 s$/
  refused(t, await poll(test, device_code), 'authorization_pending', pending)
  t.equal((await answer(test, { user_code, sub: 'alice' })).statusCode, 200)
  test.advance(5)
  const tokens = jsonOf(t, await poll(test, device_code))
  t.match(tokens, { token_type: 'Bearer', expires_in: 3600, scope: 'openid email offline_access' })
  t.match(decodeJwt(String(tokens.id_token)), { sub: 'alice', aud: 'tv', email: 'alice@example.com', sid: String })
  t.match(jsonOf(t, await getUserinfo(test, String(tokens.access_token))), { sub: 'alice', email: 'alice@example.com' })
  t.equal((await refresh(test, String(tokens.refresh_token), { client_id: 'tv' })).statusCode, 200)
  refused(t, await poll(test, device_code), 'invalid_grant', /^device_code is unknown or was already used$/)
})

t.test('RFC 8628 §3.5: each early poll increases the interval by five seconds', async (t) => {
  const test = await createApp(t)
  const { device_code, user_code } = await begin(test)
  refused(t, await poll(test, device_code), 'authorization_pending', /5 s$/)
  test.advance(4)
  const tooEarly = /^the poll comes 4 s after the previous one, expected 5 s; from now on 10 s$/
  refused(t, await poll(test, device_code), 'slow_down', tooEarly)
  test.advance(9)
  refused(t, await poll(test, device_code), 'slow_down', /expected 10 s; from now on 15 s$/)
  await answer(test, { user_code, sub: 'alice' })
  test.advance(14)
  refused(t, await poll(test, device_code), 'slow_down', /from now on 20 s$/)
  test.advance(20)
  t.ok(jsonOf(t, await poll(test, device_code)).access_token)
})

t.test('RFC 8628 §3.5: a code expires by the clock, even after an answer of the end-user', async (t) => {
  const test = await createApp(t, { lifetimes: { device_code: 60 } })
  const { device_code, user_code } = await begin(test)
  await answer(test, { user_code, sub: 'alice' })
  test.advance(60)
  refused(t, await poll(test, device_code), 'expired_token', /^device_code expired .*, at \S+Z$/)
})

t.test('RFC 8628 §3.5: after a denial, a poll gets access_denied', async (t) => {
  const test = await createApp(t)
  const { device_code, user_code } = await begin(test)
  t.equal((await answer(test, { user_code, action: 'deny' })).statusCode, 200)
  refused(t, await poll(test, device_code), 'access_denied', /^the end-user denied access$/)
  test.advance(5)
  refused(t, await poll(test, device_code), 'access_denied', /^the end-user denied access$/)
})

t.test('a device_code is valid only for its client and its issuer', async (t) => {
  const test = await createApp(t)
  const { device_code, user_code } = await begin(test)
  await answer(test, { user_code, sub: 'alice' })
  const other = /^device_code belongs to client tv, expected one of client radio$/
  refused(t, await poll(test, device_code, { client_id: 'radio' }), 'invalid_grant', other)
  refused(t, await poll(test, device_code, {}, '/issuers/one'), 'invalid_grant', /^device_code is unknown/)
  refused(t, await poll(test, ''), 'invalid_request', /^device_code is missing$/)
  refused(t, await poll(test, 'x'), 'invalid_grant', /^device_code is unknown/)
  t.ok(jsonOf(t, await poll(test, device_code)).access_token)
})

t.test('of several simultaneous polls, one gets the tokens', async (t) => {
  const ctx = await createContext({ users: [{ sub: 'alice' }] })
  const client = (await findClient(ctx, 'tv'))!
  const waiting = await createDeviceCode(ctx, client, 'openid', [])
  await approveDevice(ctx, waiting, { sub: 'alice' })
  const params = readParams({ device_code: waiting.device_code })
  const request = {
    client,
    authentication: { method: 'none' as const },
    params,
    resource: [],
    scope: undefined,
    now: ctx.now,
  }
  const polls = await Promise.allSettled([1, 2, 3].map(() => deviceCode(ctx, request)))
  const refusals = polls.filter((poll) => poll.status === 'rejected').map(({ reason }) => reason)
  // The other polls are too early, or the code is already used.
  t.match(refusals, Array(2).fill({ error: /^(invalid_grant|slow_down)$/ }))
  t.equal(polls.length - refusals.length, 1)
})

t.test('a poll after the revocation of the user gets no tokens', async (t) => {
  const test = await createApp(t)
  const { device_code, user_code } = await begin(test)
  await answer(test, { user_code, sub: 'alice' })
  await test.post('/users/alice/revoke-tokens')
  refused(t, await poll(test, device_code), 'invalid_grant', /^the grant of the device_code was revoked$/)
})
