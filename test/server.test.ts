/** Rules for every endpoint: isolation, CORS, headers, errors as page or JSON, and a log without secrets. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { get as getHttp, type IncomingMessage } from 'node:http'
import { decodeJwt } from 'jose'
import t from 'tap'
import { PATHS } from '../src/routes.js'
import {
  basic,
  createApp,
  exchange,
  getTokens,
  getUserinfo,
  jsonOf,
  logIn,
  REDIRECT_URI,
  refresh,
  refused,
  register,
} from './app.js'
import { textOf } from './html.js'
import { start } from './provider.js'

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const ISSUER_PATHS = Object.values(PATHS).filter(
  (path) => ![PATHS.healthz, PATHS.config_schema, PATHS.users_schema, PATHS.tls_ca].some((own) => own === path),
)

t.test('RFC 9112 §3.2.2: the target of a request may have the scheme and the host', async (t) => {
  const { url } = await start(t)
  const { port } = new URL(url)
  for (const path of ['/jwks', '/issuers/one/jwks', '/issuers/one/.well-known/openid-configuration?x=http://a/b']) {
    const request = getHttp({ port, path: `http://localhost:${port}${path}`, agent: false })
    const [{ statusCode }] = (await once(
      request.on('response', (one) => one.resume()),
      'response',
    )) as [IncomingMessage]
    t.equal(statusCode, 200, path)
  }
})

t.test('with isolated_keys, isolated issuers share nothing: users, clients, codes, tokens, keys', async (t) => {
  const test = await createApp(t, { isolated_keys: true })
  const [here, there] = ['/issuers/one', '/issuers/two']
  for (const other of [there, '', '/issuers/One']) {
    await test.app.inject({ method: 'PUT', url: `${here}/users/alice`, payload: { level: 1 } })
    const tokens = await getTokens(test, { base: here })
    t.equal(decodeJwt(tokens.id_token).iss, `http://localhost${here}`)
    t.match((await getUserinfo(test, tokens.access_token, here)).json(), { level: 1 })
    t.equal((await getUserinfo(test, tokens.access_token, other)).statusCode, 401, 'access tokens')
    const asked = { grant_type: 'refresh_token', redirect_uri: '', refresh_token: tokens.refresh_token }
    refused(t, await exchange(test, asked, other), 'invalid_grant', /^refresh_token is unknown:/)
    const code = (await logIn(test, { base: here })).get('code')!
    refused(t, await exchange(test, { code }, other), 'invalid_grant', /^code is unknown/)
    t.equal((await exchange(test, { code }, here)).statusCode, 200, 'a code survives the attempt elsewhere')
    const { id_token } = await getTokens(test, { base: other })
    t.equal(decodeJwt(id_token).level, undefined, 'users')
    const { client_id } = await register(test, { redirect_uris: ['http://a/'] }, here)
    t.equal(
      (await logIn(test, { base: other, client_id })).has('code'),
      true,
      'a client of one is unknown to the other',
    )
    const jwks = await Promise.all([here, other].map((base) => test.get(`${base}/jwks`)))
    t.not(jwks[0]!.body, jwks[1]!.body, 'keys')
    const query = new URLSearchParams({ client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code' })
    await logIn(test, { base: here, sub: 'only-here' })
    t.notMatch((await test.get(`${other}/oauth2/authorize?${query}`)).body, 'only-here', 'recent users')
  }
})

t.test('isolated issuers share the configuration', async (t) => {
  const test = await createApp(t, { users: [{ sub: 'alice', claims: { level: 5 } }] })
  t.equal(decodeJwt((await getTokens(test, { base: '/issuers/x' })).id_token).level, 5)
})

t.test('the name of an isolated issuer has at most 64 characters that need no encoding', async (t) => {
  const test = await createApp(t)
  for (const name of ['a', 'A-b_c.~9', '..a', 'x'.repeat(64)]) {
    t.equal((await test.get(`/issuers/${name}/jwks`)).statusCode, 200, name)
  }
  for (const name of ['...', 'a%20b', 'a%2Fb', '%00', '%C3%A4', '<x>', 'a:b', '$', 'x'.repeat(65), 'x'.repeat(4000)]) {
    refused(
      t,
      await test.get(`/issuers/${name}/jwks`),
      'not_found',
      /^GET \/issuers\/.*: the path does not exist$/,
      404,
    )
  }
  const page = await test.get('/issuers/a%20b/jwks', { headers: HTML })
  t.equal(page.statusCode, 404)
  t.match(page.body, 'Error: not_found')
})

t.test('a duplicate slash is ignored', async (t) => {
  const test = await createApp(t)
  const discovery = '/.well-known/openid-configuration'
  for (const base of ['', '/issuers/x']) {
    const { body } = await test.get(base + discovery)
    for (const url of [`/${base}${discovery}`, `${base}/${discovery}`]) t.equal((await test.get(url)).body, body, url)
  }
})

t.test('routes of the process are at the root only', async (t) => {
  const test = await createApp(t)
  t.strictSame(jsonOf(t, await test.get('/healthz')), {
    status: 'ok',
    config: { status: 'current', problem_count: 0, problems: [] },
  })
  const schema = await test.get('/config.schema.json')
  t.equal(schema.headers['content-type'], 'application/schema+json; charset=utf-8')
  t.match(schema.json(), { $schema: /2020-12/, properties: { users: {} } })
  const users = await test.get('/users.schema.json')
  t.equal(users.headers['content-type'], 'application/schema+json; charset=utf-8')
  t.match(users.json(), { $schema: /2020-12/, type: 'array', items: { required: ['sub'] } })
  for (const path of ['/healthz', '/config.schema.json', '/users.schema.json']) {
    refused(t, await test.get(`/issuers/x${path}`), 'not_found', /the path does not exist/, 404)
  }
})

t.test(
  'the home page links to pages and documents, and shows the endpoints that need parameters as text',
  async (t) => {
    const test = await createApp(t, {
      users: [{ sub: 'alice' }],
      clients: [{ client_id: 'web', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }],
    })
    for (const base of ['', '/issuers/one']) {
      const answer = await test.get(`${base}/`)
      t.equal(answer.statusCode, 200)
      t.match(answer.headers['content-type'], /^text\/html/)
      const links = [...answer.body.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href = '']) => href)
      t.strictSame(
        links,
        [
          '/oidc/login',
          '/.well-known/openid-configuration',
          '/jwks',
          '/oauth2/device',
          '/oauth2/end_session',
          '/admin/journal',
        ].map((path) => base + path),
      )
      for (const link of links) t.equal((await test.get(link)).statusCode, 200, link)
      for (const [name, methods, path] of [
        ['authorization_endpoint', 'GET, POST', '/oauth2/authorize'],
        ['token_endpoint', 'POST', '/oauth2/token'],
      ] as const) {
        t.match(textOf(answer.body), `${name} ${methods} http://localhost${base}${path} `)
      }
      t.match(answer.body, `http://localhost${base}`)
      t.match(answer.body, 'alice')
      t.match(answer.body, 'web')
    }
  },
)

/** The endpoints that scripts can call with credentials, since they read no cookie. */
const WITHOUT_COOKIES: ReadonlySet<string> = new Set([
  '/oauth2/token',
  '/userinfo',
  '/jwks',
  '/oauth2/introspect',
  '/oauth2/revoke',
  '/oauth2/device_authorization',
  '/oauth2/clients',
  '/oauth2/clients/:client_id',
  '/claims/:source',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/realm',
])

