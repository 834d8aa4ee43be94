/** Connections under attack: clients that neither send nor read keep no other client out, and are closed in time. */
import { once } from 'node:events'
import { get } from 'node:http'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { attack, isBelow, printFigures } from './program.js'

const BODY = 'Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n'
/** Bytes of a client that then neither sends, reads nor closes: no complete request. */
const FRAGMENTS: Record<string, string> = {
  'bytes that are not HTTP': 'garbage\r\n\r\n',
  nothing: '',
  'half a head': 'GET / HTTP/1.1\r\nHost: localhost\r\n',
  CONNECT: 'CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n',
}
/** Requests of such a client, which take time to handle. */
const REQUESTS: Record<string, string> = {
  'half a body': `POST /oauth2/token HTTP/1.1\r\n${BODY}\r\na=`,
  'a head that expects 100': `POST /oauth2/token HTTP/1.1\r\n${BODY}Expect: 100-continue\r\n\r\n`,
  'an upgrade': 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'a request that is answered': 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
  '50 requests': 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50),
}
/** Beginnings of a client that sends a space every half second, by the scheme of the URL. */
const SLOW: readonly [string, string, string][] = [
  ['nothing at all', 'http:', ''],
  ['a head', 'http:', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: '],
  ['a body', 'http:', `POST /oauth2/token HTTP/1.1\r\n${BODY}\r\na=`],
  ['no handshake', 'https:', ''],
  ['half a handshake', 'https:', '\x16\x03\x01\x02\x00\x01'],
]
/** Seconds after which the documentation promises the end of an incomplete request, and the slack of a busy machine. */
const [TIMEOUT, SLACK] = [30, 6]

/** Opens a connection that neither reads nor closes. */
async function open(t: Test, url: string, bytes: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined).pause()
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  socket.write(bytes)
  return socket
}

/** Resolves with the milliseconds between the connection and the response of `/healthz`. */
function timeHealth(issuer: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let start = Number.NaN
    const request = get(`${issuer}/healthz`, { agent: false }, (response) => {
      response.resume().on('end', () => resolve(Math.round(performance.now() - start)))
    })
    request.on('error', reject).on('socket', (socket) => {
      socket.on('connect', () => {
        start = performance.now()
      })
    })
  })
}

/** Resolves with the seconds after which the peer closes a connection that sends a byte every half second. */
async function timeSlow(t: Test, url: string, bytes: string): Promise<number> {
  const start = performance.now()
  const socket = (await open(t, url, bytes)).resume()
  const drip = setInterval(() => socket.write(bytes === '' ? '' : ' '), 500)
  await Promise.race([once(socket, 'end'), once(socket, 'close')])
  clearInterval(drip)
  return Math.round((performance.now() - start) / 1000)
}

t.test('connections that wait for their client end in time, and 300 of them keep no other client out', async (t) => {
  const secure = await attack(t, { server: { http_port: 0, tls: { self_signed: true } } })
  const [, http_url = ''] = /"http_url":"([^"]+)"/.exec(await secure.line(/"http_url"/))!
  const urls: Record<string, string> = { 'http:': http_url, 'https:': secure.issuer }
  const slow = SLOW.map(async ([name, scheme, bytes]) => [name, await timeSlow(t, urls[scheme]!, bytes)] as const)

  const plain = await attack(t, {}, {}, 256)
  const flood = async (name: string, bytes: string, bound: number) => {
    const sockets = await Promise.all(Array.from({ length: 300 }, () => open(t, plain.issuer, bytes)))
    const latency = await timeHealth(plain.issuer)
    printFigures(t, `300 connections that send ${name}`, { '/healthz ms': latency })
    isBelow(t, latency, bound, `latency of /healthz beside 300 connections that send ${name}`)
    for (const socket of sockets) socket.destroy()
  }
  // The first requests and refusals compile code.
  for (let count = 0; count < 50; count++) {
    await open(t, plain.issuer, 'garbage\r\n\r\n')
    await timeHealth(plain.issuer)
  }
  for (const [name, bytes] of Object.entries(FRAGMENTS)) await flood(name, bytes, 250)
  for (const [name, bytes] of Object.entries(REQUESTS)) await flood(name, bytes, 2000)
  await plain.line(/156 connections are open, the most for this process: the limit of the system is 256 open files/)

  for (const [name, seconds] of await Promise.all(slow)) {
    printFigures(t, `a client that sends ${name} slowly`, { 'closed after s': seconds })
    isBelow(t, seconds, TIMEOUT + SLACK, `seconds until a client that sends ${name} slowly is closed`)
  }
})
