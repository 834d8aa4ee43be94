/** Response modes. OAuth 2.0 Multiple Response Types §2.1. */
import t from 'tap'
import type { Context } from '../../src/context.js'
import { type Client, findClient } from '../../src/directory/clients.js'
import type { Parameters } from '../../src/faults/doors/authorization.js'
import {
  completeParameters,
  createAuthorizationResponse,
  type ReturnAddress,
  readResponseMode,
  requireFittingMode,
} from '../../src/oauth/response_mode.js'
import { createContext } from '../app.js'

const respond = async (ctx: Context, to: ReturnAddress, parameters: Parameters) =>
  createAuthorizationResponse(to, await completeParameters(ctx, to, parameters))

const URLS: [string, string, 'query' | 'fragment', string | undefined, string][] = [
  ['RFC 6749 §4.1.2: the response is in the query', 'http://a/cb', 'query', 's', 'http://a/cb?code=x%26y&state=s'],
  [
    'RFC 6749 §3.1.2: the query of the redirect_uri is retained',
    'http://a/cb?t=1&u',
    'query',
    's',
    'http://a/cb?t=1&u&code=x%26y&state=s',
  ],
  [
    'RFC 6749 §4.1.2: without state in the request, the response has none',
    'http://a/cb',
    'query',
    undefined,
    'http://a/cb?code=x%26y',
  ],
  [
    'RFC 6749 §4.1.2: state is returned unchanged',
    'a:b',
    'query',
    'ä +&\r\n',
    'a:b?code=x%26y&state=%C3%A4+%2B%26%0D%0A',
  ],
  [
    'OAuth 2.0 Multiple Response Types §2.1: the response is in the fragment',
    'http://a/cb?t=1',
    'fragment',
    's',
    'http://a/cb?t=1#code=x%26y&state=s',
  ],
]
for (const [title, redirect_uri, carrier, state, location] of URLS) {
  t.test(title, async (t) => {
    const to = { redirect_uri, carrier, jwt: false, state }
    const sent = await respond(await createContext(), to, { code: 'x&y', error: undefined })
    t.strictSame(sent, { location, twice: false })
  })
}

t.test('without parameters, the redirect_uri is not changed', async (t) => {
  const to = { redirect_uri: 'http://a', carrier: 'query', jwt: false, state: undefined } as const
  t.strictSame(await respond(await createContext(), to, {}), { location: 'http://a', twice: false })
})

const CLIENT = await clientOf({})
const ENCRYPTED = await clientOf({ authorization_encrypted_response_alg: 'RSA-OAEP' })

async function clientOf(members: Partial<Client>): Promise<Client> {
  return { ...(await findClient(await createContext(), 'app'))!, ...members }
}

const carrierOf = (mode: string | undefined, type: string, client = CLIENT) =>
  readResponseMode(client, mode, type).carrier

t.test('OAuth 2.0 Multiple Response Types §2.1: an unknown response_mode is refused', async (t) => {
  t.equal(carrierOf('fragment', 'code'), 'fragment')
  t.equal(carrierOf(undefined, 'code'), 'query')
  for (const mode of ['QUERY', 'toString', 'jwt.jwt', '.jwt']) {
    t.throws(() => readResponseMode(CLIENT, mode, 'code'), {
      error: 'invalid_request',
      message: new RegExp(`^response_mode is ${mode}, expected one of query, .* form_post.jwt$`),
    })
  }
})

const FRONT_CHANNEL = ['id_token', 'token id_token', 'code id_token', 'token code', 'code id_token token'] as const

t.test('OAuth 2.0 Multiple Response Types §3 and §5: a response with a token is never in the query', async (t) => {
  for (const type of FRONT_CHANNEL) {
    t.equal(carrierOf(undefined, type), 'fragment', type)
    t.equal(carrierOf('query', type), 'fragment', `the error of a query for ${type}`)
    t.equal(carrierOf('form_post', type), 'form_post', type)
  }
  for (const type of ['code', 'none', '', 'token', 'toString']) {
    t.equal(carrierOf(undefined, type), 'query', type)
    t.equal(carrierOf('fragment', type), 'fragment', type)
  }
  t.throws(() => requireFittingMode(CLIENT, 'query', 'code id_token'), {
    error: 'invalid_request',
    message: 'response_mode is query, expected fragment or form_post for response_type code id_token',
  })
  for (const mode of ['fragment', 'form_post', undefined]) {
    t.doesNotThrow(() => requireFittingMode(CLIENT, mode, 'id_token'))
  }
  for (const type of ['code', 'none'] as const) t.doesNotThrow(() => requireFittingMode(CLIENT, 'query', type))
})

t.test('JARM §2.3: the mode jwt is the default mode of the response type with a JWT', async (t) => {
  t.strictSame(readResponseMode(CLIENT, 'jwt', 'code'), { carrier: 'query', jwt: true })
  t.strictSame(readResponseMode(CLIENT, 'jwt', 'id_token'), { carrier: 'fragment', jwt: true })
  t.strictSame(readResponseMode(CLIENT, 'query.jwt', 'code'), { carrier: 'query', jwt: true })
  t.strictSame(readResponseMode(CLIENT, 'form_post.jwt', 'code'), { carrier: 'form_post', jwt: true })
  t.equal(readResponseMode(CLIENT, 'query', 'code').jwt, false)
})

t.test('JARM §2.3.1: a response with a token is in the query only if it is encrypted', async (t) => {
  t.equal(carrierOf('query.jwt', 'id_token'), 'fragment')
  t.equal(carrierOf('query.jwt', 'id_token', ENCRYPTED), 'query')
  t.equal(carrierOf('query', 'id_token', ENCRYPTED), 'fragment')
  t.throws(() => requireFittingMode(CLIENT, 'query.jwt', 'id_token'), {
    message: 'response_mode is query.jwt, expected fragment.jwt or form_post.jwt for response_type id_token',
  })
  t.throws(() => requireFittingMode(ENCRYPTED, 'query', 'id_token'), { message: /^response_mode is query, expected f/ })
  t.doesNotThrow(() => requireFittingMode(ENCRYPTED, 'query.jwt', 'id_token'))
})

t.test('Form Post Response Mode §2: the response is the fields of a form', async (t) => {
  const to = { redirect_uri: 'http://a/cb?t=1', carrier: 'form_post', jwt: false, state: 's"<' } as const
  const fields = [
    ['code', 'x'],
    ['state', 's"<'],
  ]
  const sent = await respond(await createContext(), to, { code: 'x', error: undefined })
  t.strictSame(sent, { action: to.redirect_uri, fields, twice: false })
})

t.test('RFC 9207 §2: with the rule, the response has iss', async (t) => {
  const to = { redirect_uri: 'http://a', carrier: 'query', jwt: false, state: undefined } as const
  const strict = await createContext({ rules: { iss_parameter: true } })
  t.strictSame(await respond(strict, to, { error: 'x' }), {
    location: `http://a?error=x&iss=${encodeURIComponent(strict.issuer)}`,
    twice: false,
  })
})