t.test(
  'Fetch §3.2: scripts of any origin can call every endpoint except pages of end-users and the admin API',
  async (t) => {
    const test = await createApp(t)
    for (const base of ['', '/issuers/x']) {
      for (const path of ISSUER_PATHS) {
        const url = base + path.replace(':sub', 'alice')
        const headers = {
          origin: 'https://app.example',
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'authorization,content-type',
        }
        const preflight = await test.app.inject({ method: 'OPTIONS', url, headers })
        const get = await test.get(url, { headers: { origin: headers.origin } })
        // Scripts never call the pages of end-users.
        const pages: string[] = [PATHS.authorization_endpoint, PATHS.device]
        const open = !pages.includes(path) && !path.startsWith('/admin/')
        t.equal(preflight.statusCode, open ? 204 : path.startsWith('/admin/') ? 403 : 405, url)
        const origin = WITHOUT_COOKIES.has(path) ? headers.origin : open ? '*' : undefined
        const credentials = WITHOUT_COOKIES.has(path) ? 'true' : undefined
        t.equal(preflight.headers['access-control-allow-origin'], origin, url)
        t.equal(preflight.headers['access-control-allow-credentials'], credentials, url)
        t.equal(preflight.headers['access-control-allow-headers'], open ? 'authorization,content-type' : undefined)
        const methods = open ? 'GET, POST, PUT, PATCH, DELETE, OPTIONS' : undefined
        t.equal(preflight.headers['access-control-allow-methods'], methods)
        t.equal(get.headers['access-control-allow-origin'], origin, url)
        t.equal(get.headers['access-control-allow-credentials'], credentials, url)
        t.equal(String(get.headers.vary ?? '').includes('Origin'), open, url)
        t.equal(get.headers['access-control-expose-headers'], open ? 'WWW-Authenticate, X-Mock-Fault' : undefined)
      }
    }
  },
)

