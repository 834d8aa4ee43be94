/** Where the admin API is served: on the main port, on a port of its own, or not at all. */
import { text } from 'node:stream/consumers'
import t from 'tap'
import { connect, startProvider } from '../../src/index.js'
import { ROUTES } from '../../src/routes.js'
import { ADMIN_ROUTES } from '../admin_routes.js'
import { createApp, refused } from '../app.js'
import { createFetch } from '../fetch.js'
import { start } from '../provider.js'
import { sendRaw } from '../raw_request.js'

const ELSEWHERE = /: the admin API is served only on the port of server\.admin_port, which the log shows at the start$/

t.test('server.admin: false answers every route for administration with 404, with every method', async (t) => {
  const test = await createApp(t, { server: { admin: false, admin_token: 'secret' } })
  const headers = { authorization: 'Bearer secret' }
  for (const base of ['', '/issuers/one']) {
    for (const path of new Set(ADMIN_ROUTES.map((route) => route.path))) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        const answer = await test.app.inject({ method, url: base + path, headers })
        if (method === 'HEAD') t.equal(answer.statusCode, 404, `HEAD ${base}${path}`)
        else refused(t, answer, 'not_found', /: the admin API is switched off by server\.admin$/, 404)
      }
    }
  }
  t.equal((await test.get('/jwks')).statusCode, 200)
  await test.reload({})
  t.equal((await test.get('/admin/users')).statusCode, 200, 'a reload switches it on')
})

t.test('server.admin_port: the main port answers every route for administration with 404', async (t) => {
  const test = await createApp(t, { server: { admin_port: 0 } })
  for (const base of ['', '/issuers/one']) {
    for (const { method, path } of ADMIN_ROUTES) {
      const answer = await test.app.inject({ method, url: base + path })
      if (method === 'HEAD') t.equal(answer.statusCode, 404, `HEAD ${base}${path}`)
      else refused(t, answer, 'not_found', ELSEWHERE, 404)
    }
  }
})

