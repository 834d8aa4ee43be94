/** Tests of outbound requests over sockets: responses and every kind of failure. */
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { createDestinationCheck } from '../src/config/destinations.js'
import type { OutboundSettings } from '../src/config/snapshot.js'
import { createOutbound, OutboundError } from '../src/outbound.js'
import { createSelfSigned } from '../src/tls/self_signed.js'

const ANYWHERE = createDestinationCheck(undefined)
const OUTBOUND: OutboundSettings = { insecure: false, timeout: 5000, max_size: 1024, findProblem: ANYWHERE }
const { getDocument, postForm } = createOutbound()
const BRIEF: OutboundSettings = { ...OUTBOUND, timeout: 300 }

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
  for (const user of ['me', 'me:hush', ':hush', '%ff']) {
    await fails(t, getDocument(OUTBOUND, `http://${user}@localhost/`, '*/*'), 'has user information, expected none')
  }
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

/** Settings that allow only these destinations. */
const only = (...allow: string[]): OutboundSettings => ({ ...OUTBOUND, findProblem: createDestinationCheck(allow) })

/** Serves on loopback and returns its port and the number of its connections. */
async function serveLoopback(t: Test, listener: RequestListener = (_, response) => void response.end('reached')) {
  const server = createHttp(listener)
  const served = { connections: 0, port: '' }
  server.on('connection', () => {
    served.connections += 1
  })
  served.port = new URL(await listen(t, server)).port
  return served
}

t.test('outbound.allow: no connection is opened to a destination that is not listed', async (t) => {
  const served = await serveLoopback(t)
  // Some resolvers know no `localhost.`.
  const { getDocument, postForm } = createOutbound(async () => [{ address: '127.0.0.1', family: 4 }])
  const hosts = ['127.0.0.1', '0', '0.0.0.0', '2130706433', '0x7f000001', '017700000001', '127.1', '①②⑦.0.0.1']
  const more = ['%31%32%37.0.0.1', '[::ffff:127.0.0.1]', '[::127.0.0.1]', 'localhost', 'LOCALHOST.']
  for (const host of [...hosts, ...more]) {
    const url = `http://${host}:${served.port}/`
    await fails(t, getDocument(only('app', '10.0.0.0/8', `127.0.0.1:1`), url, '*/*'), /^is at \S+, expected a host or/)
    await fails(t, postForm(only(), url, {}), /^is at \S+, expected a host or an address of outbound\.allow/)
  }
  t.equal(served.connections, 0)
  for (const host of ['127.0.0.1', '0', '2130706433', '[::ffff:127.0.0.1]', 'localhost', 'LOCALHOST.']) {
    const url = `http://${host}:${served.port}/`
    t.match(await getDocument(only('127.0.0.0/8'), url, '*/*'), { body: 'reached' }, url)
  }
  t.match(await getDocument(only(`localhost:${served.port}`), `http://localhost:${served.port}/`, '*/*'), { body: /./ })
})

t.test('outbound.allow: the checked address is the address of the connection', async (t) => {
  const served = await serveLoopback(t)
  const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.1']
  const asked: string[] = []
  const rebinding = createOutbound(async (host) => {
    asked.push(host)
    return [{ address: answers[asked.length - 1]!, family: 4 }]
  })
  const url = `http://rebinding.example:${served.port}/`
  t.match(await rebinding.getDocument(only('127.0.0.1'), url, '*/*'), { body: 'reached' })
  t.strictSame(asked, ['rebinding.example'], 'the host is resolved once')
  await fails(t, rebinding.getDocument(only('127.0.0.1'), url, '*/*'), /^is at 127\.0\.0\.2, expected/)
  t.equal(served.connections, 1)
})