t.test('Fetch §3.2: routes of the process have the same CORS rules', async (t) => {
  const open = await createApp(t)
  const closed = await createApp(t, { server: { cors_origins: ['https://app.example'] } })
  for (const url of ['/healthz', '/config.schema.json']) {
    const from = (origin: string) => ({ headers: { origin, 'access-control-request-method': 'GET' } })
    for (const method of ['GET', 'OPTIONS'] as const) {
      const allowed = async ({ app }: typeof open, origin: string) =>
        (await app.inject({ method, url, ...from(origin) })).headers['access-control-allow-origin']
      t.equal(await allowed(open, 'https://any.example'), '*', `${method} ${url}`)
      t.equal(await allowed(closed, 'https://app.example'), 'https://app.example', `${method} ${url}`)
      t.equal(await allowed(closed, 'https://any.example'), undefined, `${method} ${url}`)
    }
  }
})

t.test('Fetch §3.2.5: scripts can read refusals, also with credentials', async (t) => {
  const test = await createApp(t, { faults: [{ fault: 'http.status', status: 503, match: { endpoint: 'jwks' } }] })
  const headers = { origin: 'https://app.example' }
  for (const path of ['/userinfo', '/oauth2/token', '/jwks']) {
    const answer = await test.get(path, { headers })
    t.ok(answer.statusCode >= 400)
    t.equal(answer.headers['access-control-allow-origin'], headers.origin, path)
    t.equal(answer.headers['access-control-allow-credentials'], 'true', path)
  }
})

t.test(
  'Fetch §3.2.5: a request without an origin, or of an origin that is not allowed, allows no credentials',
  async (t) => {
    const open = await createApp(t)
    for (const headers of [{}, { origin: '' }]) {
      const none = await open.get('/jwks', { headers })
      t.equal(none.statusCode, 200)
      t.equal(none.headers['access-control-allow-origin'], '*')
      t.equal(none.headers['access-control-allow-credentials'], undefined)
    }
    const closed = await createApp(t, { server: { cors_origins: ['https://app.example'] } })
    const other = await closed.get('/jwks', { headers: { origin: 'https://other.example' } })
    t.equal(other.headers['access-control-allow-origin'], undefined)
    t.equal(other.headers['access-control-allow-credentials'], undefined)
  },
)

