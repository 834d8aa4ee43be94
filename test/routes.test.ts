/** The route table: every row is served as it says, once for all issuers. */
import { METHODS } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { findRoute, METHODS_OF_ROUTES, PATHS, ROUTES } from '../src/routes.js'
import { createApp, createOwnApp, jsonOf, REDIRECT_URI, refused, register } from './app.js'
import { start } from './provider.js'

t.test('each path stands in one row, which is found by it', async (t) => {
  t.equal(new Set(ROUTES.map(({ path }) => path)).size, ROUTES.length)
  for (const route of ROUTES) {
    t.equal(findRoute(route.path), route, route.name)
    t.equal(PATHS[route.name], route.path)
  }
  t.equal(findRoute('/nope'), undefined)
})

t.test('RFC 9110 §15.5.6: each row accepts its methods; others are refused with 405 and Allow', async (t) => {
  const { app } = await createOwnApp(t, {}, { ca: 'a certificate' })
  for (const { path, methods, cors } of ROUTES) {
    const accepted = cors ? [...methods, 'OPTIONS'] : methods
    for (const method of METHODS_OF_ROUTES.filter((one) => !accepted.includes(one))) {
      const answer = await app.inject({ method, url: path.replaceAll(/:\w+/g, 'x') })
      t.equal(answer.statusCode, 405, `${method} ${path}`)
      t.equal(answer.headers.allow, accepted.join(', '), `${method} ${path}`)
    }
    for (const method of methods) t.ok(app.hasRoute({ method, url: path }), `${method} ${path} has a handler`)
  }
})

