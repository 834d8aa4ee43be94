/** Input that was made to break the provider: each is refused, none ends in a fault of its own. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createApp, exchange, REDIRECT_URI, refused, register } from './app.js'
import { start } from './provider.js'

const test = await createApp(t, { clients: [{ client_id: 'app', client_secret: 's', redirect_uris: [REDIRECT_URI] }] })
/** It has no form as a text. */
const SHAPELESS = { toString: 1 }
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const unsigned = (claims: object | string, header: object = { alg: 'none' }) => `${encode(header)}.${encode(claims)}.`
const authorize = (query: Record<string, string>) =>
  `/oauth2/authorize?${new URLSearchParams({
    client_id: 'app',
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
    ...query,
  })}`
const answerTo = async (query: Record<string, string>) => {
  const { headers } = await test.post(authorize(query), { sub: 'alice' })
  return Object.fromEntries(new URL(String(headers.location).replace('#', '?')).searchParams)
}
const send = (payload: object) => test.app.inject({ method: 'POST', url: '/oauth2/clients', payload })

t.test('RFC 7515 §4.1: a JWT whose alg, enc or kid is not a string is refused', async (t) => {
  const assertion = { iss: 'app', sub: 'app' }
  for (const header of [{ alg: SHAPELESS }, { alg: 'HS256', kid: { length: 1e9 } }, { alg: ['RS256'] }]) {
    const answer = await exchange(test, {
      code: 'c',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${unsigned(assertion, header)}AA`,
    })
    refused(
      t,
      answer,
      'invalid_client',
      /^client_assertion is not a JWT: the (alg|kid) in its header is not a text$/,
      401,
    )
    const request = await answerTo({ request: `${unsigned({}, header)}AA` })
    t.match(request, {
      error: 'invalid_request_object',
      error_description: /^request is not a JWT: the (alg|kid) in its/,
    })
  }
  for (const header of [
    { alg: 'dir', enc: SHAPELESS },
    { alg: 'RSA-OAEP', enc: 'A128GCM', kid: 5 },
  ]) {
    const request = await answerTo({ request: `${encode(header)}.AA.AA.AA.AA` })
    t.match(request, {
      error: 'invalid_request_object',
      error_description: /^request is not a JWT: the (enc|kid) in its/,
    })
  }
})

t.test('RFC 7591 §2.3: metadata of a software statement is checked like other metadata', async (t) => {
  const redirect_uris = [REDIRECT_URI]
  const claims = { iss: 'https://attests.example' }
  const signed = (body: object | string, header: object = { alg: 'RS256' }) => `${unsigned(body, header)}AA`
  const shapeless = await send({ redirect_uris, software_statement: signed(claims, { alg: SHAPELESS }) })
  refused(
    t,
    shapeless,
    'invalid_software_statement',
    /^software_statement is not a JWT: the alg in its header is not a text$/,
  )
  const deep = `{"iss":"a","jwks":{"keys":[{"kty":"RSA","x":${'['.repeat(9000)}${']'.repeat(9000)}}]}}`
  const nested = await send({ redirect_uris, software_statement: signed(deep) })
  refused(
    t,
    nested,
    'invalid_software_statement',
    /^software_statement is nested too deeply, expected at most 100 levels$/,
  )
})

t.test('OpenID Connect Core §5.5.1.1: an essential acr that is not a string cannot be satisfied', async (t) => {
  for (const wanted of [{ value: SHAPELESS }, { values: [[SHAPELESS], null, 'x'] }]) {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, ...wanted } } })
    t.match(await answerTo({ claims }), { error: 'unmet_authentication_requirements', error_description: /toString/ })
  }
})

t.test('OpenID Connect Core §8.1: a numeric host with an asterisk is a host', async (t) => {
  const wildcards = await createApp(t, { wildcard_redirect_uris: true })
  t.ok((await register(wildcards, { redirect_uris: ['http://256.256.256.*/'], subject_type: 'pairwise' })).client_id)
})

t.test('OpenID Connect Core §10.2: a key that cannot encrypt is an error of the client', async (t) => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const point = { kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32).toString('base64url') }
  for (const [alg, jwk] of [
    ['RSA-OAEP', weak],
    ['ECDH-ES', point],
  ] as const) {
    const { client_id } = await register(test, {
      response_types: ['id_token'],
      id_token_encrypted_response_alg: alg,
      jwks: { keys: [jwk] },
    })
    const answer = await answerTo({ client_id, response_type: 'id_token', nonce: 'n' })
    const error_description = new RegExp(`^encryption by ${alg} to client \\S+ failed: `)
    t.match(answer, { error: 'invalid_client_metadata', error_description })
  }
})

t.test(
  'a client whose keys are said to be at the authorization endpoint has the provider call itself once',
  async (t) => {
    const { url, lines } = await start(t, { log: { level: 'debug' } })
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ redirect_uris: [REDIRECT_URI] })
    const registered = await fetch(`${url}/oauth2/clients`, { method: 'POST', headers, body })
    const { client_id, registration_access_token } = (await registered.json()) as Record<string, string>
    const request = `${unsigned({}, { alg: 'RS256' })}AA`
    const jwks_uri = `${url}/oauth2/authorize?${new URLSearchParams({ client_id: client_id!, request })}`
    const changed = await fetch(`${url}/oauth2/clients/${client_id}`, {
      method: 'PUT',
      headers: { ...headers, authorization: `Bearer ${registration_access_token}` },
      body: JSON.stringify({ redirect_uris: [REDIRECT_URI], jwks_uri }),
    })
    t.equal(changed.status, 200)
    const query = new URLSearchParams({ client_id: client_id!, request, redirect_uri: REDIRECT_URI })
    const answer = await fetch(`${url}/oauth2/authorize?${query}`, { redirect: 'manual' })
    t.match(new URL(String(answer.headers.get('location'))).searchParams.get('error'), 'invalid_request_object')
    t.match(
      lines().filter(({ event }) => event === 'document_unusable'),
      [{ msg: /answered 400, expected 200$/ }],
    )
    const came = lines().filter(({ msg, path }) => msg === 'answered' && path === '/oauth2/authorize')
    t.match(came.map(({ status }) => status).sort(), [302, 400])
  },
)

t.test('RFC 7592 §2.3: a client deleted during its update stays deleted', async (t) => {
  const { client_id, registration_access_token } = await register(test)
  const headers = { authorization: `Bearer ${registration_access_token}` }
  const url = `/oauth2/clients/${client_id}`
  const sector = createServer(async (_request, response) => {
    const deleted = await test.app.inject({ method: 'DELETE', url, headers })
    t.equal(deleted.statusCode, 204)
    response.setHeader('content-type', 'application/json').end(JSON.stringify([REDIRECT_URI]))
  })
  await new Promise<void>((resolve) => sector.listen(0, '127.0.0.1', resolve))
  t.teardown(() => sector.close())
  const sector_identifier_uri = `http://127.0.0.1:${(sector.address() as AddressInfo).port}/`
  const payload = { redirect_uris: [REDIRECT_URI], sector_identifier_uri }
  const changed = await test.app.inject({ method: 'PUT', url, headers, payload })
  refused(t, changed, 'invalid_token', /^no client .* has registered itself here$/, 401)
  t.equal((await test.app.inject({ url, headers })).statusCode, 401)
})