t.test('Fetch §3.2.5: paths of presets allow the same credentials', async (t) => {
  const test = await createApp(t, { preset: 'keycloak' })
  const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' }
  const below = '/realms/mock/protocol/openid-connect'
  for (const [path, credentials] of [
    [`${below}/token`, 'true'],
    [`${below}/logout`, undefined],
    [`${below}/auth`, undefined],
  ] as const) {
    const preflight = await test.app.inject({ method: 'OPTIONS', url: path, headers })
    t.equal(preflight.headers['access-control-allow-credentials'], credentials, path)
  }
})

t.test('Fetch §3.2: only cors_origins are allowed, also after a reload', async (t) => {
  const test = await createApp(t, { server: { cors_origins: ['https://a.example', 'https://b.example'] } })
  const allowed = async (origin?: string) => {
    const answer = await test.get('/jwks', { headers: origin === undefined ? {} : { origin } })
    t.match(answer.headers.vary, 'Origin')
    return answer.headers['access-control-allow-origin']
  }
  t.equal(await allowed('https://a.example'), 'https://a.example')
  t.equal(await allowed('https://b.example'), 'https://b.example')
  for (const origin of ['https://evil.example', 'https://a.example.evil', 'http://a.example', 'null', undefined]) {
    t.equal(await allowed(origin), undefined, String(origin))
  }
  await test.reload({ server: { cors_origins: ['https://c.example'] } })
  t.equal(await allowed('https://a.example'), undefined)
  t.equal(await allowed('https://c.example'), 'https://c.example')
})

const ALLOW: Record<string, string> = {
  '/oauth2/authorize': 'GET, HEAD, POST',
  '/oauth2/token': 'POST, OPTIONS',
  '/userinfo': 'GET, POST, HEAD, OPTIONS',
  '/jwks': 'GET, HEAD, OPTIONS',
  '/oauth2/clients': 'POST, OPTIONS',
  '/oauth2/end_session': 'GET, HEAD, POST, OPTIONS',
  '/oauth2/end_session/confirm': 'POST, OPTIONS',
  '/oauth2/check_session': 'GET, HEAD, OPTIONS',
  '/': 'GET, HEAD, OPTIONS',
  '/.well-known/openid-configuration': 'GET, HEAD, OPTIONS',
  '/users/alice': 'PUT, OPTIONS',
  '/users/alice/revoke-tokens': 'POST, OPTIONS',
  '/oidc/login': 'GET, HEAD, POST, OPTIONS',
  '/oidc/authorized': 'GET, HEAD, POST, OPTIONS',
  '/oidc/success': 'GET, HEAD, OPTIONS',
  '/healthz': 'GET, HEAD, OPTIONS',
  '/config.schema.json': 'GET, HEAD, OPTIONS',
  '/users.schema.json': 'GET, HEAD, OPTIONS',
}

t.test('RFC 9110 §15.5.6: a wrong method is 405, and every method of Allow is accepted', async (t) => {
  const test = await createApp(t)
  const words = (list: unknown) => String(list).split(', ').toSorted()
  for (const base of ['', '/issuers/x']) {
    for (const [path, allow] of Object.entries(ALLOW)) {
      if (base !== '' && ['/healthz', '/config.schema.json', '/users.schema.json'].includes(path)) continue
      const url = base + path
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        const answer = await test.app.inject({ method, url })
        const taken = words(allow).includes(method)
        t.equal(answer.statusCode === 405, !taken, `${method} ${url}: ${answer.statusCode}`)
        t.not(answer.statusCode, 404, `${method} ${url}`)
        if (!taken) t.strictSame(words(answer.headers.allow), words(allow))
      }
    }
  }
})

