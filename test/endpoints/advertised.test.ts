/** Every advertised value of discovery works. OpenID Connect Discovery §3. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CompactEncrypt, decodeJwt, decodeProtectedHeader, importJWK, type JWK, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, exchange, getUserinfo, register, type TestApp } from '../app.js'

const ISSUER = 'https://op.example'
const PATH = '/.well-known/openid-configuration'
const NONCE = 'n-1'

/** A client's keys, one for each kind of algorithm. */
const KEYS: readonly (readonly [RegExp, KeyObject])[] = [
  [/^[RP]S\d|^RSA/, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  [/^ES256|^ECDH/, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  [/^ES384/, generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
  [/^ES512/, generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey],
  [/^EdDSA/, generateKeyPairSync('ed25519').privateKey],
]
const jwks = {
  keys: KEYS.map(([, key]) => {
    const { d, p, q, dp, dq, qi, ...jwk } = key.export({ format: 'jwk' })
    return jwk
  }),
}

type Registered = Awaited<ReturnType<typeof register>>

const metadataOf = async ({ get }: TestApp) => (await get(PATH)).json<Record<string, string[]>>()

const strict = (t: Test, config: ConfigInput = {}) => createApp(t, { profile: 'strict', issuer: ISSUER, ...config })

function signingKey(alg: string, { client_secret }: Registered): KeyObject | Uint8Array {
  const key = KEYS.find(([kind]) => kind.test(alg))?.[1]
  return key ?? new TextEncoder().encode(client_secret)
}

function registerWith(test: TestApp, metadata: object): Promise<Registered> {
  return register(test, {
    redirect_uris: ['https://app.example/callback'],
    grant_types: ['authorization_code', 'implicit', 'refresh_token'],
    jwks,
    ...metadata,
  })
}

/** Logs in with the query and returns the parameters of the response in any response mode. */
async function authorize({ post }: TestApp, { client_id }: Registered, query: Record<string, string> = {}) {
  const all = {
    client_id,
    redirect_uri: 'https://app.example/callback',
    response_type: 'code',
    scope: 'openid profile',
    nonce: NONCE,
    ...query,
  }
  const answer = await post('/oauth2/authorize', { ...all, sub: 'alice' })
  if (answer.statusCode === 200) {
    const fields = answer.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)
    return new Map([...fields].map(([, name = '', value = '']) => [name, value]))
  }
  const { search, hash } = new URL(String(answer.headers.location))
  return new Map(new URLSearchParams(search === '' ? hash.slice(1) : search))
}

/** The parameters of the response, read from the JWT of JARM §2.1 if there is one. */
function unpacked(answer: Map<string, string>): Map<string, string> {
  const jwt = answer.get('response')
  return jwt === undefined ? answer : new Map(Object.entries(decodeJwt<Record<string, string>>(jwt)))
}

/** The token response to a login of a client with a secret. */
async function tokensOf(test: TestApp, client: Registered, form: Record<string, string> = {}) {
  const { client_id, client_secret } = client
  const code = (await authorize(test, client)).get('code')!
  const redirect_uri = 'https://app.example/callback'
  const answer = await exchange(test, { code, client_id, redirect_uri, client_secret, ...form })
  return answer.json<{ id_token: string; access_token: string; error_description?: string }>()
}

const SECRET_POST = { token_endpoint_auth_method: 'client_secret_post' }

/** The header alone, since libraries refuse `none`. */
const headerOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0]!, 'base64url').toString())

t.test('every advertised endpoint is served', async (t) => {
  const test = await strict(t)
  const urls = Object.entries(await metadataOf(test)).filter(([name]) => /_endpoint$|_uri$|_iframe$/.test(name))
  t.equal(urls.length, 10)
  for (const [name, url] of urls) {
    const path = new URL(String(url)).pathname
    const answers = await Promise.all([test.get(path), test.post(path)])
    t.ok(
      answers.some(({ statusCode }) => statusCode !== 404 && statusCode !== 405),
      `${name} is there`,
    )
  }
})

t.test('every response type and mode returns its parameters', async (t) => {
  const test = await strict(t)
  const { response_types_supported = [], response_modes_supported = [] } = await metadataOf(test)
  const client = await registerWith(test, { response_types: response_types_supported })
  const names = { code: 'code', token: 'access_token', id_token: 'id_token' }
  for (const response_type of response_types_supported) {
    const parts = response_type.split(' ')
    for (const response_mode of response_modes_supported) {
      const packed = await authorize(test, client, { response_type, response_mode })
      const answer = unpacked(packed)
      t.equal(packed.has('response'), response_mode.endsWith('jwt'))
      const frontChannel = parts.includes('token') || parts.includes('id_token')
      const title = `${response_type} by ${response_mode}`
      if (/^query/.test(response_mode) && frontChannel) t.equal(answer.get('error'), 'invalid_request', title)
      else for (const [part, name] of Object.entries(names)) t.equal(answer.has(name), parts.includes(part), title)
      t.equal(answer.get('iss'), ISSUER)
    }
  }
})

