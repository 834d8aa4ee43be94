/** The journal over HTTP. */
import t from 'tap'
import { createApp, jsonOf, logIn, refused, type TestApp } from '../app.js'

interface Entry {
  readonly id: number
  readonly at: number
  readonly remarks: { readonly event: string; readonly message: string; readonly details: Record<string, unknown> }[]
}

const entriesOf = async (t: Parameters<typeof jsonOf>[0], { get }: TestApp, query = '', base = '') =>
  jsonOf(t, await get(`${base}/admin/journal${query}`)).entries as Entry[]
const rotate = ({ app }: TestApp, base = '') => app.inject({ method: 'POST', url: `${base}/admin/keys/rotate` })

t.test('what was decided is told, newest last', async (t) => {
  const test = await createApp(t)
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

t.test('event picks the entries about one thing', async (t) => {
  const test = await createApp(t)
  await logIn(test, { client_id: 'unknown', scope: 'profile' })
  await rotate(test)
  const events = async (query: string) => {
    const remarks = (await entriesOf(t, test, query)).flatMap((entry) => entry.remarks)
    return [...new Set(remarks.map(({ event }) => event))]
  }
  t.strictSame(await events('?event=keys_rotated'), ['keys_rotated'])
  t.strictSame(await events('?event=would_be_refused'), ['would_be_refused'])
  t.strictSame(await events('?event='), ['would_be_refused', 'keys_rotated'])
  t.strictSame(await events('?event=backchannel_logout'), [])
  const misspelt = await test.get('/admin/journal?event=would_be_refuesd')
  refused(t, misspelt, 'invalid_request', /^event is would_be_refuesd, expected one of decision, would_be_refused, /)
  refused(t, await test.get('/admin/journal?event=a&event=b'), 'invalid_request', /^event came 2 times/)
})

t.test('each issuer has its own, and no page of another site reads it', async (t) => {
  const test = await createApp(t)
  await rotate(test, '/issuers/x')
  t.strictSame(await entriesOf(t, test), [])
  t.equal((await entriesOf(t, test, '', '/issuers/x')).length, 1)
  const answer = await test.get('/admin/journal', { headers: { origin: 'https://evil.example' } })
  refused(t, answer, 'access_denied', /^Origin is https:\/\/evil.example, expected none, or http:\/\/localhost$/, 403)
})
