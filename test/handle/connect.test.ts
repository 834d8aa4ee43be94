/** Tests of the handle of a provider in another process. */
import { join } from 'node:path'
import { test } from 'tap'
import { connect, startProvider } from '../../src/index.js'
import { serve } from '../cli/program.js'
import { listen } from '../listener.js'
import { CONFIG, testHandle } from './suite.js'

testHandle('connect', async (t) => {
  const folder = t.testdir({ 'config.json': JSON.stringify(CONFIG) })
  const { issuer } = await serve(t, ['--config', join(folder, 'config.json')])
  const provider = await connect(issuer)
  t.teardown(() => provider[Symbol.asyncDispose]())
  return provider
})

test('connect() takes the URL of an isolated issuer, a base path and a trailing slash', async (t) => {
  const { issuer: url } = await serve(t, ['--base-path', '/oidc'])
  const issuer = `${url}/oidc`
  for (const given of [`${issuer}/`, new URL(issuer), url]) {
    await using provider = await connect(given)
    t.equal(provider.issuer, issuer)
    t.equal(provider.isolated('x').issuer, `${issuer}/issuers/x`)
  }
  await using worker = await connect(`${issuer}/issuers/worker-7/`)
  t.equal(worker.issuer, `${issuer}/issuers/worker-7`)
  await worker.users.put('bob')
  await using root = await connect(issuer)
  t.match(await root.isolated('worker-7').users.get('bob'), { origin: 'put' })
  await t.rejects(root.users.get('bob'), { name: 'AdminError', status: 404 })
  t.equal(worker.isolated('other').issuer, `${issuer}/issuers/other`)
})

test('connect() needs the admin token and the authority of a self-signed certificate', async (t) => {
  const provider = await startProvider({
    ...CONFIG,
    port: 0,
    server: { admin_token: 'secret', tls: { self_signed: true } },
    log: { level: 'silent' },
  })
  t.teardown(() => provider.close())
  const { ca } = provider
  t.match(await provider.users.list(), [{ sub: 'alice' }], 'the in-process handle needs neither')
  await using other = await connect(provider.url, { admin_token: 'secret', ca })
  t.equal(other.issuer, provider.issuer)
  t.match(await other.users.list(), [{ sub: 'alice' }])
  await t.rejects(connect(provider.url, { ca }), { name: 'AdminError', status: 401, error_description: /admin token/ })
  await t.rejects(connect(provider.url, { admin_token: 'wrong', ca }), {
    name: 'AdminError',
    status: 401,
    error: 'invalid_token',
  })
  await t.rejects(connect(provider.url), {
    name: 'AdminError',
    status: 0,
    error: 'unreachable',
    message: /certificate/,
  })
})

test('connect() without a provider at the URL is refused with the reason', async (t) => {
  const provider = await startProvider({ ...CONFIG, port: 0, log: { level: 'silent' } })
  const { url } = provider
  const handle = await connect(url)
  t.teardown(() => handle[Symbol.asyncDispose]())
  await provider.close()
  const gone = { name: 'AdminError', status: 0, error: 'unreachable' }
  await t.rejects(connect(url), {
    ...gone,
    message:
      /^GET \S+\/admin\/issuer: no provider answers at http:\/\/localhost:\d+ \(.*ECONNREFUSED.*\); start a provider there, or correct the URL$/,
  })
  await t.rejects(handle.users.list(), gone)
  await t.rejects(provider.users.list(), gone, 'the in-process handle of a closed provider is refused too')
  for (const wrong of ['localhost:9400', 'http://', 'ftp://op', 'http://op/?x', '']) {
    await t.rejects(
      connect(wrong),
      { ...gone, message: /^connect\(\): the URL is ".*", expected the URL of a provider/ },
      wrong,
    )
  }
  const other = await listen(t, () => ({ status: 404, body: 'not here' }))
  await t.rejects(connect(other.url), {
    status: 404,
    error: 'unreachable',
    message: /the response has status 404 without an error of the admin API, expected a provider at this URL/,
  })
  const string = await listen(t, () => ({ status: 500, body: '"no"' }))
  await t.rejects(connect(string.url), { name: 'AdminError', status: 500, error: 'unreachable' })
})

test('closing a provider ends a wait and a stream', async (t) => {
  const provider = await startProvider({ ...CONFIG, port: 0, log: { level: 'silent' } })
  const handle = await connect(provider.url)
  t.teardown(() => handle[Symbol.asyncDispose]())
  const streams = [provider.journal.stream(), handle.journal.stream()].map((stream) => stream.next())
  const waits = [provider, handle].map(({ journal }) => journal.waitFor({}, { timeout: '5m' }).catch(String))
  // A response to a later request shows that the server has received the earlier ones.
  await handle.journal.list()
  await provider.close()
  t.match(await Promise.all(streams), [{ done: true }, { done: true }])
  for (const error of await Promise.all(waits)) t.match(error, /Error/)
})
