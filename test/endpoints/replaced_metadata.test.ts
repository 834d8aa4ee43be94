/** Registration with null, empty and unsupported values, and of clients without a redirect URI. RFC 7591 §2 and §3.2.1. */
import t from 'tap'
import { basic, createApp, exchange, jsonOf, logIn, REDIRECT_URI, refused, register, type TestApp } from '../app.js'
import { openDoors } from '../clients/doors.js'

const PATH = '/oauth2/clients'
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

const post = ({ app }: TestApp, metadata: object) =>
  app.inject({ method: 'POST', url: PATH, payload: { redirect_uris: [REDIRECT_URI], ...metadata } })
const shared = await createApp(t)
const strict = await createApp(t, { rules: { valid_metadata: true } })

/** Values that count as left out, and the refusal with the rule valid_metadata; undefined if it accepts the value. */
const BLANK: [member: string, value: unknown, refusal?: RegExp][] = [
  ['scope', null, /^scope is null, expected a text$/],
  ['scope', ''],
  ['client_name', null, /^client_name is null/],
  ['client_uri', '', /^client_uri is '', expected an absolute http or https URL$/],
  ['logo_uri#de', null, /^logo_uri#de is null/],
  ['jwks', null, /^jwks is null/],
  ['jwks', {}, /^jwks/],
  ['jwks_uri', '', /^jwks_uri is ''/],
  ['token_endpoint_auth_method', null, /^token_endpoint_auth_method is null/],
  ['id_token_signed_response_alg', '', /^id_token_signed_response_alg is ''/],
  ['default_max_age', null, /^default_max_age is null/],
  ['require_auth_time', '', /^require_auth_time is ''/],
  ['contacts', null, /^contacts is null, expected a list$/],
  ['contacts', []],
  ['contacts', [''], /^contacts\[0\] is ''/],
  ['post_logout_redirect_uris', [null], /^post_logout_redirect_uris\[0\] is null/],
  ['grant_types', [null, ''], /^grant_types\[0\] is null/],
  ['software_statement', '', /^software_statement is '', expected a JWT$/],
]
t.test('a registration with a list of scopes has them as one text in lenient', async (t) => {
  const test = await createApp(t)
  const scope = ['openid', 'email']
  t.equal(jsonOf(t, await post(test, { scope }), 201).scope, 'openid email')
  const msg = /: scope is a list, expected a text of scopes separated by spaces$/
  t.match(test.log, [{ event: 'would_be_refused', rule: 'valid_metadata', msg }])
  refused(t, await post(strict, { scope }), 'invalid_client_metadata', /^scope is a list, expected a text of scopes/)
  refused(t, await post(shared, { scope: ['openid', 1] }), 'invalid_client_metadata', /^scope is /)
})

for (const [member, value, refusal] of BLANK) {
  t.test(`a registration with ${member}: ${JSON.stringify(value)} is one without it in lenient`, async (t) => {
    const test = await createApp(t)
    const answer = jsonOf(t, await post(test, { [member]: value }), 201)
    const without = jsonOf(t, await post(test, {}), 201)
    t.strictSame(answer[member], without[member])
    t.strictSame(Object.keys(answer).sort(), Object.keys(without).sort())
    const remarks = test.log.filter(({ rule }) => rule === 'valid_metadata')
    t.equal(remarks.length > 0, refusal !== undefined)
    if (refusal === undefined) jsonOf(t, await post(strict, { [member]: value }), 201)
    else {
      const error = member === 'software_statement' ? 'invalid_software_statement' : 'invalid_client_metadata'
      refused(t, await post(strict, { [member]: value }), error, refusal)
    }
  })
}

/** Metadata with unsupported values, and the metadata that is registered. */
const REPLACED: [metadata: object, registered: object, refusal: RegExp][] = [
  [
    { grant_types: ['authorization_code', TOKEN_EXCHANGE, 'refresh_token'] },
    { grant_types: ['authorization_code', 'refresh_token'] },
    /^grant_types\[1\] is '.*token-exchange', expected one of/,
  ],
  [
    { response_types: ['code', 'vp_token', ''] },
    { response_types: ['code'] },
    /^response_types\[1\] is 'vp_token', expected one of/,
  ],
  [
    { token_endpoint_auth_method: 'attest_jwt_client_auth' },
    { token_endpoint_auth_method: 'client_secret_basic', client_secret: String },
    /^token_endpoint_auth_method is 'attest/,
  ],
  [{ application_type: 'browser' }, { application_type: 'web' }, /^application_type is 'browser', expected one of/],
  [
    { client_uri: 'not a URL', 'tos_uri#de': 'x' },
    { client_uri: undefined, 'tos_uri#de': undefined },
    /^client_uri is/,
  ],
]
for (const [metadata, registered, refusal] of REPLACED) {
  t.test(`RFC 7591 §3.2.1: the answer says what is registered for ${JSON.stringify(metadata)}`, async (t) => {
    const test = await createApp(t)
    const answer = jsonOf(t, await post(test, metadata), 201)
    for (const [name, value] of Object.entries(registered)) {
      if (value === undefined) t.notOk(name in answer, name)
      else t.match(answer, { [name]: value })
    }
    const { client_id, registration_access_token } = answer
    const headers = { authorization: `Bearer ${registration_access_token}` }
    t.strictSame(jsonOf(t, await test.get(`${PATH}/${client_id}`, { headers })), answer)
    t.match(test.log.filter(({ rule }) => rule === 'valid_metadata').at(0), {
      msg: /^would be refused by a strict provider: /,
    })
    refused(t, await post(strict, metadata), 'invalid_client_metadata', refusal)
  })
}

t.test('a list without a supported value, and other unsupported values, are refused', async (t) => {
  const bad: [object, RegExp][] = [
    [{ grant_types: [TOKEN_EXCHANGE] }, /^grant_types\[0\] is '.*token-exchange', expected one of authorization_code/],
    [{ response_types: ['', 'vp_token'] }, /^response_types\[1\] is 'vp_token'|^response_types\[0\] is ''/],
    [{ grant_types: 'authorization_code' }, /^grant_types is 'authorization_code', expected a list$/],
    [{ id_token_signed_response_alg: 'PS512' }, /^id_token_signed_response_alg is 'PS512', expected one of/],
    [{ jwks_uri: 'x' }, /^jwks_uri is 'x'/],
    [{ contacts: [7] }, /^contacts\[0\] is 7/],
  ]
  for (const [metadata, message] of bad) {
    refused(t, await post(shared, metadata), 'invalid_client_metadata', message)
  }
  for (const redirect_uris of [null, [], [''], '']) {
    refused(
      t,
      await post(shared, { redirect_uris }),
      'invalid_redirect_uri',
      /^redirect_uris is missing or empty, expected at/,
    )
  }
})

t.test(
  'an empty list of a client that is redirected is one without it; other clients can register empty lists',
  async (t) => {
    const redirected = jsonOf(t, await post(shared, { grant_types: [], response_types: [] }), 201)
    t.match(redirected, { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] })
    const server = jsonOf(t, await post(shared, { redirect_uris: undefined, grant_types: [], response_types: [] }), 201)
    t.match(server, { grant_types: [], response_types: [] })
    const machine = { grant_types: ['client_credentials'], response_types: [] }
    t.match(jsonOf(t, await post(shared, machine), 201), machine)
  },
)

