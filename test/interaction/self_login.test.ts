/** The built-in relying party. */
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { exportJWK, generateKeyPair } from 'jose'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, type TestApp } from '../app.js'
import { decodeEntities, textOf } from '../html.js'

const COOKIE = 'oidc_provider_mock_self_login'
const USERS = [{ sub: 'alice', claims: { email: 'alice@example.com' } }]

/** A browser that keeps cookies and follows no redirects. */
function createBrowser({ app }: TestApp, headers: Record<string, string> = {}) {
  const cookies: Record<string, string> = {}
  const send = async (options: InjectOptions): Promise<LightMyRequestResponse> => {
    const answer = await app.inject({ ...options, cookies, headers: { ...headers, ...options.headers } })
    for (const { name, value } of answer.cookies as { name: string; value: string }[]) cookies[name] = value
    return answer
  }
  const locationOf = (answer: LightMyRequestResponse) => {
    const { pathname, search } = new URL(String(answer.headers.location), 'http://localhost')
    return pathname + search
  }
  return {
    send,
    locationOf,
    cookies,
    get: (url: string) => send({ url }),
    /** Posts a form, whose fields can have several values. */
    submit: (url: string, form: Record<string, string | string[]>) =>
      send({
        method: 'POST',
        url,
        payload: new URLSearchParams(
          Object.entries(form).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
        ).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    start: async (base = '') => locationOf(await send({ method: 'POST', url: `${base}/oidc/login` })),
    /** The redirect of the authorization endpoint. */
    authorize: async (url: string, form: Record<string, string> = { sub: 'alice' }) =>
      locationOf(
        await send({
          method: 'POST',
          url,
          payload: new URLSearchParams(form).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
      ),
  }
}

for (const base of ['', '/issuers/one']) {
  t.test(`a login succeeds at ${base || 'the default issuer'}`, async (t) => {
    const test = await createApp(t, { users: USERS })
    const browser = createBrowser(test)
    const page = await browser.get(`${base}/oidc/login`)
    t.match(page.body, `<form method="post" action="${base}/oidc/login">`)
    t.match(page.body, `http://localhost${base}<`)

    const started = await browser.send({ method: 'POST', url: `${base}/oidc/login` })
    t.equal(started.statusCode, 302)
    t.match(
      started.headers['set-cookie'],
      new RegExp(`^${COOKIE}=[\\w-]{43}; Path=${base || '/'}; HttpOnly; SameSite=Lax$`),
    )
    const asked = browser.locationOf(started)
    t.ok(asked.startsWith(`${base}/oauth2/authorize?`))
    t.match((await browser.get(asked)).body, /Self-login/)

    const back = await browser.authorize(asked)
    t.ok(back.startsWith(`${base}/oidc/authorized?code=`))
    const authorized = await browser.get(back)
    t.equal(authorized.headers.location, `${base}/oidc/success`)
    for (let round = 0; round < 2; round++) {
      const success = await browser.get(`${base}/oidc/success`)
      t.equal(success.statusCode, 200)
      t.equal(success.headers['cache-control'], 'no-store')
      t.match(textOf(success.body), / logged in as alice /)
      t.match(textOf(success.body), ' email alice@example.com ')
      t.match(textOf(success.body), ` iss http://localhost${base} `)
      t.match(success.body, /ey[\w.-]{30,40}… \(\d+ characters\)/, 'long tokens are shortened')
    }

    const again = await browser.get(back)
    t.equal(again.statusCode, 400, 'the answer counts once')
    t.equal((await browser.get(`${base}/oidc/success`)).statusCode, 200, 'the finished login stays')
  })
}

t.test('its link ends the session and returns', async (t) => {
  const test = await createApp(t, { users: USERS })
  const browser = createBrowser(test)
  await browser.get(await browser.authorize(await browser.start()))
  const { body } = await browser.get('/oidc/success')
  const [, link = ''] = /href="(\/oauth2\/end_session[^"]*)"/.exec(body) ?? []
  const page = await browser.get(link.replaceAll('&amp;', '&'))
  t.match(textOf(page.body), ' alice ')
  t.match(page.body, 'http://localhost/oidc/login')
})

t.test('it works if registration, nonce and PKCE are required', async (t) => {
  const test = await createApp(t, { require_registration: true, require_nonce: true, require_pkce: true })
  const browser = createBrowser(test)
  const answer = await browser.get(await browser.authorize(await browser.start()))
  t.equal(answer.headers.location, '/oidc/success')
})

t.test('it works behind a proxy, and with a fixed issuer', async (t) => {
  const proxy = { host: 'inner', 'x-forwarded-host': 'idp.example', 'x-forwarded-proto': 'https' }
  for (const config of [{}, { issuer: 'https://idp.example' }]) {
    const test = await createApp(t, config)
    const browser = createBrowser(test, proxy)
    const asked = await browser.start()
    t.match(new URLSearchParams(asked.split('?')[1]).get('redirect_uri'), 'https://idp.example/oidc/authorized')
    await browser.get(await browser.authorize(asked))
    t.match((await browser.get('/oidc/success')).body, 'https://idp.example')
  }
})

const CLIENT_ID = 'oidc-provider-mock-self-login'
const STRICT: ConfigInput = { profile: 'strict', users: USERS }

/** Expects a page, not a redirect: no code leaves the provider. */
function isRefused(t: Test, answer: LightMyRequestResponse, redirect_uri: string) {
  t.equal(answer.statusCode, 400)
  t.equal(answer.headers.location, undefined)
  t.match(
    textOf(answer.body),
    `redirect_uri is ${redirect_uri}, expected the redirect_uri of a self-login in progress in this browser; start one at http`,
  )
}

const HOSTS: Record<string, string>[] = [
  { host: 'localhost:9400' },
  { host: '127.0.0.1:9400' },
  { host: 'inner', 'x-forwarded-host': 'idp.example', 'x-forwarded-proto': 'https' },
]

t.test('logins at the same time by several names of the provider all succeed', async (t) => {
  const test = await createApp(t, STRICT)
  const logins = HOSTS.map((headers) => ({ browser: createBrowser(test, headers), asked: '', back: '' }))
  for (const login of logins) login.asked = await login.browser.start()
  for (const login of logins) login.back = await login.browser.authorize(login.asked)
  for (const { browser, back } of logins) {
    t.equal((await browser.get(back)).headers.location, '/oidc/success')
    const { body } = await browser.get('/oidc/success')
    const [, link = ''] = /href="(\/oauth2\/end_session[^"]*)"/.exec(body) ?? []
    t.equal((await browser.get(link.replaceAll('&amp;', '&'))).statusCode, 200, 'the logout returns to the same name')
  }
})

