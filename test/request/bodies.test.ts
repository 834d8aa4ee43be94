/** Requests with large bodies: a limited number is in progress, so that unfinished bodies do not fill the memory. */
import t from 'tap'
import { start } from '../provider.js'
import { holdRequest } from '../raw_request.js'

const LARGE = 20_000
const PATH = '/oauth2/token'

const post = async (url: string, body: string | ReadableStream) => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return (await fetch(url + PATH, { method: 'POST', headers, body, duplex: 'half' })).status
}

t.test('a request with a large body waits while 16 others are unfinished; a small one does not', async (t) => {
  const { url } = await start(t, {})
  const held = await Promise.all(Array.from({ length: 16 }, () => holdRequest(t, url, PATH, LARGE)))
  // It leaves the line when its connection is closed.
  const gone = await holdRequest(t, url, PATH, LARGE)
  let answered = 0
  const ofUnknownLength = new Blob(['grant_type=x']).stream()
  const waiting = ['x'.repeat(LARGE), ofUnknownLength].map(async (body) => {
    const status = await post(url, body)
    answered += 1
    return status
  })
  t.equal(await post(url, 'grant_type=x'), 400)
  gone.close()
  t.equal(await post(url, 'grant_type=x'), 400)
  t.equal(answered, 0)
  t.match(await held[0]!.finish('x'.repeat(LARGE)), 'invalid_request')
  t.strictSame(await Promise.all(waiting), [400, 400])
})
