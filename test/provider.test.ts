/** A provider in the program that tests. */
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { text } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { ConfigError, ListenError, type Provider, type StartOptions, startProvider } from '../src/index.js'
import { createProvider } from '../src/provider.js'
import { authorize, getTokens, logIn, loginPage, userinfo, write } from './cli/effects.js'
import { collectLog } from './log_lines.js'
import { holdRequest } from './raw_request.js'
import { createStore } from './store/create.js'

const LOGIN = '/oauth2/authorize?client_id=app&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fcallback'

async function start(t: Test, options: StartOptions = {}): Promise<Provider> {
  const provider = await startProvider({ port: 0, keys: [{ alg: 'ES256' }], log: { level: 'silent' }, ...options })
  t.teardown(() => provider.close())
  return provider
}

test('files of a folder are loaded, and polled if configured', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'users: [{ sub: zoe }]\n' })
  const provider = await start(t, { config_dir: folder, poll: true })
  t.match(await loginPage(provider.issuer), 'Authorize as zoe')
  write(folder, 'config.yaml', 'users: [{ sub: yan }]\n')
  t.equal(await provider.reload(), true)
  t.match(await loginPage(provider.issuer), 'Authorize as yan')
})

test('two providers in one process share nothing', async (t) => {
  const users = [{ sub: 'alice', claims: { plan: 'gold' } }]
  const one = await start(t, { users })
  const two = await start(t, { users, require_nonce: true })
  t.not(one.issuer, two.issuer)
  const { access_token } = await getTokens(one.issuer, 'carol')
  const at = async (issuer: string) =>
    (await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })).status
  t.equal(await at(one.issuer), 200)
  t.equal(await at(two.issuer), 401)
  const keys = await Promise.all([one, two].map(async ({ issuer }) => (await fetch(`${issuer}/jwks`)).text()))
  t.not(keys[0], keys[1])
  t.match(await loginPage(one.issuer), 'Recent users')
  t.notMatch(await (await authorize(two.issuer, { nonce: 'n' })).text(), 'Recent users')

  await fetch(`${one.issuer}/users/alice`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ plan: 'silver' }),
  })
  t.match(await userinfo(one.issuer, 'alice'), { plan: 'silver' })
  t.strictSame(users, [{ sub: 'alice', claims: { plan: 'gold' } }], 'nor with what they were given')
  t.equal(Object.isFrozen(users[0]), false)

  await one.close()
  t.equal(await at(two.issuer), 401, 'the other goes on')
})

test('the issuer is the listening address unless another one is configured', async (t) => {
  t.match((await start(t)).issuer, /^http:\/\/localhost:[1-9]\d*$/)
  t.equal((await start(t, { issuer: 'https://id.example' })).issuer, 'https://id.example')
})

test('another loopback address is used in the URL as it is', { skip: process.platform !== 'linux' }, async (t) => {
  const { issuer } = await start(t, { host: '127.0.0.2' })
  t.match(issuer, /^http:\/\/127\.0\.0\.2:\d+$/)
  t.equal((await fetch(`${issuer}/healthz`)).status, 200)
})

const hasIPv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'))
test('an IPv6 address is in brackets in the URL', { skip: !hasIPv6 && 'no IPv6 here' }, async (t) => {
  const { issuer } = await start(t, { host: '::ffff:127.0.0.1' })
  t.match(issuer, /^http:\/\/\[::ffff:127\.0\.0\.1\]:\d+$/)
})

test('options override the configuration file, and users of the claims file are appended', async (t) => {
  const folder = t.testdir({})
  const config_file = write(
    folder,
    'config.yaml',
    'server: { port: 1 }\nlog: { level: silent }\nrequire_nonce: true\nusers: [{ sub: alice }]\n',
  )
  const user_claims_file = write(folder, 'users.yaml', '- sub: bob\n  plan: gold\n')
  const provider = await startProvider({ config_file, user_claims_file, port: 0, require_nonce: false })
  t.teardown(() => provider.close())
  t.match(await loginPage(provider.issuer), /Authorize as alice[\s\S]*Authorize as bob/)
  t.match(await userinfo(provider.issuer, 'bob'), { sub: 'bob', plan: 'gold' })
})

test('variables are substituted in a configuration file, not in options', async (t) => {
  process.env.TEST_WHO = 'frank'
  t.teardown(() => delete process.env.TEST_WHO)
  const config_file = write(t.testdir({}), 'config.yaml', 'log: { level: silent }\nusers: [{ sub: "${TEST_WHO}" }]\n')
  const { issuer } = await start(t, { config_file })
  t.match(await loginPage(issuer), 'Authorize as frank')
  const other = await start(t, { users: [{ sub: '${TEST_WHO}' }] })
  t.match(await loginPage(other.issuer), 'Authorize as ${TEST_WHO}')
})

test('one ConfigError lists all problems of the options', async (t) => {
  const config_file = write(t.testdir({}), 'config.yaml', 'user: []\n')
  const wrong = { port: 70_000, require_nonce: 'yes', clients: [{ client_id: 'app' }], config_file } as object
  const error = await startProvider(wrong).catch((caught: unknown) => caught)
  if (!(error instanceof ConfigError)) return t.fail('no ConfigError')
  t.equal(error.name, 'ConfigError')
  t.strictSame(
    error.problems.map(({ file, path }) => [file, path]),
    [
      [config_file, '/user'],
      ['startProvider()', '/server/port'],
      ['startProvider()', '/require_nonce'],
      ['startProvider()', '/clients/0/redirect_uris'],
    ],
  )
  t.equal(error.message.split('\n').length, error.problems.length)
  t.match(error.message, 'startProvider() /server/port is 70000, expected at most 65535')
})

