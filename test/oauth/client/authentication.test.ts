/** Client authentication by a JWT, and its refusals. RFC 7523 §3, OpenID Connect Core §9, RFC 6749 §2.3. */
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import t, { type Test } from 'tap'
import type { Client, ConfigInput } from '../../../src/generated/input.js'
import { basic, createApp, exchange, jsonOf, logIn, REDIRECT_URI, refused, register, type TestApp } from '../../app.js'
import { listen } from '../../listener.js'

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const SECRET = 'a-secret-of-more-than-32-characters'
const ISSUER = 'http://op.example'

type Sign = (claims?: JWTPayload, header?: Record<string, unknown>) => Promise<string>

const NOW = Math.floor(Date.now() / 1000)
let count = 0
const claimsOf = (client_id: string, claims: JWTPayload): JWTPayload => {
  count += 1
  return { iss: client_id, sub: client_id, aud: ISSUER, exp: NOW + 300, jti: `jti ${count}`, ...claims }
}

const bySecret =
  (client_id: string, secret = SECRET, alg = 'HS256'): Sign =>
  (claims = {}) =>
    new SignJWT(claimsOf(client_id, claims)).setProtectedHeader({ alg }).sign(Buffer.from(secret))

async function makeKey(client_id: string, alg = 'RS256', kid?: string): Promise<{ jwk: JWK; sign: Sign }> {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const sign: Sign = (claims = {}, header = {}) =>
    new SignJWT(claimsOf(client_id, claims))
      .setProtectedHeader({ alg, ...(kid !== undefined && { kid }), ...header })
      .sign(privateKey)
  return { jwk: { ...(await exportJWK(publicKey)), use: 'sig', ...(kid !== undefined && { kid }) }, sign }
}

const client = (client_id: string, more: Partial<Client> = {}): Client => ({
  client_id,
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'private_key_jwt',
  ...more,
})
const jwksOf = (...keys: JWK[]) => ({ keys: keys as Record<string, unknown>[] })

/** Calls the token endpoint with an assertion. The error `invalid_grant` means that the client was authenticated. */
const call = (test: TestApp, client_assertion: string, form: Record<string, string> = {}, headers = {}) =>
  exchange(test, { code: 'x', client_id: '', client_assertion, client_assertion_type: TYPE, ...form }, '', headers)
const accepted = async (t: Test, answer: ReturnType<typeof call>, title = 'authenticated') =>
  t.match((await answer).json(), { error: 'invalid_grant' }, title)
const rejected = async (t: Test, answer: ReturnType<typeof call>, description: RegExp) => {
  const response = await answer
  refused(t, response, 'invalid_client', description, 401)
  t.equal(response.headers['www-authenticate'], undefined)
}

const own = await makeKey('keyed')
const CONFIG: ConfigInput = {
  issuer: ISSUER,
  internal_url: 'http://op.internal',
  clients: [
    client('keyed', { jwks: jwksOf(own.jwk) }),
    client('secret', { token_endpoint_auth_method: 'client_secret_jwt', client_secret: SECRET }),
    client('ps', { jwks: jwksOf(own.jwk), token_endpoint_auth_signing_alg: 'PS256' }),
    client('hs', {
      token_endpoint_auth_method: 'client_secret_jwt',
      client_secret: SECRET,
      token_endpoint_auth_signing_alg: 'HS512',
    }),
    client('basic', { token_endpoint_auth_method: 'client_secret_basic', client_secret: SECRET }),
    client('public', { token_endpoint_auth_method: 'none' }),
  ],
}
const shared = await createApp(t, CONFIG)

t.test('OpenID Connect Core §9: private_key_jwt authenticates, even by a key without kid', async (t) => {
  const code = (await logIn(shared, { client_id: 'keyed' })).get('code')!
  t.match(jsonOf(t, await call(shared, await own.sign(), { code })), { token_type: 'Bearer' })
})

t.test('OpenID Connect Core §9: client_secret_jwt authenticates', async (t) => {
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    const code = (await logIn(shared, { client_id: 'secret' })).get('code')!
    t.match(jsonOf(t, await call(shared, await bySecret('secret', SECRET, alg)(), { code })), { token_type: 'Bearer' })
  }
})

