/** The built-in relying party. */
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, type TestApp } from '../app.js'
import { textOf } from '../html.js'

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

t.test('OpenID Connect Core §3.1.3.7: an ID token with another nonce or without one is refused', async (t) => {
  const test = await createApp(t)
  for (const change of [{ nonce: 'other' }, { scope: 'email' }] as Record<string, string>[]) {
    const browser = createBrowser(test)
    const [path, query] = (await browser.start()).split('?')
    const changed = new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(query)), ...change })
    const answer = await browser.get(await browser.authorize(`${path}?${changed}`))
    t.equal(answer.statusCode, 400)
    t.match(answer.body, 'Error: invalid_id_token')
  }
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
