/** Verification of a client's signatures and encryption to a client. OpenID Connect Core §10. */
import { createSecretKey } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CompactEncrypt, CompactSign, compactDecrypt, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { CLIENT_DEFAULTS } from '../../../src/clients/members.js'
import type { Context } from '../../../src/context.js'
import type { Client } from '../../../src/directory/clients.js'
import { requireEncryptionKey, verifyClientJwt } from '../../../src/oauth/client/keys.js'
import { createExchange } from '../../../src/request/create_context.js'
import { createContext } from '../../app.js'

const ALGS = ['RS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA']
const SECRET = 'a-secret-of-more-than-32-characters-ä'

const clientWith = (more: Partial<Client>): Client => ({
  ...CLIENT_DEFAULTS,
  client_id: 'app',
  redirect_uris: ['http://localhost/cb'],
  wildcard_redirect_uris: false,
  token_endpoint_auth_method: 'private_key_jwt',
  left_out: [],
  ...more,
})
const withKeys = (...keys: JWK[]) => clientWith({ jwks: { keys: keys as Record<string, unknown>[] } })

async function makeKey(alg: string, more: JWK | Record<string, unknown> = {}) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), ...more } as JWK
  const sign = (header: Record<string, unknown> = {}, claims: Record<string, unknown> = { n: 1 }) =>
    new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(privateKey)
  return { jwk, sign, privateKey }
}

