/** The authorization_code grant. RFC 6749 §4.1.3 and RFC 7636 §4.6. */
import t from 'tap'
import { createApp, exchange, getTokens, getUserinfo, jsonOf, logIn, REDIRECT_URI, refresh, refused } from '../app.js'

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

const shared = await createApp(t)

t.test('RFC 6749 §4.1.2: a code can be redeemed once', async (t) => {
  const test = await createApp(t)
  const code = (await logIn(test)).get('code')!
  const { access_token } = jsonOf(t, await exchange(test, { code }))
  test.advance(120)
  const message = /^code was already used 2 minutes ago, at \S+Z, by client app in flow ([\w-]{22})$/
  const again = await exchange(test, { code })
  refused(t, again, 'invalid_grant', message)
  const [, flow_id] = message.exec(again.json().error_description)!
  const { entries } = (await test.get(`/admin/journal?flow_id=${flow_id}`)).json()
  t.equal(entries.length, 3, 'the journal shows the login and both requests')
  t.equal((await getUserinfo(test, String(access_token))).statusCode, 200)
})

t.test('RFC 6749 §4.1.2: of several simultaneous requests with a code, one gets tokens', async (t) => {
  const test = await createApp(t)
  const code = (await logIn(test)).get('code')!
  const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(test, { code })))
  t.strictSame(answers.map(({ statusCode }) => statusCode).toSorted(), [200, ...Array(7).fill(400)])
})

t.test('RFC 6749 §10.10: a code has 256 random bits', async (t) => {
  const test = await createApp(t)
  const codes = await Promise.all(Array.from({ length: 20 }, async () => (await logIn(test)).get('code')!))
  t.equal(new Set(codes).size, 20)
  for (const code of codes) t.match(code, /^[\w-]{43}$/)
})

t.test('RFC 6749 §4.1.2: with the rule, a reused code revokes the grant and all its tokens', async (t) => {
  const test = await createApp(t, { rules: { revoke_on_code_reuse: true } })
  const code = (await logIn(test)).get('code')!
  const { access_token, refresh_token } = jsonOf(t, await exchange(test, { code }))
  const other = await getTokens(test)
  refused(t, await exchange(test, { code: 'unknown' }), 'invalid_grant', /^code is unknown/)
  t.equal((await getUserinfo(test, String(access_token))).statusCode, 200)
  refused(t, await exchange(test, { code }), 'invalid_grant', /^code was already used (just now|\d+ seconds? ago), at /)
  t.equal((await getUserinfo(test, String(access_token))).statusCode, 401)
  refused(t, await refresh(test, String(refresh_token)), 'invalid_grant', /^refresh_token was revoked$/)
  t.equal((await getUserinfo(test, other.access_token)).statusCode, 200, 'another login is not concerned')
})

t.test('RFC 6749 §4.1.2: without the rule, a reused code gives a remark', async (t) => {
  const test = await createApp(t)
  const code = (await logIn(test)).get('code')!
  for (const status of [200, 400, 400]) t.equal((await exchange(test, { code })).statusCode, status)
  t.equal(test.log.filter(({ rule }) => rule === 'revoke_on_code_reuse').length, 1)
})

t.test('OpenID Connect Core §11: with the rule offline_access, a refresh token needs that scope', async (t) => {
  const test = await createApp(t, { rules: { offline_access: true } })
  t.notOk('refresh_token' in (await getTokens(test, { scope: 'openid', prompt: 'consent' })))
  const tokens = await getTokens(test, { scope: 'openid offline_access', prompt: 'consent' })
  t.match(tokens, { scope: 'openid offline_access', refresh_token: /^[\w-]{43}$/ })
})

