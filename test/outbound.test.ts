/** Tests of outbound requests over sockets: responses and every kind of failure. */
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { Outbound } from '../src/config/snapshot.js'
import { getDocument, OutboundError, postForm } from '../src/outbound.js'
import { createSelfSigned } from '../src/tls/self_signed.js'

const OUTBOUND: Outbound = { insecure: false, timeout: 5000, max_size: 1024 }
const BRIEF: Outbound = { ...OUTBOUND, timeout: 300 }

/** Starts the server for the duration of the test and returns its URL. */
async function listen(t: Test, server: Server, scheme = 'http'): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => void sockets.add(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `${scheme}://localhost:${(server.address() as AddressInfo).port}`
}
const serve = (t: Test, listener: RequestListener) => listen(t, createHttp(listener))
/** Starts a server that writes this text in response to any request. */
const respond = (t: Test, bytes: string, end = false) =>
  listen(
    t,
    createTcp((socket) => {
      socket.once('data', () => (end ? socket.end(bytes) : socket.write(bytes)))
    }),
  )
const fails = (t: Test, calling: Promise<unknown>, message: RegExp | string) =>
  t.rejects(calling, { constructor: OutboundError, message })

t.test('a document has its media type in lower case, without parameters', async (t) => {
  const url = await serve(t, ({ headers, method, url }, response) => {
    response.setHeader('content-type', 'Application/JWK-Set+JSON; charset=utf-8')
    response.end(JSON.stringify([method, url, headers.accept, headers['accept-encoding'], headers.connection]))
  })
  const document = await getDocument(OUTBOUND, `${url}/jwks?a=b#c`, 'application/json')
  t.match(document, { status: 200, type: 'application/jwk-set+json' })
  t.strictSame(JSON.parse(document.body), ['GET', '/jwks?a=b', 'application/json', 'identity', 'close'])
  const bare = await serve(t, (_, response) => void response.end('ü'))
  t.strictSame(await getDocument(OUTBOUND, bare, '*/*'), { status: 200, type: '', body: 'ü' })
})

t.test('postForm() returns the response with any status', async (t) => {
  const url = await serve(t, async (request, response) => {
    response.statusCode = 418
    response.end(`${request.method} ${request.headers['content-type']} ${await text(request)}`)
  })
  t.strictSame(await postForm(OUTBOUND, url, { logout_token: 'a+b c' }), {
    ...{ status: 418, type: '', body: 'POST application/x-www-form-urlencoded logout_token=a%2Bb+c' },
  })
})

t.test('a document needs status 200; a redirect is not followed', async (t) => {
  let requests = 0
  const url = await serve(t, (_, response) => {
    requests += 1
    response.writeHead(302, { location: '/other' }).end()
  })
  await fails(t, getDocument(OUTBOUND, url, '*/*'), 'answered 302, expected 200')
  t.equal((await postForm(OUTBOUND, url, {})).status, 302)
  t.equal(requests, 2)
})

t.test('a response over max_size or with a content encoding is refused', async (t) => {
  const url = await serve(t, (request, response) => response.end('x'.repeat(Number(request.url!.slice(1)))))
  t.equal((await getDocument(OUTBOUND, `${url}/1024`, '*/*')).body.length, 1024)
  await fails(t, getDocument(OUTBOUND, `${url}/1025`, '*/*'), 'answered with more than 1024 bytes')
  const endless = await serve(t, (_, response) => {
    const more = () => {
      while (response.write('x'.repeat(1000)));
    }
    response.on('drain', more)
    more()
  })
  await fails(t, getDocument(OUTBOUND, endless, '*/*'), 'answered with more than 1024 bytes')
  const bomb = await serve(t, (_, response) => {
    response.setHeader('content-encoding', 'GZIP').end(gzipSync('x'.repeat(100_000)))
  })
  await fails(t, getDocument(OUTBOUND, bomb, '*/*'), 'answered with content-encoding gzip, expected none')
  const identity = await serve(t, (_, response) => response.setHeader('content-encoding', 'Identity').end('y'))
  t.equal((await getDocument(OUTBOUND, identity, '*/*')).body, 'y')
})

