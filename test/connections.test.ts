/** Connections of clients that neither send nor read: they are bounded, and keep no other client out. */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createConnectionLimit, findMostConnections } from '../src/request/connections.js'
import { createSelfSigned } from '../src/tls/self_signed.js'
import { createFetch } from './fetch.js'
import { start } from './provider.js'

const HEAD = 'Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n'
/** Bytes after which a connection waits for its client. */
const WAITING: Record<string, string> = {
  nothing: '',
  'bytes that are not HTTP': 'garbage\r\n\r\n',
  'half a head': 'GET / HTTP/1.1\r\nHost: localhost\r\n',
  'half a body': `POST /oauth2/token HTTP/1.1\r\n${HEAD}Content-Length: 100\r\n\r\na=`,
  'half a chunk': `POST /oauth2/token HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\na=`,
  'a head that expects 100': `POST /oauth2/token HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
  'an upgrade': 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  CONNECT: 'CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n',
  'a request that is answered': 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
}

/** Opens a connection that sends these bytes, keeps its half open, and reads. */
async function open(t: Test, port: number, bytes = ''): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(bytes)
  return socket.resume()
}

/** Resolves when the peer has closed the connection: it refuses further bytes. */
async function closedByPeer(socket: Socket): Promise<void> {
  const poke = setInterval(() => socket.write('x'), 20)
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(poke)
}

/** Starts a server with a limit of connections and returns its port and its warnings. */
async function serve(t: Test, most: number, server: Server, unread?: number) {
  const warnings: string[] = []
  const log = { warn: (_: object, message: string) => void warnings.push(message) }
  createConnectionLimit({ most, reason: 'the reason' }, log, unread)(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}/`, warnings, server }
}

for (const [name, bytes] of Object.entries(WAITING)) {
  t.test(`beyond server.max_connections, a connection that sent ${name} is closed`, async (t) => {
    const { url } = await start(t, { server: { max_connections: 2 } })
    const port = Number(new URL(url).port)
    const first = await open(t, port, bytes)
    const second = await open(t, port, bytes)
    t.equal((await createFetch()(`${url}/healthz`)).status, 200)
    await closedByPeer(first)
    t.equal((await createFetch()(`${url}/healthz`)).status, 200)
    second.destroy()
  })
}

t.test('connections that wait for the provider stay; with too many of them, new ones are closed', async (t) => {
  const held: ServerResponse[] = []
  let arrived = () => {}
  const { url, port, warnings } = await serve(
    t,
    2,
    createServer((_request, response) => {
      held.push(response)
      arrived()
    }),
  )
  const all = new Promise<void>((resolve) => {
    arrived = () => held.length === 2 && resolve()
  })
  const calls = [createFetch()(url), createFetch()(url)]
  await all
  const third = await open(t, port)
  await closedByPeer(third)
  await t.rejects(createFetch()(url))
  t.strictSame(warnings, [
    '2 connections are open, the most for this process: the reason. Connections that wait for their client are closed, least recently used first',
  ])
  for (const response of held) response.end('done')
  for (const call of calls) t.equal(await (await call).text(), 'done')
})

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Sends a request and resolves with the first bytes of the response. */
async function request(socket: Socket): Promise<string> {
  const answered = once(socket, 'data')
  socket.write(REQUEST)
  const [bytes] = await answered
  return String(bytes)
}

t.test('of connections that wait for their client, the least recently used one is closed', async (t) => {
  const { port } = await serve(
    t,
    3,
    createServer((_request, response) => void response.end('x')),
  )
  const used = await open(t, port)
  const idle = [await open(t, port), await open(t, port)]
  t.match(await request(used), /^HTTP\/1\.1 200/)
  for (const socket of idle) {
    await open(t, port)
    await closedByPeer(socket)
  }
  t.match(await request(used), /^HTTP\/1\.1 200/)
})