t.test('server.admin_port serves the admin API of every issuer, and no other endpoint', async (t) => {
  const { provider, url, line } = await start(t, { server: { admin_port: 0 }, users: [{ sub: 'alice' }] })
  const admin_url = provider.admin_url!
  t.not(admin_url, url)
  t.match((await line(/^admin API on /)).msg, `admin API on ${admin_url} only`)
  const json = async (path: string, init?: RequestInit) => (await fetch(admin_url + path, init)).json()
  t.match(await json('/admin/users'), { users: [{ sub: 'alice' }] })
  t.match(await json('/issuers/one/admin/users'), { users: [{ sub: 'alice' }] })
  const put = await fetch(`${admin_url}/users/bob`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  t.equal(put.status, 204)
  t.equal(((await json('/admin/users')) as { users: object[] }).users.length, 2)
  for (const { path, methods } of ROUTES.filter(({ scope, access }) => scope === 'issuer' && access === 'public')) {
    const [method] = methods
    const answer = await fetch(admin_url + path.replaceAll(/:\w+/g, 'x'), { method, headers: { accept: '*/*' } })
    t.equal(answer.status, 404, `${method} ${path}`)
    t.match(
      await answer.text(),
      new RegExp(`the path is served only on port ${new URL(url).port}, and this is the port`),
    )
  }
  for (const port of [url, admin_url]) t.equal((await fetch(`${port}/healthz`)).status, 200)
})

t.test('requests at server.admin_port are about the issuer at the main port', async (t) => {
  const { provider, url } = await start(t, { server: { admin_port: 0, base_path: '/auth' } })
  const admin_url = provider.admin_url!
  for (const base of ['', '/auth']) {
    const identifiers = await (await fetch(`${admin_url}${base}/admin/issuer`)).json()
    t.strictSame(identifiers, { issuer: `${url}/auth`, isolated_issuer: `${url}/auth/issuers/{name}` })
  }
  const document = await (await fetch(`${admin_url}/issuers/one/admin/openapi.json`)).json()
  t.match(document, { servers: [{ url: `${admin_url}/auth/issuers/one` }] })
  const handle = await connect(admin_url)
  t.teardown(() => handle[Symbol.asyncDispose]())
  t.equal(handle.issuer, `${url}/auth`)
  t.equal(handle.isolated('one').issuer, `${url}/auth/issuers/one`)
  const { access_token } = await handle.tokens.mint({ sub: 'alice', client_id: 'app' })
  t.match(JSON.parse(Buffer.from(access_token!.split('.')[1]!, 'base64url').toString()), { iss: `${url}/auth` })
  t.equal((await fetch(`${url}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })).status, 200)
  await t.rejects(connect(url), { status: 404, error: 'not_found', message: ELSEWHERE })
})

t.test('a configured issuer is the issuer at both ports', async (t) => {
  const { provider } = await start(t, { issuer: 'https://id.example', server: { admin_port: 0 } })
  const { issuer } = (await (await fetch(`${provider.admin_url}/admin/issuer`)).json()) as { issuer: string }
  t.equal(issuer, 'https://id.example')
})

t.test('at server.admin_port the token, the origin and the host are checked', async (t) => {
  const { provider } = await start(t, { server: { admin_port: 0, admin_token: 'secret' } })
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${provider.admin_url}/admin/users`, { headers })).status
  t.equal(await status({}), 401)
  t.equal(await status({ authorization: 'Bearer secret' }), 200)
  t.equal(await status({ authorization: 'Bearer secret', origin: 'https://evil.example' }), 403)
  const open = await start(t, { server: { admin_port: 0 } })
  const rebound = await sendRaw(open.provider.admin_url!, ['GET /admin/users HTTP/1.1', 'Host: evil.example'])
  t.equal(rebound.status, 403)
})

t.test('problems of the files are shown at /healthz of server.admin_port only', async (t) => {
  const config = `${t.testdir({ 'config.yaml': 'users: [{ sub: alice }]' })}/config.yaml`
  const { provider, url } = await start(t, { server: { admin_port: 0 } }, { config })
  const { writeFileSync } = await import('node:fs')
  writeFileSync(config, 'users: none')
  t.equal(await provider.reload(), false)
  const at = async (port: string) => (await fetch(`${port}/healthz`)).json()
  t.strictSame(await at(url), { status: 'ok', config: { status: 'stale', problem_count: 1 } })
  t.match(await at(provider.admin_url!), { config: { problem_count: 1, problems: [{ path: '/users' }] } })
})

t.test('with TLS both ports serve https with the same certificate, and http_port is no admin port', async (t) => {
  const server = { tls: { self_signed: true }, http_port: 0, admin_port: 0 }
  const { provider, url } = await start(t, { server })
  t.match(provider.admin_url, /^https:/)
  const fetchTls = await createFetch(provider.ca!)
  t.match(await (await fetchTls(`${provider.admin_url}/admin/issuer`)).json(), { issuer: url })
  t.equal((await fetchTls(`${url}/admin/issuer`)).status, 404)
  t.equal((await fetch(`${provider.http_url}/admin/issuer`)).status, 404)
  const plain = await sendRaw(provider.admin_url!, ['GET /admin/issuer HTTP/1.1', 'Host: localhost']).catch(
    () => undefined,
  )
  t.not(plain?.status, 200, 'no plain http')
})

t.test('RFC 9112 §3.2: a request of HTTP/1.0 at server.admin_port needs no Host', async (t) => {
  const { provider, url } = await start(t, { server: { admin_port: 0 } })
  const answer = await sendRaw(provider.admin_url!, ['GET /admin/issuer HTTP/1.0'])
  t.match(JSON.parse(answer.body), { issuer: url })
})

t.test('the program that has started the provider can use the admin API in every case', async (t) => {
  const cases = [{ admin: false }, { admin_port: 0 }, { admin_token: 'secret' }, { allowed_hosts: ['op.test'] }]
  for (const server of cases) {
    const provider = await startProvider({ server: { port: 0, ...server }, keys: [{ alg: 'ES256' }] })
    t.teardown(() => provider.close())
    await provider.users.put('alice', {})
    t.equal((await provider.isolated().users.list()).length, 0)
    t.match(await provider.users.list(), [{ sub: 'alice' }], JSON.stringify(server))
    t.equal(provider.issuer, provider.url)
  }
})

t.test('a port that another program uses is a clear error, and the main port is closed', async (t) => {
  const { url } = await start(t)
  const admin_port = Number(new URL(url).port)
  const failure = startProvider({ server: { port: 0, admin_port }, log: { level: 'silent' } })
  await t.rejects(failure, {
    name: 'ListenError',
    message: `cannot listen on 127.0.0.1, port ${admin_port}: another program uses this port; stop it, or choose another port with --admin-port (0 picks a free one)`,
  })
})

t.test('closing ends the connections of server.admin_port', async (t) => {
  const { provider } = await start(t, { server: { admin_port: 0 } })
  const stream = await fetch(`${provider.admin_url}/admin/journal/stream`)
  await provider.close()
  // The end of the stream is an error or not, depending on the bytes in flight.
  await text(stream.body!).catch(() => undefined)
  await t.rejects(fetch(`${provider.admin_url}/healthz`))
})