t.test('a refusal of an audience lists each URL once', async (t) => {
  const test = await createApp(t, { ...CONFIG, internal_url: ISSUER })
  const message =
    /^client_assertion has the aud .*, expected one of http:\/\/op\.example, http:\/\/op\.example\/oauth2\/token$/
  await rejected(t, call(test, await own.sign({ aud: 'http://other' })), message)
})

t.test('RFC 7523 §3: the audience is the issuer or the token endpoint', async (t) => {
  const good = [
    ISSUER,
    [ISSUER],
    ['http://other', 'http://op.internal/oauth2/token'],
    'http://op.internal/oauth2/token',
    'http://op.example/oauth2/token',
  ]
  for (const aud of good) await accepted(t, call(shared, await own.sign({ aud })), String(aud))
  // The second is the URL of the request. The sender chooses its host, so it is not accepted.
  const urls = ['http://other', 'http://localhost/oauth2/token', 'http://op.example/', 'http://op.internal']
  const bad = [...urls, [], ['x', 'y'], 5, null, { [ISSUER]: 1 }]
  for (const aud of bad as string[]) {
    const message =
      /^client_assertion has the aud .*, expected one of http:\/\/op\.example, http:\/\/op\.internal\/oauth2/
    await rejected(t, call(shared, await own.sign({ aud })), message)
  }
  await rejected(t, call(shared, await own.sign({ aud: undefined as never })), /^client_assertion has the aud missing/)
})

const BAD_CLAIMS: [JWTPayload, RegExp][] = [
  [{ exp: undefined as never }, /has the exp missing, expected a number$/],
  [{ exp: '9999999999' as never }, /has the exp '9999999999', expected a number$/],
  [{ exp: NOW - 1 }, /expired .*, at \S+Z$/],
  [{ iat: NOW + 200 }, /has the iat \d+, in 3 minutes, at \S+Z, expected a time that is not in the future$/],
  [{ nbf: NOW + 200 }, /has the nbf \d+, in 3 minutes, at \S+Z, expected a time that is not in the future/],
  [{ iat: 'now' as never }, /has the iat 'now', expected a number$/],
  [{ nbf: null as never }, /has the nbf null, expected a number$/],
  [{ jti: undefined as never }, /has the jti missing, expected a text$/],
  [{ jti: '' }, /has the jti '', expected a text$/],
  [{ jti: 5 as never }, /has the jti 5, expected a text$/],
  [{ sub: undefined as never }, /has the sub missing, expected the client_id$/],
  [{ sub: '' }, /has the sub '', expected the client_id$/],
  [{ sub: 7 as never }, /has the sub 7, expected the client_id$/],
  [{ iss: undefined as never }, /has the iss missing, expected the client_id as in sub: keyed$/],
  [{ iss: 'other' }, /has the iss 'other', expected the client_id as in sub: keyed$/],
]
for (const [claims, message] of BAD_CLAIMS) {
  t.test(
    `RFC 7523 §3: an assertion with ${JSON.stringify(claims)} of ${message.source} is invalid_client`,
    async (t) => {
      await rejected(t, call(shared, await own.sign(claims)), new RegExp(`^client_assertion ${message.source}`))
    },
  )
}

t.test('RFC 7523 §3: iat and nbf can be in the past or slightly in the future', async (t) => {
  for (const claims of [{ iat: NOW, nbf: NOW }, { iat: NOW + 30, nbf: NOW + 30 }, { iat: 1 }]) {
    await accepted(t, call(shared, await own.sign(claims)))
  }
})

