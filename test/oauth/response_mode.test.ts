/** How answers travel. OAuth 2.0 Multiple Response Types §2.1. */
import t from 'tap'
import { readResponseMode, responseUrl } from '../../src/oauth/response_mode.js'

const URLS: [string, string, 'query' | 'fragment', string | undefined, string][] = [
  ['§4.1.2: the answer is a query', 'http://a/cb', 'query', 's', 'http://a/cb?code=x%26y&state=s'],
  ['§3.1.2: a query is kept', 'http://a/cb?t=1&u', 'query', 's', 'http://a/cb?t=1&u&code=x%26y&state=s'],
  ['§4.1.2: no state where none came', 'http://a/cb', 'query', undefined, 'http://a/cb?code=x%26y'],
  ['§4.1.2: state comes back as it came', 'a:b', 'query', 'ä +&\r\n', 'a:b?code=x%26y&state=%C3%A4+%2B%26%0D%0A'],
  ['Multiple Response Types §2.1: fragment', 'http://a/cb?t=1', 'fragment', 's', 'http://a/cb?t=1#code=x%26y&state=s'],
]
for (const [title, redirect_uri, response_mode, state, url] of URLS) {
  t.equal(responseUrl({ redirect_uri, response_mode, state }, { code: 'x&y', error: undefined }), url, title)
}
t.equal(responseUrl({ redirect_uri: 'http://a', response_mode: 'query', state: undefined }, {}), 'http://a', 'nothing')

t.test('OAuth 2.0 Multiple Response Types §2.1: an unknown response_mode is refused', async (t) => {
  t.equal(readResponseMode('query'), 'query')
  t.equal(readResponseMode('fragment'), 'fragment')
  t.equal(readResponseMode(undefined), undefined)
  for (const mode of ['form_post', 'QUERY', 'toString']) {
    t.throws(() => readResponseMode(mode), {
      error: 'invalid_request',
      message: new RegExp(`^response_mode is ${mode}`),
    })
  }
})
