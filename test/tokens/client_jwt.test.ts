/** Signature and encryption of ID tokens and userinfo by the client's metadata. OpenID Connect Core §10. */
import { createHash } from 'node:crypto'
import {
  type CryptoKey,
  compactDecrypt,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import {
  createApp,
  exchange,
  getTokens,
  getUserinfo,
  jsonOf,
  logIn,
  REDIRECT_URI,
  refused,
  type TestApp,
} from '../app.js'

type Client = NonNullable<ConfigInput['clients']>[number]

const SECRET = 'a secret that is long enough for the longest hash: 64 octets, ü..'
const secret = new TextEncoder().encode(SECRET)

/** Creates a provider with the client `app`, which authenticates by client_secret_post. */
const withClient = (t: Test, client: Partial<Client>, config: ConfigInput = {}) =>
  createApp(t, {
    users: [{ sub: 'alice', claims: { email: 'a@x', name: 'Alice' } }],
    ...config,
    clients: [
      {
        client_id: 'app',
        client_secret: SECRET,
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: 'client_secret_post',
        ...client,
      },
    ],
  })

async function tokensOf(t: Test, test: TestApp, scope = 'openid email') {
  const code = (await logIn(test, { scope, nonce: 'n' })).get('code')!
  const answer = await exchange(test, { code, client_secret: SECRET })
  return jsonOf(t, answer) as { id_token: string; access_token: string; refresh_token: string }
}

async function jwtOf(t: Test, test: TestApp): Promise<string> {
  const answer = await getUserinfo(test, (await tokensOf(t, test)).access_token)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/jwt')
  t.equal(answer.headers['cache-control'], 'no-store')
  return answer.body
}

const jwksOf = async ({ get }: TestApp) => createLocalJWKSet((await get('/jwks')).json<JSONWebKeySet>())
const textOf = (octets: Uint8Array) => new TextDecoder().decode(octets)
const OURS = { issuer: 'http://localhost', audience: 'app' }

const rsa = await generateKeyPair('RSA-OAEP-256', { extractable: true })
const ec = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true })
const jwks = {
  keys: [
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', use: 'enc' },
    { ...(await exportJWK(ec.publicKey)), kid: 'ec' },
  ],
}

for (const [alg, hash] of [
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
] as const) {
  t.test(`OpenID Connect Core §10.1: the key of ${alg} is the client_secret in UTF-8`, async (t) => {
    const test = await withClient(t, { id_token_signed_response_alg: alg, userinfo_signed_response_alg: alg })
    const { id_token, access_token } = await tokensOf(t, test)
    const { payload, protectedHeader } = await jwtVerify(id_token, secret, { ...OURS, algorithms: [alg] })
    t.strictSame(protectedHeader, { alg, typ: 'JWT' })
    const digest = createHash(hash).update(access_token).digest()
    t.equal(payload.at_hash, digest.subarray(0, digest.length / 2).toString('base64url'))
    const userinfo = await jwtVerify(await jwtOf(t, test), secret, { ...OURS, algorithms: [alg] })
    t.match(userinfo.payload, { sub: 'alice', email: 'a@x' })
    t.equal(decodeProtectedHeader(access_token).alg, 'ES256', 'resource servers verify the access token')
  })
}

t.test('OpenID Connect Core §2: an ID token by the registered alg none has no signature and no at_hash', async (t) => {
  const test = await withClient(t, { id_token_signed_response_alg: 'none', userinfo_signed_response_alg: 'none' })
  const { id_token } = await tokensOf(t, test)
  t.match(id_token, /^[\w-]+\.[\w-]+\.$/)
  t.equal(decodeProtectedHeader(id_token).alg, 'none')
  t.match(decodeJwt(id_token), { iss: 'http://localhost', sub: 'alice', aud: 'app', nonce: 'n' })
  t.notOk('at_hash' in decodeJwt(id_token))
  const userinfo = await jwtOf(t, test)
  t.equal(decodeProtectedHeader(userinfo).alg, 'none')
  t.match(decodeJwt(userinfo), { iss: 'http://localhost', sub: 'alice', aud: 'app' })
})

t.test('OpenID Connect Core §5.3.2: signed userinfo has iss and aud and is not an ID token', async (t) => {
  const test = await withClient(t, { userinfo_signed_response_alg: 'RS256' }, { keys: [{ alg: 'ES256' }, {}] })
  const jwt = await jwtOf(t, test)
  const { payload, protectedHeader } = await jwtVerify(jwt, await jwksOf(test), { ...OURS, algorithms: ['RS256'] })
  t.strictSame(payload, { sub: 'alice', email: 'a@x', iss: 'http://localhost', aud: 'app' })
  t.type(protectedHeader.kid, 'string')
  t.notOk('typ' in protectedHeader)
})

const derived = (hash: string, length: number) => createHash(hash).update(SECRET).digest().subarray(0, length)