t.test(
  'RFC 9110 §15.5.6: a method that no route has is refused with 405 on every path, with 404 on others',
  async (t) => {
    const { url } = await start(t)
    const { port, host } = new URL(url)
    const send = (method: string, target: string) => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`)
      return text(socket)
    }
    const foreign = METHODS.filter((method) => !METHODS_OF_ROUTES.some((own) => own === method))
    t.ok(foreign.includes('TRACE') && foreign.includes('PROPFIND'))
    for (const method of foreign.filter((one) => one !== 'CONNECT')) {
      const answer = await send(method, '/admin/users')
      t.match(answer, /^HTTP\/1.1 405 Method Not Allowed\r\n/, method)
      t.match(answer, /\r\nallow: GET, HEAD\r\n/, method)
      t.match(answer, new RegExp(`"${method} /admin/users: expected one of GET, HEAD"`), method)
      t.match(await send(method, '/nope'), /^HTTP\/1.1 404 Not Found\r\n/, method)
    }
    for (const [path, allow] of [
      ['/oauth2/token?a=b', 'POST, OPTIONS'],
      ['/issuers/one//users/a%2Fb', 'PUT, OPTIONS'],
      ['/users/a/revoke-tokens', 'POST, OPTIONS'],
      ['/healthz', 'GET, HEAD, OPTIONS'],
      ['/', 'GET, HEAD, OPTIONS'],
    ] as const) {
      t.match(await send('SEARCH', path), `\r\nallow: ${allow}\r\n`, path)
    }
    const proxied = await send('CONNECT', 'other.example:443')
    t.match(proxied, /^HTTP\/1.1 405 Method Not Allowed\r\nallow: GET, HEAD, POST,/, 'RFC 9110 §9.3.6: no proxy')
    t.match(proxied, /"method_not_allowed"/)
  },
)

t.test('a route is registered once, not once more for isolated issuers', async (t) => {
  const { app } = await createOwnApp(t)
  for (const { path } of ROUTES) {
    t.notOk(app.hasRoute({ method: 'GET', url: `/issuers/:issuer${path}` }), path)
  }
})

t.test('the certificate of the process is served only if there is one', async (t) => {
  const { app } = await createApp(t)
  for (const method of ['GET', 'POST'] as const) {
    refused(t, await app.inject({ method, url: PATHS.tls_ca }), 'not_found', / \/tls\/ca\.pem: /, 404)
  }
})

t.test('an isolated issuer has no routes of the process, however their path is written', async (t) => {
  const { get } = await createOwnApp(t, {}, { ca: 'a certificate' })
  for (const path of ['/healthz', '//healthz', '/%68ealthz', '/config.schema.json', '/tls/ca.pem']) {
    const { error, error_description } = jsonOf(t, await get(`/issuers/x${path}`), 404)
    t.equal(error, 'not_found')
    t.equal(String(error_description).split(':')[0], `GET /issuers/x${path}`)
  }
})

t.test('RFC 3986 §2.3: an encoded name is the same issuer as the name itself', async (t) => {
  const test = await createApp(t)
  await register(test, { redirect_uris: [REDIRECT_URI] }, '/issuers/abc')
  const listClients = async (base: string) => (await test.get(`${base}/admin/clients`)).json().clients.length
  t.equal(await listClients('/issuers/abc'), 1)
  t.equal(await listClients('/issuers/%61bc'), 1)
  t.equal(await listClients('/issuers/abcd'), 0)
  t.equal(
    (await test.get('/issuers/%61bc/.well-known/openid-configuration')).json().issuer,
    'http://localhost/issuers/abc',
  )
})

t.test('the issuer "default" below /issuers is not the issuer at the root', async (t) => {
  const test = await createApp(t)
  await register(test, {}, '/issuers/default')
  t.equal((await test.get('/admin/clients')).json().clients.length, 0)
  t.equal((await test.get('/issuers/default/admin/clients')).json().clients.length, 1)
})

t.test('an issuer has no issuers below it', async (t) => {
  const { get } = await createApp(t)
  refused(t, await get('/issuers/a/issuers/b/jwks'), 'not_found', /^GET \/issuers\/a\/issuers\/b\/jwks: /, 404)
})

t.test('the home page of an isolated issuer needs no slash and takes a query', async (t) => {
  const { get } = await createApp(t)
  for (const url of ['/issuers/a', '/issuers/a/', '/issuers/a?x=y']) t.equal((await get(url)).statusCode, 200, url)
})

t.test('log and journal show the URL below the base path with its issuer', async (t) => {
  const test = await createApp(t, { server: { base_path: '/auth' } })
  const cases = [
    ['/auth/jwks?a=b', '', '/jwks?a=b'],
    ['/auth/issuers/one/jwks?a=b', '/issuers/one', '/issuers/one/jwks?a=b'],
    ['/issuers/one//jwks', '/issuers/one', '/issuers/one//jwks'],
    ['/issuers/%6Fne/jwks', '/issuers/one', '/issuers/%6Fne/jwks'],
  ] as const
  for (const [url, base, shown] of cases) {
    await test.get(url)
    const { entries } = (await test.get(`${base}/admin/journal`)).json()
    t.equal(entries.at(-1).request.url, shown)
    t.ok(test.log.some(({ msg, path }) => msg === 'answered' && path === shown.split('?')[0]))
  }
  refused(t, await test.get('/auth/issuers/one/nope'), 'not_found', /^GET \/issuers\/one\/nope: /, 404)
})

t.test('Fetch §3.2: a preflight request needs no issuer and creates none', async (t) => {
  const created: unknown[] = []
  const { app } = await createApp(
    t,
    {},
    {
      findIssuer: (name) => {
        created.push(name)
        throw new Error('no issuer is needed')
      },
    },
  )
  const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' }
  for (const url of ['/issuers/a/oauth2/token', '/oauth2/token', '/healthz']) {
    const answer = await app.inject({ method: 'OPTIONS', url, headers })
    t.equal(answer.statusCode, 204, url)
    t.equal(answer.headers['access-control-allow-origin'], url === '/healthz' ? '*' : headers.origin)
  }
  t.strictSame(created, [])
})