test('a missing file is a ConfigError', async (t) => {
  await t.rejects(startProvider({ config_file: '/nowhere.yaml' }), {
    name: 'ConfigError',
    message: '/nowhere.yaml does not exist',
  })
})

test('a port in use is a ListenError, and nothing keeps running', async (t) => {
  const { issuer } = await start(t)
  const port = Number(new URL(issuer).port)
  const config_file = write(t.testdir({}), 'config.yaml', 'log: { level: silent }\n')
  const error = await startProvider({ port, config_file }).catch((caught: unknown) => caught)
  t.type(error, ListenError)
  t.match(error, {
    name: 'ListenError',
    message: `cannot listen on 127.0.0.1, port ${port}: another program uses this port; stop it, or choose another port with --port (0 picks a free one)`,
  })
  t.equal((await fetch(`${issuer}/healthz`)).status, 200)
})

test('an unknown host is a ListenError', async (t) => {
  await t.rejects(startProvider({ port: 0, host: 'no such host', log: { level: 'silent' } }), {
    name: 'ListenError',
    message:
      'cannot listen on no such host, port 0: this host name leads to no address; use 127.0.0.1, or 0.0.0.0 for all of its addresses',
  })
})

test('an error without advice shows the message of the system', async (t) => {
  // A link-local address needs the name of a link.
  const error = await startProvider({ port: 0, host: 'fe80::1', log: { level: 'silent' } }).catch(
    (caught: unknown) => caught,
  )
  t.type(error, ListenError)
  t.match((error as Error).message, /^cannot listen on fe80::1, port 0: listen E[A-Z]+: .*fe80::1/)
})

test('close() answers requests in flight and frees the port', async (t) => {
  const provider = await start(t)
  const port = Number(new URL(provider.issuer).port)
  const held = await holdRequest(t, provider.issuer, LOGIN, 'sub=alice'.length)
  const closed = provider.close()
  const answer = await held.finish('sub=alice')
  t.match(answer, /^HTTP\/1\.1 302 [\s\S]*\r\nlocation: http:\/\/localhost:8000\/callback\?code=/i)
  await closed
  await t.rejects(fetch(`${provider.issuer}/healthz`))
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  await new Promise((resolve) => server.close(resolve))
})

test('close() does not wait for requests that never end or idle connections', async (t) => {
  const provider = await start(t)
  await logIn(provider.issuer)
  const held = await holdRequest(t, provider.issuer, LOGIN, 'sub=alice'.length)
  await provider.close()
  t.equal(await held.closed, '', 'the connection is gone, without an answer')
})

test('close() can be called twice', async (t) => {
  const provider = await start(t)
  await Promise.all([provider.close(), provider.close()])
  await provider.close()
  await t.rejects(fetch(provider.issuer))
})

test('await using closes the provider', async (t) => {
  let issuer: string
  {
    await using provider = await startProvider({ port: 0, keys: [{ alg: 'ES256' }] })
    issuer = provider.issuer
    t.equal((await fetch(issuer)).status, 200)
  }
  await t.rejects(fetch(issuer))
})

test('it logs nothing without a problem', async (t) => {
  const write = process.stderr.write
  const said: string[] = []
  process.stderr.write = ((text: string) => said.push(text) > 0) as typeof write
  t.teardown(() => {
    process.stderr.write = write
  })
  await using provider = await startProvider({ port: 0, keys: [{ alg: 'ES256' }] })
  await getTokens(provider.issuer)
  t.strictSame(said, [])
  await authorize(provider.issuer, { redirect_uri: '' })
  process.stderr.write = write
  t.match(JSON.parse(said[0]!), { level: 'warn' }, 'but says what it refuses')
})

test('malformed HTTP is refused as JSON, and its content is not logged', async (t) => {
  const log = collectLog()
  const overrides = [
    { source: 'test', path: ['server'], value: { port: 0 } },
    { source: 'test', path: ['log'], value: { level: 'trace' } },
  ]
  const provider = await createProvider({ overrides, env: {} }, log.stream, createStore)
  t.teardown(() => provider.close())
  const large =
    'the request line and headers have more than 131072 bytes, expected at most 65536, the server.max_header_size'
  const cases: [string, number, RegExp | string][] = [
    [
      'GET /?code=secret-code HTTP/1.1\r\nAuthorization: Bearer secret-token\r\nno header\r\n\r\n',
      400,
      /is not HTTP: HPE_/,
    ],
    [`GET / HTTP/1.1\r\nAuthorization: Bearer secret-${'x'.repeat(140_000)}\r\n\r\n`, 431, large],
  ]
  for (const [sent, status, error_description] of cases) {
    const socket = connect(Number(new URL(provider.issuer).port), '127.0.0.1')
    socket.end(sent)
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
    t.match(head, new RegExp(`^HTTP/1.1 ${status} `))
    t.match(JSON.parse(body), { error: 'invalid_request', error_description })
  }
  const lines = JSON.stringify(log.matching(/./))
  t.match(lines, 'received bytes that are not HTTP')
  t.match(await log.nth(1, /^request refused$/), { level: 'warn', status: 431, error_description: large })
  t.notMatch(lines, 'secret')
  t.notMatch(lines, Buffer.from('secret').join())
})