t.test('OpenID Connect Core §9: an assertion is used once', async (t) => {
  const assertion = await own.sign({ jti: 'once' })
  const all = await Promise.all([0, 1, 2].map(async () => (await call(shared, assertion)).json<{ error: string }>()))
  t.strictSame(all.map(({ error }) => error).sort(), ['invalid_client', 'invalid_client', 'invalid_grant'])
  await rejected(
    t,
    call(shared, assertion),
    /^client_assertion has the jti once of an earlier assertion, expected a new one/,
  )
  await rejected(
    t,
    call(shared, await own.sign({ jti: 'once', exp: NOW + 500 })),
    /has the jti once of an earlier assertion/,
  )
  await accepted(t, call(shared, await bySecret('secret')({ jti: 'once' })), 'the same jti of another client')
  const forged = await makeKey('keyed')
  await rejected(t, call(shared, await forged.sign({ jti: 'twice' })), /has a signature that no key in jwks verifies$/)
  await accepted(t, call(shared, await own.sign({ jti: 'twice' })), 'a forged assertion does not use up the jti')
})

t.test('RFC 8725 §3.1: the algorithm must fit the method and be the registered one', async (t) => {
  const unsecured = new UnsecuredJWT(claimsOf('keyed', {})).encode()
  await rejected(t, call(shared, unsecured), /^client_assertion has the alg none, expected one of RS256/)
  await rejected(
    t,
    call(shared, await bySecret('keyed')()),
    /^client keyed used client_secret_jwt, expected .*private_key/,
  )
  await rejected(
    t,
    call(shared, await (await makeKey('secret')).sign()),
    /^client secret used private_key_jwt, expected/,
  )
  const rs = await own.sign({ iss: 'ps', sub: 'ps' })
  await rejected(t, call(shared, rs), /^client_assertion has the alg RS256, expected one of PS256$/)
  await rejected(t, call(shared, await bySecret('hs')()), /^client_assertion has the alg HS256, expected one of HS512$/)
  await accepted(t, call(shared, await bySecret('hs', SECRET, 'HS512')()))
  await rejected(
    t,
    call(shared, await bySecret('secret', 'wrong')()),
    /has a signature that is not of the client_secret/,
  )
  await rejected(t, call(shared, await bySecret('basic')()), /^client basic used client_secret_jwt, expected .*_basic$/)
  await rejected(
    t,
    call(shared, await bySecret('public')()),
    /^client public used client_secret_jwt, expected .* none$/,
  )
})

t.test('RFC 7523 §2.2: the assertion must be a JWT with the client_assertion_type of a JWT', async (t) => {
  const sign = own.sign
  for (const type of ['', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer', TYPE.toUpperCase()]) {
    const message = new RegExp(`^client_assertion_type is ${type || 'missing'}, expected ${TYPE}$`)
    await rejected(t, call(shared, await sign(), { client_assertion_type: type }), message)
  }
  for (const text of ['x', 'a.b.c', '..', 'eyJhbGciOiJIUzI1NiJ9.W10.x', 'a.b.c.d.e', 'null.null.null']) {
    await rejected(t, call(shared, text), /^client_assertion is not a JWT: its (header|payload) is not a JSON object$/)
  }
  await rejected(t, call(shared, '', { client_assertion_type: TYPE }), /^client_id is missing/)
})

t.test('RFC 7521 §4.2: a client_id in the form must be that of the assertion', async (t) => {
  await accepted(t, call(shared, await own.sign(), { client_id: 'keyed' }))
  const message = /^client_id is secret in the form, expected keyed as in client_assertion$/
  await rejected(t, call(shared, await own.sign(), { client_id: 'secret' }), message)
})

t.test('an unregistered client can use any assertion that names it unless registration is required', async (t) => {
  const sign = bySecret('unregistered', 'any secret')
  const code = (await logIn(shared, { client_id: 'unregistered' })).get('code')!
  t.match(jsonOf(t, await call(shared, await sign({ exp: 1, aud: 'x' }), { code })), { token_type: 'Bearer' })
  await rejected(
    t,
    call(shared, await sign(), { client_id: 'other' }),
    /^client_id is other in the form, expected unregistered as/,
  )
  const strict = await createApp(t, { ...CONFIG, require_registration: true })
  await rejected(
    t,
    call(strict, await sign()),
    /^client_id is unregistered, expected a configured or registered client$/,
  )
})

t.test('OpenID Connect Core §10.1.1: a client can replace the key at its jwks_uri', async (t) => {
  const [one, two] = [await makeKey('rotating', 'RS256', '1'), await makeKey('rotating', 'RS256', '2')]
  let keys = [one.jwk]
  const listener = await listen(t, () => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ keys }),
  }))
  const test = await createApp(t, { issuer: ISSUER, clients: [client('rotating', { jwks_uri: listener.url })] })
  await accepted(t, call(test, await one.sign()))
  await accepted(t, call(test, await one.sign()))
  t.equal(listener.received.length, 1)
  keys = [two.jwk]
  await accepted(t, call(test, await two.sign()), 'the new key')
  t.equal(listener.received.length, 2)
  await rejected(t, call(test, await one.sign()), /is signed with kid 1, which no key for RS256 in jwks_uri http/)
})