/** A server of the client, with its response and its number of requests. */
async function serve(t: Test, answer: RequestListener) {
  const served = { count: 0, answer, uri: '' }
  const server = createServer((request, reply) => {
    served.count += 1
    served.answer(request, reply)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  served.uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
  return served
}

const json =
  (body: unknown, type = 'application/json', status = 200): RequestListener =>
  (_request, reply) => {
    reply.writeHead(status, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body))
  }

const ctx = await createContext({ outbound: { timeout: 1, max_size: 5000 } })
const refuses = (t: Test, client: Client, jwt: string, message: RegExp, algs = ALGS, context: Context = ctx) =>
  t.rejects(verifyClientJwt(context, client, jwt, algs), { message })

for (const alg of ALGS) {
  t.test(`OpenID Connect Core §10.1: a signature by ${alg} is verified with jwks`, async (t) => {
    const { jwk, sign } = await makeKey(alg)
    const { header, payload } = await verifyClientJwt(ctx, withKeys(jwk), await sign(), ALGS)
    t.match(header, { alg })
    t.strictSame(payload, { n: 1 })
  })
}

t.test('RFC 7517 §4: a key verifies with and without kid, alg and use', async (t) => {
  const { jwk, sign } = await makeKey('RS256')
  const other = (await makeKey('RS256')).jwk
  for (const more of [{}, { use: 'sig' }, { alg: 'RS256' }, { kid: 'a' }, { kid: 'a', alg: 'RS256', use: 'sig' }]) {
    const client = withKeys({ ...other, ...more, ...('kid' in more && { kid: 'b' }) }, { ...jwk, ...more })
    t.strictSame((await verifyClientJwt(ctx, client, await sign(), ALGS)).payload, { n: 1 }, JSON.stringify(more))
    t.strictSame((await verifyClientJwt(ctx, client, await sign({ kid: 'a' }), ALGS)).payload, { n: 1 })
  }
})

t.test('RFC 7517 §4: a key for another use or algorithm does not verify', async (t) => {
  const { jwk, sign } = await makeKey('RS256')
  await refuses(t, withKeys({ ...jwk, use: 'enc' }), await sign(), /^is signed by RS256, but jwks has no key for that$/)
  await refuses(t, withKeys({ ...jwk, alg: 'PS256' }), await sign(), /^is signed by RS256, but jwks has no key/)
  await refuses(
    t,
    withKeys({ ...jwk, kid: 'a' }),
    await sign({ kid: 'b' }),
    /^is signed with kid b, which no key for RS/,
  )
  await refuses(t, withKeys((await makeKey('ES256')).jwk), await sign(), /^is signed by RS256, but jwks has no key/)
  await refuses(
    t,
    withKeys((await makeKey('RS256')).jwk),
    await sign(),
    /^has a signature that no key in jwks verifies$/,
  )
  await refuses(t, withKeys({ kty: 'RSA', n: '!', e: 5 as never }), await sign(), /no key in jwks verifies/)
  await refuses(t, withKeys({ ...jwk, n: 'abcd', e: 'AQAB' }), await sign(), /no key in jwks verifies/, ALGS)
  await refuses(t, withKeys(), await sign(), /jwks has no key for that/)
  await refuses(t, clientWith({}), await sign(), /^needs a key, but client app has neither jwks nor jwks_uri/)
})

t.test('the number of keys that are tried is limited', async (t) => {
  const { jwk, sign } = await makeKey('ES256')
  const others = await Promise.all(Array.from({ length: 10 }, async () => (await makeKey('ES256')).jwk))
  await refuses(t, withKeys(...others, jwk), await sign(), /verifies$/)
  t.ok(await verifyClientJwt(ctx, withKeys(...others.slice(1), jwk), await sign(), ALGS))
})

t.test('RFC 8725 §3.1: only an expected algorithm is accepted', async (t) => {
  const { jwk, sign, privateKey } = await makeKey('RS256')
  await refuses(t, withKeys(jwk), await sign(), /^has the alg RS256, expected one of ES256$/, ['ES256'])
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`
  await refuses(t, withKeys(jwk), none, /^has the alg none, expected one of RS256/)
  await refuses(t, withKeys(jwk), `${Buffer.from('{}').toString('base64url')}.e30.`, /^has the alg missing/)
  // A public key must not be used as an HMAC secret.
  const hs = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .sign(createSecretKey(Buffer.from(String(jwk.n))))
  await refuses(t, withKeys(jwk), hs, /^needs a client_secret, but client app has none$/, ['HS256'])
  const b64 = await new CompactSign(Buffer.from('{}'))
    .setProtectedHeader({ alg: 'RS256', b64: true, crit: ['b64'] })
    .sign(privateKey)
  await refuses(t, withKeys(jwk), b64, /^has crit in its header/)
})

t.test('RFC 7519 §7.2: a text that is not a JWT is refused', async (t) => {
  const { jwk, privateKey } = await makeKey('ES256')
  for (const text of ['', 'a', 'a.b', 'a.b.c', '..', 'bnVsbA.e30.x', '\u0000.e30.']) {
    await refuses(t, withKeys(jwk), text, /^(is not a JWT|has the alg)/)
  }
  for (const payload of ['null', '[]', '"x"', '{', '']) {
    const jws = await new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
    await refuses(t, withKeys(jwk), jws, /^is not a JWT: its payload is not a JSON object$/)
  }
})

t.test('OpenID Connect Core §10.1: HS256, HS384 and HS512 are verified with the client_secret', async (t) => {
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    const sign = (secret: string) => new SignJWT({ n: 2 }).setProtectedHeader({ alg }).sign(Buffer.from(secret))
    const client = clientWith({ client_secret: SECRET })
    t.strictSame((await verifyClientJwt(ctx, client, await sign(SECRET), [alg])).payload, { n: 2 })
    const message = new RegExp(`^has a signature that is not of the client_secret by ${alg}$`)
    await refuses(t, client, await sign(`${SECRET}x`), message, [alg])
  }
})

t.test(
  'OpenID Connect Core §10.1.1: jwks_uri is fetched once for five minutes, and again for an unknown kid',
  async (t) => {
    let moved = 0
    const context: Context = {
      ...ctx,
      get now() {
        return ctx.now + moved
      },
    }
    const [one, two] = [await makeKey('ES256', { kid: '1' }), await makeKey('ES256', { kid: '2' })]
    const served = await serve(t, json({ keys: [one.jwk] }, 'application/jwk-set+json; charset=utf-8'))
    const client = clientWith({ jwks_uri: served.uri })
    const verify = async (jwt: Promise<string>) => (await verifyClientJwt(context, client, await jwt, ALGS)).payload
    t.strictSame(await verify(one.sign({ kid: '1' })), { n: 1 })
    t.strictSame(await verify(one.sign({ kid: '1' })), { n: 1 })
    t.equal(served.count, 1)
    await refuses(
      t,
      client,
      await two.sign({ kid: '2' }),
      /^is signed with kid 2, which no key for ES256 in jwks_uri http/,
    )
    t.equal(served.count, 2, 'fetched again, and only once')
    served.answer = json({ keys: [two.jwk] })
    t.strictSame(await verify(two.sign({ kid: '2' })), { n: 1 })
    t.equal(served.count, 3)
    await refuses(t, client, await one.sign({ kid: '1' }), /kid 1, which no key/)
    t.equal(served.count, 4)
    served.answer = json({ keys: [one.jwk] })
    moved = 299
    t.ok(await verify(two.sign({ kid: '2' })), 'is cached')
    moved = 301
    await refuses(t, client, await two.sign({ kid: '2' }), /kid 2, which no key/, ALGS, context)
    t.equal(served.count, 5, 'a new JWK Set is not fetched twice')
  },
)

t.test('replaced keys without kid are found', async (t) => {
  const [one, two] = [await makeKey('RS256'), await makeKey('RS256')]
  const served = await serve(t, json({ keys: [one.jwk] }))
  const client = clientWith({ jwks_uri: served.uri })
  t.ok(await verifyClientJwt(ctx, client, await one.sign(), ALGS))
  served.answer = json({ keys: [two.jwk] })
  t.ok(await verifyClientJwt(ctx, client, await two.sign(), ALGS))
  t.equal(served.count, 2)
})

const UNUSABLE = 'cannot be used; the log and the journal have the reason'
const BAD_ANSWERS: [string, RequestListener, RegExp][] = [
  ['another status', json({}, 'application/json', 404), /answered 404, expected 200$/],
  ['a redirect', (_q, r) => void r.writeHead(302, { location: '/elsewhere' }).end(), /answered 302, expected 200$/],
  ['HTML', json('<p>', 'text/html'), /has the content type text\/html, expected application\/jwk-set\+json$/],
  ['JSON without a content type', (_q, r) => void r.end('{}'), /has the content type missing/],
  ['invalid JSON', json('{'), /is not valid JSON$/],
  ['null', json('null'), /expected a JWK Set: an object with the list keys$/],
  ['a JSON string', json('"keys"'), /expected a JWK Set: an object with the list keys$/],
  ['keys that are not a list', json({ keys: {} }), /expected a JWK Set: an object with the list keys$/],
  ['a list of texts', json({ keys: ['x'] }), /expected a JWK Set in which every key is an object$/],
  ['a list of lists', json({ keys: [[]] }), /expected a JWK Set in which every key is an object$/],
  ['too many keys', json({ keys: Array(101).fill({}) }), /expected a JWK Set of at most 100 keys, not 101$/],
  ['deep JSON', json(`${'['.repeat(101)}${']'.repeat(101)}`), /is nested too deeply, expected at most 100 levels$/],
  ['a body that is too large', json(' '.repeat(5001)), /answered with more than 5000 bytes$/],
  ['no response in time', () => undefined, /did not answer within 1 s$/],
]
for (const [title, answer, message] of BAD_ANSWERS) {
  t.test(`a jwks_uri that returns ${title} is refused`, async (t) => {
    const { jwk, sign } = await makeKey('ES256')
    const served = await serve(t, answer)
    const client = clientWith({ jwks_uri: served.uri })
    const { exchange } = createExchange()
    const expected = new RegExp(`^needs the client's keys, but jwks_uri ${served.uri} ${UNUSABLE}$`)
    await refuses(t, client, await sign(), expected, ALGS, { ...ctx, exchange })
    t.match(exchange.remarks, [{ message: new RegExp(`^jwks_uri ${served.uri} .*${message.source}`) }])
    t.equal(served.count, 1)
    served.answer = json({ keys: [jwk] })
    t.ok(await verifyClientJwt(ctx, client, await sign(), ALGS), 'an invalid response is not cached')
  })
}

