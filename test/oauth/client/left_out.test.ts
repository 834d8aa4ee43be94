/** Clients of the file and of the admin API without token_endpoint_auth_method, grant_types or response_types. RFC 7591 §2. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { ConfigError } from '../../../src/config/errors.js'
import type { Client, ConfigInput } from '../../../src/generated/input.js'
import { createAdminApp } from '../../admin/api.js'
import {
  basic,
  createApp,
  exchange,
  jsonOf,
  logIn,
  REDIRECT_URI,
  refused,
  snapshotOf,
  type TestApp,
} from '../../app.js'

const SECRET = 'a-secret-of-more-than-32-characters'
const ISSUER = 'http://op.example'
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
const { privateKey, publicKey } = await generateKeyPair('RS256')
const jwks = { keys: [{ ...(await exportJWK(publicKey)) }] }

const client = (client_id: string, more: Partial<Client> = {}): Client => ({
  client_id,
  redirect_uris: [REDIRECT_URI],
  ...more,
})
const CLIENTS = [client('secret', { client_secret: SECRET }), client('keyed', { jwks }), client('bare')]
const CONFIG: ConfigInput = { issuer: ISSUER, clients: CLIENTS }
const shared = await createApp(t, CONFIG)

let count = 0
function assertion(client_id: string, alg: 'HS256' | 'RS256', secret = SECRET): Promise<string> {
  count += 1
  const claims = { iss: client_id, sub: client_id, aud: ISSUER, jti: `jti ${count}` }
  const jwt = new SignJWT(claims).setProtectedHeader({ alg }).setExpirationTime('5 minutes')
  return jwt.sign(alg === 'HS256' ? Buffer.from(secret) : privateKey)
}

type Credentials = { readonly form?: Record<string, string>; readonly authorization?: string }

const byAssertion = async (client_id: string, alg: 'HS256' | 'RS256', secret?: string): Promise<Credentials> => ({
  form: {
    client_id: '',
    client_assertion: await assertion(client_id, alg, secret),
    client_assertion_type: TYPE,
  },
})
const byBasic = (client_id: string, secret: string): Credentials => ({
  form: { client_id: '' },
  authorization: basic(client_id, secret),
})

/** Logs in as the client and redeems the code with these credentials. */
async function redeem(test: TestApp, client_id: string, { form, authorization }: Credentials) {
  const code = (await logIn(test, { client_id })).get('code')!
  return exchange(test, { code, client_id, ...form }, '', authorization === undefined ? {} : { authorization })
}

const remarksOf = ({ log }: TestApp) => log.filter(({ rule }) => rule === 'default_client_metadata')

t.test('a client without token_endpoint_auth_method can use its secret by any method', async (t) => {
  const test = await createApp(t, CONFIG)
  t.match(jsonOf(t, await redeem(test, 'secret', byBasic('secret', SECRET))), { token_type: 'Bearer' })
  t.strictSame(remarksOf(test), [], 'client_secret_basic is the default')
  const others: Credentials[] = [{ form: { client_secret: SECRET } }, await byAssertion('secret', 'HS256')]
  for (const credentials of others) {
    t.match(jsonOf(t, await redeem(test, 'secret', credentials)), { token_type: 'Bearer' })
  }
  t.match(remarksOf(test), [
    {
      event: 'would_be_refused',
      error: 'invalid_client',
      msg: /: client secret used client_secret_post, expected client_secret_basic, the default of token_endpoint_auth_method$/,
    },
    { msg: /: client secret used client_secret_jwt, expected client_secret_basic, the default of/ },
  ])
})

t.test('the secret of such a client is verified', async (t) => {
  const wrong: [Credentials, RegExp][] = [
    [byBasic('secret', 'wrong'), /^client_secret is wrong/],
    [{ form: { client_secret: 'wrong' } }, /^client_secret is wrong/],
    [await byAssertion('secret', 'HS256', `${SECRET} wrong`), /has a signature that is not of the client_secret/],
    [
      {},
      /^client secret used none, expected client_secret_basic, client_secret_post or client_secret_jwt; client_secret is missing, send it in a Basic header or in the form$/,
    ],
    [await byAssertion('secret', 'RS256'), /^client secret used private_key_jwt, expected client_secret_basic, cl/],
  ]
  for (const [credentials, message] of wrong) {
    refused(t, await redeem(shared, 'secret', credentials), 'invalid_client', message, 401)
  }
})

t.test('a client with keys and without token_endpoint_auth_method can use private_key_jwt', async (t) => {
  t.match(jsonOf(t, await redeem(shared, 'keyed', await byAssertion('keyed', 'RS256'))), { token_type: 'Bearer' })
  const none = await redeem(shared, 'keyed', {})
  refused(t, none, 'invalid_client', /used none, expected private_key_jwt or self_signed_tls_client_auth$/, 401)
})

