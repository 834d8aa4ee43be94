/** Complete journeys over a real socket with the client library openid-client. */
import * as client from 'openid-client'
import { type Test, test } from 'tap'
import { type StartOptions, startProvider } from '../src/index.js'

const REDIRECT_URI = 'http://localhost:8000/callback'

async function start(t: Test, options: StartOptions = {}): Promise<string> {
  // Elliptic keys are generated fast; the journeys for each algorithm configure their keys.
  const provider = await startProvider({ port: 0, keys: [{ alg: 'ES256' }], log: { level: 'silent' }, ...options })
  t.teardown(() => provider.close())
  return provider.issuer
}

async function discover(
  issuer: string,
  client_id: string,
  metadata?: string | Partial<client.ClientMetadata>,
  authentication?: client.ClientAuth,
): Promise<client.Configuration> {
  const configuration = await client.discovery(new URL(issuer), client_id, metadata, authentication, {
    execute: [client.allowInsecureRequests],
  })
  // The ID token's signature is verified with the keys of the JWKS endpoint.
  client.enableNonRepudiationChecks(configuration)
  return configuration
}

/** Answers an authorization request without a browser, by a POST to its URL. Returns the location of the response. */
async function answer(url: URL, form: Record<string, string>): Promise<URL> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  return new URL(response.headers.get('location') ?? `about:blank?status=${response.status}`)
}

/** Values that an application keeps between the request and the response. */
interface Pending {
  readonly url: URL
  readonly checks: { pkceCodeVerifier: string; expectedState: string; expectedNonce: string }
}

async function begin(configuration: client.Configuration, parameters: Record<string, string> = {}): Promise<Pending> {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  }
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  })
  return { url, checks }
}

async function logIn(configuration: client.Configuration, sub: string, parameters: Record<string, string> = {}) {
  const { url, checks } = await begin(configuration, parameters)
  return client.authorizationCodeGrant(configuration, await answer(url, { sub }), checks)
}

/** Returns the error that the library throws for an error response: from the body, or from the challenge of a 401. */
async function refusal(attempt: Promise<unknown>): Promise<{ error?: string; error_description?: string }> {
  const caught = await attempt.then(
    () => ({}),
    (error: unknown) => error,
  )
  if (caught instanceof client.ResponseBodyError) return caught
  if (caught instanceof client.AuthorizationResponseError) return caught
  if (caught instanceof client.WWWAuthenticateChallengeError) {
    const { error } = caught.cause[0]!.parameters
    return error === undefined ? ((await caught.response.json()) as object) : { error }
  }
  return {}
}

test('a public client discovers every endpoint and logs in with PKCE, state and nonce', async (t) => {
  const issuer = await start(t, {
    users: [{ sub: 'alice', claims: { name: 'Alice', email: 'alice@example.com', phone_number: '+1', plan: 'gold' } }],
  })
  const configuration = await discover(issuer, 'app', undefined, client.None())
  const server = configuration.serverMetadata()
  t.equal(server.issuer, issuer)
  t.equal(server.supportsPKCE(), true)
  for (const url of [server.token_endpoint, server.userinfo_endpoint, server.end_session_endpoint, server.jwks_uri]) {
    t.equal(new URL(url!).origin, issuer)
  }

  const tokens = await logIn(configuration, 'alice')
  t.equal(tokens.token_type, 'bearer')
  t.equal(tokens.expires_in, 3600)
  t.match(tokens.claims(), {
    iss: issuer,
    sub: 'alice',
    aud: 'app',
    name: 'Alice',
    email: 'alice@example.com',
    plan: 'gold',
  })
  t.notOk(Object.hasOwn(tokens.claims()!, 'phone_number'), 'its scope was not requested')

  const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, 'alice')
  t.strictSame(userinfo, { sub: 'alice', name: 'Alice', email: 'alice@example.com', plan: 'gold' })
  await t.rejects(
    client.fetchUserInfo(configuration, tokens.access_token, 'bob'),
    { code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' },
    'the library checks sub',
  )
})

test('a refresh token gets tokens of the same user, and ends the access token of the login', async (t) => {
  const configuration = await discover(await start(t), 'app', undefined, client.None())
  const before = await logIn(configuration, 'alice')
  const after = await client.refreshTokenGrant(configuration, before.refresh_token!)
  t.not(after.access_token, before.access_token)
  t.match(after.claims(), { sub: 'alice', aud: 'app' })
  t.match(await client.fetchUserInfo(configuration, after.access_token, 'alice'), {
    sub: 'alice',
    email: 'alice@example.com',
  })
  const refused = await refusal(client.fetchUserInfo(configuration, before.access_token, 'alice'))
  t.equal(refused.error, 'invalid_token')
})