t.test('outbound.allow: of several addresses, only allowed ones are connected to', async (t) => {
  const served = await serveLoopback(t)
  const several = createOutbound(async () => [
    { address: '127.0.0.2', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ])
  const url = `http://several.example:${served.port}/`
  t.match(await several.getDocument(only('127.0.0.1'), url, '*/*'), { body: 'reached' })
  await fails(t, several.getDocument(only('127.0.0.3'), url, '*/*'), /^is at 127\.0\.0\.2, expected/)
  t.equal(served.connections, 1)
})

t.test('a host without an address, or that cannot be resolved, fails', async (t) => {
  await fails(
    t,
    createOutbound(async () => []).getDocument(OUTBOUND, 'http://a.example/', '*/*'),
    /without an address$/,
  )
  const failing = createOutbound(async () => {
    throw new Error('getaddrinfo ENOTFOUND a.example')
  })
  await fails(t, failing.getDocument(OUTBOUND, 'http://a.example/', '*/*'), /^can't be reached: getaddrinfo ENOTFOUND/)
})

/** Serves requests until they are released. The host of a URL is any name. */
async function hold(t: Test) {
  const held: (() => void)[] = []
  const arrived: string[] = []
  const waiting = new Map<number, () => void>()
  const served = await serveLoopback(t, ({ headers, url }, response) => {
    arrived.push(`${headers.host!.split('.')[0]}${url}`)
    held.push(() => void response.end())
    waiting.get(arrived.length)?.()
  })
  return {
    arrived,
    url: (host: string) => `http://${host}.example:${served.port}/`,
    /** Resolves when this number of requests has arrived. */
    count: async (number: number) => {
      if (arrived.length < number) await new Promise<void>((resolve) => waiting.set(number, resolve))
    },
    release: () => {
      for (const release of held.splice(0)) release()
    },
  }
}
const toLoopback = async () => [{ address: '127.0.0.1', family: 4 }]
const range = (length: number) => Array.from({ length }, (_, index) => index)

t.test('at most 50 requests are in progress; further requests wait in order', async (t) => {
  const { arrived, url, count, release } = await hold(t)
  const outbound = createOutbound(toLoopback)
  const calls = range(60).map((index) => outbound.getDocument(OUTBOUND, url(`h${index}`), '*/*'))
  await count(50)
  const late = 'was not requested within 0.3 s, since other requests were in progress'
  await fails(t, outbound.getDocument(BRIEF, url('late'), '*/*'), late)
  t.equal(arrived.length, 50)
  release()
  await Promise.all(calls.slice(0, 50))
  await count(60)
  release()
  await Promise.all(calls)
  t.strictSame(
    arrived.slice(50).sort(),
    [50, 51, 52, 53, 54, 55, 56, 57, 58, 59].map((index) => `h${index}/`),
  )
})

t.test('a slow host takes no place of other hosts', async (t) => {
  const { arrived, url, count, release } = await hold(t)
  const outbound = createOutbound(toLoopback)
  const slow = range(100).map(() => fails(t, outbound.getDocument(BRIEF, url('slow'), '*/*'), /^(was not|did not)/))
  await count(5)
  const other = outbound.getDocument(OUTBOUND, url('other'), '*/*')
  await count(6)
  t.strictSame(arrived, [...range(5).map(() => 'slow/'), 'other/'])
  await Promise.all(slow)
  release()
  await other
})

t.test('documents take no place of a back-channel logout', async (t) => {
  const { arrived, url, count, release } = await hold(t)
  const outbound = createOutbound(toLoopback)
  const documents = range(550).map((index) => outbound.getDocument(OUTBOUND, url(`h${index}`), '*/*'))
  await fails(t, outbound.getDocument(OUTBOUND, url('more'), '*/*'), "can't be reached: 500 other requests are waiting")
  const logouts = range(30).map(() => outbound.postForm(OUTBOUND, url('app'), {}))
  await count(75)
  t.equal(arrived.filter((name) => name === 'app/').length, 25)
  while (arrived.length < 580) {
    release()
    await new Promise(setImmediate)
  }
  release()
  await Promise.all([...documents, ...logouts])
})

for (const [connections, places, waiting] of [
  [156, 20, 19],
  [8, 1, 1],
  [1, 1, 0],
] as const) {
  t.test(`of ${connections} connections, at most a half waits for requests`, async (t) => {
    const { arrived, url, count, release } = await hold(t)
    const outbound = createOutbound(toLoopback, connections)
    const full = `can't be reached: ${waiting} other requests are waiting`
    const call = (index: number) => outbound.getDocument(OUTBOUND, url(`h${index}`), '*/*')
    const calls = range(places + waiting).map(call)
    await fails(t, call(1000), full)
    await count(places)
    t.equal(arrived.length, places)
    while (arrived.length < calls.length) {
      release()
      await new Promise(setImmediate)
    }
    release()
    await Promise.all(calls)
  })
}

t.test('a slow lookup leaves its place after the timeout, and at most 50 hosts are resolved at once', async (t) => {
  const { arrived, url, count, release } = await hold(t)
  const resolving: string[] = []
  let resolved = () => {}
  const slow = new Promise<void>((resolve) => {
    resolved = resolve
  })
  const outbound = createOutbound(async (host) => {
    resolving.push(host)
    if (host.startsWith('slow')) await slow
    return toLoopback()
  })
  const call = (host: string, settings = BRIEF) => outbound.getDocument(settings, url(host), '*/*')
  for (const names of [range(49), range(49)]) {
    await Promise.all(names.map((index) => fails(t, call(`slow${index}`), 'did not answer within 0.3 s')))
  }
  t.equal(resolving.length, 49, 'lookups of one host are shared')
  const fast = call('fast', OUTBOUND)
  await count(1)
  release()
  await fast
  await fails(t, call('slow49'), 'did not answer within 0.3 s')
  await fails(t, call('fast'), "can't be reached: 50 other hosts are being resolved")
  const last = call('slow0', OUTBOUND)
  resolved()
  await count(2)
  release()
  await last
  t.strictSame(arrived, ['fast/', 'slow0/'], 'requests that are late when their host is resolved are not sent')
})