t.test('a client without credentials and token_endpoint_auth_method is a public client', async (t) => {
  const test = await createApp(t, CONFIG)
  t.match(jsonOf(t, await redeem(test, 'bare', {})), { token_type: 'Bearer' })
  t.match(remarksOf(test), [
    {
      msg: /: client bare has no client_secret, expected one for client_secret_basic, the default of token_endpoint_auth_method$/,
    },
  ])
  for (const credentials of [{ form: { client_secret: 'any' } }, byBasic('bare', 'any')]) {
    t.match(jsonOf(t, await redeem(test, 'bare', credentials)), { token_type: 'Bearer' }, 'no secret can be wrong')
  }
  const forged = await redeem(test, 'bare', await byAssertion('bare', 'HS256'))
  refused(t, forged, 'invalid_client', /^client bare used client_secret_jwt, expected none$/, 401)
  const machine = await test.post('/oauth2/token', { grant_type: 'client_credentials', client_id: 'bare' })
  const message = /^client_secret of client bare is missing, expected one, because the client has to authenticate$/
  refused(t, machine, 'unauthorized_client', message)
})

t.test('RFC 9700 §2.1.1: such a client needs PKCE if the rule for public clients is on', async (t) => {
  const test = await createApp(t, { ...CONFIG, rules: { pkce_for_public_clients: true } })
  t.match((await logIn(test, { client_id: 'bare' })).get('error_description'), /^code_challenge is missing/)
  t.ok((await logIn(test, { client_id: 'secret' })).has('code'), 'a client with a secret is confidential')
  t.ok((await logIn(test, { client_id: 'keyed' })).has('code'), 'so is a client with keys')
})

t.test('RFC 9700 §4.14.2: the refresh token of such a client rotates', async (t) => {
  const test = await createApp(t, { ...CONFIG, rules: { rotate_refresh_tokens: true } })
  const before = (await redeem(test, 'bare', {})).json<{ refresh_token: string }>()
  const form = { grant_type: 'refresh_token', client_id: 'bare', refresh_token: before.refresh_token }
  t.match(jsonOf(t, await test.post('/oauth2/token', form)), { refresh_token: /./ })
})

t.test(
  'RFC 7662 §2.1: such a client authenticates at introspection and revocation as at the token endpoint',
  async (t) => {
    const test = await createApp(t, { ...CONFIG, rules: { authenticated_introspection: true } })
    const credentials = { client_id: 'secret', client_secret: SECRET }
    t.strictSame(jsonOf(t, await test.post('/oauth2/introspect', { token: 'x', ...credentials })), { active: false })
    refused(
      t,
      await test.post('/oauth2/introspect', { token: 'x', client_id: 'bare' }),
      'invalid_client',
      /used none/,
      401,
    )
    t.equal((await test.post('/oauth2/revoke', { token: 'x', ...credentials })).statusCode, 200)
    t.equal((await test.post('/oauth2/revoke', { token: 'x', client_id: 'bare' })).statusCode, 200)
  },
)

t.test('a client without grant_types and response_types can use every one', async (t) => {
  const test = await createApp(t, CONFIG)
  for (const response_type of ['id_token', 'code id_token', 'id_token token', 'none']) {
    const query = new URLSearchParams({
      client_id: 'secret',
      redirect_uri: REDIRECT_URI,
      response_type,
      scope: 'openid',
      nonce: 'n',
    })
    const answer = await test.post(`/oauth2/authorize?${query}`, { sub: 'alice' })
    t.notMatch(answer.headers.location, /error=/, response_type)
  }
  t.match(jsonOf(t, await test.post('/oauth2/device_authorization', { client_id: 'bare' })), { device_code: /./ })
  const machine = { grant_type: 'client_credentials', client_id: 'secret', client_secret: SECRET }
  t.match(jsonOf(t, await test.post('/oauth2/token', machine)), { token_type: 'Bearer' })
  const messages = remarksOf(test).map(({ msg }) => String(msg))
  t.ok(
    messages.some((msg) =>
      msg.endsWith("response_type is code id_token, expected one of the client's response_types: code"),
    ),
  )
  t.ok(
    messages.some((msg) =>
      msg.includes(`grant_type is ${DEVICE_CODE}, expected one of the client's grant_types: authoriz`),
    ),
  )
})

