/** Tests of the clock of an issuer over HTTP. */
import t from 'tap'
import { getTokens, jsonOf, refused } from '../app.js'
import { createAdminApp } from './api.js'

const Y2030 = 1_893_456_000
type AdminApp = Awaited<ReturnType<typeof createAdminApp>>
const standing = async (test: AdminApp, base = '') =>
  (await test.call('GET', `${base}/clock`)).json<{ now: number; iso: string; frozen: boolean; ahead: number }>()

t.test('the clock starts at real time', async (t) => {
  const test = await createAdminApp(t)
  const { now, iso, frozen, ahead } = await standing(test)
  t.strictSame([frozen, ahead], [false, 0])
  t.equal(Date.parse(iso), now * 1000)
  t.ok(Math.abs(now - Date.now() / 1000) < 60)
})

t.test('the clock can be frozen, moved, resumed and reset; each response has its state', async (t) => {
  const test = await createAdminApp(t)
  const post = async (verb: string, body?: object) => jsonOf(t, await test.call('POST', `/clock/${verb}`, body))
  t.match(await post('freeze', { at: '2030-01-01T00:00:00Z' }), {
    now: Y2030,
    iso: '2030-01-01T00:00:00.000Z',
    frozen: true,
  })
  t.match(await post('advance', { by: '2h' }), { now: Y2030 + 7200, frozen: true })
  t.match(await post('advance', { by: '-1h30m' }), { now: Y2030 + 1800, frozen: true })
  t.match(await post('advance', { by: -1800 }), { now: Y2030, frozen: true })
  t.match(await post('advance', { by: 90 }), { now: Y2030 + 90 })
  t.match(jsonOf(t, await test.call('PUT', '/clock', { now: Y2030 + 5 })), { now: Y2030 + 5, frozen: true })
  const noon = jsonOf(t, await test.call('PUT', '/clock', { now: '2030-01-01T12:00:00.500+02:00' }))
  t.match(noon, { now: Y2030 + 36_000, iso: '2030-01-01T10:00:00.000Z' })
  t.match(await standing(test), noon)
  const resumed = await post('resume')
  t.equal(resumed.frozen, false)
  t.ok(Number(resumed.now) >= Y2030 + 36_000)
  const frozen = await post('freeze')
  t.equal(frozen.frozen, true)
  t.ok(Number(frozen.now) >= Number(resumed.now))
  t.match(await post('reset'), { frozen: false, ahead: 0 })
})

t.test('the clock follows the configuration until it is moved, and again after a reset', async (t) => {
  const clock = { start: '2030-01-01T00:00:00Z', frozen: true }
  const test = await createAdminApp(t, { clock })
  t.match(await standing(test), { now: Y2030, frozen: true })
  await test.reload({ clock: { start: 5, frozen: true } })
  t.equal((await standing(test)).now, 5)
  await test.call('POST', '/clock/advance', { by: '1m' })
  await test.reload({ clock })
  t.equal((await standing(test)).now, 65)
  await test.call('POST', '/clock/reset')
  t.equal((await standing(test)).now, Y2030)
})

t.test('each issuer has a separate clock', async (t) => {
  const test = await createAdminApp(t)
  await test.call('POST', '/issuers/x/clock/freeze', { at: 1000 })
  t.equal((await standing(test, '/issuers/x')).now, 1000)
  t.equal((await standing(test)).ahead, 0)
  t.equal((await standing(test, '/issuers/y')).ahead, 0)
})

t.test('two tokens of a frozen clock have the same iat', async (t) => {
  const test = await createAdminApp(t)
  await test.call('POST', '/clock/freeze', { at: Y2030 })
  const iat = ({ id_token }: { id_token: string }) =>
    JSON.parse(Buffer.from(id_token.split('.')[1]!, 'base64url').toString()).iat
  t.strictSame([iat(await getTokens(test)), iat(await getTokens(test))], [Y2030, Y2030])
})