test('an unknown refresh token is refused', async (t) => {
  const configuration = await discover(await start(t), 'app', undefined, client.None())
  t.equal((await refusal(client.refreshTokenGrant(configuration, 'made-up'))).error, 'invalid_grant')
})

test('after a denial, the application gets access_denied with its state', async (t) => {
  const configuration = await discover(await start(t), 'app', undefined, client.None())
  const { url, checks } = await begin(configuration)
  const callback = await answer(url, { action: 'deny' })
  const denied = await refusal(client.authorizationCodeGrant(configuration, callback, checks))
  t.equal(denied.error, 'access_denied', 'the library verifies the state')
})

test('a code of another login is refused', async (t) => {
  const configuration = await discover(await start(t), 'app', undefined, client.None())
  const callback = async () => {
    const { url, checks } = await begin(configuration)
    return { url: await answer(url, { sub: 'alice' }), checks }
  }
  const exchange = async (wrong: Partial<Pending['checks']>) => {
    const { url, checks } = await callback()
    return client.authorizationCodeGrant(configuration, url, { ...checks, ...wrong })
  }
  t.match((await exchange({})).claims(), { sub: 'alice' }, 'the flow itself succeeds')
  await t.rejects(exchange({ expectedState: 'other' }), {
    cause: { message: 'unexpected "state" response parameter value' },
  })
  await t.rejects(exchange({ expectedNonce: 'other' }), {
    cause: { message: 'unexpected ID Token "nonce" claim value' },
  })
  const refused = await refusal(exchange({ pkceCodeVerifier: client.randomPKCECodeVerifier() }))
  t.match(refused, { error: 'invalid_grant', error_description: /code_verifier/ })
  const { url, checks } = await callback()
  await client.authorizationCodeGrant(configuration, url, checks)
  const second = await refusal(client.authorizationCodeGrant(configuration, url, checks))
  t.equal(second.error, 'invalid_grant', 'a code can be redeemed once')
})

test('a configured client must use its secret, method, redirect_uris and scopes', async (t) => {
  const issuer = await start(t, {
    require_registration: true,
    clients: [
      { client_id: 'web', client_secret: 's3cret', redirect_uris: [REDIRECT_URI], scope: 'openid email' },
      {
        client_id: 'post',
        client_secret: 's3cret',
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
  })
  const basic = await discover(issuer, 'web', undefined, client.ClientSecretBasic('s3cret'))
  const tokens = await logIn(basic, 'alice', { scope: 'openid email phone' })
  t.equal(tokens.scope, 'openid email')
  t.match(await client.fetchUserInfo(basic, tokens.access_token, 'alice'), { email: 'alice@example.com' })
  const byDefault = await discover(issuer, 'web', 's3cret')
  t.match((await logIn(byDefault, 'bob')).claims(), { sub: 'bob', aud: 'web' }, 'the default method of the library')
  const post = await discover(issuer, 'post', undefined, client.ClientSecretPost('s3cret'))
  t.match((await logIn(post, 'bob')).claims(), { sub: 'bob', aud: 'post' })

  const refused: [string, string, client.ClientAuth][] = [
    ['a wrong secret', 'web', client.ClientSecretBasic('wrong')],
    ['a wrong secret by another method', 'web', client.ClientSecretPost('wrong')],
    ['another method', 'post', client.ClientSecretBasic('s3cret')],
    ['no secret', 'web', client.None()],
  ]
  for (const [title, client_id, authentication] of refused) {
    const configuration = await discover(issuer, client_id, undefined, authentication)
    t.equal((await refusal(logIn(configuration, 'alice'))).error, 'invalid_client', title)
  }
  const { url } = await begin(basic, { redirect_uri: 'http://localhost:8000/other' })
  t.equal((await answer(url, { sub: 'alice' })).searchParams.get('status'), '400', 'another redirect_uri')
  const stranger = await begin(await discover(issuer, 'stranger', undefined, client.None()))
  t.equal((await answer(stranger.url, { sub: 'alice' })).searchParams.get('status'), '400', 'an unknown client')
})

const METHODS = {
  client_secret_basic: client.ClientSecretBasic(),
  client_secret_post: client.ClientSecretPost(),
  none: client.None(),
}

for (const [token_endpoint_auth_method, authentication] of Object.entries(METHODS)) {
  test(`a client registers and logs in by ${token_endpoint_auth_method}`, async (t) => {
    const issuer = await start(t, { require_registration: true })
    const configuration = await client.dynamicClientRegistration(
      new URL(issuer),
      { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method },
      authentication,
      { execute: [client.allowInsecureRequests] },
    )
    client.enableNonRepudiationChecks(configuration)
    const { client_id, client_secret } = configuration.clientMetadata()
    t.equal(typeof client_secret, token_endpoint_auth_method === 'none' ? 'undefined' : 'string')
    const tokens = await logIn(configuration, 'alice')
    t.match(tokens.claims(), { sub: 'alice', aud: client_id })
    const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token!)
    t.match(refreshed.claims(), { sub: 'alice' })
  })
}

for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
  test(`an ID token signed with ${alg} verifies with the JWKS`, async (t) => {
    const issuer = await start(t, { keys: [{ alg }] })
    const configuration = await discover(issuer, 'app', { id_token_signed_response_alg: alg }, client.None())
    t.equal(configuration.serverMetadata().id_token_signing_alg_values_supported?.[0], alg)
    const tokens = await logIn(configuration, 'alice')
    t.match(tokens.claims(), { sub: 'alice' })
    t.equal(decodeHeader(tokens.id_token!).alg, alg)
  })
}

