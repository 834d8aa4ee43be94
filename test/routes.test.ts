/** The route table: every row is served as it says, once for all issuers. */
import t from 'tap'
import { findRoute, type Method, PATHS, ROUTES } from '../src/routes.js'
import { createApp, createOwnApp, jsonOf, REDIRECT_URI, refused, register } from './app.js'

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

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
    for (const method of METHODS.filter((one) => !accepted.includes(one))) {
      const answer = await app.inject({ method, url: path.replaceAll(/:\w+/g, 'x') })
      t.equal(answer.statusCode, 405, `${method} ${path}`)
      t.equal(answer.headers.allow, accepted.join(', '), `${method} ${path}`)
    }
    for (const method of methods) t.ok(app.hasRoute({ method, url: path }), `${method} ${path} has a handler`)
  }
})

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
    t.equal(answer.headers['access-control-allow-origin'], '*')
  }
  t.strictSame(created, [])
})