t.test('a request without a complete response fails after the timeout', async (t) => {
  const late = 'did not answer within 0.3 s'
  await fails(t, getDocument(BRIEF, await respond(t, ''), '*/*'), late)
  await fails(t, getDocument(BRIEF, await respond(t, 'HTTP/1.1 103 Early Hints\r\n\r\n'), '*/*'), late)
  await fails(t, getDocument(BRIEF, await respond(t, 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'), '*/*'), late)
  await fails(t, getDocument(BRIEF, (await respond(t, '')).replace('http:', 'https:'), '*/*'), late)
})

t.test('an error of the connection after the timeout is ignored', async (t) => {
  const sockets: Socket[] = []
  const url = await listen(
    t,
    createTcp((socket) => void sockets.push(socket)),
  )
  await fails(t, getDocument(BRIEF, url, '*/*'), /^did not answer/)
  for (const socket of sockets) socket.resetAndDestroy()
  await fails(t, getDocument(BRIEF, url, '*/*'), /^did not answer/)
  t.equal(sockets.length, 2)
})

const BROKEN: [string, string, RegExp][] = [
  ['an empty response', '', /^can't be reached: socket hang up$/],
  ['a truncated response', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', /^can't be reached: aborted$/],
  ['a response that is not HTTP', 'hello\r\n\r\n', /^can't be reached: Parse Error/],
  [
    'a header over the limit of Node',
    `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}`,
    /^can't be reached: .*[Oo]verflow/,
  ],
  [
    'a response with an upgrade',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    /^answered 101, expected/,
  ],
]
for (const [name, bytes, message] of BROKEN) {
  t.test(`${name} fails`, async (t) => {
    await fails(t, getDocument(OUTBOUND, await respond(t, bytes, true), '*/*'), message)
  })
}

t.test('a refused connection fails with the reason', async (t) => {
  const server = createTcp()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  await fails(t, getDocument(OUTBOUND, `http://127.0.0.1:${port}`, '*/*'), /^can't be reached: connect ECONNREFUSED/)
  await fails(t, getDocument(OUTBOUND, `http://localhost:${port}`, '*/*'), /^can't be reached: connect ECONNREFUSED/)
})

t.test('only http and https URLs are requested', async (t) => {
  for (const url of ['', 'x', 'file:///etc/passwd', 'ftp://a.example', 'data:,x', 'http://']) {
    await fails(t, getDocument(OUTBOUND, url, '*/*'), 'is no http or https URL')
  }
  await fails(t, getDocument(OUTBOUND, 'http://%ff@localhost/', '*/*'), /^can't be reached: URI malformed$/)
})

t.test('https: outbound.ca and outbound.insecure decide which certificates are trusted', async (t) => {
  const { ca, cert, key } = await createSelfSigned(['localhost'], Math.floor(Date.now() / 1000))
  const other = await createSelfSigned(['localhost'], Math.floor(Date.now() / 1000))
  const url = await listen(
    t,
    createHttps({ cert, key }, (_, response) => void response.end('secret')),
    'https',
  )
  await fails(t, getDocument(OUTBOUND, url, '*/*'), /^can't be reached: .*certificate; set outbound\.ca /)
  await fails(t, getDocument({ ...OUTBOUND, ca: other.ca }, url, '*/*'), /^can't be reached: .*certificate/)
  t.equal((await getDocument({ ...OUTBOUND, ca }, url, '*/*')).body, 'secret')
  t.equal((await getDocument({ ...OUTBOUND, ca: `${other.ca}\n${ca}` }, url, '*/*')).body, 'secret')
  const address = url.replace('localhost', '127.0.0.1')
  await fails(t, getDocument({ ...OUTBOUND, ca }, address, '*/*'), /^can't be reached: .*127.0.0.1[^;]*$/)
  t.equal((await getDocument({ ...OUTBOUND, insecure: true }, address, '*/*')).body, 'secret')
})
