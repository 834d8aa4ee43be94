/** Tests of the journal over HTTP. */
import { once } from 'node:events'
import { get as getHttp, type IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import type { JournalEntry } from '../../src/journal/entry.js'
import { MOST_LISTENERS } from '../../src/journal/journal.js'
import { createIssuer, createOwnApp, jsonOf, logIn, refused, snapshotOf, type TestApp } from '../app.js'
import { start } from '../provider.js'
import { type AdminApp, createAdminApp } from './api.js'

const entriesOf = async (t: Test, { call }: AdminApp, query = '', base = '') =>
  jsonOf(t, await call('GET', `${base}/journal${query}`)).entries as JournalEntry[]
const rotate = ({ app }: TestApp, base = '') =>
  app.inject({ method: 'POST', url: `${base}/admin/keys/rotate`, payload: { mode: 'abrupt' } })

t.test('remarks of decisions are listed, newest last', async (t) => {
  const test = await createAdminApp(t)
  t.strictSame(await entriesOf(t, test), [])
  const [{ kid }] = (await rotate(test)).json<{ keys: [{ kid: string }] }>().keys
  test.advance(60)
  await rotate(test)
  const entries = await entriesOf(t, test)
  t.match(entries, [
    {
      id: 1,
      remarks: [
        {
          event: 'keys_rotated',
          message: new RegExp(`^${kid} is new and signs ES256 from [\\d-]+T[\\d:.]+Z$`),
          details: { kid },
        },
      ],
    },
    { id: 2, remarks: [{ event: 'keys_rotated', details: { alg: 'ES256' } }] },
  ])
  t.equal(entries[0]!.remarks[0]!.details.signs_from, entries[0]!.at)
  t.ok(entries[1]!.at - entries[0]!.at >= 60)
})

t.test('a filter selects entries; an unknown filter or value is refused', async (t) => {
  const test = await createAdminApp(t, { faults: [{ fault: 'jwks.empty' }] })
  await logIn(test, { client_id: 'unknown', scope: 'profile' })
  await rotate(test)
  await test.get('/jwks')
  await test.post('/oauth2/token', { grant_type: 'authorization_code', code: 'none', client_id: 'other' })
  const all = await entriesOf(t, test)
  const [login] = all
  const ids = async (query: string) => (await entriesOf(t, test, query)).map(({ id }) => id)
  t.strictSame(await ids('?event=keys_rotated'), [2])
  t.strictSame(await ids('?event=would_be_refused'), [1])
  t.strictSame(await ids('?event=backchannel_logout'), [])
  t.strictSame(await ids('?endpoint=token'), [4])
  t.strictSame(await ids('?client_id=unknown'), [1])
  t.strictSame(await ids('?sub=alice'), [1])
  t.strictSame(await ids('?status=400'), [4])
  t.strictSame(await ids('?status=3xx&endpoint=authorization'), [1])
  t.strictSame(await ids(`?flow_id=${login!.flow_id}`), [1])
  t.strictSame(await ids('?after=2'), [3, 4])
  t.strictSame(await ids('?after=1&limit=2'), [2, 3])
  t.strictSame(await ids('?limit=2'), [3, 4])
  t.strictSame(await ids('?limit=0'), [])
  t.strictSame(await ids('?limit=9'), [1, 2, 3, 4])
  t.equal(jsonOf(t, await test.get('/admin/journal?limit=0')).last_id, 4)
  const refusals: Record<string, RegExp> = {
    'event=would_be_refuesd': /^event .*would_be_refused/,
    'event=a&event=b': /^event /,
    'event=': /^event /,
    'endpoint=tokn': /^endpoint .*token/,
    'fault=jwks.emty': /^fault /,
    'status=4x': /^status /,
    'status=600': /^status /,
    'after=-1': /^after /,
    'after=x': /^after /,
    'limit=x': /^limit /,
    'secrets=yes': /^secrets /,
    'client=app': /^client .*client_id/,
    'wait=': /^wait is , expected seconds or a text such as 2s, 500ms or 1m30s, up to 5m$/,
    'wait=soon': /^wait is soon, expected/,
    'wait=6m': /^wait is 6m, expected/,
    'wait=301': /^wait is 301, expected/,
  }
  for (const [query, expected] of Object.entries(refusals)) {
    refused(t, await test.call('GET', `/journal?${query}`), 'invalid_request', expected)
  }
})

t.test('each issuer has a separate journal; pages of other origins cannot read it', async (t) => {
  const test = await createAdminApp(t)
  await rotate(test, '/issuers/x')
  t.strictSame(await entriesOf(t, test), [])
  t.equal((await entriesOf(t, test, '', '/issuers/x')).length, 1)
  const answer = await test.get('/admin/journal', { headers: { origin: 'https://evil.example' } })
  refused(t, answer, 'access_denied', /^Origin is https:\/\/evil.example, expected none, or http:\/\/localhost$/, 403)
})

t.test('the journal can be cleared, and ids continue', async (t) => {
  const test = await createAdminApp(t)
  await test.get('/jwks')
  t.equal((await test.call('DELETE', '/journal')).statusCode, 204)
  t.strictSame(await entriesOf(t, test), [])
  await test.get('/jwks')
  t.strictSame(
    (await entriesOf(t, test)).map(({ id }) => id),
    [2],
  )
})

t.test('wait returns a kept entry at once, or the next entry that matches', async (t) => {
  const test = await createAdminApp(t)
  await test.get('/jwks')
  t.match(await entriesOf(t, test, '?wait=1m&after=0&endpoint=jwks'), [{ id: 1 }], 'at once')
  const fromNow = entriesOf(t, test, '?wait=1m&endpoint=jwks')
  const after = entriesOf(t, test, '?wait=60&after=1&endpoint=token')
  await test.get('/.well-known/openid-configuration')
  await test.get('/jwks')
  await test.post('/oauth2/token', {})
  t.match(await fromNow, [{ id: 3, endpoint: 'jwks' }])
  t.match(await after, [{ id: 4, endpoint: 'token', status: undefined, response: { status: 400 } }])
  t.strictSame(await entriesOf(t, test, '?wait=1ms&endpoint=userinfo'), [], 'no entry within the time limit')
  t.strictSame(await entriesOf(t, test, '?wait=0&endpoint=jwks'), [], 'without after only later entries count')
})

t.test('last_id is that of the newest listed entry, also if entries are recorded meanwhile', async (t) => {
  const test = await createAdminApp(t)
  for (let count = 0; count < 200; count += 1) await test.get('/jwks')
  const [list] = await Promise.all([test.get('/admin/journal'), ...Array.from({ length: 10 }, () => test.get('/jwks'))])
  const { entries, last_id } = list!.json<{ entries: JournalEntry[]; last_id: number }>()
  t.equal(last_id, entries.at(-1)?.id)
})

t.test('last_id continues a list after an id that limit has cut', async (t) => {
  const test = await createAdminApp(t)
  for (let count = 0; count < 6; count += 1) await test.get(count === 3 ? '/.well-known/openid-configuration' : '/jwks')
  const list = async (query: string) => {
    const { entries, last_id } = jsonOf(t, await test.get(`/admin/journal?${query}`))
    return [...(entries as JournalEntry[]).map(({ id }) => id), { last_id }]
  }
  t.strictSame(await list('after=1&limit=2'), [2, 3, { last_id: 3 }])
  t.strictSame(await list('after=3&limit=2&endpoint=jwks'), [5, 6, { last_id: 6 }])
  t.strictSame(await list('after=2&limit=1&endpoint=jwks&wait=1ms'), [3, { last_id: 3 }])
  t.strictSame(await list('after=4&limit=2'), [5, 6, { last_id: 6 }])
  t.strictSame(await list('after=4&limit=0'), [{ last_id: 4 }])
  t.strictSame(await list('after=6&limit=0'), [{ last_id: 6 }])
  t.strictSame(await list('limit=2'), [5, 6, { last_id: 6 }])
})

t.test('an id that is greater than all is of an earlier run, so that all entries come after it', async (t) => {
  const { url } = await start(t)
  const list = async (query: string) => (await fetch(`${url}/admin/journal?${query}`)).json()
  t.match(await list('after=5000'), { entries: [], last_id: 0 })
  const streams = await Promise.all([
    open(`${url}/admin/journal/stream`, { 'last-event-id': '5000' }),
    open(`${url}/admin/journal/stream?after=5000`),
  ])
  await fetch(`${url}/jwks`)
  for (const stream of streams) t.match(await read(stream, 1), [{ id: '1' }])
  t.match(await list('after=5000'), { entries: [{ id: 1 }], last_id: 1 })
  t.match(await list('after=5000&wait=1m'), { entries: [{ id: 1 }], last_id: 1 })
  t.match(await list('after=1'), { entries: [], last_id: 1 })
})

t.test('entries that are removed while a list is sent are left out', async (t) => {
  const snapshot = await snapshotOf()
  const issuer = createIssuer(() => snapshot)
  const find: typeof issuer.journal.find = async (id) => {
    if (id === 250) await issuer.journal.clear()
    return await issuer.journal.find(id)
  }
  const findIssuer = () => ({ ...issuer, journal: { ...issuer.journal, find } })
  const test = await createAdminApp(t, {}, { findIssuer })
  for (let count = 0; count < 300; count += 1) await test.get('/jwks')
  const list = await test.get('/admin/journal')
  t.equal(list.headers['content-type'], 'application/json; charset=utf-8')
  const { entries, last_id } = list.json<{ entries: JournalEntry[]; last_id: number }>()
  t.equal(entries.length, 249)
  t.equal(last_id, 300)
})

t.test('lists have the format of all responses', async (t) => {
  const test = await createAdminApp(t)
  const format = async (query = '') => {
    const { body } = await test.get(`/admin/journal${query}`)
    t.equal(body, `${JSON.stringify(JSON.parse(body), null, 2)}\n`)
  }
  await format()
  await test.get('/jwks')
  await format()
  await rotate(test)
  await format('?secrets=true')
})

t.test('an entry that is many times as long with indentation has none', async (t) => {
  const test = await createAdminApp(t)
  const payload = `{"a":${'['.repeat(90)}${'1,'.repeat(5000)}1${']'.repeat(90)}}`
  const headers = { 'content-type': 'application/json' }
  await test.app.inject({ method: 'POST', url: '/oauth2/clients', headers, payload })
  const { body } = await test.get('/admin/journal')
  t.ok(body.length < 4 * payload.length, `${body.length} characters`)
  t.match(JSON.parse(body).entries[0].request.body, JSON.parse(payload))
})

t.test('a wait returns an entry that the journal does not keep', async (t) => {
  const test = await createAdminApp(t, { journal: { max_entries: 0 } })
  const waiting = entriesOf(t, test, '?wait=1m&secrets=true')
  await test.get('/.well-known/openid-configuration')
  await test.get('/jwks')
  t.match(await waiting, [{ endpoint: /discovery|jwks/ }])
})

t.test('too many waiting requests are refused', async (t) => {
  const issuer = createIssuer(await snapshotOf().then((snapshot) => () => snapshot))
  const test = await createAdminApp(t, {}, { findIssuer: () => issuer })
  const stops = Array.from({ length: MOST_LISTENERS }, () => issuer.journal.follow(() => undefined)!)
  for (const path of ['/admin/journal?wait=1m', '/admin/journal/stream']) {
    const answer = await test.get(path)
    refused(t, answer, 'temporarily_unavailable', /^1000 requests wait for entries of this journal/, 503)
    t.equal(answer.headers['retry-after'], '1')
  }
  stops[0]!()
  t.equal((await test.get('/admin/journal?wait=1ms')).statusCode, 200)
})

/** Requests the URL and waits for the headers of the response. */
async function open(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const [response] = (await once(getHttp(url, { headers, agent: false }), 'response')) as [IncomingMessage]
  return response.setEncoding('utf8')
}

/** Reads the next events of a stream. */
async function read(response: IncomingMessage, count: number): Promise<{ id: string; entry: JournalEntry }[]> {
  let text = ''
  const events = () => [...text.matchAll(/^id: (\d+)\ndata: (.*)\n\n/gm)]
  await new Promise<void>((resolve) => {
    const take = (chunk: string) => {
      text += chunk
      if (events().length < count) return
      response.off('data', take)
      resolve()
    }
    response.on('data', take)
  })
  return events().map(([, id = '', data = '']) => ({ id, entry: JSON.parse(data) as JournalEntry }))
}

t.test('the stream has every entry that matches, from now on or after an id', async (t) => {
  const { url, provider } = await start(t)
  await fetch(`${url}/jwks`)
  const stream = await open(`${url}/admin/journal/stream?endpoint=jwks`)
  t.equal(stream.statusCode, 200)
  t.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8')
  t.equal(stream.headers['cache-control'], 'no-store')
  const events = read(stream, 2)
  await fetch(`${url}/jwks`)
  await fetch(`${url}/.well-known/openid-configuration`)
  const headers = { authorization: 'Bearer a-token' }
  await fetch(`${url}/jwks`, { headers })
  t.match(await events, [
    { id: '2', entry: { id: 2, endpoint: 'jwks' } },
    { id: '4', entry: { id: 4, request: { headers: { authorization: 'Bearer ***' } } } },
  ])
  const again = await open(`${url}/admin/journal/stream?endpoint=jwks&after=0`, { 'last-event-id': '2' })
  const [shown] = await read(await open(`${url}/admin/journal/stream?after=3&secrets=true`), 1)
  t.equal(shown?.entry.request?.headers.authorization, headers.authorization)
  t.match(await read(again, 1), [{ id: '4' }], 'Last-Event-ID takes precedence over after')
  const whole = await open(`${url}/admin/journal/stream?after=0`)
  t.match(await read(whole, 4), [{ id: '1' }, { id: '2' }, { id: '3' }, { id: '4' }])
  const wrong = await open(`${url}/admin/journal/stream`, { 'last-event-id': 'x' })
  t.equal(wrong.statusCode, 400)
  const ends = [stream, again, whole].map((one) => once(one.resume(), 'end'))
  const waiting = fetch(`${url}/admin/journal?wait=5m`).then((answer) => answer.json())
  await fetch(`${url}/admin/journal?wait=1ms`)
  await provider.close()
  await Promise.all(ends)
  t.strictSame(await waiting, { entries: [], last_id: 4 }, 'the end of the server ends a wait')
})

t.test('streams of one journal each have all entries, also of a long journal', async (t) => {
  const { app } = await createOwnApp(t)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  for (let count = 0; count < 120; count += 1) await app.inject('/jwks')
  const ids = Array.from({ length: 120 }, (_, index) => String(index + 1))
  const streams = await Promise.all([1, 2].map(() => open(`${url}/admin/journal/stream?after=0`)))
  for (const stream of streams) {
    t.strictSame(
      (await read(stream, 120)).map(({ id }) => id),
      ids,
    )
    stream.destroy()
  }
})

t.test('a closed connection ends its wait or stream', async (t) => {
  const snapshot = await snapshotOf()
  const issuer = createIssuer(() => snapshot)
  let listening = 0
  const changed: (() => void)[] = []
  const journal: typeof issuer.journal = {
    ...issuer.journal,
    follow: (listener) => {
      const stop = issuer.journal.follow(listener)!
      listening += 1
      return () => {
        stop()
        listening -= 1
        for (const look of changed.splice(0)) look()
      }
    },
  }
  const { app } = await createOwnApp(t, {}, { findIssuer: () => ({ ...issuer, journal }) })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  for (const path of ['/admin/journal?wait=5m', '/admin/journal/stream']) {
    const request = getHttp(url + path, { agent: false }).on('error', () => undefined)
    if (path.endsWith('stream')) await once(request, 'response')
    else while (listening === 0) await fetch(`${url}/healthz`)
    t.equal(listening, 1)
    const left = new Promise<void>((resolve) => changed.push(resolve))
    request.destroy()
    await left
    t.equal(listening < 1, true)
    listening = 0
  }
})
