/** Request objects by value and by reference, signed, encrypted, both, neither, and hostile. OpenID Connect Core §6. */
import { createHash, createSecretKey } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { CompactEncrypt, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT, UnsecuredJWT } from 'jose'
import t, { type Test } from 'tap'
import type { Client, ConfigInput } from '../../src/generated/input.js'
import { readReturnAddress } from '../../src/oauth/authorization_request.js'
import { readParams } from '../../src/oauth/params.js'
import { createApp, createContext, exchange, REDIRECT_URI, type TestApp } from '../app.js'
import { textOf } from '../html.js'

type Claims = Record<string, unknown>
type Query = Record<string, string>

const ISSUER = 'http://localhost'
const SECRET = 'a-secret-of-more-than-64-characters-for-HS512-which-wants-all-of-them'
const OUTER = { client_id: 'app', response_type: 'code', scope: 'openid', redirect_uri: REDIRECT_URI }
const INNER = { state: 'inside', nonce: 'n' }

const keys = { RS256: await generateKeyPair('RS256'), ES256: await generateKeyPair('ES256') }
const jwkOf = async (alg: keyof typeof keys, more: JWK = {}) => ({ ...(await exportJWK(keys[alg].publicKey)), ...more })
const sign = (alg: keyof typeof keys, claims: Claims = INNER, header: Claims = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(keys[alg].privateKey)
const unsigned = (claims: Claims = INNER) => new UnsecuredJWT(claims).encode()
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

// The key of the certification: RS256, use sig, no kid.
const jwks = {
  keys: [await jwkOf('RS256', { use: 'sig' }), await jwkOf('ES256', { kid: 'e1' })],
} as Client['jwks'] & {}
const client = (client_id: string, more: Partial<Client> = {}): Client => ({
  client_id,
  client_secret: SECRET,
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'client_secret_post',
  jwks,
  ...more,
})
const config: ConfigInput = {
  issuer: ISSUER,
  clients: [client('app'), client('rs256', { request_object_signing_alg: 'RS256' })],
  outbound: { timeout: 1, max_size: 100_000 },
  encryption_keys: [{ alg: 'RSA-OAEP' }, { alg: 'RSA-OAEP' }, { alg: 'ECDH-ES' }],
}
const shared = await createApp(t, config)

const urlOf = (query: Query) => {
  const all = Object.entries({ ...OUTER, ...query }).filter(([, value]) => value !== '')
  return `/oauth2/authorize?${new URLSearchParams(all)}`
}

/** Logs in and returns the authorization response. */
async function answerTo(test: TestApp, query: Query): Promise<Query> {
  const { headers } = await test.post(urlOf(query), { sub: 'alice' })
  const { origin, pathname, search, hash } = new URL(String(headers.location))
  return { to: origin + pathname, ...Object.fromEntries(new URLSearchParams(hash.slice(1) || search)) }
}

async function accepts(t: Test, query: Query, test = shared) {
  t.match(await answerTo(test, query), { to: REDIRECT_URI, code: /./, state: INNER.state, error: undefined })
}

async function refuses(t: Test, query: Query, description: RegExp, error = 'invalid_request_object', test = shared) {
  const page = await test.get(urlOf({ state: 'outside', ...query }))
  t.equal(page.statusCode, 302, 'no login page is shown')
  const answer = await answerTo(test, { state: 'outside', ...query })
  t.match(answer, { to: REDIRECT_URI, error, error_description: description, state: 'outside', code: undefined })
}

t.test('OpenID Connect Core §6.1: parameters of the object override those outside', async (t) => {
  const request = unsigned({ ...INNER, scope: 'openid email', extra: { any: ['thing'] } })
  const answer = await answerTo(shared, { request, state: 'outside', scope: 'openid phone' })
  t.match(answer, { state: 'inside', code: /./ })
  const form = { code: String(answer.code), client_id: 'app', client_secret: SECRET }
  const tokens = (await exchange(shared, form)).json<{ scope: string; id_token: string }>()
  t.equal(tokens.scope, 'openid email')
  t.match(JSON.parse(Buffer.from(tokens.id_token.split('.')[1]!, 'base64url').toString()), { nonce: 'n' })
})

t.test('OpenID Connect Core §6: an object can expire while its page is shown, up to one hour', async (t) => {
  const test = await createApp(t, config)
  const query = { request: await sign('RS256', { ...INNER, exp: Math.floor(Date.now() / 1000) + 60 }) }
  t.equal((await test.get(urlOf(query))).statusCode, 200)
  test.advance(600)
  await accepts(t, query, test)
  t.match((await test.get(urlOf(query))).headers.location, /error=invalid_request_object/, 'no new page is shown')
  test.advance(3600)
  t.match(await answerTo(test, query), { error: 'invalid_request_object' }, 'the page has expired after an hour')
})

t.test(
  'OpenID Connect Core §6.2: the request_uri is fetched for the page, and not again for its submission',
  async (t) => {
    const test = await createApp(t, config)
    let times = 0
    const request_uri = await serve(t, (_request, response) => {
      times += 1
      response.setHeader('content-type', 'application/jwt').end(unsigned())
    })
    t.equal((await test.get(urlOf({ request_uri }))).statusCode, 200)
    await accepts(t, { request_uri }, test)
    t.equal(times, 1)
    t.equal((await test.get(urlOf({ request_uri }))).statusCode, 200)
    t.equal(times, 2, 'a new request fetches it again')
  },
)

t.test('RFC 9101 §5: all parameters except client_id can be in the object only', async (t) => {
  const request = unsigned({ ...OUTER, ...INNER })
  await accepts(t, { request, response_type: '', scope: '', redirect_uri: '' })
})

t.test('OpenID Connect Core §6.1: the redirect_uri of the object overrides the one outside', async (t) => {
  const right = unsigned({ ...INNER, redirect_uri: REDIRECT_URI })
  await accepts(t, { request: right, redirect_uri: 'https://evil.example/' })
  const wrong = await shared.get(urlOf({ request: unsigned({ redirect_uri: 'https://evil.example/' }) }))
  t.equal(wrong.statusCode, 400)
  t.equal(wrong.headers.location, undefined)
})

t.test('OpenID Connect Core §6.1: each parameter can be in the object, as a text, a number or an object', async (t) => {
  const request = unsigned({
    ...INNER,
    prompt: 'login',
    max_age: 100,
    claims: { userinfo: { name: { essential: true } } },
    response_mode: 'fragment',
  })
  const { headers } = await shared.post(urlOf({ request }), { sub: 'alice' })
  t.match(headers.location, /#.*state=inside/)
  await accepts(t, { request: unsigned({ ...INNER, claims: '{"userinfo":null}' }) })
  await accepts(t, { request: unsigned({ ...INNER, nonce: '' }) })
  const refusals: [Claims, string, RegExp][] = [
    [{ prompt: 'none login' }, 'invalid_request', /^prompt is none login/],
    [{ max_age: -1 }, 'invalid_request', /^max_age is -1/],
    [{ claims: { userinfo: 'x' } }, 'invalid_request', /^claims\.userinfo is x/],
    [{ registration: {} }, 'registration_not_supported', /^registration is not supported/],
    [{ scope: ['openid'] }, 'invalid_request_object', /^request has the scope \['openid'\], expected a text$/],
    [{ nonce: null }, 'invalid_request_object', /^request has the nonce null, expected a text$/],
    [{ claims: null }, 'invalid_request_object', /^request has the claims null, expected a JSON object$/],
    [{ nonce: 'x'.repeat(8193) }, 'invalid_request', /^nonce has 8193 characters/],
  ]
  for (const [claims, error, description] of refusals) {
    await refuses(t, { request: unsigned(claims) }, description, error)
  }
})

t.test('OpenID Connect Core §6.1 and §10.1: an object is signed by a key or by the client_secret', async (t) => {
  const claims = { ...INNER, iss: 'app', aud: ISSUER, client_id: 'app', response_type: 'code' }
  await accepts(t, { request: await sign('RS256', claims) })
  await accepts(t, { request: await sign('ES256', claims, { kid: 'e1' }) })
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    const key = createSecretKey(Buffer.from(SECRET))
    await accepts(t, { request: await new SignJWT(claims).setProtectedHeader({ alg }).sign(key) })
  }
})

t.test('OpenID Connect Registration §2: only the registered request_object_signing_alg is accepted', async (t) => {
  const query = { client_id: 'rs256' }
  await accepts(t, { ...query, request: await sign('RS256') })
  const expected = /has the alg none, expected the client's request_object_signing_alg RS256$/
  await refuses(t, { ...query, request: unsigned() }, expected)
  await refuses(t, { ...query, request: await sign('ES256') }, /has the alg ES256, expected one of RS256$/)
  const none = await createApp(t, { ...config, clients: [client('app', { request_object_signing_alg: 'none' })] })
  await accepts(t, { request: unsigned() }, none)
  const only = /has the alg RS256, expected one of none$/
  await refuses(t, { request: await sign('RS256') }, only, 'invalid_request_object', none)
})

const now = Math.floor(Date.now() / 1000)
const GOOD: [string, Claims][] = [
  ['the issuer among others in aud', { aud: ['https://other.example', ISSUER] }],
  ['an exp in the future', { exp: now + 60 }],
  ['an nbf that is less than a minute in the future', { nbf: now + 30 }],
  ['the words of response_type in another order', { response_type: 'id_token code' }],
]
for (const [title, claims] of GOOD) {
  t.test(`OpenID Connect Core §6.1: ${title} is accepted`, async (t) => {
    const test = await createApp(t, {
      ...config,
      clients: [client('app', { response_types: ['code id_token'], grant_types: ['authorization_code', 'implicit'] })],
    })
    await accepts(t, { response_type: 'code id_token', request: unsigned({ ...INNER, ...claims }) }, test)
  })
}

const [head, body, signature] = (await sign('RS256')).split('.') as [string, string, string]
const BAD: [string, string | Claims, RegExp][] = [
  ['RFC 7519 §7.2: a text that is not a JWT', 'abc', /^request is not a JWT: its header is not a JSON object/],
  ['RFC 7519 §7.2: a header that is not JSON', `abc.${body}.`, /^request is not a JWT: its header/],
  [
    'RFC 7519 §7.2: claims that are not an object',
    `${encode({ alg: 'none' })}.${encode('x')}.`,
    /^request is not a JWT: its payload is not a JSON object$/,
  ],
  ['RFC 7519 §7.2: bare JSON', JSON.stringify(INNER), /^request is not a JWT/],
  [
    'RFC 7518 §3.6: alg none and a signature',
    `${encode({ alg: 'none' })}.${body}.${signature}`,
    /alg none, expected no sig/,
  ],
  ['RFC 7515 §4.1.11: an extension', `${encode({ alg: 'none', crit: ['x'], x: 1 })}.${body}.`, /and no crit$/],
  ['RFC 7515 §4.1.1: no alg', `${encode({})}.${body}.`, /^request has the alg missing, expected one of RS256/],
  ['RFC 8725 §3.1: another alg', `${encode({ alg: 'NONE' })}.${body}.`, /^request has the alg NONE, expected one of/],
  ['RFC 8725 §3.1: an alg that is no text', `${encode({ alg: { toString: 1 } })}.${body}.x`, /^request /],
  ['RFC 7515 §5.2: other claims under the signature', `${head}.${encode(INNER)}x.${signature}`, /^request has a sig/],
  ['RFC 7515 §4.1.4: an unknown kid', await sign('ES256', INNER, { kid: 'e2' }), /with kid e2, which no key/],
  ['§6.1: another iss', { iss: 'other' }, /^request has the iss other, expected the client_id app$/],
  ['§6.1: an iss that is not a text', { iss: ['app'] }, /^request has the iss \['app'\], expected the client_id app$/],
  ['§6.1: another client_id', { client_id: 'rs256' }, /^request has the client_id rs256, expected the client_id app$/],
  [
    '§6.1: another aud',
    { aud: 'https://other.example' },
    /^request has the aud https:\/\/other\.example, expected the/,
  ],
  [
    '§6.1: an aud without the issuer',
    { aud: ['a', 'b'] },
    /^request has the aud \['a','b'\], expected the issuer http:\/\/localhost$/,
  ],
  [
    '§6.1: another response_type',
    { response_type: 'id_token' },
    /has the response_type id_token, expected code as outside of it$/,
  ],
  [
    '§6.1: a response_type that is not a text',
    { response_type: 1 },
    /has the response_type 1, expected code as outside of it$/,
  ],
  [
    '§6.1: a nested request',
    { request: unsigned() },
    /^request has the member request, expected no request object in another$/,
  ],
  ['§6.1: a nested request_uri', { request_uri: 'https://a/' }, /^request has the member request_uri/],
  ['RFC 7519 §4.1.4: an exp in the past', { exp: now - 1 }, /^request expired \d+ seconds? ago, at \S+Z$/],
  [
    'RFC 7519 §4.1.4: an exp that is not a number',
    { exp: '2999' },
    /^request has the exp 2999, expected seconds since/,
  ],
  [
    'RFC 7519 §4.1.5: an nbf in the future',
    { nbf: now + 600 },
    /^request is not valid yet: its nbf is \d+, in \d+ minutes, at \S+Z$/,
  ],
  ['RFC 7519 §4.1.5: an nbf that is null', { nbf: null }, /^request has the nbf null, expected seconds since/],
]
for (const [title, object, description] of BAD) {
  t.test(`${title.startsWith('§') ? 'OpenID Connect Core ' : ''}${title} is refused`, async (t) => {
    await refuses(t, { request: typeof object === 'string' ? object : unsigned({ ...INNER, ...object }) }, description)
  })
}

t.test('RFC 7519 §4.1.4: exp is compared with the clock of the issuer', async (t) => {
  const test = await createApp(t, config)
  const request = unsigned({ ...INNER, exp: now + 3600 })
  await accepts(t, { request }, test)
  test.advance(3600)
  await refuses(t, { request }, /^request expired/, 'invalid_request_object', test)
})

t.test('a signed object of an unregistered client is refused', async (t) => {
  const test = await createApp(t, { outbound: { timeout: 1 } })
  await accepts(t, { request: unsigned() }, test)
  const sentence =
    /^request is signed by an unregistered client; register the client with jwks or jwks_uri, or use the alg none$/
  await refuses(t, { request: await sign('RS256') }, sentence, 'invalid_request_object', test)
})

t.test('the length and the nesting of an object are limited', async (t) => {
  const fill = (length: number) => unsigned({ ...INNER, fill: 'x'.repeat(length) })
  await accepts(t, { request: fill(40_000) })
  const roomy = await createApp(t, { ...config, server: { max_header_size: 200_000 } })
  const tooLong = /^request has \d+ characters, expected at most 65536$/
  await refuses(t, { request: fill(60_000) }, tooLong, 'invalid_request', roomy)
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  const deep = (levels: number) => {
    const payload = `{"state":"inside","claims":{"x":${nested(levels)}}}`
    return `${encode({ alg: 'none' })}.${Buffer.from(payload).toString('base64url')}.`
  }
  await accepts(t, { request: deep(98) })
  for (const levels of [99, 20_000]) {
    await refuses(t, { request: deep(levels) }, /^request is nested too deeply, expected at most 100 levels$/)
  }
})

t.test('members of all objects are not parameters of a request object', async (t) => {
  const payload = '{"state":"inside","__proto__":{"response_mode":"form_post","exp":1},"constructor":"x"}'
  const request = `${encode({ alg: 'none' })}.${Buffer.from(payload).toString('base64url')}.`
  await accepts(t, { request })
})

t.test('an invalid object without a redirect_uri outside is shown on a page', async (t) => {
  const { statusCode, headers, body } = await shared.get(urlOf({ request: 'a.b', redirect_uri: '' }))
  t.equal(statusCode, 400)
  t.equal(headers.location, undefined)
  t.match(textOf(body), /invalid_request_object request is not a JWT/)
})

interface Encryption {
  readonly alg?: string
  readonly enc?: string
  readonly kid?: string
  readonly zip?: 'DEF'
  readonly client?: Client
}

/** Encrypts like a client, to a key of jwks_uri. */
async function encrypt(test: TestApp, content: string, { alg = 'RSA-OAEP', enc = 'A128GCM', ...header }: Encryption) {
  const published = (await test.get('/jwks')).json<{ keys: JWK[] }>().keys.filter(({ use }) => use === 'enc')
  const jwk = published.findLast((key) => key.alg === (alg.startsWith('ECDH') ? 'ECDH-ES' : 'RSA-OAEP'))!
  return new CompactEncrypt(Buffer.from(content))
    .setProtectedHeader({ alg, enc, ...header })
    .encrypt(await importJWK({ ...jwk, alg }))
}

t.test('OpenID Connect Core §6.1 and §10.2: signed and unsigned objects can be encrypted', async (t) => {
  const contents = [await sign('RS256'), unsigned(), JSON.stringify(INNER)]
  for (const content of contents) await accepts(t, { request: await encrypt(shared, content, {}) })
  for (const enc of ['A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512', 'A192GCM', 'A256GCM']) {
    await accepts(t, { request: await encrypt(shared, unsigned(), { enc }) })
  }
  for (const alg of ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW']) {
    await accepts(t, { request: await encrypt(shared, unsigned(), { alg }) })
  }
  await accepts(t, { request: await encrypt(shared, unsigned(), { zip: 'DEF' }) })
})

t.test('RFC 7516 §4.1.6: the kid selects the key', async (t) => {
  const published = (await shared.get('/jwks')).json<{ keys: JWK[] }>().keys.filter(({ alg }) => alg === 'RSA-OAEP')
  const [first, last] = published.map(({ kid }) => kid!) as [string, string]
  await accepts(t, { request: await encrypt(shared, unsigned(), { kid: last }) })
  await refuses(t, { request: await encrypt(shared, unsigned(), { kid: first }) }, /^request cannot be decrypted: /)
  const sentence = /^request is encrypted by RSA-OAEP to kid x, expected a key of jwks_uri$/
  await refuses(t, { request: await encrypt(shared, unsigned(), { kid: 'x' }) }, sentence)
  const none = await createApp(t, { ...config, encryption_keys: [] })
  const request = await encrypt(shared, unsigned(), {})
  await refuses(t, { request }, /without a kid, expected a key of jwks_uri$/, 'invalid_request_object', none)
})

t.test('OpenID Connect Core §10.2: an object can be encrypted by the client_secret', async (t) => {
  const hash = (size: number) => createHash(`sha${size}`).update(SECRET).digest()
  const shapes: [string, string, Uint8Array][] = [
    ['dir', 'A128CBC-HS256', hash(256)],
    ['dir', 'A256CBC-HS512', hash(512)],
    ['A128KW', 'A128GCM', hash(256).subarray(0, 16)],
    ['A256KW', 'A128GCM', hash(256)],
  ]
  for (const [alg, enc, key] of shapes) {
    const jwe = new CompactEncrypt(Buffer.from(unsigned())).setProtectedHeader({ alg, enc })
    await accepts(t, { request: await jwe.encrypt(key) })
  }
})

t.test(
  'OpenID Connect Registration §2: only the registered request_object_encryption_alg and _enc are accepted',
  async (t) => {
    const registered = { request_object_encryption_alg: 'RSA-OAEP', request_object_encryption_enc: 'A256GCM' } as const
    const test = await createApp(t, { ...config, clients: [client('app', registered)] })
    await accepts(t, { request: await encrypt(test, unsigned(), { enc: 'A256GCM' }) }, test)
    await accepts(t, { request: unsigned() }, test)
    const sentence = (found: string) => new RegExp(`^request is encrypted by ${found}, expected RSA-OAEP and A256GCM$`)
    const others: [Encryption, string][] = [
      [{ enc: 'A128GCM' }, 'RSA-OAEP and A128GCM'],
      [{ alg: 'ECDH-ES', enc: 'A256GCM' }, 'ECDH-ES and A256GCM'],
    ]
    for (const [encryption, found] of others) {
      const request = await encrypt(test, unsigned(), encryption)
      await refuses(t, { request }, sentence(found), 'invalid_request_object', test)
    }
  },
)

t.test('hostile encryption is refused', async (t) => {
  const bomb = unsigned({ ...INNER, fill: 'x'.repeat(5_000_000) })
  const request = await encrypt(shared, bomb, { zip: 'DEF' })
  t.ok(request.length < 65_536, 'the compressed object is short enough')
  await refuses(t, { request }, /^request cannot be decrypted: Decompressed plaintext exceeded/)
  const twice = await encrypt(shared, await encrypt(shared, unsigned(), {}), {})
  await refuses(t, { request: twice }, /^request has the alg RSA-OAEP, expected one of RS256/)
  const costly = `${encode({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 1e9, p2s: 'x' })}.a.b.c.d`
  await refuses(t, { request: costly }, /^request is encrypted by PBES2-HS256\+A128KW and A128GCM, expected RSA-OAEP,/)
  await refuses(t, { request: '....' }, /^request is not a JWT: its header/)
  const content = [await encrypt(shared, '{', {}), await encrypt(shared, 'x', {}), await encrypt(shared, '', {})]
  for (const broken of content) await refuses(t, { request: broken }, /^request is not a JWT/)
  const required = { client_id: 'rs256', request: await encrypt(shared, JSON.stringify(INNER), {}) }
  await refuses(t, required, /has the alg none, expected the client's request_object_signing_alg RS256$/)
})

/** Starts a server of the client and returns the URL of the object. */
async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/object`
}

const send =
  (body: string, type?: string, status = 200, headers = {}): RequestListener =>
  (_request, reply) =>
    void reply.writeHead(status, { ...(type !== undefined && { 'content-type': type }), ...headers }).end(body)

t.test('OpenID Connect Core §6.2: the object at a request_uri is fetched', async (t) => {
  for (const type of [
    'application/oauth-authz-req+jwt',
    'application/jwt; charset=utf-8',
    'text/plain',
    'application/octet-stream',
    undefined,
  ]) {
    await accepts(t, { request_uri: await serve(t, send(`${unsigned()}\n`, type)) })
  }
  await accepts(t, { request_uri: await serve(t, send(await sign('RS256'), 'application/jwt')) })
  await accepts(t, { request_uri: await serve(t, send(await encrypt(shared, unsigned(), {}), 'application/jwt')) })
  const uri = await serve(t, send(unsigned({ iss: 'other' }), 'application/jwt'))
  await refuses(t, { request_uri: uri }, /^the object at request_uri has the iss other, expected the client_id app$/)
})

t.test('OpenID Connect Core §6.2: the request for an object has the accepted types and no fragment', async (t) => {
  const ACCEPTED = 'application/oauth-authz-req+jwt, application/jwt, text/plain, application/octet-stream'
  const received: (string | undefined)[] = []
  const request_uri = await serve(t, (request, reply) => {
    received.push(request.url, request.headers.accept)
    send(unsigned(), 'application/jwt')(request, reply)
  })
  await accepts(t, { request_uri: `${request_uri}?a=b#hash` })
  t.strictSame(received, ['/object?a=b', ACCEPTED])
})

