/** The refresh_token grant. RFC 6749 §6 and OpenID Connect Core §12. */
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import {
  createApp,
  exchange,
  getTokens,
  getUserinfo,
  logIn,
  REDIRECT_URI,
  refresh,
  refused,
  type TestApp,
  type Tokens,
} from '../app.js'

/** A request for which a strict provider issues a refresh token. */
const OFFLINE = { scope: 'openid offline_access', prompt: 'consent' }

async function checkAccess(t: Test, test: TestApp, tokens: readonly string[], status: number): Promise<void> {
  for (const token of tokens) t.equal((await getUserinfo(test, token)).statusCode, status)
}

const refreshed = async (...args: Parameters<typeof refresh>) => (await refresh(...args)).json<Tokens>()

t.test(
  'a refresh ends the access token of the login, and access tokens of refreshes live until they expire',
  async (t) => {
    const test = await createApp(t, { lifetimes: { access_token: 600 } })
    const first = await getTokens(test, { scope: 'openid email' })
    const second = await refreshed(test, first.refresh_token)
    t.match(second, { token_type: 'Bearer', expires_in: 600, scope: 'openid email' })
    const third = await refreshed(test, first.refresh_token)
    const tokens = [second, third].map(({ access_token }) => access_token)
    t.equal(new Set([first.access_token, ...tokens]).size, 3)
    await checkAccess(t, test, [first.access_token], 401)
    await checkAccess(t, test, tokens, 200)
    test.advance(600)
    await checkAccess(t, test, tokens, 401)
  },
)

t.test('RFC 7009 §2.1: the revocation of a refresh token revokes all access tokens of its refreshes', async (t) => {
  const test = await createApp(t)
  const first = await getTokens(test)
  const later = await Promise.all([1, 2, 3].map(() => refreshed(test, first.refresh_token)))
  await test.post('/oauth2/revoke', { client_id: 'app', token: first.refresh_token })
  await checkAccess(
    t,
    test,
    [first, ...later].map(({ access_token }) => access_token),
    401,
  )
})

t.test('the refresh token stays valid', async (t) => {
  const test = await createApp(t)
  const { refresh_token } = await getTokens(test)
  t.equal((await refreshed(test, refresh_token)).refresh_token, undefined)
  t.type((await refreshed(test, refresh_token)).access_token, 'string')
})

t.test(
  'OpenID Connect Core §12.2: the new ID token has the same iss, sub, aud and auth_time and a new iat',
  async (t) => {
    const test = await createApp(t, { lifetimes: { id_token: 120 } })
    const first = await getTokens(test, { nonce: 'n' })
    test.advance(30)
    const before = decodeJwt(first.id_token)
    const after = decodeJwt((await refreshed(test, first.refresh_token)).id_token)
    for (const claim of ['iss', 'sub', 'aud', 'auth_time']) t.strictSame(after[claim], before[claim], claim)
    t.ok(after.iat! >= before.iat! + 30)
    t.equal(after.exp, after.iat! + 120)
    t.equal(after.nonce, undefined, 'nonce belongs to the login')
  },
)

t.test('the new ID token has the current claims', async (t) => {
  const test = await createApp(t)
  const { refresh_token } = await getTokens(test, { scope: 'openid' })
  await test.app.inject({ method: 'PUT', url: '/users/alice', payload: { level: 2 } })
  t.match(decodeJwt((await refreshed(test, refresh_token)).id_token), { level: 2 })
})

t.test('RFC 6749 §6: a narrower scope applies to one response', async (t) => {
  const test = await createApp(t)
  const { refresh_token } = await getTokens(test, { scope: 'openid email' })
  const narrow = await refreshed(test, refresh_token, { scope: 'email' })
  t.equal(narrow.scope, 'email')
  t.equal(narrow.id_token, undefined)
  t.strictSame((await getUserinfo(test, narrow.access_token)).json(), { email: 'alice@example.com', sub: 'alice' })
  const openid = await refreshed(test, refresh_token, { scope: 'openid' })
  t.strictSame((await getUserinfo(test, openid.access_token)).json(), { sub: 'alice' })
  t.equal((await refreshed(test, refresh_token)).scope, 'openid email')
})