const REFUSED: [string, Record<string, string>, RegExp][] = [
  ['an unknown code', { code: 'unknown' }, /^code is unknown/],
  ['a code with an additional character', { code: 'CODEx' }, /^code is unknown/],
  ['the code of another client', { client_id: 'other' }, /^code belongs to client app, expected one of client other$/],
  [
    'another redirect_uri',
    { redirect_uri: `${REDIRECT_URI}/` },
    /^redirect_uri is .*\/, expected that of the authorization request/,
  ],
  [
    'no redirect_uri',
    { redirect_uri: '' },
    /^redirect_uri is missing, expected that of the authorization request: http:\/\/loc/,
  ],
  ['a verifier without a challenge', { code_verifier: VERIFIER }, /had no code_challenge$/],
]
for (const [title, form, message] of REFUSED) {
  t.test(`RFC 6749 §4.1.3: ${title} is invalid_grant`, async (t) => {
    const code = (await logIn(shared)).get('code')!
    const presented = (form.code ?? 'CODE').replace('CODE', code)
    refused(t, await exchange(shared, { ...form, code: presented }), 'invalid_grant', message)
  })
}

t.test('RFC 6749 §4.1.3: code is required', async (t) => {
  refused(t, await exchange(await createApp(t), {}), 'invalid_request', /^code is missing$/)
})

t.test('RFC 6749 §4.1.2: a code expires', async (t) => {
  const test = await createApp(t, { lifetimes: { authorization_code: 60 } })
  const [early, late] = [(await logIn(test)).get('code')!, (await logIn(test)).get('code')!]
  test.advance(58)
  jsonOf(t, await exchange(test, { code: early }))
  test.advance(2)
  refused(t, await exchange(test, { code: late }), 'invalid_grant', /^code expired .*, at \S+Z$/)
  refused(t, await exchange(test, { code: late }), 'invalid_grant', /^code expired/, 400)
  refused(t, await exchange(test, { code: early }), 'invalid_grant', /^code was already used/)
})

t.test('the default lifetime of a code is ten minutes', async (t) => {
  const test = await createApp(t)
  const [early, late] = [(await logIn(test)).get('code')!, (await logIn(test)).get('code')!]
  test.advance(598)
  jsonOf(t, await exchange(test, { code: early }))
  test.advance(2)
  refused(t, await exchange(test, { code: late }), 'invalid_grant', /^code expired/)
})

t.test('a code ends with its grant', async (t) => {
  const test = await createApp(t)
  const code = (await logIn(test)).get('code')!
  await test.post('/users/alice/revoke-tokens')
  refused(t, await exchange(test, { code }), 'invalid_grant', /^the grant of the code was revoked$/)
})

t.test('a code ends with its configured user', async (t) => {
  const test = await createApp(t, { users: [{ sub: 'alice' }] })
  const code = (await logIn(test)).get('code')!
  await test.reload({})
  refused(t, await exchange(test, { code }), 'invalid_grant', /^user alice of the grant no longer exists$/)
})

const PKCE: [string, Record<string, string>, string, RegExp | undefined][] = [
  ['S256, right', { code_challenge: CHALLENGE, code_challenge_method: 'S256' }, VERIFIER, undefined],
  ['plain, right', { code_challenge: VERIFIER, code_challenge_method: 'plain' }, VERIFIER, undefined],
  ['plain by default, right', { code_challenge: VERIFIER }, VERIFIER, undefined],
  ['S256, wrong', { code_challenge: CHALLENGE, code_challenge_method: 'S256' }, CHALLENGE, /the S256 code_challenge/],
  ['plain, wrong', { code_challenge: VERIFIER }, CHALLENGE, /is wrong, expected the plain code_challenge/],
  ['S256, missing', { code_challenge: CHALLENGE, code_challenge_method: 'S256' }, '', /^code_verifier is missing/],
  ['S256, too short', { code_challenge: CHALLENGE, code_challenge_method: 'S256' }, 'abc', /has 3 characters/],
]
for (const [title, parameters, code_verifier, message] of PKCE) {
  t.test(`RFC 7636 §4.6: ${title}`, async (t) => {
    const code = (await logIn(shared, parameters)).get('code')!
    const answer = await exchange(shared, { code, code_verifier })
    if (message === undefined) t.match(jsonOf(t, answer), { token_type: 'Bearer' })
    else refused(t, answer, 'invalid_grant', message)
  })
}