for (const profile of ['strict', 'lenient'] as const) {
  t.test(`RFC 9700 §2.1: no code leaves for another redirect_uri, with the profile ${profile}`, async (t) => {
    const test = await createApp(t, { profile, users: USERS })
    const evil = 'https://evil.example/oidc/authorized'
    const attacker = createBrowser(test, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' })
    const asked = await attacker.start()
    t.equal(new URLSearchParams(asked.split('?')[1]).get('redirect_uri'), evil)
    const victim = createBrowser(test)
    isRefused(t, await victim.get(asked), evil)
    const own = await victim.start()
    isRefused(t, await victim.get(asked), evil)
    victim.cookies[COOKIE] = attacker.cookies[COOKIE]!
    isRefused(t, await victim.get(asked), evil)
    isRefused(t, await victim.get(own), 'http://localhost/oidc/authorized')
    const submitted = await victim.send({
      method: 'POST',
      url: asked,
      payload: 'sub=alice',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    isRefused(t, submitted, evil)
  })
}

t.test('a redirect_uri is accepted while its login is in progress', async (t) => {
  const test = await createApp(t, STRICT)
  const browser = createBrowser(test)
  const uri = 'http://localhost/oidc/authorized'
  const first = await browser.start()
  for (const other of [`${uri}/`, `${uri}?a=1`, 'http://localhost/', 'https://localhost/oidc/authorized']) {
    const query = new URLSearchParams({ client_id: CLIENT_ID, redirect_uri: other, response_type: 'code' })
    isRefused(t, await browser.get(`/oauth2/authorize?${query}`), other)
  }
  await browser.get(await browser.authorize(first))
  isRefused(t, await browser.get(first), uri)
  const second = await browser.start()
  t.match(browser.locationOf(await browser.get(second)), '/oidc/authorized?code=', 'the session answers')
  isRefused(t, await browser.get(`/issuers/one${second}`), uri)
  test.advance(3600)
  isRefused(t, await browser.get(second), uri)
})

t.test('the built-in client is not among the registered clients, and one with its client_id replaces it', async (t) => {
  const test = await createApp(t, STRICT)
  const browser = createBrowser(test)
  await browser.get(await browser.authorize(await browser.start()))
  t.strictSame((await test.get('/admin/clients')).json(), { clients: [] })
  t.equal((await test.get(`/admin/clients/${CLIENT_ID}`)).statusCode, 404)
  const redirect_uris = ['https://other.example/']
  const client = { redirect_uris, client_name: 'Another', token_endpoint_auth_method: 'none' }
  const put = { method: 'PUT', url: `/admin/clients/${CLIENT_ID}`, payload: client } as const
  t.equal((await test.app.inject(put)).statusCode, 201)
  const query = { client_id: CLIENT_ID, response_type: 'code', redirect_uri: redirect_uris[0]! }
  const pkce = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', scope: 'openid' }
  const page = await test.get(`/oauth2/authorize?${new URLSearchParams({ ...query, ...pkce })}`)
  t.match(page.body, '<bdi>Another</bdi> asks you')
  t.equal((await browser.get(await browser.authorize(await browser.start()))).headers.location, '/oidc/success')
})

t.test('after a refusal the page offers to try again', async (t) => {
  const test = await createApp(t)
  const browser = createBrowser(test)
  const answer = await browser.get(await browser.authorize(await browser.start(), { action: 'deny' }))
  t.equal(answer.statusCode, 400)
  t.match(answer.body, 'Error: access_denied')
  t.match(answer.body, 'the end-user denied access')
  t.match(answer.body, 'href="/oidc/login">Try again')
  t.equal((await browser.get('/oidc/success')).statusCode, 400)
})

t.test('OpenID Connect Core §3.1.2.7: a response is accepted only in the browser of the request', async (t) => {
  const test = await createApp(t)
  const [one, other] = [createBrowser(test), createBrowser(test)]
  const back = await one.authorize(await one.start())
  const stranger = await createBrowser(test).get(back)
  t.equal(stranger.statusCode, 400)
  t.match(stranger.body, 'Error: no_login')
  await other.start()
  const swapped = await other.get(back)
  t.equal(swapped.statusCode, 400)
  t.match(swapped.body, 'Error: wrong_state')
  t.equal((await one.get(back)).statusCode, 302)
})

t.test('RFC 6749 §10.12: a response with another state does not end the login of this browser', async (t) => {
  const test = await createApp(t)
  const browser = createBrowser(test)
  const firstTab = await browser.authorize(await browser.start())
  const asked = await browser.start()
  t.match((await browser.get(firstTab)).body, 'Error: wrong_state')
  t.match((await browser.get('/oidc/authorized?state=x&error=access_denied')).body, 'Error: wrong_state')
  t.equal((await browser.get(await browser.authorize(asked))).headers.location, '/oidc/success')
})

t.test('RFC 6749 §4.1.2: of two equal responses at once, one is accepted', async (t) => {
  const test = await createApp(t)
  const browser = createBrowser(test)
  const back = await browser.authorize(await browser.start())
  const answers = await Promise.all([browser.get(back), browser.get(back)])
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [302, 400])
  t.match(answers.find(({ statusCode }) => statusCode === 400)!.body, 'Error: no_login')
})

t.test('OpenID Connect Core §3.1.2.7: a response without state or with an error is shown', async (t) => {
  const test = await createApp(t)
  const browser = createBrowser(test)
  await browser.start()
  t.match((await browser.get('/oidc/authorized?code=x')).body, 'Error: wrong_state')
  const state = async () => new URLSearchParams((await browser.start()).split('?')[1]).get('state')
  t.match((await browser.get(`/oidc/authorized?state=${await state()}&error=odd<b>`)).body, 'Error: odd&lt;b&gt;')
  t.match((await browser.get(`/oidc/authorized?state=${await state()}`)).body, 'code is missing')
  t.match((await browser.get(`/oidc/authorized?state=${await state()}&code=x`)).body, 'Error: invalid_grant')
  const twice = await browser.get(`/oidc/authorized?state=${await state()}&state=x`)
  t.equal(twice.statusCode, 400)
})

/** Starts a login by the form, logs in and returns the page with the verdict. */
async function tryLogin(
  test: TestApp,
  form: Record<string, string | string[]> = {},
  login: Record<string, string> = {},
) {
  const browser = createBrowser(test)
  const asked = browser.locationOf(
    await browser.submit('/oidc/login', { response_type: 'code', scope: 'openid', ...form }),
  )
  const answer = await browser.submit(asked, { sub: 'alice', ...login })
  const action = /<form method="post" action="([^"]*)"/.exec(answer.body)?.[1]
  const fields = [...answer.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
  const received =
    action === undefined
      ? await browser.get(browser.locationOf(answer))
      : await browser.submit(
          new URL(action).pathname,
          Object.fromEntries(fields.map(([, name, value]) => [name!, decodeEntities(value!)])),
        )
  return received.headers.location === undefined ? received : browser.get('/oidc/success')
}

/** The checks of a page by their verdict. */
function verdictsOf({ body }: LightMyRequestResponse, verdict: 'passed' | 'failed') {
  return [...body.matchAll(new RegExp(`<li class="${verdict}">(.*?)</li>`, 'gs'))].map(([, item = '']) =>
    textOf(item)
      .replace(/^ . *(Passed|Failed): /, '')
      .trim(),
  )
}

t.test('OpenID Connect Core §3.1.3.7: every check of a faultless login passes, for every response type', async (t) => {
  const test = await createApp(t, { users: USERS, rules: { iss_parameter: true } })
  for (const [response_type, names] of [
    ['code', ['state', 'iss', 'access_token', 'token_type', 'id_token', 'signature', 'at_hash', 'sub']],
    ['id_token', ['signature', 'iss', 'aud', 'exp', 'iat', 'nonce', 'sub']],
    ['id_token token', ['at_hash']],
    ['code id_token', ['c_hash', 's_hash']],
    ['code token', ['access_token']],
    ['code id_token token', ['at_hash', 'c_hash', 's_hash']],
  ] as const) {
    const page = await tryLogin(test, { response_type })
    t.equal(page.statusCode, 200, response_type)
    t.strictSame(verdictsOf(page, 'failed'), [], response_type)
    const passed = verdictsOf(page, 'passed').map((text) => text.split(' ')[0]!)
    for (const name of names) t.ok(passed.includes(name), `${response_type}: ${name}`)
    t.match(textOf(page.body), /All \d+ checks passed You’re logged in as alice /)
    if (response_type !== 'id_token') t.match(textOf(page.body), 'Access token claims')
  }
})

const FAULTS: [fault: string, form: Record<string, string>, failed: RegExp[]][] = [
  ['id_token.expired', {}, [/^exp is \d+, 1 hour ago, at \d{4}-\S+Z: the token has expired$/]],
  ['id_token.bad_signature', {}, [/^signature alg is ES256, kid is \S+: signature verification failed$/]],
  ['id_token.alg_none', {}, [/^signature alg is none, .*: expected one of RS256, /]],
  ['id_token.unknown_kid', {}, [/^signature .*no applicable key found/]],
  ['id_token.wrong_iss', {}, [/^iss is .*, expected http:\/\/localhost$/]],
  ['id_token.missing_iss', {}, [/^iss is missing, expected http:\/\/localhost$/]],
  ['id_token.wrong_aud', {}, [/^aud is .*, expected only oidc-provider-mock-self-login$/]],
  ['id_token.extra_aud', {}, [/^aud is \["oidc-provider-mock-self-login",.*, expected only /]],
  ['id_token.wrong_azp', {}, [/^aud is .*, azp is .*, expected only /]],
  ['id_token.missing_aud', {}, [/^aud is missing, expected oidc-provider-mock-self-login$/]],
  ['id_token.missing_exp', {}, [/^exp is missing, expected the time of expiry in seconds$/]],
  ['id_token.missing_iat', {}, [/^iat is missing, expected the time of issue in seconds$/]],
  ['id_token.not_yet_valid', {}, [/^iat nbf is \d+, in .*: the token is not valid yet$/]],
  ['id_token.stale_iat', {}, [/^iat is \d+, 7 days ago, at \S+, expected at most 10 minutes ago$/]],
  ['id_token.wrong_nonce', {}, [/^nonce is .*, expected /]],
  ['id_token.missing_nonce', {}, [/^nonce is missing, expected /]],
  ['id_token.missing_sub', {}, [/^sub is missing, expected the subject of the end-user$/]],
  ['id_token.wrong_at_hash', {}, [/^at_hash is .*, expected /]],
  ['id_token.missing_at_hash', { response_type: 'id_token token' }, [/^at_hash is missing, expected /]],
  ['id_token.wrong_c_hash', { response_type: 'code id_token' }, [/^c_hash is .*, expected /]],
  ['id_token.malformed', {}, [/^format it is no JWT with a readable header and payload$/]],
  ['token.missing_id_token', {}, [/^id_token is missing$/]],
  ['token.missing_token_type', {}, [/^token_type is missing, expected Bearer$/]],
  ['token.missing_access_token', {}, [/^access_token is missing$/]],
  ['userinfo.wrong_sub', {}, [/^sub is .*, expected alice$/]],
  ['userinfo.missing_sub', {}, [/^sub is missing, expected alice$/]],
  ['userinfo.rejects_token', {}, [/^status is 401, expected 200: invalid_token/]],
]
for (const [fault, form, failed] of FAULTS) {
  t.test(`a login with the fault ${fault} is not accepted, and the check says why`, async (t) => {
    const page = await tryLogin(await createApp(t, { users: USERS }), form, { fault })
    t.equal(page.statusCode, 400)
    const found = verdictsOf(page, 'failed')
    for (const pattern of failed)
      t.ok(
        found.some((text) => pattern.test(text)),
        `${pattern} in ${found.join(' | ')}`,
      )
    t.match(textOf(page.body), /\d of \d+ checks failed Login not accepted /)
    t.notMatch(page.body, 'You’re logged in')
  })
}

t.test('RFC 9207 §2.4: an authorization response of another issuer is not accepted', async (t) => {
  const test = await createApp(t, { users: USERS, rules: { iss_parameter: true } })
  const page = await tryLogin(test, {}, { fault: 'authorize.wrong_iss' })
  t.match(verdictsOf(page, 'failed'), [/^iss is .*, expected http:\/\/localhost$/])
})

t.test('a server error, invalid JSON and a missing JWKS are shown, not a failure of the provider', async (t) => {
  const fail = async (fault: object) => tryLogin(await createApp(t, { users: USERS, faults: [fault as never] }))
  const refused = await fail({ fault: 'http.status', status: 503, match: { endpoint: 'token' } })
  t.match(textOf(refused.body), /Error: \w+ Authentication Error/)
  const invalid = await fail({ fault: 'http.malformed_json', match: { endpoint: 'token' } })
  t.match(textOf(invalid.body), 'POST /oauth2/token answered with status 200, expected 200 and a JSON object')
  const keys = await fail({ fault: 'jwks.unavailable' })
  t.match(verdictsOf(keys, 'failed'), [/GET \/jwks answered with status \d+, expected 200 and a JWKS$/])
  const userinfo = await fail({ fault: 'http.malformed_json', match: { endpoint: 'userinfo' } })
  t.match(verdictsOf(userinfo, 'failed'), [/^sub is missing, expected alice$/])
  t.match(textOf(userinfo.body), 'answered with no JSON object and no readable JWT')
})

const CLIENTS = [
  { client_id: 'web', client_secret: 'a+b/c=', redirect_uris: ['https://app.example/cb'], client_name: 'Web' },
  {
    client_id: 'post',
    client_secret: 's',
    redirect_uris: ['https://app.example/cb'],
    token_endpoint_auth_method: 'client_secret_post' as const,
    userinfo_signed_response_alg: 'ES256' as const,
  },
  { client_id: 'public', redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' as const },
  {
    client_id: 'hmac',
    client_secret: 'secret'.repeat(8),
    redirect_uris: ['https://app.example/cb'],
    id_token_signed_response_alg: 'HS256' as const,
  },
  {
    client_id: 'none',
    client_secret: 's',
    redirect_uris: ['https://app.example/cb'],
    id_token_signed_response_alg: 'none' as const,
  },
  {
    client_id: 'jwt',
    redirect_uris: ['https://app.example/cb'],
    token_endpoint_auth_method: 'private_key_jwt' as const,
    jwks_uri: 'https://app.example/jwks',
    response_types: ['code' as const, 'id_token' as const],
    grant_types: ['authorization_code' as const, 'implicit' as const],
  },
]

t.test('the login of a client of the configuration, or of any other client_id, uses its credentials', async (t) => {
  for (const profile of ['lenient', 'strict'] as const) {
    const test = await createApp(t, { profile, users: USERS, clients: CLIENTS })
    for (const client_id of [
      'web',
      'post',
      'public',
      'hmac',
      'none',
      ...(profile === 'lenient' ? ['any-other'] : []),
    ]) {
      const page = await tryLogin(test, { client_id, scope: ['openid', 'email'], more_scopes: 'orders' })
      t.strictSame(verdictsOf(page, 'failed'), [], client_id)
      t.equal(page.statusCode, 200, client_id)
      t.ok(verdictsOf(page, 'passed').includes(`aud is ${client_id}`))
    }
    t.equal((await tryLogin(test, { client_id: 'jwt', response_type: 'id_token' })).statusCode, 200)
  }
})

t.test('the code of a registered client leaves only for the self-login of this browser and this client', async (t) => {
  const test = await createApp(t, { users: USERS, clients: CLIENTS })
  const browser = createBrowser(test)
  const asked = browser.locationOf(await browser.submit('/oidc/login', { client_id: 'web', response_type: 'code' }))
  const stranger = await createBrowser(test).get(asked)
  t.equal(stranger.statusCode, 400)
  t.match(textOf(stranger.body), "expected one of the client's redirect_uris: https://app.example/cb")
  const other = await browser.get(asked.replace('client_id=web', 'client_id=public'))
  t.equal(other.statusCode, 400)
  t.equal((await browser.get(asked)).statusCode, 200)
})

t.test('the form refuses what it cannot do, with the reason, and keeps the choices', async (t) => {
  const test = await createApp(t, { profile: 'strict', users: USERS, clients: CLIENTS })
  const refused = async (form: Record<string, string>, reason: RegExp, on = test) => {
    const page = await createBrowser(on).submit('/oidc/login', { response_type: 'code', ...form })
    t.equal(page.statusCode, 400)
    t.match(textOf(page.body), reason)
    return page.body
  }
  const kept = await refused(
    { client_id: 'nope', prompt: 'login', scope: 'openid', more_scopes: 'x' },
    /client_id is nope, expected a client/,
  )
  t.match(kept, /name="client_id" type="text" value="nope"/)
  t.match(kept, '<option selected>login</option>')
  t.match(kept, /name="more_scopes" type="text" value="x"/)
  t.notMatch(kept, 'value="email" checked')
  await refused(
    { client_id: 'jwt' },
    /token_endpoint_auth_method of the client is private_key_jwt, expected one without a key/,
  )
  await refused({ response_type: 'none' }, /response_type is none, expected one of code, /)
  await refused({ response_type: 'x<b>' }, /response_type is x<b>, expected one of code, /)
  const closed = await createApp(t, { users: USERS, clients: CLIENTS, server: { admin_token: 'secret' } })
  await refused({ client_id: 'web' }, /tokens of a registered client need access to the admin API/, closed)
  t.equal((await tryLogin(closed, { client_id: 'any' })).statusCode, 200)
})

t.test('prompt and scope of the form are sent, and a login without openid has no ID token', async (t) => {
  const test = await createApp(t, { users: USERS })
  const browser = createBrowser(test)
  const asked = browser.locationOf(
    await browser.submit('/oidc/login', {
      response_type: 'code',
      scope: ['email', 'phone'],
      more_scopes: 'a b',
      prompt: 'none',
    }),
  )
  t.match(Object.fromEntries(new URLSearchParams(asked.split('?')[1])), { scope: 'email phone a b', prompt: 'none' })
  const denied = await browser.get(browser.locationOf(await browser.get(asked)))
  t.match(textOf(denied.body), 'Error: login_required')
  t.match(denied.body, 'href="/admin/journal?client_id=oidc-provider-mock-self-login"')
  const page = await tryLogin(test, { scope: 'email' })
  t.equal(page.statusCode, 200)
  t.notMatch(textOf(page.body), 'ID token')
  t.match(page.body, /end_session\?client_id=/)
})

t.test('times are judged by the clock of the issuer, and the page says so if it is moved', async (t) => {
  const test = await createApp(t, { users: USERS })
  await test.app.inject({ method: 'POST', url: '/admin/clock/advance', payload: { by: '10d' } })
  const page = await tryLogin(test)
  t.equal(page.statusCode, 200)
  t.match(textOf(page.body), 'Times are compared with the clock of the issuer')
  t.notMatch((await tryLogin(await createApp(t, { users: USERS }))).body, 'clock of the issuer')
})

t.test('OpenID Connect Core §10.2: an encrypted ID token is not readable without the key of the client', async (t) => {
  const { publicKey } = await generateKeyPair('RSA-OAEP-256', { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), use: 'enc', alg: 'RSA-OAEP-256' }] }
  const client = {
    client_id: 'enc',
    client_secret: 's',
    redirect_uris: ['https://app.example/cb'],
    jwks,
    id_token_encrypted_response_alg: 'RSA-OAEP-256' as const,
  }
  const page = await tryLogin(await createApp(t, { users: USERS, clients: [client as never] }), { client_id: 'enc' })
  t.equal(page.statusCode, 400)
  t.match(verdictsOf(page, 'failed')[0], /^format it is encrypted by RSA-OAEP-256 for a key of the client/)
})

t.test('a token of another origin is refused by its checks, whatever it has', async (t) => {
  const test = await createApp(t, { users: USERS })
  for (const [header, pattern] of [
    [{}, /^signature alg is missing, kid is missing: expected one of RS256, /],
    [{ alg: 'A', kid: 1 }, /^signature alg is A, kid is 1: expected one of RS256, /],
    [{ alg: 'HS256' }, /^signature alg is HS256, kid is missing: expected one of RS256, /],
  ] as const) {
    const browser = createBrowser(test)
    const asked = browser.locationOf(
      await browser.submit('/oidc/login', { response_type: 'id_token', scope: 'openid' }),
    )
    const state = new URLSearchParams(asked.split('?')[1]).get('state')!
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const id_token = `${encode(header)}.${encode({ sub: 'mallory', exp: 'x', at_hash: 1, nbf: 5, iat: 9e12 })}.AAAA`
    await browser.submit('/oidc/authorized', { state, id_token })
    const page = await browser.get('/oidc/success')
    t.equal(page.statusCode, 400)
    const failed = verdictsOf(page, 'failed')
    t.ok(
      failed.some((text) => pattern.test(text)),
      failed.join(' | '),
    )
    t.ok(failed.includes('exp is x'))
    t.ok(failed.some((text) => /^iat is 9000000000000, in /.test(text)))
  }
})

t.test('an ID token signed by another algorithm than the registered one is not accepted', async (t) => {
  const test = await createApp(t, { users: USERS, clients: CLIENTS })
  const page = await tryLogin(test, { client_id: 'hmac' }, { fault: 'id_token.alg_none' })
  t.match(verdictsOf(page, 'failed'), [
    /^signature alg is none, .*expected HS256, the client's id_token_signed_response_alg$/,
  ])
})

t.test('a client that is deleted during its login is named', async (t) => {
  const test = await createApp(t, { profile: 'strict', users: USERS, clients: CLIENTS })
  const browser = createBrowser(test)
  const asked = browser.locationOf(await browser.submit('/oidc/login', { client_id: 'web', response_type: 'code' }))
  const back = browser.locationOf(await browser.submit(asked, { sub: 'alice' }))
  await test.app.inject({ method: 'DELETE', url: '/admin/clients/web' })
  t.match(textOf((await browser.get(back)).body), 'client web no longer exists')
})

t.test('a missing or unknown cookie is refused', async (t) => {
  const test = await createApp(t)
  for (const headers of [{}, { cookie: `${COOKIE}=unknown` }, { cookie: `${COOKIE}=` }] as Record<string, string>[]) {
    for (const url of ['/oidc/authorized?code=x&state=y', '/oidc/success']) {
      const answer = await test.get(url, { headers })
      t.equal(answer.statusCode, 400, url)
      t.match(answer.body, 'Error: no_login')
    }
  }
  const browser = createBrowser(test)
  await browser.start()
  t.match(
    (await browser.get('/oidc/success')).body,
    'no login is finished in this browser',
    'nor one that has not come back',
  )
})
