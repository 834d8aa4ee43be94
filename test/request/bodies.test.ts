/** Large bodies that are being received: their number is bounded, so that unfinished bodies do not fill the memory. */
import t from 'tap'
import { start } from '../provider.js'
import { holdRequest } from '../raw_request.js'

const LARGE = 20_000
const PATH = '/oauth2/token'

const post = async (url: string, body: string | ReadableStream) => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const init = { method: 'POST', headers, body, duplex: 'half' }
  return (await fetch(url + PATH, init)).status
}

t.test(
  'beyond 64 unfinished large bodies, the connection of the oldest is closed, and others do not wait',
  async (t) => {
    const { url } = await start(t, {})
    const small = await holdRequest(t, url, PATH, 1000)
    const oldest = await holdRequest(t, url, PATH, LARGE)
    const others = await Promise.all(Array.from({ length: 63 }, () => holdRequest(t, url, PATH, LARGE)))
    t.equal(await post(url, 'grant_type=x'), 400)
    t.equal(await post(url, new Blob(['grant_type=x']).stream()), 400, 'a body of unknown length can be large')
    t.equal(await oldest.closed, '')
    t.equal(await post(url, 'x'.repeat(LARGE)), 400, 'there is room again')
    for (const held of others) t.match(await held.finish('x'.repeat(LARGE)), 'invalid_request')
    t.match(await small.finish('x'.repeat(1000)), 'invalid_request')
  },
)
