/** Access to the admin API: the admin token, and no pages of other origins. */
import t from 'tap'
import { createAdminApp } from '../admin/api.js'
import { ADMIN_ROUTES } from '../admin_routes.js'
import { createApp, jsonOf, refused } from '../app.js'
import { start } from '../provider.js'

const TOKEN = 'let-me-drive'
const SECURED = { server: { admin_token: TOKEN }, users: [{ sub: 'alice' }] }

const GUARDED: ['GET' | 'PUT' | 'POST' | 'DELETE', string][] = [
  ['GET', '/admin/openapi.json'],
  ['GET', '/admin/users'],
  ['DELETE', '/admin/users/alice'],
  ['POST', '/admin/reset'],
  ['GET', '/issuers/x/admin/config'],
  ['PUT', '/users/alice'],
  ['POST', '/users/alice/revoke-tokens'],
]
for (const [method, url] of GUARDED) {
  t.test(`RFC 6750 §2.1: ${method} ${url} requires the admin token`, async (t) => {
    const test = await createApp(t, SECURED)
    const ask = (authorization?: string) =>
      test.app.inject({
        method,
        url,
        ...(method === 'PUT' && { payload: {} }),
        headers: { accept: 'text/html', ...(authorization !== undefined && { authorization }) },
      })
    const none = await ask()
    refused(
      t,
      none,
      'invalid_token',
      /^the admin token is missing, expected it in an Authorization header of type Bearer$/,
      401,
    )
    t.match(none.headers['www-authenticate'], /^Bearer realm="[^"]+"$/)
    for (const wrong of ['let-me-driv', 'let-me-drivf', `${TOKEN}x`]) {
      const answer = await ask(`Bearer ${wrong}`)
      refused(t, answer, 'invalid_token', /^the admin token is not the one of server.admin_token$/, 401)
      t.match(answer.headers['www-authenticate'], /error="invalid_token"/)
    }
    refused(t, await ask(`Basic ${TOKEN}`), 'invalid_token', /is invalid, expected Bearer/, 401)
    t.match(String((await ask(`Bearer ${TOKEN}`)).statusCode), /^20/)
    t.notMatch(JSON.stringify(test.log), TOKEN)
  })
}

t.test('RFC 6750 §2.1: every route for administration requires the admin token, and no other origin', async (t) => {
  const test = await createApp(t, SECURED)
  for (const base of ['', '/issuers/one']) {
    for (const { method, path, access } of ADMIN_ROUTES) {
      const url = base + path
      const status = async (headers: Record<string, string>) =>
        (await test.app.inject({ method, url, headers })).statusCode
      t.equal(await status({}), 401, `${method} ${url}`)
      t.equal(await status({ authorization: 'Bearer another' }), 401, `${method} ${url}`)
      const origin = 'https://evil.example'
      t.equal(await status({ origin }), access === 'admin' ? 403 : 401, `${method} ${url}`)
      t.equal(await status({ origin: 'null' }), access === 'admin' ? 403 : 401, `${method} ${url}`)
    }
  }
})

t.test('no other endpoint requires the admin token, and a reload changes it', async (t) => {
  const test = await createApp(t, SECURED)
  for (const url of ['/', '/healthz', '/jwks', '/.well-known/openid-configuration']) {
    t.equal((await test.get(url)).statusCode, 200, url)
  }
  const ask = async (token: string) =>
    (await test.get('/admin/users', { headers: { authorization: `Bearer ${token}` } })).statusCode
  await test.reload({ server: { admin_token: 'another' } })
  t.equal(await ask(TOKEN), 401)
  t.equal(await ask('another'), 200)
  await test.reload({})
  t.equal((await test.get('/admin/users')).statusCode, 200)
})

t.test('RFC 6454 §7: pages of other origins are refused, with and without a token', async (t) => {
  for (const config of [SECURED, {}]) {
    const test = await createAdminApp(t, config)
    const from = (origin: string) => test.call('GET', '/users', undefined, { headers: { origin } })
    refused(t, await from('https://evil.example'), 'access_denied', /^Origin is https:\/\/evil.example/, 403)
    t.equal((await from('http://localhost')).statusCode, 200)
  }
})