t.test('RFC 9110 §15.5.5 and §15.5.6: 404 and 405 are JSON, or a page if Accept prefers it', async (t) => {
  const test = await createApp(t)
  const cases = [
    ['GET', '/nope?code=secret', 404, 'not_found', 'GET /nope: the path does not exist'],
    ['GET', '/issuers', 404, 'not_found', 'GET /issuers: the path does not exist'],
    ['DELETE', '/jwks', 405, 'method_not_allowed', 'DELETE /jwks: expected one of GET, HEAD, OPTIONS'],
  ] as const
  for (const [method, url, status, error, error_description] of cases) {
    for (const accept of ['application/json', '*/*', undefined, 'nonsense']) {
      const headers = accept === undefined ? {} : { accept }
      const answer = await test.app.inject({ method, url, headers })
      t.strictSame(jsonOf(t, answer, status), { error, error_description })
    }
    const page = await test.app.inject({ method, url, headers: HTML })
    t.equal(page.statusCode, status)
    t.match(page.headers['content-type'], /^text\/html/)
    t.match(page.body, `Error: ${error}`)
    t.match(page.body, `HTTP status ${status}`)
  }
})

t.test('an unreadable URL is refused, and its query is not logged', async (t) => {
  const test = await createApp(t)
  const cases = [
    ['/%zz', 400, 'GET /%zz: the path is not percent-encoded UTF-8'],
    ['/users/%ff', 400, 'GET /users/%ff: the path is not percent-encoded UTF-8'],
    [`/users/${'x'.repeat(2049)}`, 414, /^GET \/users\/x+: a part of the path is too long$/],
    [`/issuers/a/users/${'x'.repeat(2049)}`, 414, /^GET \/issuers\/a\/users\/x+: a part of the path is too long$/],
    ['/issuers/a/%zz', 400, 'GET /issuers/a/%zz: the path is not percent-encoded UTF-8'],
    ['/issuers/%zz/jwks', 400, 'GET /issuers/%zz/jwks: the path is not percent-encoded UTF-8'],
  ] as const
  for (const [path, status, error_description] of cases) {
    for (const headers of [{}, HTML]) {
      const answer = await test.get(`${path}?code=secret`, { headers })
      t.match(jsonOf(t, answer, status), { error: 'invalid_request', error_description })
      t.notMatch(answer.body, 'secret')
    }
  }
  t.notMatch(JSON.stringify(test.log), 'secret')
})

t.test('a failure of the provider is 500, and only the log has the reason', async (t) => {
  const health = () => {
    throw new Error('the reason')
  }
  const test = await createApp(t, {}, { health })
  const answer = await test.get('/healthz?code=x')
  t.strictSame(jsonOf(t, answer, 500), {
    error: 'server_error',
    error_description: 'the provider failed; see its log for the reason',
  })
  const line = test.log.find(({ msg }) => msg === 'a request failed')
  t.match(line, { level: 50, path: '/healthz', err: { message: 'the reason', stack: /server\.test/ } })
})