t.test('a client with explicit metadata is bound to it', async (t) => {
  const bound = client('bound', {
    client_secret: SECRET,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code'],
    response_types: ['code'],
  })
  const machine = client('machine', { client_secret: SECRET, redirect_uris: [], grant_types: ['client_credentials'] })
  const test = await createApp(t, { issuer: ISSUER, clients: [bound, machine] })
  refused(
    t,
    await redeem(test, 'bound', { form: { client_secret: SECRET } }),
    'invalid_client',
    /expected its tok/,
    401,
  )
  t.equal((await logIn(test, { client_id: 'bound', response_type: 'id_token' })).get('error'), null, 'in the fragment')
  const device = await test.post(
    '/oauth2/device_authorization',
    {},
    { headers: { authorization: basic('bound', SECRET) } },
  )
  refused(
    t,
    device,
    'unauthorized_client',
    /^grant_type is .*, expected one of the client's grant_types: authorization_code$/,
  )
  const form = { grant_type: 'client_credentials', client_id: 'machine', client_secret: SECRET }
  t.match(jsonOf(t, await test.post('/oauth2/token', form)), { token_type: 'Bearer' })
  t.strictSame(remarksOf(test).length, 1, 'one for client_secret_post')
})

t.test('RFC 7591 §2: with the rule default_client_metadata, a client is bound to the defaults', async (t) => {
  const clients = CLIENTS.filter(({ client_secret }) => client_secret !== undefined)
  const test = await createApp(t, { issuer: ISSUER, clients, rules: { default_client_metadata: true } })
  t.match(jsonOf(t, await redeem(test, 'secret', byBasic('secret', SECRET))), { token_type: 'Bearer' })
  const post = await redeem(test, 'secret', { form: { client_secret: SECRET } })
  refused(
    t,
    post,
    'invalid_client',
    /^client secret used client_secret_post, expected client_secret_basic, the default/,
    401,
  )
  refused(
    t,
    await redeem(test, 'secret', {}),
    'invalid_client',
    /^client secret used none, expected client_secret_b/,
    401,
  )
  const headers = { authorization: basic('secret', SECRET) }
  refused(t, await test.post('/oauth2/device_authorization', {}, { headers }), 'unauthorized_client', /^grant_type is/)
  const implicit = await test.post(
    `/oauth2/authorize?${new URLSearchParams({ client_id: 'secret', redirect_uri: REDIRECT_URI, response_type: 'id_token', nonce: 'n' })}`,
    { sub: 'alice' },
  )
  t.match(implicit.headers.location, /error=unauthorized_client/)
  t.strictSame(remarksOf(test), [])
})

t.test('with the rule default_client_metadata, the file needs a secret or a method', async (t) => {
  const problems = async (t: Test, more: Partial<Client>, config: ConfigInput) => {
    const error = await snapshotOf({ clients: [client('bare', more)], ...config }).catch((error: unknown) => error)
    t.type(error, ConfigError)
    return String(error)
  }
  t.match(
    await problems(t, {}, { profile: 'strict' }),
    /client_secret is missing, expected one for token_endpoint_auth_method client_secret_basic; add it, or set .* none/,
  )
  t.match(
    await problems(
      t,
      { client_secret: SECRET, response_types: ['id_token'] },
      { rules: { default_client_metadata: true } },
    ),
    /grant_types is \[authorization_code, refresh_token\], expected also implicit/,
  )
  t.ok(await snapshotOf({ profile: 'strict', clients: [client('bare', { token_endpoint_auth_method: 'none' })] }))
  t.ok(await snapshotOf({ clients: [client('implicit', { response_types: ['id_token'] })] }))
})

t.test(
  'the admin API shows the members of a client as they were put, and a reload can bind it to the defaults',
  async (t) => {
    const test = await createAdminApp(t, { issuer: ISSUER })
    await test.call('PUT', '/clients/bare', { redirect_uris: [REDIRECT_URI] })
    t.notMatch((await test.call('GET', '/clients/bare')).json(), { token_endpoint_auth_method: /./ })
    t.match(jsonOf(t, await redeem(test, 'bare', {})), { token_type: 'Bearer' })
    t.match(jsonOf(t, await redeem(test, 'bare', byBasic('bare', 'any'))), { token_type: 'Bearer' })
    const code = (await logIn(test, { client_id: 'bare' })).get('code')!
    await test.reload({ issuer: ISSUER, rules: { default_client_metadata: true } })
    for (const authorization of [undefined, basic('bare', 'any')]) {
      const answer = await exchange(
        test,
        { code, client_id: 'bare' },
        '',
        authorization === undefined ? {} : { authorization },
      )
      refused(
        t,
        answer,
        'invalid_client',
        /^client bare has no client_secret, expected one for client_secret_basic, the default of/,
        401,
      )
    }
  },
)