test('a configured client gets ID tokens signed by its registered algorithm', async (t) => {
  const issuer = await start(t, {
    keys: [{ alg: 'ES256' }, { alg: 'EdDSA' }],
    clients: [
      {
        client_id: 'picky',
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: 'none',
        id_token_signed_response_alg: 'EdDSA',
      },
    ],
  })
  const picky = await discover(issuer, 'picky', { id_token_signed_response_alg: 'EdDSA' }, client.None())
  const tokens = await logIn(picky, 'alice')
  t.equal(decodeHeader(tokens.id_token!).alg, 'EdDSA')
})

test('a logout returns to the application with its state', async (t) => {
  const configuration = await discover(await start(t), 'app', undefined, client.None())
  const tokens = await logIn(configuration, 'alice')
  const url = client.buildEndSessionUrl(configuration, {
    id_token_hint: tokens.id_token!,
    post_logout_redirect_uri: 'http://localhost:8000/bye?from=mock',
    state: 'back',
  })
  const page = await fetch(url)
  t.equal(page.status, 200)
  const html = await page.text()
  t.match(html, 'http://localhost:8000/bye?from=mock&amp;state=back')

  const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(html) ?? []
  const fields = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
  const form = Object.fromEntries(fields.map(([, name, value]) => [name, value!.replaceAll('&amp;', '&')]))
  const location = await answer(new URL(action, url), form)
  t.equal(location.href, 'http://localhost:8000/bye?from=mock&state=back')
})

test('RFC 6749 §4.4: a client gets an access token without an end-user, and is its subject at introspection', async (t) => {
  const issuer = await start(t, {
    clients: [
      { client_id: 'machine', client_secret: 'secret', grant_types: ['client_credentials'], response_types: [] },
    ],
  })
  const configuration = await discover(issuer, 'machine', 'secret', client.ClientSecretBasic('secret'))
  const tokens = await client.clientCredentialsGrant(configuration, { scope: 'read' })
  t.match(tokens, { token_type: 'bearer', scope: 'read' })
  t.match(await client.tokenIntrospection(configuration, tokens.access_token), { active: true, sub: 'machine' })
  const userinfo = client.fetchUserInfo(configuration, tokens.access_token, client.skipSubjectCheck)
  t.match(await refusal(userinfo), { error: 'invalid_token' })
})

test('with isolated_keys, isolated issuers share no tokens and no keys', async (t) => {
  const issuer = await start(t, { isolated_keys: true })
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) => discover(`${issuer}/issuers/${name}`, 'app', undefined, client.None())),
  )
  const tokens = await logIn(one!, 'alice')
  t.equal(tokens.claims()?.iss, `${issuer}/issuers/one`)
  t.match(await client.fetchUserInfo(one!, tokens.access_token, 'alice'), { sub: 'alice' })
  const strange = await refusal(client.fetchUserInfo(two!, tokens.access_token, 'alice'))
  t.equal(strange.error, 'invalid_token', 'another issuer refuses its tokens')
  t.equal((await refusal(client.refreshTokenGrant(two!, tokens.refresh_token!))).error, 'invalid_grant')

  const jwks = await Promise.all(
    [one!, two!].map(async (each) => (await fetch(each.serverMetadata().jwks_uri!)).text()),
  )
  t.not(jwks[0], jwks[1], 'each issuer has its own keys')

  const elsewhere = await begin(two!)
  const callback = await answer((await begin(one!)).url, { sub: 'alice' })
  callback.searchParams.set('state', elsewhere.checks.expectedState)
  t.equal((await refusal(client.authorizationCodeGrant(two!, callback, elsewhere.checks))).error, 'invalid_grant')
})

function decodeHeader(jwt: string): { alg: string; kid: string } {
  return JSON.parse(Buffer.from(jwt.split('.')[0]!, 'base64url').toString())
}
