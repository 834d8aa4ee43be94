/** The journal under attack: reading it costs no more than it holds, and does not stop the other requests. */
import t from 'tap'
import { attack, isBelow } from './program.js'

t.test('a full journal is listed while /healthz responds', async (t) => {
  const { issuer, measure } = await attack(t)
  const body = new URLSearchParams({ grant_type: 'authorization_code', code: 'x'.repeat(1000) })
  for (let count = 0; count < 300; count++) await fetch(`${issuer}/oauth2/token`, { method: 'POST', body })
  const { result, latency } = await measure('GET /admin/journal', async () => {
    const response = await fetch(`${issuer}/admin/journal`)
    return (await response.json()) as { entries: object[] }
  })
  t.equal(result.entries.length, 300)
  isBelow(t, latency, 250, 'longest latency of /healthz in milliseconds')
})