t.test('OpenID Connect Core §6.1: request and request_uri together are refused', async (t) => {
  const both = { request: unsigned(), request_uri: 'https://a.example/' }
  await refuses(t, both, /^request and request_uri are both present, expected at most one of them$/, 'invalid_request')
})

t.test('OpenID Connect Core §6.2: a request_uri is a URL of at most 512 ASCII characters', async (t) => {
  const uris = [`http://127.0.0.1/${'x'.repeat(496)}`, 'https://größe.example/', 'https://a.example/ b']
  for (const request_uri of uris) {
    await refuses(t, { request_uri }, /is invalid, expected at most 512 ASCII characters$/, 'invalid_request_uri')
  }
  for (const request_uri of ['ftp://a.example/', 'file:///etc/passwd', 'urn:x', '/object', 'data:,x']) {
    await refuses(t, { request_uri }, /^request_uri .* is no http or https URL$/, 'invalid_request_uri')
  }
})

const HOSTILE: [string, RequestListener, RegExp][] = [
  ['404', send('no', 'application/jwt', 404), / answered 404, expected 200$/],
  ['a redirect', send('', undefined, 302, { location: '/other' }), / answered 302, expected 200$/],
  [
    'HTML',
    send('<html>', 'text/html'),
    / has the content type text\/html, expected application\/oauth-authz-req\+jwt$/,
  ],
  ['JSON', send('{}', 'application/json'), / has the content type application\/json, expected/],
  ['too long a body', send('x'.repeat(70_000), 'application/jwt'), / has 70000 characters, expected at most 65536$/],
  [
    'a body over outbound.max_size',
    send('x'.repeat(200_000), 'application/jwt'),
    / answered with more than 100000 bytes$/,
  ],
  ['a text that is no JWT', send('ok', 'text/plain'), / is not a JWT$/],
  ['no response in time', () => undefined, / did not answer within 1 s$/],
  ['a closed connection', (request) => void request.socket.destroy(), / can't be reached: /],
  [
    'a compressed body',
    (_request, reply) => void reply.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1_000_000))),
    / answered with content-encoding gzip, expected none$/,
  ],
]
for (const [title, listener, description] of HOSTILE) {
  t.test(`OpenID Connect Core §6.2: a server that answers with ${title} is invalid_request_uri`, async (t) => {
    const request_uri = await serve(t, listener)
    const unusable = new RegExp(`^request_uri ${request_uri} cannot be used; the log and the journal have .* flow_id .`)
    await refuses(t, { request_uri }, unusable, 'invalid_request_uri')
    const lines = shared.log.splice(0).filter(({ event }) => event === 'document_unusable')
    t.match(lines, [{ msg: description, flow_id: /./ }, { msg: description }])
  })
}