t.test('every code_challenge_method, display, prompt and acr value is accepted', async (t) => {
  const test = await strict(t)
  const metadata = await metadataOf(test)
  const client = await registerWith(test, { response_types: ['code', 'id_token'] })
  for (const code_challenge_method of metadata.code_challenge_methods_supported ?? []) {
    const answer = await authorize(test, client, { code_challenge: 'c'.repeat(43), code_challenge_method })
    t.ok(answer.has('code'), code_challenge_method)
  }
  for (const display of metadata.display_values_supported ?? []) {
    t.ok((await authorize(test, client, { display })).has('code'), display)
  }
  for (const prompt of metadata.prompt_values_supported ?? []) {
    t.ok((await authorize(test, client, { prompt })).has('code'), prompt)
  }
  for (const acr of metadata.acr_values_supported ?? []) {
    const { id_token } = Object.fromEntries(
      await authorize(test, client, { response_type: 'id_token', acr_values: `x ${acr}` }),
    )
    t.equal(JSON.parse(Buffer.from(id_token!.split('.')[1]!, 'base64url').toString()).acr, acr)
  }
})

t.test(
  'every grant type and authentication method can be registered, and every grant but implicit is supported at the token endpoint',
  async (t) => {
    const test = await strict(t)
    const metadata = await metadataOf(test)
    for (const token_endpoint_auth_method of metadata.token_endpoint_auth_methods_supported ?? []) {
      t.match(await registerWith(test, { token_endpoint_auth_method }), { token_endpoint_auth_method })
    }
    const { client_id } = await registerWith(test, { token_endpoint_auth_method: 'none' })
    for (const grant_type of metadata.grant_types_supported ?? []) {
      const { error } = (await exchange(test, { grant_type, client_id })).json<{ error: string }>()
      t.equal(error === 'unsupported_grant_type', grant_type === 'implicit', grant_type)
    }
  },
)

t.test('every algorithm of assertions authenticates', async (t) => {
  const test = await strict(t)
  for (const alg of (await metadataOf(test)).token_endpoint_auth_signing_alg_values_supported ?? []) {
    const token_endpoint_auth_method = alg.startsWith('HS') ? 'client_secret_jwt' : 'private_key_jwt'
    const client = await registerWith(test, { token_endpoint_auth_method, token_endpoint_auth_signing_alg: alg })
    const client_assertion = await new SignJWT({ jti: alg })
      .setProtectedHeader({ alg })
      .setIssuer(client.client_id)
      .setSubject(client.client_id)
      .setAudience(ISSUER)
      .setExpirationTime('1m')
      .sign(signingKey(alg, client))
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const tokens = await tokensOf(test, client, { client_secret: '', client_assertion, client_assertion_type })
    t.ok(tokens.id_token, `${alg} ${tokens.error_description ?? ''}`)
  }
})

t.test('every signature algorithm of ID tokens and userinfo signs', async (t) => {
  const test = await strict(t, { keys: [{ alg: 'RS256' }, { alg: 'ES256' }, { alg: 'EdDSA' }] })
  const metadata = await metadataOf(test)
  t.strictSame(metadata.userinfo_signing_alg_values_supported, metadata.id_token_signing_alg_values_supported)
  for (const alg of metadata.id_token_signing_alg_values_supported ?? []) {
    const algs = { id_token_signed_response_alg: alg, userinfo_signed_response_alg: alg }
    const { id_token, access_token } = await tokensOf(test, await registerWith(test, { ...SECRET_POST, ...algs }))
    t.equal(headerOf(id_token).alg, alg)
    const userinfo = await getUserinfo(test, access_token)
    t.match(userinfo.headers['content-type'], /^application\/jwt/)
    t.equal(headerOf(userinfo.body).alg, alg)
  }
})

t.test('JARM §4: every algorithm signs and encrypts authorization responses', async (t) => {
  const test = await strict(t, { keys: [{ alg: 'RS256' }, { alg: 'ES256' }] })
  const metadata = await metadataOf(test)
  const response_mode = 'form_post.jwt'
  for (const alg of metadata.authorization_signing_alg_values_supported ?? []) {
    const client = await registerWith(test, { authorization_signed_response_alg: alg })
    t.match(client, { authorization_signed_response_alg: alg })
    t.equal(headerOf((await authorize(test, client, { response_mode })).get('response')!).alg, alg)
  }
  const encs = metadata.authorization_encryption_enc_values_supported ?? []
  const algs = (metadata.authorization_encryption_alg_values_supported ?? []).map((alg) => [alg, 'A128GCM'])
  for (const [alg, enc] of [...algs, ...encs.map((one) => ['dir', one])]) {
    const client = await registerWith(test, {
      authorization_encrypted_response_alg: alg,
      authorization_encrypted_response_enc: enc,
    })
    const { response } = Object.fromEntries(await authorize(test, client, { response_mode }))
    t.match(decodeProtectedHeader(response!), { alg, enc, cty: 'JWT' })
  }
})