t.test('a request is answered although another connection with its ports was closed', async (t) => {
  const { url } = await start(t, { server: { host: '0.0.0.0' } })
  const port = Number(new URL(url).port)
  const to = async (host: string, localPort?: number) => {
    const from = { localAddress: '127.0.0.1', ...(localPort !== undefined && { localPort }) }
    const socket = connect({ port, host, ...from }).on('error', () => undefined)
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  const first = await to('127.0.0.1')
  const second = await to('127.0.0.2', first.localPort!)
  t.match(await request(first), /^HTTP\/1\.1 200/)
  t.match(await request(second), /^HTTP\/1\.1 200/)
  first.end()
  await once(first, 'close')
  t.match(await request(second), /^HTTP\/1\.1 200/)
})

t.test('a request is answered although its connection has the addresses of one that is closing', async (t) => {
  const { url } = await start(t)
  const port = Number(new URL(url).port)
  const from = { port, host: '127.0.0.1', localAddress: '127.0.0.1' }
  let localPort: number | undefined
  for (let count = 0; count < 50; count++) {
    const socket = connect({ ...from, ...(localPort !== undefined && { localPort }) })
    await once(socket, 'connect')
    localPort = socket.localPort!
    t.match(await request(socket), /^HTTP\/1\.1 200/)
    socket.resetAndDestroy()
    await once(socket, 'close')
  }
})

t.test('a request of a connection that is not counted is answered', async (t) => {
  const limited = createServer((_request, response) => void response.end('answered'))
  await serve(t, 1, limited)
  const other = createServer((request, response) => void limited.emit('request', request, response))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  t.equal(await (await createFetch()(`http://127.0.0.1:${port}/`)).text(), 'answered')
})

t.test('the log reports each time that the limit is reached', async (t) => {
  const { port, warnings, server } = await serve(
    t,
    2,
    createServer((_request, response) => void response.end()),
  )
  for (const round of [1, 2]) {
    const sockets = [await open(t, port), await open(t, port), await open(t, port), await open(t, port)]
    t.equal(warnings.length, round)
    for (const socket of sockets) socket.destroy()
    const count = () => new Promise<number>((resolve) => server.getConnections((_, number) => resolve(number)))
    while ((await count()) > 0) await new Promise(setImmediate)
  }
})

t.test('a response that is not read ends after the timeout, a slow one does not', async (t) => {
  const large = Buffer.alloc(64 * 1024 * 1024)
  const { port, url } = await serve(
    t,
    2,
    createServer((request, response) => {
      if (request.url === '/large') response.end(large)
      else setTimeout(() => response.end('slow'), 600)
    }),
    200,
  )
  const unread = connect(port, '127.0.0.1').on('error', () => undefined)
  unread.write('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n')
  t.equal(await (await createFetch()(url)).text(), 'slow')
  let length = 0
  unread.on('data', (chunk: Buffer) => {
    length += chunk.length
  })
  await new Promise((resolve) => unread.once('close', resolve))
  t.ok(length < large.length, 'the rest is missing')
})

t.test('an unread response makes room for another connection', async (t) => {
  const large = Buffer.alloc(64 * 1024 * 1024)
  const { port, url } = await serve(
    t,
    1,
    createServer(({ url }, response) => void response.end(url === '/large' ? large : 'small')),
  )
  const unread = connect(port, '127.0.0.1').on('error', () => undefined)
  unread.write('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(unread, 'readable')
  t.equal(await (await createFetch()(url)).text(), 'small')
  unread.destroy()
})

t.test('RFC 9112 §9.3.2: a connection has at most 20 requests in progress', async (t) => {
  let requests = 0
  const { port } = await serve(
    t,
    2,
    createServer((_request, response) => {
      requests += 1
      setImmediate(() => response.end('x'))
    }),
  )
  const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const some = await open(t, port)
  let text = ''
  some.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  some.write(request.repeat(19) + request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  await once(some, 'end')
  t.equal(text.split('HTTP/1.1 200 OK').length, 21, 'all are answered')
  some.destroy()
  requests = 0
  const many = await open(t, port, request.repeat(100_000))
  await closedByPeer(many)
  t.equal(requests, 20)
})

t.test('a refused connection is closed although the client neither reads nor closes', async (t) => {
  const { url } = await start(t)
  const port = Number(new URL(url).port)
  for (const name of ['bytes that are not HTTP', 'the preface of HTTP/2', 'CONNECT']) {
    const socket = await open(t, port, WAITING[name])
    await closedByPeer(socket)
    t.pass(name)
  }
})

t.test('a client can reset a connection that was refused', async (t) => {
  const { url } = await start(t)
  for (const name of ['CONNECT', 'bytes that are not HTTP']) {
    for (let count = 0; count < 20; count++) {
      const socket = await open(t, Number(new URL(url).port), WAITING[name])
      if (count % 2 === 0) await once(socket, 'end')
      socket.resetAndDestroy()
    }
  }
  t.equal((await createFetch()(`${url}/healthz`)).status, 200)
})

t.test('the limit is for all ports, with and without TLS', async (t) => {
  const server = { max_connections: 1, http_port: 0, tls: { self_signed: true } }
  const { url, provider } = await start(t, { server })
  const [secure, plain] = [Number(new URL(url).port), Number(new URL(provider.http_url!).port)]
  const handshake = await open(t, secure)
  t.equal((await createFetch()(`${provider.http_url}/healthz`)).status, 200)
  await closedByPeer(handshake)
  const silent = await open(t, plain)
  const fetchSecure = createFetch(provider.ca)
  t.equal((await fetchSecure(`${url}/healthz`)).status, 200)
  await closedByPeer(silent)
})

/** Opens a port of ::1, or prints why the machine cannot, and returns the server. */
async function listenOnSix(t: Test, port: number) {
  const server = createTcpServer()
  t.teardown(() => server.close())
  const failed = once(server, 'error').then(([{ message }]) => t.comment(message))
  await Promise.race([once(server.listen({ host: '::1', port }), 'listening'), failed])
  return server
}

t.test('for server.host localhost, ::1 has the same limit and refusals as 127.0.0.1', async (t) => {
  const probe = await listenOnSix(t, 0)
  if (!probe.listening) return
  const { url } = await start(t, { server: { host: 'localhost', max_connections: 1 } })
  const port = Number(new URL(url).port)
  const silent = connect({ port, host: '::1', allowHalfOpen: true }).on('error', () => undefined)
  t.teardown(() => silent.destroy())
  await once(silent, 'connect')
  t.equal((await createFetch()(`http://127.0.0.1:${port}/healthz`)).status, 200)
  await closedByPeer(silent.resume())
  t.equal((await createFetch()(`http://[::1]:${port}/healthz`)).status, 200)
  const refused = connect(port, '::1').setEncoding('utf8')
  refused.write(WAITING.CONNECT!)
  let text = ''
  for await (const chunk of refused) text += chunk
  t.match(text, /^HTTP\/1\.1 405 /)
})

t.test('for server.host localhost, the other ports answer at ::1 and 127.0.0.1', async (t) => {
  const probe = await listenOnSix(t, 0)
  if (!probe.listening) return
  const server = { host: 'LOCALHOST', http_port: 0, admin_port: 0, tls: { self_signed: true } }
  const { provider } = await start(t, { server })
  const { http_url = '', admin_url = '', ca } = provider
  for (const address of ['127.0.0.1', '[::1]']) {
    const at = (url: string, path: string) => createFetch(ca)(url.replace('localhost', address) + path)
    t.equal((await at(http_url, '/healthz')).status, 200, address)
    t.equal((await at(admin_url, '/admin/users')).status, 200, address)
    t.equal((await at(provider.url, '/admin/users')).status, 404, address)
  }
})

t.test('server.host :: answers at IPv4 and IPv6, and addresses can be in brackets', async (t) => {
  const probe = await listenOnSix(t, 0)
  if (!probe.listening) return
  for (const [host, addresses] of [
    ['::', ['127.0.0.1', '[::1]']],
    ['[::]', ['127.0.0.1', '[::1]']],
    ['[::1]', ['[::1]']],
  ] as const) {
    const { url } = await start(t, { server: { host } })
    t.match(url, /^http:\/\/localhost:\d+$/)
    for (const address of addresses) {
      const issuer = `http://${address}:${new URL(url).port}`
      const answer = await createFetch()(`${issuer}/.well-known/openid-configuration`)
      t.match(await answer.json(), { issuer }, `${host} at ${address}`)
    }
  }
})

t.test('for server.host localhost, another program can use the port of ::1', async (t) => {
  const { url, provider } = await start(t, { server: { host: 'localhost' } })
  const port = Number(new URL(url).port)
  await provider.close()
  await listenOnSix(t, port)
  const again = await start(t, { server: { host: 'localhost', port } })
  t.equal((await createFetch()(`http://127.0.0.1:${port}/healthz`)).status, 200)
  t.equal(again.url, url)
})

t.test('a request over TLS is a request of its connection', async (t) => {
  const { ca, ...pair } = await createSelfSigned(['localhost'], Math.floor(Date.now() / 1000))
  const held: ServerResponse[] = []
  const server = createTlsServer(pair, (_, response) => void held.push(response))
  const { port } = await serve(t, 1, server)
  const arrived = once(server, 'request')
  const call = createFetch(ca)(`https://localhost:${port}/`)
  await arrived
  await closedByPeer(await open(t, port))
  for (const response of held) response.end('done')
  t.equal(await (await call).text(), 'done')
})

t.test('a port for plain http beside TLS refuses like the main port', async (t) => {
  const { provider } = await start(t, { server: { http_port: 0, tls: { self_signed: true } } })
  const port = Number(new URL(provider.http_url!).port)
  for (const [bytes, status] of [
    [WAITING['bytes that are not HTTP'], 400],
    [WAITING.CONNECT, 405],
  ] as const) {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    socket.write(bytes!)
    let text = ''
    for await (const chunk of socket) text += chunk
    t.match(text, new RegExp(`^HTTP/1\\.1 ${status} [^]*"error": "`))
  }
})

t.test('the system can allow fewer connections than server.max_connections', async (t) => {
  const folder = t.testdir({})
  const limitedTo = async (files: string) => {
    const file = join(folder, files)
    await writeFile(file, `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${files}   999999   files\n`)
    return findMostConnections(1000, file)
  }
  t.strictSame(await limitedTo('256'), { most: 156, reason: 'the limit of the system is 256 open files' })
  t.strictSame(await limitedTo('64'), { most: 32, reason: 'the limit of the system is 64 open files' })
  for (const files of ['1100', '1048576', 'unlimited']) {
    t.strictSame(await limitedTo(files), { most: 1000, reason: 'server.max_connections' }, files)
  }
  t.strictSame(await findMostConnections(7, join(folder, 'missing')), { most: 7, reason: 'server.max_connections' })
})