t.test(
  'OpenID Connect Registration §2: with the rule, a request_uri must be registered, apart from its fragment',
  async (t) => {
    const request_uri = await serve(t, send(unsigned(), 'application/jwt'))
    const appWith = (on: boolean, request_uris?: string[]) =>
      createApp(t, {
        ...config,
        clients: [client('app', request_uris && { request_uris })],
        rules: { registered_request_uris: on },
      })
    const strict = await appWith(true, ['https://a.example/', `${request_uri}#old`])
    for (const fragment of ['', '#old', '#new']) await accepts(t, { request_uri: request_uri + fragment }, strict)
    const sentence = /^request_uri .* is unknown, expected one of the client's request_uris$/
    await refuses(t, { request_uri: `${request_uri}?x` }, sentence, 'invalid_request_uri', strict)
    await refuses(t, { request_uri }, sentence, 'invalid_request_uri', await appWith(true))
    const lenient = await appWith(false)
    await accepts(t, { request_uri }, lenient)
    t.match(
      lenient.log.filter(({ event }) => event === 'would_be_refused'),
      [
        {
          msg: /^would be refused by a strict provider: request_uri .* is unknown, expected one of the client's request_uris$/,
        },
      ],
    )
  },
)

t.test('an internal error is not reported as an invalid request object', async (t) => {
  const ctx = {
    ...(await createContext(config)),
    remark: () => {
      throw new Error('the reason')
    },
  }
  const reading = readReturnAddress(ctx, readParams({ ...OUTER, request_uri: 'https://a.example/' }))
  await t.rejects(reading, { name: 'Error', message: 'the reason' })
})