t.test('the journal records moves of the clock', async (t) => {
  const test = await createAdminApp(t)
  await test.call('POST', '/clock/freeze', { at: Y2030 })
  await test.call('POST', '/clock/resume')
  const { entries } = (await test.call('GET', '/journal?event=clock_moved')).json<{ entries: unknown[] }>()
  t.match(entries, [
    { at: Y2030, remarks: [{ message: 'the clock was stopped at 2030-01-01T00:00:00.000Z' }] },
    { remarks: [{ message: /^the clock was set to 2030-01-01T00:00:0/ }] },
  ])
})

const BAD: [method: 'PUT' | 'POST', path: string, body: unknown, message: RegExp][] = [
  ['PUT', '/clock', {}, /^the body lacks the required key now$/],
  ['PUT', '/clock', undefined, /^the body is missing/],
  ['PUT', '/clock', { now: 'tomorrow' }, /^\/now is .tomorrow., expected a time such as/],
  ['PUT', '/clock', { now: '2030' }, / is .*, expected /],
  ['PUT', '/clock', { now: 1.5 }, / is 1.5, expected /],
  ['PUT', '/clock', { now: -1 }, / is -1, expected /],
  ['PUT', '/clock', { now: 253_402_300_800 }, / is 253402300800, expected /],
  ['PUT', '/clock', { now: null }, / is empty, expected /],
  [
    'PUT',
    '/clock',
    { now: '2030-13-45T00:00:00Z' },
    /^\/now is .2030-13-45T00:00:00Z., expected a time from 1970 to 9999$/,
  ],
  ['PUT', '/clock', { time: 5 }, /^the body lacks the required key now; \/time is not a known key/],
  ['POST', '/clock/advance', {}, /^the body lacks the required key by$/],
  ['POST', '/clock/advance', { by: '2y' }, /^\/by is .2y., expected seconds or a duration such as 2h or -30m$/],
  ['POST', '/clock/advance', { by: '--2h' }, / is .*, expected /],
  ['POST', '/clock/advance', { by: 0.5 }, / is 0.5, expected /],
  ['POST', '/clock/advance', { by: '99999w' }, /^\/by is .99999w., expected at most 3155760000 seconds \(100 years\)$/],
  ['POST', '/clock/advance', { by: '-80w', at: 1 }, /^\/at is not a known key/],
  ['POST', '/clock/advance', { by: '-100000d' }, /^\/by is .-100000d., expected at most/],
  ['POST', '/clock/freeze', { at: '1969-12-31T23:59:59Z' }, /^\/at is .+, expected a time from 1970 to 9999$/],
  ['POST', '/clock/freeze', { now: 5 }, /^\/now is not a known key/],
  ['POST', '/clock/resume', { at: 5 }, /^\/at is not a known key/],
  ['POST', '/clock/reset', { to: 5 }, /^\/to is not a known key/],
]
for (const [method, path, body, message] of BAD) {
  t.test(`${method} ${path} ${JSON.stringify(body)} is refused, and nothing changes`, async (t) => {
    const test = await createAdminApp(t, { clock: { start: 5000, frozen: true } })
    refused(t, await test.call(method, path, body), 'invalid_request', message)
    t.match(await standing(test), { now: 5000, frozen: true })
  })
}

t.test('the clock cannot leave the years 1970 to 9999', async (t) => {
  const test = await createAdminApp(t)
  await test.call('POST', '/clock/freeze', { at: 100 })
  refused(
    t,
    await test.call('POST', '/clock/advance', { by: '-101s' }),
    'invalid_request',
    /^\/by is .-101s., which moves the clock outside the years 1970 to 9999/,
  )
  t.equal((await standing(test)).now, 100)
  t.match(jsonOf(t, await test.call('POST', '/clock/advance', { by: '-100s' })), { iso: '1970-01-01T00:00:00.000Z' })
  const end = jsonOf(t, await test.call('PUT', '/clock', { now: 253_402_300_799 }))
  t.match(end, { iso: '9999-12-31T23:59:59.000Z' })
  refused(
    t,
    await test.call('POST', '/clock/advance', { by: 1 }),
    'invalid_request',
    /^\/by is .1., which moves the clock outside/,
  )
})