const CLAIMS: ['PUT' | 'POST', string][] = [
  ['PUT', '/users/alice'],
  ['POST', '/users/alice/revoke-tokens'],
]

t.test('RFC 6454 §7: pages outside server.cors_origins cannot change users', async (t) => {
  const users = [{ sub: 'alice' }]
  const page = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  const listed = { ...page, origin: 'https://app.example' }
  for (const [method, url] of CLAIMS) {
    const test = await createApp(t, { users, server: { cors_origins: ['https://app.example'] } })
    const ask = (headers: Record<string, string>) =>
      test.app.inject({ method, url, headers, ...(method === 'PUT' && { payload: {} }) })
    refused(t, await ask(page), 'access_denied', /^Sec-Fetch-Site is cross-site/, 403)
    const message =
      /^Origin is https:\/\/evil.example, expected none, or http:\/\/localhost or https:\/\/app.example; add it to server.cors_origins$/
    refused(t, await ask({ origin: page.origin }), 'access_denied', message, 403)
    refused(t, await ask({ origin: 'null' }), 'access_denied', /^Origin is null, expected none, or [^;]*$/, 403)
    refused(t, await ask({ 'sec-fetch-site': 'cross-site' }), 'access_denied', /^Sec-Fetch-Site is cross-site/, 403)
    const accepted: Record<string, string>[] = [
      {},
      listed,
      { origin: 'http://localhost' },
      { 'sec-fetch-site': 'same-origin' },
    ]
    for (const headers of accepted) {
      t.equal((await ask(headers)).statusCode, 204, JSON.stringify(headers))
    }
    await test.reload({ users })
    t.equal((await ask(page)).statusCode, 204, 'the default is every origin, as in the reference')
  }
})

const OPEN = /^every machine that reaches the admin API can use it without a token: set server.admin_token/

t.test('start and reload warn if other machines can use the admin API without a token', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'server: { admin_token: secret }' })
  const config = `${folder}/config.yaml`
  const beyond = await start(t, { server: { host: '0.0.0.0' } })
  t.match(await beyond.line(OPEN), { level: 'warn' })
  t.equal(
    (await start(t)).lines().some(({ msg }) => OPEN.test(String(msg))),
    false,
    'nobody else reaches the loopback',
  )
  // The resolver reads a number as an address.
  const named = await start(t, { server: { host: '2130706433' } })
  t.equal(
    named.lines().some(({ msg }) => OPEN.test(String(msg))),
    false,
    'another name of the loopback',
  )
  const secured = await start(t, { server: { host: '0.0.0.0' } }, { config })
  t.equal(
    secured.lines().some(({ msg }) => OPEN.test(String(msg))),
    false,
  )
  const { writeFileSync } = await import('node:fs')
  writeFileSync(config, 'server: {}')
  t.match(await secured.line(OPEN), { level: 'warn' })
  t.match(await secured.line(/^configuration reloaded/), { msg: /server.admin_token: changed \(not shown\)/ })
  t.notMatch(JSON.stringify(secured.lines()), '"secret"')
})

t.test(
  'RFC 6750 §2.1: a token that cannot be sent in a header is a configuration error that does not show it',
  async (t) => {
    const message = await createApp(t, { server: { admin_token: 'not a token' } }).catch(
      (error: Error) => error.message,
    )
    t.match(message, /\/server\/admin_token is a text of 11 characters \(not shown\), expected the bearer token/)
  },
)

t.test('refusals of the admin API are JSON for browsers as well', async (t) => {
  const test = await createApp(t)
  const headers = { accept: 'text/html' }
  const answer = await test.app.inject({ method: 'PATCH', url: '/admin/users', headers })
  t.equal(answer.statusCode, 405)
  t.equal(answer.headers.allow, 'GET, HEAD')
  jsonOf(t, await test.get('/admin/users', { headers }))
})