t.test('every encryption algorithm and method encrypts ID tokens and userinfo', async (t) => {
  const test = await strict(t)
  const metadata = await metadataOf(test)
  const algs = metadata.id_token_encryption_alg_values_supported ?? []
  const encs = metadata.id_token_encryption_enc_values_supported ?? []
  t.strictSame(metadata.userinfo_encryption_alg_values_supported, algs)
  t.strictSame(metadata.userinfo_encryption_enc_values_supported, encs)
  const pairs = [
    ...algs.map((alg) => [alg, 'A256GCM']),
    ...encs.flatMap((enc) => [
      ['RSA-OAEP', enc],
      ['dir', enc],
    ]),
  ]
  for (const [alg, enc] of pairs) {
    const client = await registerWith(test, {
      ...SECRET_POST,
      id_token_encrypted_response_alg: alg,
      id_token_encrypted_response_enc: enc,
      userinfo_encrypted_response_alg: alg,
      userinfo_encrypted_response_enc: enc,
    })
    const { id_token, access_token } = await tokensOf(test, client)
    t.match(decodeProtectedHeader(id_token), { alg, enc })
    t.match(decodeProtectedHeader((await getUserinfo(test, access_token)).body), { alg, enc })
  }
})

t.test('request objects with every signature algorithm are accepted', async (t) => {
  const test = await strict(t)
  for (const alg of (await metadataOf(test)).request_object_signing_alg_values_supported ?? []) {
    const client = await registerWith(test, { request_object_signing_alg: alg })
    const claims = { iss: client.client_id, aud: ISSUER, state: `signed by ${alg}` }
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const request =
      alg === 'none'
        ? `${encode({ alg })}.${encode(claims)}.`
        : await new SignJWT(claims).setProtectedHeader({ alg }).sign(signingKey(alg, client))
    const answer = await authorize(test, client, { request })
    t.equal(answer.get('state'), claims.state, answer.get('error_description') ?? alg)
    t.ok(answer.has('code'))
  }
})

t.test('request objects with every encryption algorithm and method are decrypted', async (t) => {
  const test = await strict(t)
  const metadata = await metadataOf(test)
  const published = (await test.get('/jwks')).json<{ keys: JWK[] }>().keys.filter(({ use }) => use === 'enc')
  const byKey = (metadata.request_object_encryption_alg_values_supported ?? []).filter((alg) => /^(RSA|ECDH)/.test(alg))
  t.ok(byKey.length > 1)
  const encs = metadata.request_object_encryption_enc_values_supported ?? []
  const pairs = [...byKey.map((alg) => [alg, 'A256GCM']), ...encs.map((enc) => ['RSA-OAEP', enc])] as [string, string][]
  for (const [alg, enc] of pairs) {
    const names = { request_object_encryption_alg: alg, request_object_encryption_enc: enc }
    const client = await registerWith(test, names)
    t.match(client, names)
    const jwk = published.find(({ kty }) => (kty === 'RSA') === alg.startsWith('RSA'))!
    const request = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify({ state: `by ${alg}` })))
      .setProtectedHeader({ alg, enc, kid: jwk.kid! })
      .encrypt(await importJWK(jwk, alg))
    const answer = await authorize(test, client, { request })
    t.equal(answer.get('state'), `by ${alg}`, answer.get('error_description') ?? alg)
  }
})

t.test('every scope is granted, and every subject type can be registered', async (t) => {
  const test = await strict(t, {
    scopes: { groups: { claims: ['groups'] } },
    users: [{ sub: 'alice', claims: { groups: ['admin'] } }],
  })
  const metadata = await metadataOf(test)
  const client = await registerWith(test, SECRET_POST)
  const scope = (metadata.scopes_supported ?? []).join(' ')
  const code = (await authorize(test, client, { scope, prompt: 'consent' })).get('code')!
  const { client_id, client_secret } = client
  const answer = await exchange(test, { code, client_id, client_secret, redirect_uri: 'https://app.example/callback' })
  const tokens = answer.json<Record<string, string>>()
  t.equal(tokens.scope, scope)
  t.ok(tokens.refresh_token)
  t.match((await getUserinfo(test, tokens.access_token!)).json(), { groups: ['admin'] })
  for (const subject_type of metadata.subject_types_supported ?? []) {
    t.match(await registerWith(test, { subject_type }), { subject_type })
  }
})
