/** The journal under attack: reading it costs no more than it holds, and does not stop the other requests. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import t from 'tap'
import { attack, isBelow } from './program.js'

/** A journal that keeps all requests of an attack whole. */
const LARGE = { journal: { max_entries: 100_000, max_size: 268_435_456 } }
const REQUESTS = 100
/** Longest latency of `/healthz`, in milliseconds. */
const LATENCY = 250
/** CPU time of a list, in milliseconds. */
const LIST_CPU = 2000

const repeat = (count: number, one: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => one(index))
const form = (body: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body,
})
const jwtOf = (payload: object) => ['{"alg":"none"}', JSON.stringify(payload), 'signature'].map(encode).join('.')
const encode = (text: string) => Buffer.from(text).toString('base64url')

async function send(issuer: string, request: (index: number) => RequestInit, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await (await fetch(`${issuer}/oauth2/token`, request(index))).text()
}

/** Lists the journal. Returns the number of its entries. */
async function list(issuer: string, query = ''): Promise<number> {
  const response = await fetch(`${issuer}/admin/journal${query}`)
  return ((await response.json()) as { entries: object[] }).entries.length
}

/** Requests whose texts are slow to decode or to mask, by the part that is slow. */
const REQUEST_KINDS: Readonly<Record<string, (index: number) => RequestInit>> = {
  '900 secrets': (index) => form(repeat(900, (each) => `code=${index}-${each}-secret`).join('&')),
  'secrets with the same first characters': (index) =>
    form(`${repeat(100, (each) => `code=${'a'.repeat(70 + each)}${index}`).join('&')}&state=${'a'.repeat(6000)}`),
  'a few long secrets with the same first characters': (index) =>
    form(`${repeat(8, (each) => `code=${'a'.repeat(500)}${each}${index}`).join('&')}&state=${'a'.repeat(11_000)}`),
  'short pairs in a text': () => form(`state=${encodeURIComponent(repeat(1500, () => 'x=y&').join(''))}`),
  'short pairs in a form': () => form(repeat(4000, () => 'x=y').join('&')),
  'pairs without separators': () => form(`state=${'x%3D'.repeat(4000)}`),
  'names without values': () => form(repeat(8000, () => '').join('&')),
  'one long text': () => form(`state=${'x'.repeat(16_000)}`),
  'one long cookie': () => ({ ...form('state=x'), headers: { ...form('').headers, cookie: 'x'.repeat(15_000) } }),
  'many cookies': () => ({
    ...form('state=x'),
    headers: { ...form('').headers, cookie: repeat(1000, (each) => `c${each}=value-${each}`).join('; ') },
  }),
  'spaces in credentials': () => ({
    ...form('state=x'),
    headers: { ...form('').headers, authorization: `Basic${' '.repeat(15_000)}x` },
  }),
  'begun JSON': () => form(`state=${encodeURIComponent('"code":"'.repeat(1300))}`),
  'escapes in JSON': () => form(`state=${encodeURIComponent(`"code":"${'\\'.repeat(5000)}`)}`),
  'begun JWTs': () => form(`state=${'ey.'.repeat(5000)}`),
  'many JWTs': () => form(repeat(1000, (each) => `t${each}=e30.e30.e`).join('&')),
  'nested JSON': () => form(`claims=${'['.repeat(8000)}${']'.repeat(8000)}`),
  'a long list in nested JSON': () => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"a":${'['.repeat(90)}${'1,'.repeat(7900)}1${']'.repeat(90)}}`,
  }),
  'a JWT of nested JSON': () =>
    form(`token=${jwtOf({ nested: JSON.parse('['.repeat(90) + ']'.repeat(90)), x: 'x'.repeat(11_000) })}`),
}

t.test('a journal of any requests is listed in bounded time, and /healthz responds meanwhile', async (t) => {
  const { issuer, measure } = await attack(t, LARGE)
  for (const [index, [kind, request]] of Object.entries(REQUEST_KINDS).entries()) {
    const own = `${issuer}/issuers/kind-${index}`
    await send(own, request, REQUESTS)
    const { result, latency, cpu } = await measure(`${REQUESTS} requests with ${kind}`, () => list(own))
    t.equal(result, REQUESTS)
    isBelow(t, latency, LATENCY, `longest latency of /healthz in milliseconds, ${kind}`)
    isBelow(t, cpu, LIST_CPU, `CPU time of the list in milliseconds, ${kind}`)
  }
})

t.test('300 requests with 900 secrets each are listed in bounded time', async (t) => {
  const { issuer, measure } = await attack(t, LARGE)
  await send(issuer, REQUEST_KINDS['900 secrets']!, 300)
  const { result, latency, cpu } = await measure('300 requests with 900 secrets', () => list(issuer))
  t.equal(result, 300)
  isBelow(t, latency, LATENCY, 'longest latency of /healthz in milliseconds')
  isBelow(t, cpu, LIST_CPU, 'CPU time of the list in milliseconds')
})

t.test('bodies of a megabyte are listed in bounded time', async (t) => {
  const config = { ...LARGE.journal, max_body: 1_048_576 }
  const { issuer, measure } = await attack(t, { journal: config, server: { body_limit: 2_000_000 } })
  const request = (index: number) =>
    form(
      `token=${jwtOf({ text: 'x'.repeat(300_000) })}&id_token=${'y'.repeat(300_000)}${index}&state=${'z'.repeat(300_000)}`,
    )
  await send(issuer, request, 20)
  const { result, latency, cpu } = await measure('20 requests of a megabyte', () => list(issuer))
  t.equal(result, 20)
  isBelow(t, latency, LATENCY, 'longest latency of /healthz in milliseconds')
  isBelow(t, cpu, LIST_CPU, 'CPU time of the list in milliseconds')
})

/** Requests a URL. The response is not read. */
async function open(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage]
  return response
}

for (const reads of [true, false]) {
  t.test(`50 streams that are ${reads ? 'read' : 'not read'} share the text of an entry`, async (t) => {
    const { issuer, measure } = await attack(t, LARGE)
    const streams = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        open(`${issuer}/admin/journal/stream${index % 2 === 0 ? '' : '?secrets=true'}`),
      ),
    )
    const received = streams.map((stream) => (reads ? once(stream.setEncoding('utf8'), 'data') : undefined))
    const request = REQUEST_KINDS['900 secrets']!
    await send(issuer, request, 1)
    await Promise.all(received)
    for (const stream of streams) if (reads) stream.resume()
    const { latency, cpu } = await measure('100 requests with 900 secrets and 50 streams', () =>
      send(issuer, request, 100),
    )
    isBelow(t, latency, LATENCY, 'longest latency of /healthz in milliseconds')
    isBelow(t, cpu && cpu / 100, 100, 'CPU time of a request in milliseconds')
    for (const stream of streams) stream.destroy()
  })
}

t.test('lists that are not read take little memory', async (t) => {
  const { issuer, measure, rss } = await attack(t, LARGE)
  await send(issuer, () => form(`state=${'x'.repeat(16_000)}`), 300)
  const before = rss()
  const opened: IncomingMessage[] = []
  const figures = await measure('50 lists of 5 megabytes that are not read', async () => {
    for (let count = 0; count < 50; count++) opened.push(await open(`${issuer}/admin/journal`))
  })
  isBelow(t, figures.latency, LATENCY, 'longest latency of /healthz in milliseconds')
  isBelow(t, figures.rss && figures.rss - before!, 200, 'more memory in megabytes')
  for (const response of opened) response.destroy()
})
