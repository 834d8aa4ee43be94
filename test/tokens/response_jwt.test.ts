/** Authorization responses as JWTs. JARM §2.1 and §2.3. */
import { generateKeyPairSync } from 'node:crypto'
import { compactDecrypt, createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { createApp, REDIRECT_URI, register, type TestApp } from '../app.js'
import { textOf } from '../html.js'

interface Query extends Record<string, string> {
  client_id: string
  response_mode: string
}

const queryOf = (query: Query) =>
  new URLSearchParams({ redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', state: 's-1', ...query })

const authorize = ({ post }: TestApp, query: Query, answer: Record<string, string> = { sub: 'alice' }) =>
  post(`/oauth2/authorize?${queryOf(query)}`, answer)

/** Verifies the response and returns its claims. */
async function claimsOf(t: Test, test: TestApp, response: string | null, client_id = 'app') {
  const jwks = (await test.get('/jwks')).json<JSONWebKeySet>()
  const options = { issuer: 'http://localhost', audience: client_id }
  const { payload } = await jwtVerify(String(response), createLocalJWKSet(jwks), options)
  const now = Math.floor(Date.now() / 1000)
  t.ok(payload.exp! > now + 590 && payload.exp! <= now + 600, 'ten minutes')
  return payload
}

t.test('JARM §2.3: a response JWT is in the query, the fragment or a form', async (t) => {
  const test = await createApp(t)
  for (const response_mode of ['jwt', 'query.jwt']) {
    const { headers } = await authorize(test, { client_id: 'app', response_mode })
    const { searchParams, hash } = new URL(String(headers.location))
    t.equal(hash, '')
    t.strictSame([...searchParams.keys()], ['response'], 'there are no other parameters')
    t.match(await claimsOf(t, test, searchParams.get('response')), { code: /^[\w-]{43}$/, state: 's-1' })
  }
  const inFragment = { client_id: 'app', response_mode: 'jwt', response_type: 'code id_token', nonce: 'n' }
  const { hash } = new URL(String((await authorize(test, inFragment)).headers.location))
  const claims = await claimsOf(t, test, new URLSearchParams(hash.slice(1)).get('response'))
  t.match(claims, { code: String, id_token: String, state: 's-1' })
  const { body } = await authorize(test, { client_id: 'app', response_mode: 'form_post.jwt' })
  const [, response = ''] = /<input type="hidden" name="response" value="([^"]+)">/.exec(body) ?? []
  t.match(await claimsOf(t, test, response), { code: String, state: 's-1' })
})

t.test('JARM §2.1: an error is a JWT as well', async (t) => {
  const test = await createApp(t)
  const query = { client_id: 'app', response_mode: 'query.jwt' }
  const denied = new URL(String((await authorize(test, query, { action: 'deny' })).headers.location))
  const claims = await claimsOf(t, test, denied.searchParams.get('response'))
  t.match(claims, { error: 'access_denied', error_description: String, state: 's-1', iss: 'http://localhost' })
  const misfit = await authorize(test, { ...query, response_type: 'id_token' })
  const { hash } = new URL(String(misfit.headers.location))
  t.match(await claimsOf(t, test, new URLSearchParams(hash.slice(1)).get('response')), {
    error: 'invalid_request',
    error_description: 'response_mode is query.jwt, expected fragment.jwt or form_post.jwt for response_type id_token',
  })
})

t.test("JARM §2.2: the response is signed, then encrypted, by the client's metadata", async (t) => {
  const test = await createApp(t)
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { client_id } = await register(test, {
    ...{ response_types: ['code', 'id_token'], authorization_encrypted_response_alg: 'RSA-OAEP' },
    jwks: { keys: [publicKey.export({ format: 'jwk' })] },
  })
  const query = { client_id, response_mode: 'query.jwt', response_type: 'id_token', nonce: 'n' }
  const { searchParams } = new URL(String((await authorize(test, query)).headers.location))
  const { plaintext, protectedHeader } = await compactDecrypt(searchParams.get('response')!, privateKey)
  t.match(protectedHeader, { alg: 'RSA-OAEP', enc: 'A128CBC-HS256', cty: 'JWT' })
  const claims = await claimsOf(t, test, new TextDecoder().decode(plaintext), client_id)
  t.match(
    decodeJwt(String(claims.id_token)),
    { sub: 'alice' },
    'an encrypted response in the query can have an ID token',
  )
})

t.test('a response that cannot be encrypted is shown on a page', async (t) => {
  const test = await createApp(t)
  const { client_id } = await register(test, {
    ...{ authorization_encrypted_response_alg: 'RSA-OAEP', jwks_uri: 'http://127.0.0.1:1/jwks' },
  })
  const answer = await authorize(test, { client_id, response_mode: 'jwt' })
  t.equal(answer.statusCode, 400)
  t.match(textOf(answer.body), /invalid_client_metadata .*encryption by RSA-OAEP to client/)
})

t.test('JARM §3: inconsistent metadata of responses is refused', async (t) => {
  const test = await createApp(t)
  const secret = await register(test, {
    ...{ token_endpoint_auth_method: 'none', authorization_signed_response_alg: 'HS256' },
  })
  t.type(secret.client_secret, 'string', 'the secret signs the response')
  t.match(await register(test, { authorization_encrypted_response_alg: 'A128KW' }), {
    authorization_encrypted_response_enc: 'A128CBC-HS256',
  })
  for (const [metadata, problem] of [
    [{ authorization_signed_response_alg: 'none' }, /^authorization_signed_response_alg is .none., expected one of/],
    [{ authorization_encrypted_response_enc: 'A128GCM' }, /^authorization_encrypted_response_enc is present/],
    [
      { authorization_encrypted_response_alg: 'RSA-OAEP' },
      /^authorization_encrypted_response_alg is .RSA-OAEP., expected/,
    ],
  ] as const) {
    t.match(await register(test, metadata), { error: 'invalid_client_metadata', error_description: problem })
  }
})