t.test('RFC 6749 §6: a wider scope is refused, and the tokens stay valid', async (t) => {
  const test = await createApp(t)
  const { refresh_token, access_token } = await getTokens(test, { scope: 'openid' })
  refused(t, await refresh(test, refresh_token, { scope: 'openid email' }), 'invalid_scope', /^scope has email/)
  t.equal((await getUserinfo(test, access_token)).statusCode, 200)
})

t.test('RFC 6749 §6: the refresh token of another client is invalid_grant', async (t) => {
  const test = await createApp(t)
  const { refresh_token } = await getTokens(test)
  const message = /^refresh_token belongs to client app, expected one of client other$/
  refused(t, await refresh(test, refresh_token, { client_id: 'other' }), 'invalid_grant', message)
  t.equal((await refresh(test, refresh_token)).statusCode, 200, 'and it still works for its own')
})

t.test('RFC 6749 §5.2: a text that is not a refresh token is refused', async (t) => {
  const test = await createApp(t)
  const { access_token } = await getTokens(test)
  const code = (await logIn(test)).get('code')!
  for (const token of ['unknown', access_token, code]) {
    refused(
      t,
      await refresh(test, token),
      'invalid_grant',
      /^refresh_token is unknown: this issuer did not issue it, or no longer keeps it$/,
    )
  }
  refused(t, await refresh(test, ''), 'invalid_request', /^refresh_token is missing$/)
})

t.test('a refresh does not extend the lifetime of a refresh token', async (t) => {
  const test = await createApp(t, { lifetimes: { refresh_token: '1h' } })
  const { refresh_token } = await getTokens(test)
  test.advance(3598)
  t.equal((await refresh(test, refresh_token)).statusCode, 200)
  test.advance(2)
  refused(t, await refresh(test, refresh_token), 'invalid_grant', /^refresh_token expired .*, at \S+Z$/)
})

t.test('a revoked refresh token is invalid_grant', async (t) => {
  const test = await createApp(t)
  const { refresh_token } = await getTokens(test)
  await test.post('/users/alice/revoke-tokens')
  refused(t, await refresh(test, refresh_token), 'invalid_grant', /^refresh_token was revoked$/)
})

t.test('a refresh for a user that a reload removed is invalid_grant', async (t) => {
  const test = await createApp(t, { users: [{ sub: 'alice' }] })
  const { refresh_token } = await getTokens(test)
  await test.reload({})
  refused(t, await refresh(test, refresh_token), 'invalid_grant', /^user alice of the grant no longer exists$/)
})

