/** How answers travel. OAuth 2.0 Multiple Response Types §2.1. */
import t from 'tap'
import { authorizationResponse, readResponseMode } from '../../src/oauth/response_mode.js'
import { createContext } from '../app.js'

const URLS: [string, string, 'query' | 'fragment', string | undefined, string][] = [
  ['§4.1.2: the answer is a query', 'http://a/cb', 'query', 's', 'http://a/cb?code=x%26y&state=s'],
  ['§3.1.2: a query is kept', 'http://a/cb?t=1&u', 'query', 's', 'http://a/cb?t=1&u&code=x%26y&state=s'],
  ['§4.1.2: no state where none came', 'http://a/cb', 'query', undefined, 'http://a/cb?code=x%26y'],
  ['§4.1.2: state comes back as it came', 'a:b', 'query', 'ä +&\r\n', 'a:b?code=x%26y&state=%C3%A4+%2B%26%0D%0A'],
  ['Multiple Response Types §2.1: fragment', 'http://a/cb?t=1', 'fragment', 's', 'http://a/cb?t=1#code=x%26y&state=s'],
]
for (const [title, redirect_uri, response_mode, state, location] of URLS) {
  t.test(title, async (t) => {
    const to = { redirect_uri, response_mode, state }
    const sent = authorizationResponse(await createContext(), to, { code: 'x&y', error: undefined })
    t.strictSame(sent, { location })
  })
}

t.test('nothing to carry leaves the redirect_uri as it is', async (t) => {
  const to = { redirect_uri: 'http://a', response_mode: 'query', state: undefined } as const
  t.strictSame(authorizationResponse(await createContext(), to, {}), { location: 'http://a' })
})

t.test('OAuth 2.0 Multiple Response Types §2.1: an unknown response_mode is refused', async (t) => {
  t.equal(readResponseMode('fragment', 'code'), 'fragment')
  t.equal(readResponseMode(undefined, 'code'), 'query')
  for (const mode of ['QUERY', 'toString']) {
    t.throws(() => readResponseMode(mode, 'code'), {
      error: 'invalid_request',
      message: new RegExp(`^response_mode is ${mode}`),
    })
  }
})