const ENCRYPTED: [
  NonNullable<Client['id_token_encrypted_response_alg']>,
  Client['id_token_encrypted_response_enc'],
  CryptoKey | Uint8Array,
  string | undefined,
][] = [
  ['RSA-OAEP', undefined, rsa.privateKey, 'rsa'],
  ['RSA-OAEP-256', 'A256GCM', rsa.privateKey, 'rsa'],
  ['ECDH-ES', 'A128CBC-HS256', ec.privateKey, 'ec'],
  ['ECDH-ES+A256KW', 'A256CBC-HS512', ec.privateKey, 'ec'],
  ['A128KW', 'A128GCM', derived('sha256', 16), undefined],
  ['A256KW', 'A192CBC-HS384', derived('sha256', 32), undefined],
  ['dir', 'A256CBC-HS512', derived('sha512', 64), undefined],
]
for (const [alg, enc, key, kid] of ENCRYPTED) {
  t.test(`OpenID Connect Core §10.2: ${alg} with ${enc ?? 'the default'}: signed first, then encrypted`, async (t) => {
    const encrypted = { alg, ...(enc !== undefined && { enc }) }
    const own = alg === 'RSA-OAEP' ? { keys: [{ ...(await exportJWK(rsa.publicKey)), kid: 'rsa' }] } : jwks
    const test = await withClient(t, {
      jwks: own,
      id_token_encrypted_response_alg: alg,
      userinfo_signed_response_alg: 'ES256',
      userinfo_encrypted_response_alg: alg,
      ...(enc !== undefined && { id_token_encrypted_response_enc: enc, userinfo_encrypted_response_enc: enc }),
    })
    for (const token of [(await tokensOf(t, test)).id_token, await jwtOf(t, test)]) {
      // Web Cryptography distinguishes keys of RSA-OAEP and RSA-OAEP-256.
      const { privateKey } = alg === 'RSA-OAEP' ? { privateKey: await imported(rsa.privateKey) } : { privateKey: key }
      const { plaintext, protectedHeader } = await compactDecrypt(token, privateKey)
      t.match(protectedHeader, { enc: 'A128CBC-HS256', ...encrypted, cty: 'JWT' })
      t.equal(protectedHeader.kid, kid)
      const { payload } = await jwtVerify(textOf(plaintext), await jwksOf(test), OURS)
      t.match(payload, { sub: 'alice', email: 'a@x' })
    }
  })
}

/** Returns the same key for RSA-OAEP with SHA-1. */
async function imported(key: CryptoKey): Promise<CryptoKey> {
  const algorithm = { name: 'RSA-OAEP', hash: 'SHA-1' }
  return crypto.subtle.importKey('jwk', { ...(await exportJWK(key)), ext: true }, algorithm, false, ['decrypt'])
}

t.test('OpenID Connect Core §5.3.2: encrypted, unsigned userinfo has the claims as its content', async (t) => {
  const test = await withClient(t, { jwks, userinfo_encrypted_response_alg: 'ECDH-ES' })
  const { plaintext, protectedHeader } = await compactDecrypt(await jwtOf(t, test), ec.privateKey)
  t.strictSame(JSON.parse(textOf(plaintext)), { sub: 'alice', email: 'a@x' })
  t.notOk('cty' in protectedHeader)
})

t.test(
  'OpenID Connect Core §10: encryption without a usable key of the client is refused with the reason',
  async (t) => {
    const registered = async (test: TestApp, metadata: object) =>
      (
        await test.app.inject({
          method: 'POST',
          url: '/oauth2/clients',
          payload: { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none', ...metadata },
        })
      ).json<{ client_id: string }>().client_id
    const test = await createApp(t)
    const metadata = {
      jwks: { keys: [jwks.keys[1]] },
      id_token_encrypted_response_alg: 'RSA-OAEP',
      id_token_encrypted_response_enc: 'A128GCM',
    }
    const client_id = await registered(test, metadata)
    const code = (await logIn(test, { client_id })).get('code')!
    const answer = await exchange(test, { code, client_id })
    refused(t, answer, 'invalid_client_metadata', /^encryption by RSA-OAEP to client \S+ needs a key for RSA-OAEP/)
  },
)

t.test('OpenID Connect Core §3.1.2.1: an id_token_hint must be signed by this issuer for the client', async (t) => {
  const hinted = async (test: TestApp, id_token_hint: string) =>
    (await test.get(`/oauth2/end_session?${new URLSearchParams({ id_token_hint, client_id: 'app' })}`)).statusCode
  const rules = { verified_id_token_hint: true }
  const test = await withClient(t, { id_token_signed_response_alg: 'HS256' }, { rules })
  const { id_token, access_token } = await tokensOf(t, test)
  t.equal(await hinted(test, id_token), 200, 'by the client_secret')
  t.equal(await hinted(test, `${id_token.slice(0, -3)}AAA`), 400, 'with another signature')
  t.equal(await hinted(test, access_token), 400, 'an access token')
  t.equal(await hinted(test, 'x.y'), 400, 'not a JWT')

  const unsigned = await withClient(t, { id_token_signed_response_alg: 'none' }, { rules })
  t.equal(await hinted(unsigned, (await tokensOf(t, unsigned)).id_token), 400, 'unsigned')
  // The hint is signed by the secret, but the client has registered no such algorithm.
  t.equal(await hinted(unsigned, id_token), 400, 'by an algorithm that the client does not have')
  const encrypted = await withClient(t, { jwks, id_token_encrypted_response_alg: 'ECDH-ES' }, { rules })
  t.equal(await hinted(encrypted, (await tokensOf(t, encrypted)).id_token), 400, 'encrypted to the client')

  const asymmetric = await withClient(t, {}, { rules })
  const hint = (await tokensOf(t, asymmetric)).id_token
  asymmetric.advance(7200)
  t.equal(await hinted(asymmetric, hint), 200, 'after its exp')
})

t.test('OpenID Connect Core §12.2: a refresh issues an ID token by the same algorithm', async (t) => {
  const test = await withClient(t, { id_token_signed_response_alg: 'HS256' })
  const { refresh_token } = await tokensOf(t, test)
  const answer = await exchange(test, {
    grant_type: 'refresh_token',
    redirect_uri: '',
    refresh_token,
    client_secret: SECRET,
  })
  await t.resolves(jwtVerify(String(jsonOf(t, answer).id_token), secret, OURS))
})

t.test('a client without registered algorithms gets an ID token by the default key', async (t) => {
  const test = await createApp(t)
  t.equal(decodeProtectedHeader((await getTokens(test)).id_token).alg, 'ES256')
})