const ENC = 'A128CBC-HS256'
for (const alg of ['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'] as const) {
  t.test(`OpenID Connect Core §10.2: the client can decrypt a JWE by ${alg}`, async (t) => {
    const { jwk, privateKey } = await makeKey(alg, { kid: 'enc', use: 'enc' })
    const sig = (await makeKey(alg.startsWith('RSA') ? 'RS256' : 'ES256', { kid: 'sig', use: 'sig' })).jwk
    const { key, kid } = await requireEncryptionKey(ctx, withKeys(sig, jwk), alg, ENC)
    t.equal(kid, 'enc')
    const jwe = await new CompactEncrypt(Buffer.from('x')).setProtectedHeader({ alg, enc: ENC }).encrypt(key)
    t.equal(Buffer.from((await compactDecrypt(jwe, privateKey)).plaintext).toString(), 'x')
    const bare = await requireEncryptionKey(ctx, withKeys({ ...jwk, use: undefined, kid: undefined } as JWK), alg, ENC)
    t.strictSame(Object.keys(bare), ['key'], 'a key without use and kid can encrypt')
    const needs = { message: `needs a key for ${alg}, but jwks has none` }
    await t.rejects(requireEncryptionKey(ctx, withKeys(sig), alg, ENC), needs)
    await t.rejects(requireEncryptionKey(ctx, withKeys({ kty: jwk.kty, crv: jwk.crv } as JWK), alg, ENC), needs)
  })
}

