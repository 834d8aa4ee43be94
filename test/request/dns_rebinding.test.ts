/** DNS rebinding: a page whose host leads to the provider cannot use the admin API, and programs still can. */
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { ADMIN_ROUTES } from '../admin_routes.js'
import { createApp, refused, type TestApp } from '../app.js'
import { start } from '../provider.js'
import { sendRaw } from '../raw_request.js'

type Headers = Record<string, string>

const NETWORK = { host: '0.0.0.0' }

const ask = ({ app }: TestApp, headers: Headers, method: 'GET' | 'POST' | 'PUT' = 'GET', url = '/admin/users') =>
  app.inject({ method, url, headers })

async function statusOf(t: Test, config: ConfigInput, headers: Headers): Promise<number> {
  return (await ask(await createApp(t, config), headers)).statusCode
}

const REFUSAL =
  /^the host is evil\.example, expected localhost, an IP address, or the host of a configured URL; .* server.allowed_hosts, or set public_url or server.admin_token$/

t.test('every route for administration refuses the host of a page, at each issuer', async (t) => {
  const test = await createApp(t)
  const host = 'evil.example:9400'
  for (const base of ['', '/issuers/one']) {
    for (const { method, path } of ADMIN_ROUTES) {
      for (const headers of [{ host }, { host, origin: `http://${host}` }] as Headers[]) {
        // The origin is the one of the request.
        const answer = await test.app.inject({ method, url: base + path, headers })
        if (method === 'HEAD') t.equal(answer.statusCode, 403, `HEAD ${base}${path}`)
        else refused(t, answer, 'access_denied', REFUSAL, 403)
      }
    }
  }
  t.match((await test.get('/admin/users')).json(), { users: [] }, 'nothing has changed')
})

t.test('headers that a page can set do not help it', async (t) => {
  const host = 'evil.example:9400'
  const tricks: Headers[] = [
    { 'x-forwarded-host': 'localhost:9400' },
    { 'x-forwarded-host': 'localhost:9400', origin: 'http://localhost:9400' },
    { 'x-forwarded-port': '9400', 'x-forwarded-proto': 'http' },
    { forwarded: 'host=localhost' },
    { 'x-host': 'localhost', 'x-original-host': 'localhost' },
    { 'sec-fetch-site': 'same-origin' },
  ]
  for (const headers of tricks) t.equal(await statusOf(t, {}, { host, ...headers }), 403, JSON.stringify(headers))
})

const KNOWN = [
  'localhost',
  'LOCALHOST:9400',
  'localhost.',
  'op.localhost:9400',
  'a.b.localhost',
  '127.0.0.1:9400',
  '10.1.2.3',
  '[::1]:9400',
  '[fe80::1]',
]
const UNKNOWN = [
  'evil.example',
  'evil.example.',
  'localhost.evil.example',
  'evillocalhost',
  'localhost.localdomain',
  '127.0.0.1.nip.io',
  '127.1',
  '2130706433',
  '0x7f000001',
  'op',
  'op.test:9400',
]

t.test('on a loopback address, only names of this machine and IP addresses are accepted', async (t) => {
  for (const host of ['127.0.0.1', '127.0.0.2', 'localhost', '::1', '::ffff:127.0.0.1']) {
    const config = { server: { host } }
    for (const name of KNOWN) t.equal(await statusOf(t, config, { host: name }), 200, `${host}: ${name}`)
    for (const name of UNKNOWN) t.equal(await statusOf(t, config, { host: name }), 403, `${host}: ${name}`)
  }
})

t.test('a name that leads to a loopback address has the same rule', async (t) => {
  // The resolver reads a number as an address: 127.0.0.1.
  const { url } = await start(t, { server: { host: '2130706433' } })
  const at = (host: string) => sendRaw(url, ['GET /admin/users HTTP/1.1', `Host: ${host}`])
  t.equal((await at('localhost')).status, 200)
  t.equal((await at('evil.example')).status, 403)
})

t.test('the hosts of configured URLs are accepted, with any port', async (t) => {
  const config = {
    issuer: 'https://Id.example/auth',
    public_url: 'http://public.example',
    internal_url: 'http://op:9400',
  }
  for (const host of ['id.example', 'ID.example:1', 'public.example', 'op', 'op:9400']) {
    t.equal(await statusOf(t, config, { host }), 200, host)
  }
  for (const host of ['a.id.example', 'example', 'op.example']) t.equal(await statusOf(t, config, { host }), 403, host)
})