t.test('an unreachable jwks_uri is invalid_client', async (t) => {
  const listener = await listen(t, () => ({ status: 302, headers: { location: '/elsewhere' } }))
  const test = await createApp(t, { issuer: ISSUER, clients: [client('keyed', { jwks_uri: listener.url })] })
  const message = /^client_assertion needs the client's keys, but jwks_uri http:\S+ cannot be used; the log/
  await rejected(t, call(test, await own.sign()), message)
  t.match(
    test.log.filter(({ event }) => event === 'document_unusable'),
    [{ level: 40, msg: `jwks_uri ${listener.url} answered 302, expected 200` }],
  )
  t.equal(listener.received.length, 1, 'redirects are not followed')
})

t.test('RFC 6749 §2.3: a client must not use two methods in one request', async (t) => {
  const strict = await createApp(t, { ...CONFIG, rules: { one_client_authentication: true } })
  const authorization = basic('basic', SECRET)
  const both: [Record<string, string>, Record<string, string>, RegExp][] = [
    [
      { client_secret: SECRET },
      { authorization },
      /by the Authorization header and client_secret, expected one of them$/,
    ],
    [
      { client_assertion: await bySecret('basic')() },
      { authorization },
      /by the Authorization header and client_assert/,
    ],
    [{ client_assertion: await own.sign(), client_secret: 'x' }, {}, /by client_secret and client_assertion, expected/],
  ]
  for (const [form, headers, message] of both) {
    const all = { code: 'x', client_id: '', client_assertion_type: TYPE, ...form }
    refused(t, await exchange(strict, all, '', headers), 'invalid_request', message)
    const lenient = await exchange(shared, all, '', headers)
    t.match(
      lenient.json(),
      { error: 'invalid_grant' },
      'without the rule, the header takes precedence over the assertion',
    )
  }
  const remarks = shared.log.filter(({ rule }) => rule === 'one_client_authentication')
  t.equal(remarks.length, 3, 'a remark for each request without the rule')
  t.match(remarks[0], { event: 'would_be_refused', error: 'invalid_request' })
})

for (const token_endpoint_auth_method of ['client_secret_basic', 'client_secret_post', 'client_secret_jwt']) {
  t.test(`RFC 7591 §3.2.1: an expired secret does not authenticate by ${token_endpoint_auth_method}`, async (t) => {
    const test = await createApp(t, { issuer: ISSUER, lifetimes: { client_secret: '1h' } })
    const { client_id, client_secret, client_secret_expires_at } = await register(test, { token_endpoint_auth_method })
    t.ok(Math.abs(Number(client_secret_expires_at) - NOW - 3600) < 60)
    const attempt = async () => {
      const authorization = basic(client_id, client_secret)
      const assertion = await bySecret(client_id, client_secret)({ exp: NOW + 9000 })
      if (token_endpoint_auth_method === 'client_secret_basic') {
        return exchange(test, { code: 'x', client_id: '' }, '', { authorization })
      }
      return token_endpoint_auth_method === 'client_secret_jwt'
        ? call(test, assertion)
        : exchange(test, { code: 'x', client_id, client_secret })
    }
    t.match((await attempt()).json(), { error: 'invalid_grant' })
    test.advance(3540)
    t.match((await attempt()).json(), { error: 'invalid_grant' })
    test.advance(120)
    refused(t, await attempt(), 'invalid_client', /^the client_secret of client \S+ expired .*, at \S+Z$/, 401)
  })
}