t.test('a new encryption key is found at jwks_uri', async (t) => {
  const { jwk } = await makeKey('RSA-OAEP')
  const served = await serve(t, json({ keys: [] }))
  const client = clientWith({ jwks_uri: served.uri })
  await t.rejects(requireEncryptionKey(ctx, client, 'RSA-OAEP', ENC), {
    message: /^needs a key for RSA-OAEP, but jwks_uri/,
  })
  served.answer = json({ keys: [jwk] })
  t.ok((await requireEncryptionKey(ctx, client, 'RSA-OAEP', ENC)).key)
})

const SIZES = [
  ['A128KW', ENC, 'sha256', 16],
  ['A192KW', ENC, 'sha256', 24],
  ['A256KW', ENC, 'sha256', 32],
  ['dir', 'A128GCM', 'sha256', 16],
  ['dir', 'A192GCM', 'sha256', 24],
  ['dir', 'A256GCM', 'sha256', 32],
  ['dir', 'A128CBC-HS256', 'sha256', 32],
  ['dir', 'A192CBC-HS384', 'sha384', 48],
  ['dir', 'A256CBC-HS512', 'sha512', 64],
] as const
for (const [alg, enc, hash, bytes] of SIZES) {
  t.test(
    `OpenID Connect Core §10.2: ${alg} with ${enc} uses the left ${bytes} bytes of the secret's ${hash}`,
    async (t) => {
      const digest = Buffer.from(await crypto.subtle.digest(`SHA-${hash.slice(3)}`, Buffer.from(SECRET)))
      const { key, kid } = await requireEncryptionKey(ctx, clientWith({ client_secret: SECRET }), alg, enc)
      t.strictSame(key.export(), digest.subarray(0, bytes))
      t.equal(kid, undefined)
      await t.rejects(requireEncryptionKey(ctx, clientWith({}), alg, enc), { message: /^needs a client_secret/ })
    },
  )
}