t.test('server.allowed_hosts adds names, and *. the names below one', async (t) => {
  const test = await createApp(t, { server: { allowed_hosts: ['Op.test', '*.Example.test'] } })
  const at = async (host: string) => (await ask(test, { host })).statusCode
  for (const host of ['op.test', 'OP.test:9400', 'op.test.', 'a.example.test', 'a.b.example.test']) {
    t.equal(await at(host), 200, host)
  }
  for (const host of ['example.test', 'aexample.test', 'a.op.test', 'op.test.evil.example']) {
    t.equal(await at(host), 403, host)
  }
  await test.reload({})
  t.equal(await at('op.test'), 403, 'a reload changes the list')
})

t.test('with an admin token every host is accepted, since no page knows the token', async (t) => {
  const test = await createApp(t, { server: { admin_token: 'secret' } })
  const host = 'evil.example'
  t.equal((await ask(test, { host })).statusCode, 401)
  t.equal((await ask(test, { host, authorization: 'Bearer secret' })).statusCode, 200)
})

t.test('in a network, programs use any name; pages only known names and names without a dot', async (t) => {
  const test = await createApp(t, { server: NETWORK })
  const at = async (host: string, origin?: string) =>
    (await ask(test, { host, ...(origin !== undefined && { origin }) })).statusCode
  for (const host of ['op', 'op.svc.cluster.local', 'evil.example']) t.equal(await at(host), 200, host)
  for (const host of ['op:9400', 'localhost:9400', '10.1.2.3:9400'])
    t.equal(await at(host, `http://${host}`), 200, host)
  for (const host of ['evil.example:9400', 'op.svc.cluster.local:9400']) {
    t.equal(await at(host, `http://${host}`), 403, host)
  }
})

t.test('in a network, server.allowed_hosts is the whole list', async (t) => {
  const test = await createApp(t, { server: { ...NETWORK, allowed_hosts: ['op'] } })
  const at = async (host: string) => (await ask(test, { host })).statusCode
  t.equal(await at('op'), 200)
  t.equal(await at('localhost'), 200)
  for (const host of ['other', 'op.svc.cluster.local', 'evil.example']) t.equal(await at(host), 403, host)
})

t.test('PUT /users and POST /users/…/revoke-tokens have the same rule, and stay open to other origins', async (t) => {
  const test = await createApp(t)
  const put = (headers: Headers) =>
    test.app.inject({ method: 'PUT', url: '/users/alice', payload: { email: 'a@b.test' }, headers })
  refused(t, await put({ host: 'evil.example' }), 'access_denied', REFUSAL, 403)
  refused(t, await put({ host: 'evil.example', origin: 'http://evil.example' }), 'access_denied', REFUSAL, 403)
  t.equal((await put({ host: 'localhost', origin: 'https://app.example' })).statusCode, 204)
})

t.test('Fetch Metadata §2.4: a request that another site causes is refused, with and without a token', async (t) => {
  for (const server of [{}, { admin_token: 'secret' }, NETWORK]) {
    const test = await createApp(t, { server })
    const headers = { 'sec-fetch-site': 'cross-site', authorization: 'Bearer secret' }
    for (const { method, path } of ADMIN_ROUTES.filter(({ access }) => access === 'admin')) {
      const answer = await test.app.inject({ method, url: path, headers })
      if (method === 'HEAD') t.equal(answer.statusCode, 403, `HEAD ${path}`)
      else refused(t, answer, 'access_denied', /^Sec-Fetch-Site is cross-site, expected a request of a program/, 403)
    }
    for (const site of ['same-origin', 'none']) {
      t.equal((await ask(test, { ...headers, 'sec-fetch-site': site })).statusCode, 200, site)
    }
  }
})

t.test('other endpoints answer at any host, as the issuer follows the host of the request', async (t) => {
  const test = await createApp(t)
  for (const url of ['/', '/jwks', '/healthz', '/.well-known/openid-configuration']) {
    t.equal((await test.get(url, { headers: { host: 'evil.example' } })).statusCode, 200, url)
  }
})