t.test('RFC 7591 §2: a client without a grant that redirects needs no redirect URI', async (t) => {
  const doors = await openDoors(t)
  const strictDoors = await openDoors(t, { profile: 'strict' })
  for (const grant_types of [
    [DEVICE_CODE],
    ['client_credentials'],
    [DEVICE_CODE, 'refresh_token'],
    ['client_credentials', DEVICE_CODE],
  ]) {
    for (const [name, door] of [...Object.entries(doors), ...Object.entries(strictDoors)]) {
      t.equal(await door({ grant_types }), undefined, `${name}: ${grant_types}`)
      t.equal(await door({ grant_types, response_types: [] }), undefined, `${name}: ${grant_types}`)
    }
  }
  const mixed = { redirect_uris: undefined, grant_types: ['client_credentials', TOKEN_EXCHANGE] }
  const { client_id, client_secret, grant_types } = jsonOf(t, await post(shared, mixed), 201)
  t.strictSame(grant_types, ['client_credentials'])
  const headers = { authorization: basic(String(client_id), String(client_secret)) }
  t.match(jsonOf(t, await shared.post('/oauth2/token', { grant_type: 'client_credentials' }, { headers })), {
    token_type: 'Bearer',
  })
})

t.test(
  'a client that registers without token_endpoint_auth_method can send its secret in the form in lenient',
  async (t) => {
    const bound = await createApp(t, { rules: { default_client_metadata: true } })
    const redeem = async (test: TestApp, metadata: object) => {
      const { client_id, client_secret, token_endpoint_auth_method } = await register(test, metadata)
      t.equal(token_endpoint_auth_method, 'client_secret_basic')
      const code = (await logIn(test, { client_id })).get('code')!
      return exchange(test, { code, client_id, client_secret })
    }
    t.match(jsonOf(t, await redeem(shared, {})), { token_type: 'Bearer' })
    refused(
      t,
      await redeem(bound, {}),
      'invalid_client',
      /used client_secret_post, expected client_secret_basic, the de/,
      401,
    )
    const explicit = { token_endpoint_auth_method: 'client_secret_basic' }
    refused(
      t,
      await redeem(shared, explicit),
      'invalid_client',
      /expected its token_endpoint_auth_method client_secret_b/,
      401,
    )
  },
)