t.test('no refresh token is issued if issue_refresh_token is off or the client lacks the grant type', async (t) => {
  const off = await createApp(t, { issue_refresh_token: false })
  t.equal((await getTokens(off)).refresh_token, undefined)
  const client = { client_id: 'codes', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' as const }
  const test = await createApp(t, { clients: [{ ...client, grant_types: ['authorization_code'] }] })
  t.equal((await getTokens(test, { client_id: 'codes' })).refresh_token, undefined)
  t.type((await getTokens(test)).refresh_token, 'string')
})

t.test('lifetimes follow the configuration, even after a reload', async (t) => {
  const test = await createApp(t, { lifetimes: { access_token: 60 } })
  const { refresh_token, expires_in } = await getTokens(test)
  t.equal(expires_in, 60)
  await test.reload({ lifetimes: { access_token: '2m' } })
  const { access_token, ...second } = await refreshed(test, refresh_token)
  t.equal(second.expires_in, 120)
  test.advance(118)
  t.equal((await getUserinfo(test, access_token)).statusCode, 200)
  test.advance(2)
  t.equal((await getUserinfo(test, access_token)).statusCode, 401)
})

t.test('RFC 6749 §5.1: the response to a refresh is not cached', async (t) => {
  const test = await createApp(t)
  const { refresh_token } = await getTokens(test)
  t.equal((await refresh(test, refresh_token)).headers['cache-control'], 'no-store')
  t.equal((await exchange(test, { grant_type: 'refresh_token' })).headers['cache-control'], 'no-store')
})

for (const profile of ['lenient', 'strict'] as const) {
  t.test(`RFC 6749 §1.5: all access tokens of simultaneous refreshes are valid, ${profile}`, async (t) => {
    const client = { client_id: 'app', client_secret: 's', redirect_uris: [REDIRECT_URI] }
    const client_auth = { token_endpoint_auth_method: 'client_secret_post' as const }
    const test = await createApp(t, { profile, clients: [{ ...client, ...client_auth }] })
    const code = (await logIn(test, OFFLINE)).get('code')!
    const secret = { client_secret: 's' }
    const { refresh_token, access_token } = (await exchange(test, { code, ...secret })).json<Tokens>()
    const answers = await Promise.all([1, 2, 3].map(() => refreshed(test, refresh_token, secret)))
    const tokens = answers.map((answer) => answer.access_token)
    t.equal(new Set([access_token, ...tokens]).size, 4)
    await checkAccess(t, test, tokens, 200)
    await checkAccess(t, test, [access_token], 401)
  })
}

const PUBLIC = {
  client_id: 'public',
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'none' as const,
}
const ROTATING = { clients: [PUBLIC], rules: { rotate_refresh_tokens: true } }
const ONCE = { ...ROTATING, refresh_token: { reuse_interval: 0 } }
const asPublic = { client_id: 'public' }

t.test(
  'RFC 9700 §4.14.2: a public client gets a new refresh token and a new access token at each refresh',
  async (t) => {
    const test = await createApp(t, ROTATING)
    const first = await getTokens(test, asPublic)
    const second = await refreshed(test, first.refresh_token, asPublic)
    t.match(second.refresh_token, /^[\w-]{43}$/)
    t.not(second.refresh_token, first.refresh_token)
    const third = await refreshed(test, second.refresh_token, asPublic)
    await checkAccess(t, test, [third.access_token], 200)
    await checkAccess(t, test, [first.access_token, second.access_token], 401)
  },
)

t.test('within reuse_interval, each use of an old refresh token gets a refresh token of its own', async (t) => {
  const test = await createApp(t, ROTATING)
  const { refresh_token } = await getTokens(test, asPublic)
  const tabs = await Promise.all([1, 2, 3].map(() => refreshed(test, refresh_token, asPublic)))
  t.equal(new Set([refresh_token, ...tabs.map((tab) => tab.refresh_token)]).size, 4)
  await checkAccess(
    t,
    test,
    tabs.map((tab) => tab.access_token),
    200,
  )
  test.advance(9)
  t.equal((await refresh(test, refresh_token, asPublic)).statusCode, 200, 'the last second')
  for (const tab of tabs) t.equal((await refresh(test, tab.refresh_token, asPublic)).statusCode, 200)
})

t.test('RFC 9700 §4.14.2: after reuse_interval, the use of an old refresh token revokes the grant', async (t) => {
  const test = await createApp(t, { ...ROTATING, refresh_token: { reuse_interval: '1m' } })
  const first = await getTokens(test, asPublic)
  const second = await refreshed(test, first.refresh_token, asPublic)
  test.advance(59)
  const third = await refreshed(test, first.refresh_token, asPublic)
  test.advance(1)
  const message =
    /^refresh_token was already used: it was replaced 1 minute ago, at \S+Z, and refresh_token.reuse_interval is 60 seconds;/
  refused(t, await refresh(test, first.refresh_token, asPublic), 'invalid_grant', message)
  for (const { access_token, refresh_token } of [second, third]) {
    t.equal((await getUserinfo(test, access_token)).statusCode, 401)
    refused(t, await refresh(test, refresh_token, asPublic), 'invalid_grant', /^refresh_token was revoked$/)
  }
})

t.test('an old refresh token within reuse_interval is rotated again, even if rotation is off since then', async (t) => {
  const test = await createApp(t, ROTATING)
  const { refresh_token } = await getTokens(test, asPublic)
  await refreshed(test, refresh_token, asPublic)
  await test.reload({ clients: [PUBLIC] })
  t.type((await refreshed(test, refresh_token, asPublic)).refresh_token, 'string')
})

t.test('under strict, reuse_interval is 0', async (t) => {
  const test = await createApp(t, { profile: 'strict', clients: [PUBLIC], rules: { pkce_for_public_clients: false } })
  const first = await getTokens(test, { ...asPublic, ...OFFLINE })
  const second = await refreshed(test, first.refresh_token, asPublic)
  t.equal((await getUserinfo(test, second.access_token)).statusCode, 200)
  refused(t, await refresh(test, first.refresh_token, asPublic), 'invalid_grant', /^refresh_token was already used/)
  t.equal((await getUserinfo(test, second.access_token)).statusCode, 401)
})

t.test('a refresh token is not accepted again if the clock is set back after its rotation', async (t) => {
  const test = await createApp(t, ONCE)
  const { refresh_token } = await getTokens(test, asPublic)
  await refreshed(test, refresh_token, asPublic)
  test.advance(-60)
  refused(t, await refresh(test, refresh_token, asPublic), 'invalid_grant', /already used/)
})

t.test('RFC 9700 §4.14.2: the use of an old refresh token revokes the grant', async (t) => {
  const test = await createApp(t, ONCE)
  const first = await getTokens(test, asPublic)
  const second = await refreshed(test, first.refresh_token, asPublic)
  const message = /^refresh_token was already used; the grant and all its tokens have ended$/
  refused(t, await refresh(test, first.refresh_token, asPublic), 'invalid_grant', message)
  t.equal((await getUserinfo(test, second.access_token)).statusCode, 401)
  refused(t, await refresh(test, second.refresh_token, asPublic), 'invalid_grant', /^refresh_token was revoked$/)
})

t.test('RFC 9700 §4.14.2: of several simultaneous refreshes, one gets tokens, which are then revoked', async (t) => {
  const test = await createApp(t, ONCE)
  const { refresh_token } = await getTokens(test, asPublic)
  const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(test, refresh_token, asPublic)))
  const good = answers.filter(({ statusCode }) => statusCode === 200)
  t.equal(good.length, 1)
  t.equal((await getUserinfo(test, good[0]!.json<Tokens>().access_token)).statusCode, 401)
})

