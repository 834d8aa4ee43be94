/** How answers travel. OAuth 2.0 Multiple Response Types §2.1. */
import t from 'tap'
import type { Context } from '../../src/context.js'
import type { Parameters } from '../../src/oauth/response_fault.js'
import {
  authorizationResponse,
  completeParameters,
  type ReturnAddress,
  readResponseMode,
  requireFittingMode,
} from '../../src/oauth/response_mode.js'
import { createContext } from '../app.js'

const respond = async (ctx: Context, to: ReturnAddress, parameters: Parameters) =>
  authorizationResponse(to, await completeParameters(ctx, to, parameters))

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
    const sent = await respond(await createContext(), to, { code: 'x&y', error: undefined })
    t.strictSame(sent, { location, twice: false })
  })
}

t.test('nothing to carry leaves the redirect_uri as it is', async (t) => {
  const to = { redirect_uri: 'http://a', response_mode: 'query', state: undefined } as const
  t.strictSame(await respond(await createContext(), to, {}), { location: 'http://a', twice: false })
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

const FRONT_CHANNEL = ['id_token', 'token id_token', 'code id_token', 'token code', 'code id_token token'] as const

t.test('OAuth 2.0 Multiple Response Types §3 and §5: what has a token is never in the query', async (t) => {
  for (const type of FRONT_CHANNEL) {
    t.equal(readResponseMode(undefined, type), 'fragment', type)
    t.equal(readResponseMode('query', type), 'fragment', `the refusal of a query for ${type}`)
    t.equal(readResponseMode('form_post', type), 'form_post', type)
  }
  for (const type of ['code', 'none', '', 'token', 'toString']) {
    t.equal(readResponseMode(undefined, type), 'query', type)
    t.equal(readResponseMode('fragment', type), 'fragment', type)
  }
  t.throws(() => requireFittingMode('query', 'code id_token'), {
    error: 'invalid_request',
    message: 'response_mode is query, expected fragment or form_post for response_type code id_token',
  })
  for (const mode of ['fragment', 'form_post', undefined]) t.doesNotThrow(() => requireFittingMode(mode, 'id_token'))
  for (const type of ['code', 'none'] as const) t.doesNotThrow(() => requireFittingMode('query', type))
})

t.test('Form Post Response Mode §2: the answer is the fields of a form', async (t) => {
  const to = { redirect_uri: 'http://a/cb?t=1', response_mode: 'form_post', state: 's"<' } as const
  const fields = [
    ['code', 'x'],
    ['state', 's"<'],
  ]
  const sent = await respond(await createContext(), to, { code: 'x', error: undefined })
  t.strictSame(sent, { action: to.redirect_uri, fields, twice: false })
})

t.test('RFC 9207 §2: the answer carries iss under the rule', async (t) => {
  const to = { redirect_uri: 'http://a', response_mode: 'query', state: undefined } as const
  const strict = await createContext({ rules: { iss_parameter: true } })
  t.strictSame(await respond(strict, to, { error: 'x' }), {
    location: `http://a?error=x&iss=${encodeURIComponent(strict.issuer)}`,
    twice: false,
  })
})
