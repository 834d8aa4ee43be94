/** Which host a request is for: the Host header or the target (RFC 9112 §3.2), however both are written. */
import t from 'tap'
import { createApp, refused } from '../app.js'
import { start } from '../provider.js'
import { sendRaw } from '../raw_request.js'

const DISCOVERY = '/.well-known/openid-configuration'

const REFUSED: [string, string[], string, RegExp][] = [
  ['no Host', [], '1.1', /^the Host header is missing, expected one$/],
  ['two Host headers', ['Host: localhost', 'Host: localhost'], '1.1', /^the request has 2 Host headers, expected one$/],
  ['Host headers in different case', ['host: a', 'HOST: b', 'Host: c'], '1.1', /^the request has 3 Host headers/],
  ['two Host headers in HTTP/1.0', ['Host: a', 'Host: b'], '1.0', /^the request has 2 Host headers/],
  ['an empty Host', ['Host:'], '1.1', /^the host is , expected a name or address, optionally with a port$/],
  ['a Host with a path', ['Host: a/b'], '1.1', /^the host is a\/b, expected/],
  ['a Host with user info', ['Host: a@b'], '1.1', /^the host is a@b, expected/],
  ['an invalid Host in HTTP/1.0', ['Host: a b'], '1.0', /^the host is a b, expected/],
]

t.test('RFC 9112 §3.2: a request of HTTP/1.1 has one Host header with a valid value', async (t) => {
  for (const config of [{}, { issuer: 'https://idp.example' }]) {
    const { url } = await start(t, config)
    for (const [title, headers, version, description] of REFUSED) {
      for (const path of ['/jwks', '/healthz', '/admin/users', '/issuers/a/jwks', '/nothing']) {
        const answer = await sendRaw(url, [`GET ${path} HTTP/${version}`, ...headers])
        t.equal(answer.status, 400, `${title}: ${path}`)
        t.match(answer.head, /content-type: application\/json/)
        t.match(JSON.parse(answer.body), { error: 'invalid_request', error_description: description })
      }
    }
  }
})

/** Hosts of the right characters that no URL can have. */
const UNPARSABLE = [
  ...['localhost:99999', '[::1]:99999', '1.2.3.999', '1.2.3.4.5', '0x1.2.3.4.5', 'a.1.2', 'xn--a', 'xn--'],
  ...['[1:2]', '[:]', '[::1.2.3.999]'],
]

const PLACES: [method: 'GET' | 'POST' | 'PUT', path: string, body?: string][] = [
  ['GET', '/'],
  ['GET', DISCOVERY],
  ['GET', '/.well-known/webfinger?resource=acct:alice@x'],
  ['GET', '/healthz'],
  ['GET', '/oauth2/authorize?client_id=a&redirect_uri=http://localhost/&response_type=code'],
  ['POST', '/oauth2/authorize?client_id=a&redirect_uri=http://localhost/&response_type=code', 'sub=alice'],
  ['POST', '/oauth2/device', 'user_code=x'],
  ['POST', '/oauth2/end_session/confirm', 'a=b'],
  ['POST', '/oidc/login', 'a=b'],
  ['POST', '/oauth2/token', 'grant_type=client_credentials&client_id=a'],
  ['PUT', '/users/bob', '{}'],
  ['GET', '/admin/issuer'],
  ['GET', '/admin/openapi.json'],
  ['POST', '/admin/tokens', '{"sub":"alice","client_id":"a"}'],
]

t.test('RFC 9110 §7.2: a host that no URL can have is refused at every route', async (t) => {
  for (const config of [{}, { public_url: 'https://idp.example' }, { server: { trust_forwarded: true } }]) {
    const { app } = await createApp(t, config)
    for (const [method, url, payload] of PLACES) {
      const type = {
        'content-type': payload?.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded',
      }
      for (const host of UNPARSABLE) {
        for (const origin of [{}, { origin: 'http://localhost' }, { origin: `http://${host}` }, { origin: 'null' }]) {
          const headers = { host, ...origin, ...(payload !== undefined && type) }
          const answer = await app.inject({ method, url, headers, ...(payload !== undefined && { payload }) })
          if (answer.statusCode !== 400) t.fail(`${host}: ${method} ${url}: ${answer.statusCode}`)
        }
      }
      t.pass(`${method} ${url}`)
    }
  }
})

t.test('RFC 9112 §3.2: a page is refused as a page', async (t) => {
  const { url } = await start(t)
  const answer = await sendRaw(url, ['GET / HTTP/1.1', 'Host: a', 'Host: b', 'Accept: text/html'])
  t.equal(answer.status, 400)
  t.match(answer.body, 'the request has 2 Host headers, expected one')
  t.match(answer.head, /content-security-policy: default-src 'none'/)
})

t.test('RFC 9112 §3.2: the second port for plain http has the same rule', async (t) => {
  const { provider } = await start(t, { server: { tls: { self_signed: true }, http_port: 0 } })
  const answer = await sendRaw(provider.http_url!, ['GET /jwks HTTP/1.1'])
  t.match(JSON.parse(answer.body), { error: 'invalid_request', error_description: /^the Host header is missing/ })
})

t.test('RFC 9112 §3.2: HTTP/1.0 needs no Host header', async (t) => {
  const { url } = await start(t)
  const answer = await sendRaw(url, [`GET ${DISCOVERY} HTTP/1.0`])
  t.equal(JSON.parse(answer.body).issuer, url)
})

t.test('RFC 9112 §3.2.2: the host of an absolute target replaces the Host header', async (t) => {
  const { url } = await start(t)
  const issuerOf = async (target: string) =>
    JSON.parse((await sendRaw(url, [`GET ${target} HTTP/1.1`, 'Host: other:1'])).body).issuer
  t.equal(await issuerOf(`http://op:9400${DISCOVERY}`), 'http://op:9400')
  t.equal(await issuerOf(`HTTP://op:9400${DISCOVERY}`), 'http://op:9400')
  t.equal(await issuerOf(DISCOVERY), 'http://other:1')
  for (const target of ['http://op', 'http://op?x=1']) {
    t.match(await sendRaw(url, [`GET ${target} HTTP/1.1`, 'Host: other:1']), { status: 200, body: /<!doctype html>/i })
  }
})

t.test(
  'RFC 9112 §3.2.2: an absolute target with an invalid host, or beside two Host headers, is refused',
  async (t) => {
    const { url } = await start(t)
    for (const host of ['user@op', '', 'a:x']) {
      const answer = await sendRaw(url, [`GET http://${host}/jwks HTTP/1.1`, 'Host: localhost'])
      t.match(JSON.parse(answer.body), { error: 'invalid_request', error_description: /^the host is / }, host)
    }
    const twice = await sendRaw(url, ['GET http://op/jwks HTTP/1.1', 'Host: op', 'Host: op'])
    t.match(JSON.parse(twice.body), { error_description: /^the request has 2 Host headers/ })
  },
)

t.test('an invalid X-Forwarded-Host counts only where the URL of the request counts', async (t) => {
  const headers = { 'x-forwarded-host': 'a/b' }
  refused(t, await (await createApp(t)).get('/jwks', { headers }), 'invalid_request', /^the host is a\/b/)
  t.equal((await (await createApp(t, { issuer: 'https://a.b' })).get('/jwks', { headers })).statusCode, 200)
})