t.test('RFC 9700 §4.14.2: a refused request does not rotate the refresh token', async (t) => {
  const test = await createApp(t, ROTATING)
  const { refresh_token } = await getTokens(test, asPublic)
  refused(t, await refresh(test, refresh_token, { ...asPublic, scope: 'email' }), 'invalid_scope', /^scope has email/)
  refused(t, await refresh(test, refresh_token, { client_id: 'other' }), 'invalid_grant', /^refresh_token belongs to/)
  t.equal((await refresh(test, refresh_token, asPublic)).statusCode, 200)
})

t.test('RFC 9700 §4.14.2: a refresh that issues no tokens does not rotate the refresh token', async (t) => {
  const users = [{ sub: 'alice' }]
  const test = await createApp(t, { ...ROTATING, users })
  const { refresh_token } = await getTokens(test, asPublic)
  await test.reload(ROTATING)
  refused(t, await refresh(test, refresh_token, asPublic), 'invalid_grant', /no longer exists$/)
  await test.reload({ ...ROTATING, users })
  t.equal((await refresh(test, refresh_token, asPublic)).statusCode, 200)
})

t.test('RFC 9700 §4.14.2: rotation does not extend the lifetime of the refresh token', async (t) => {
  const test = await createApp(t, { ...ROTATING, lifetimes: { refresh_token: 600 } })
  const { refresh_token } = await getTokens(test, asPublic)
  test.advance(500)
  const next = await refreshed(test, refresh_token, asPublic)
  test.advance(100)
  refused(t, await refresh(test, next.refresh_token, asPublic), 'invalid_grant', /^refresh_token expired/)
})

t.test('RFC 9700 §4.14.2: with the rule, a confidential client keeps its refresh token', async (t) => {
  const client = { ...PUBLIC, client_secret: 's', token_endpoint_auth_method: 'client_secret_post' as const }
  const test = await createApp(t, { clients: [client], rules: { rotate_refresh_tokens: true } })
  const secret = { ...asPublic, client_secret: 's' }
  const code = (await logIn(test, asPublic)).get('code')!
  const { refresh_token } = (await exchange(test, { code, ...secret })).json<Tokens>()
  for (const _ of [1, 2]) {
    const answer = await refresh(test, refresh_token, secret)
    t.equal(answer.statusCode, 200)
    t.notOk('refresh_token' in answer.json<object>())
  }
})