t.test('pages load nothing, run nothing and cannot be framed', async (t) => {
  const test = await createApp(t)
  const query = new URLSearchParams({ client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code' })
  const urls = ['/', `/oauth2/authorize?${query}`, '/oauth2/authorize', '/oauth2/end_session', '/oidc/login', '/nope']
  for (const url of urls) {
    const { headers, body } = await test.get(url, { headers: HTML })
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(body) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    const policy = [
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      'img-src data:',
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]
    t.strictSame(String(headers['content-security-policy']).split(';'), policy, url)
    t.equal(headers['x-frame-options'], 'DENY')
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['referrer-policy'], 'same-origin')
    t.equal(headers['strict-transport-security'], undefined)
    t.notMatch(body, /<script|<link[^>]* href="(?!data:)| style="| on\w+="/)
  }
})

t.test('only refusals of the authorization endpoint can be framed', async (t) => {
  const test = await createApp(t, { preset: 'keycloak' })
  const isFramed = async (url: string) => {
    const { headers } = await test.get(url, { headers: HTML })
    return headers['x-frame-options'] === undefined
  }
  for (const query of ['prompt=none', 'response_mode=web_message', 'response_mode=okta_post_message']) {
    t.equal(await isFramed(`/oauth2/authorize?${query}`), true, query)
    t.equal(await isFramed(`/realms/mock/protocol/openid-connect/auth?${query}`), true, query)
    for (const path of ['/nope', '/oauth2/device', '/oauth2/end_session', '/oidc/success', '/authorize']) {
      t.equal(await isFramed(`${path}?${query}&post_logout_redirect_uri=x`), false, path)
    }
  }
})

t.test('an error page says whether the application was notified', async (t) => {
  const test = await createApp(t)
  const pageAt = async (url: string) => (await test.get(url, { headers: HTML })).body
  const [notNotified, isSent] = [/The application was not notified\. Check/, /The error is sent as a message/]
  const good = new URLSearchParams({ client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code' })
  const message = await pageAt(`/oauth2/authorize?${good}&response_mode=web_message`)
  t.match(message, isSent)
  t.notMatch(message, notNotified)
  for (const url of ['/oauth2/authorize', '/oauth2/end_session?post_logout_redirect_uri=x']) {
    const page = await pageAt(url)
    t.match(page, notNotified, url)
    t.notMatch(page, /has no valid redirect_uri|sent as a message/, url)
  }
})

t.test('the log has user, client and scope of a login', async (t) => {
  const test = await createApp(t)
  await getTokens(test, { scope: 'openid email' })
  t.match(
    test.log.find(({ msg }) => msg === 'logged in'),
    { level: 30, sub: 'alice', client_id: 'app', scope: 'openid email' },
  )
  t.match(
    test.log.find(({ msg }) => msg === 'tokens issued'),
    { sub: 'alice', client_id: 'app', grant_type: 'authorization_code' },
  )
  t.match(
    test.log.find(({ msg }) => msg === 'answered'),
    { method: 'POST', path: '/oauth2/authorize', status: 302 },
  )
})

t.test('the log has the reason of a refusal', async (t) => {
  const test = await createApp(t)
  await exchange(test, { code: 'x' })
  await logIn(test, { response_type: 'x' })
  const [refusal, sent] = test.log.filter(({ level }) => level === 40)
  t.match(refusal, { msg: 'request refused', path: '/oauth2/token', status: 400, error: 'invalid_grant' })
  t.match(sent, { msg: 'authorization request refused', client_id: 'app', error: 'unsupported_response_type' })
})

t.test('refusals by the end-user or prompt=none are not warnings', async (t) => {
  const test = await createApp(t)
  const query = new URLSearchParams({ client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code' })
  await test.get(`/oauth2/authorize?${query}&prompt=none`)
  await test.post(`/oauth2/authorize?${query}`, { action: 'deny' })
  const refused = test.log.filter(({ msg }) => msg === 'authorization request refused')
  t.match(refused, [
    { level: 30, error: 'login_required' },
    { level: 30, error: 'access_denied' },
  ])
})

t.test('no log line contains a code, token, verifier or secret', async (t) => {
  const client_secret = 'the-secret-of-the-client'
  const test = await createApp(t, {
    clients: [
      { client_id: 'web', client_secret, redirect_uris: [REDIRECT_URI] },
      {
        client_id: 'post',
        client_secret,
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
  })
  const code_verifier = 'v'.repeat(43)
  const secrets: string[] = [client_secret, code_verifier, basic('web', client_secret).slice(6)]
  const codeOf = async (query: Record<string, string>) => {
    const code = (await logIn(test, query)).get('code')!
    secrets.push(code)
    return code
  }
  const keep = (tokens: object) =>
    secrets.push(
      ...Object.entries(tokens)
        .filter(([name]) => /_token$|^client_secret$/.test(name))
        .map(([, value]) => String(value)),
    )

  const registered = await register(test, { token_endpoint_auth_method: 'client_secret_post' })
  keep(registered)
  const asked = { client_id: 'web', code_challenge: code_verifier, nonce: 'n' }
  const headers = { authorization: basic('web', client_secret) }
  const code = await codeOf(asked)
  const tokens = (await exchange(test, { code, client_id: '', code_verifier }, '', headers)).json<
    Record<string, string>
  >()
  keep(tokens)
  keep(
    (
      await exchange(
        test,
        { grant_type: 'refresh_token', client_id: '', refresh_token: tokens.refresh_token! },
        '',
        headers,
      )
    ).json(),
  )
  await getUserinfo(test, tokens.access_token!)
  await test.get(`/oauth2/end_session?id_token_hint=${tokens.id_token}&client_id=other`)
  await test.post('/oauth2/end_session/confirm', {
    id_token_hint: tokens.id_token!,
    post_logout_redirect_uri: 'relative',
  })

  // Refused values are quoted, but not secrets.
  await exchange(test, { code, client_id: '', code_verifier }, '', headers)
  await exchange(test, { code: await codeOf(asked), client_id: '', code_verifier: 'w'.repeat(43) }, '', headers)
  await exchange(test, { code: await codeOf(asked), client_id: '' }, '', headers)
  await exchange(test, { code: await codeOf({}), client_id: 'other' })
  await exchange(test, { code, client_id: 'post', client_secret: `${client_secret}x` })
  await exchange(test, { code, client_id: 'post' }, '', headers)
  await exchange(test, { code, client_id: '' }, '', { authorization: `Basic ${client_secret}` })
  await refresh(test, tokens.refresh_token!)
  await refresh(test, `${tokens.refresh_token}x`)
  await getUserinfo(test, tokens.refresh_token!)
  await test.get('/userinfo', { headers: { authorization: tokens.access_token! } })
  await test.get('/userinfo', { headers: { authorization: `${tokens.access_token} x` } })
  await test.get(`/userinfo?access_token=${tokens.access_token}`)
  await test.get(`/nope?code=${code}`)
  await test.get(`/oidc/authorized?code=${code}&state=x`)
  const type = { 'content-type': 'application/json' }
  await test.post('/oauth2/token', undefined, { payload: `{"client_secret": "${client_secret}"`, headers: type })
  await test.post('/oauth2/clients', undefined, { payload: `{"client_secret": ${client_secret}}`, headers: type })
  await test.post('/users/alice/revoke-tokens')
  await getUserinfo(test, tokens.access_token!)

  t.ok(test.log.length > 40)
  t.ok(secrets.length >= 12)
  for (const line of test.log) {
    const text = JSON.stringify(line)
    for (const secret of secrets) if (text.includes(secret)) t.fail(`${secret} is in ${text}`)
  }
  t.ok(test.log.some((line) => JSON.stringify(line).includes('client_secret is wrong, expected that of client post')))
})

t.test('RFC 9110 §15.5.1: an unreadable body is 400, with the error code of the endpoint', async (t) => {
  const test = await createApp(t)
  const cases = [
    ['/oauth2/token', 'invalid_request'],
    ['/oauth2/clients', 'invalid_client_metadata'],
    ['/oauth2/clients/x', 'invalid_client_metadata'],
    ['/nope', 'invalid_request'],
  ] as const
  for (const [url, error] of cases) {
    const method = url.endsWith('/x') ? 'PUT' : 'POST'
    const headers = { 'content-type': 'application/json' }
    const answer = await test.app.inject({ method, url, headers, payload: '{' })
    t.equal(jsonOf(t, answer, 400).error, error, url)
  }
})

t.test('the configuration limits the size of a body', async (t) => {
  const test = await createApp(t, { server: { body_limit: 1024 } })
  const large = { note: 'x'.repeat(1024) }
  for (const answer of [
    await test.app.inject({ method: 'PUT', url: '/users/alice', payload: large }),
    await test.post('/oauth2/token', large),
  ]) {
    t.match(jsonOf(t, answer, 413), { error: 'invalid_request', error_description: /too large/ })
  }
  const page = await test.post('/oauth2/authorize', large)
  t.equal(page.statusCode, 413)
  t.match(page.body, 'Error: invalid_request')
})

t.test('JSON is indented', async (t) => {
  const test = await createApp(t)
  for (const url of ['/jwks', '/.well-known/openid-configuration', '/healthz', '/nope']) {
    t.match((await test.get(url)).body, /^\{\n {2}".*\}\n$/s, url)
  }
})
