/** The check of a running provider, against servers that answer in every way. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { type Test, test } from 'tap'
import { argumentsOfServer, checkHealth, healthUrl } from '../../src/cli/healthcheck.js'
import { loadServer } from '../../src/config/load.js'
import type { Config } from '../../src/generated/types.js'
import { createSelfSigned } from '../../src/tls/self_signed.js'

async function settings(server: Partial<Config['server']>): Promise<Config['server']> {
  return { ...(await loadServer({ overrides: [], env: {} })), ...server }
}

async function listen(
  t: Test,
  server: Server | ReturnType<typeof createTcpServer>,
  host = '127.0.0.1',
): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

/** What the check throws when the server answers so. */
async function complaintAbout(t: Test, listener: RequestListener, time_limit?: number): Promise<string> {
  const server = createServer(listener)
  const port = await listen(t, server)
  t.teardown(() => server.closeAllConnections())
  const message = await checkHealth(await settings({ port }), time_limit).then(
    () => '',
    (error: Error) => error.message,
  )
  return message.replace(`http://127.0.0.1:${port}/healthz`, 'URL')
}

test('the URL follows host, port and TLS; an address for all interfaces becomes the loopback address', async (t) => {
  const cases: [Partial<Config['server']>, string][] = [
    [{}, 'http://127.0.0.1:9400/healthz'],
    [{ host: '0.0.0.0', port: 80 }, 'http://127.0.0.1:80/healthz'],
    [{ host: '::' }, 'http://[::1]:9400/healthz'],
    [{ host: '[::]' }, 'http://[::1]:9400/healthz'],
    [{ host: '[fd00::7]' }, 'http://[fd00::7]:9400/healthz'],
    [{ host: 'fd00::7' }, 'http://[fd00::7]:9400/healthz'],
    [{ host: 'op.test' }, 'http://op.test:9400/healthz'],
    [
      { tls: { cert: 'a.pem', key: 'b.pem', self_signed: false, names: [], client_certificates: false } },
      'https://127.0.0.1:9400/healthz',
    ],
    [{ tls: { self_signed: true, names: [], client_certificates: false } }, 'https://127.0.0.1:9400/healthz'],
    [{ tls: { self_signed: false, names: [], client_certificates: false } }, 'http://127.0.0.1:9400/healthz'],
  ]
  for (const [server, expected] of cases) t.equal(healthUrl(await settings(server)), expected)
})

test('a healthy provider passes', async (t) => {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.url)
    response.end('{ "status": "ok", "config": { "status": "stale" } }')
  })
  await checkHealth(await settings({ port: await listen(t, server) }))
  t.strictSame(asked, ['/healthz'])
})

test('a certificate of an unknown authority is accepted', async (t) => {
  const { cert, key } = await createSelfSigned(['elsewhere.test'], Date.now() / 1000)
  const server = createTlsServer({ cert, key }, (_request, response) => {
    response.end('{ "status": "ok" }')
  })
  const port = await listen(t, server)
  await checkHealth(
    await settings({ port, tls: { self_signed: true, names: ['localhost'], client_certificates: false } }),
  )
})

test('the message describes an unhealthy response', async (t) => {
  const elsewhere = 'check whether another program listens there'
  const answers: [string, RequestListener, string][] = [
    [
      'another status',
      (_, response) => response.writeHead(503).end(),
      `URL answered with status 503, expected 200; ${elsewhere}`,
    ],
    ['no JSON', (_, response) => response.end('<html>'), `URL answered 200 without "status": "ok"; ${elsewhere}`],
    ['null', (_, response) => response.end('null'), `URL answered 200 without "status": "ok"; ${elsewhere}`],
    [
      'not ok',
      (_, response) => response.end('{"status":"no"}'),
      `URL answered 200 without "status": "ok"; ${elsewhere}`,
    ],
    ['no end', (request) => request.socket.destroy(), 'URL does not answer: socket hang up'],
    [
      'half an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': 99 })
        response.write('{', () => response.destroy())
      },
      'URL does not answer: aborted',
    ],
  ]
  for (const [title, listener, expected] of answers) t.equal(await complaintAbout(t, listener), expected, title)
})

test('the check ends at its time limit', async (t) => {
  t.equal(await complaintAbout(t, () => {}, 50), 'URL did not answer within 50 ms')
  const half: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': 99 })
    response.write('{')
  }
  t.equal(await complaintAbout(t, half, 200), 'URL did not answer within 200 ms')
})

test('a port without a server is reported', async (t) => {
  const server = createTcpServer()
  const port = await listen(t, server)
  await new Promise((resolve) => server.close(resolve))
  const url = `http://127.0.0.1:${port}/healthz`
  await t.rejects(checkHealth(await settings({ port })), {
    message: `${url} does not answer: connect ECONNREFUSED 127.0.0.1:${port}`,
  })
  await t.rejects(checkHealth(await settings({ port, host: 'localhost' })), {
    message: /localhost:[0-9]+\/healthz does not answer: connect ECONNREFUSED /,
  })
})

test('port 0 cannot be checked', async (t) => {
  await t.rejects(checkHealth(await settings({ port: 0 })), {
    message: /^port is 0, expected the port of the running provider/,
  })
})

test("the arguments of the container's first process are found in its command line", (t) => {
  const line = (...parts: string[]) => parts.map((part) => `${part}\0`).join('')
  const program = '/app/dist/cli/index.js'
  t.strictSame(argumentsOfServer(line('/nodejs/bin/node', program, '--port', '9500'), program), ['--port', '9500'])
  t.strictSame(argumentsOfServer(line('/sbin/docker-init', '--', 'node', program, '--', '-n', ''), program), [
    '--',
    '-n',
    '',
  ])
  t.strictSame(argumentsOfServer(line('/sbin/init'), program), [])
  t.strictSame(argumentsOfServer('', program), [])
  t.end()
})
