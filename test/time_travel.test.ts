/** Tests of every lifetime with the clock of the admin API: valid one second before the end, expired at the end. */
import { createLocalJWKSet, decodeJwt, exportJWK, generateKeyPair, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { REDIRECT_URI } from './app.js'
import { listen } from './listener.js'
import { start } from './provider.js'

const SECRET = 'a secret that is long enough for HS256'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const BEGIN = 1_893_456_000
const LIFETIMES = {
  ...{ authorization_code: 60, access_token: 500, id_token: 400, refresh_token: 3000 },
  ...{ session: 2000, client_secret: 700, device_code: 90 },
}
const by = (name: string, more: object) => ({ client_id: name, redirect_uris: [REDIRECT_URI], ...more })
const KEYED = await generateKeyPair('ES256', { extractable: true })
const jwks = await listen(t as unknown as Test, () => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ keys: [published] }),
}))
const published = { ...(await exportJWK(KEYED.publicKey)), alg: 'ES256', kid: 'one' }
const { url } = await start(t as unknown as Test, {
  users: [{ sub: 'alice' }],
  clients: [
    by('own', { token_endpoint_auth_method: 'client_secret_jwt', client_secret: SECRET }),
    by('object', { token_endpoint_auth_method: 'none', jwks: { keys: [published] } }),
    by('fetched', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${jwks.url}/jwks` }),
  ],
  lifetimes: LIFETIMES,
  sessions: { single_sign_on: true },
  key_rotation: { period: 10_000, publish_ahead: 1000 },
})

type Form = Readonly<Record<string, string>>
type JsonResponse = Record<string, unknown> & { readonly status: number }

/** An isolated issuer and a browser with cookies. */
class IssuerClient {
  readonly #base: string
  #cookies = ''

  constructor(name: string) {
    this.#base = `${url}/issuers/${name}`
  }

  get issuer(): string {
    return this.#base
  }

  async call(method: string, path: string, body?: URLSearchParams | object, headers: Form = {}): Promise<Response> {
    const isForm = body instanceof URLSearchParams
    return await fetch(this.#base + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(body !== undefined && { 'content-type': `application/${isForm ? 'x-www-form-urlencoded' : 'json'}` }),
        ...(this.#cookies !== '' && { cookie: this.#cookies }),
        ...headers,
      },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    })
  }

  async json(method: string, path: string, body?: URLSearchParams | object, headers: Form = {}): Promise<JsonResponse> {
    const response = await this.call(method, path, body, headers)
    return { ...((await response.json()) as object), status: response.status }
  }

  /** Moves the clock and returns the new time. */
  async advance(by: number | string): Promise<number> {
    return Number((await this.json('POST', '/admin/clock/advance', { by })).now)
  }

  /** Sends an authorization request. Returns the parameters of the redirect, or undefined if the response is a page. */
  async authorize(query: Form, form?: Form): Promise<URLSearchParams | undefined> {
    const all = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', ...query }
    const body = form && new URLSearchParams(form)
    const response = await this.call(
      form === undefined ? 'GET' : 'POST',
      `/oauth2/authorize?${new URLSearchParams(all)}`,
      body,
    )
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
    if (cookies.length > 0) this.#cookies = cookies.join('; ')
    const location = response.headers.get('location')
    return location === null ? undefined : new URL(location).searchParams
  }

  async code(query: Form = {}): Promise<string> {
    return (await this.authorize(query, { sub: 'alice' }))?.get('code') ?? ''
  }

  token(form: Form, headers: Form = {}): Promise<JsonResponse> {
    return this.json('POST', '/oauth2/token', new URLSearchParams(form), headers)
  }

  exchange(code: string): Promise<JsonResponse> {
    return this.token({ grant_type: 'authorization_code', client_id: 'app', redirect_uri: REDIRECT_URI, code })
  }

  async tokens(): Promise<Record<'access_token' | 'id_token' | 'refresh_token', string>> {
    return (await this.exchange(await this.code())) as never
  }
}

let count = 0
async function freeze(): Promise<IssuerClient> {
  count += 1
  const op = new IssuerClient(`t-${count}`)
  await op.call('POST', '/admin/clock/freeze', { at: BEGIN })
  return op
}

t.test('authorization_code: RFC 6749 §4.1.2', async (t) => {
  const op = await freeze()
  const codes = [await op.code(), await op.code()] as const
  await op.advance(LIFETIMES.authorization_code - 1)
  t.equal((await op.exchange(codes[0])).status, 200)
  await op.advance(1)
  t.match(await op.exchange(codes[1]), { status: 400, error: 'invalid_grant', error_description: /expired/ })
})

t.test('access_token: at userinfo and at introspection (RFC 6750 §3.1, RFC 7662 §2.2)', async (t) => {
  const op = await freeze()
  const { access_token: token } = await op.tokens()
  const userinfo = async () =>
    (await op.call('GET', '/userinfo', undefined, { authorization: `Bearer ${token}` })).status
  const active = async () =>
    (await op.json('POST', '/oauth2/introspect', new URLSearchParams({ token, client_id: 'app' }))).active
  await op.advance(LIFETIMES.access_token - 1)
  t.strictSame([await userinfo(), await active()], [200, true])
  await op.advance(1)
  t.strictSame([await userinfo(), await active()], [401, false])
  await op.advance(-1)
  t.strictSame([await userinfo(), await active()], [200, true], 'moving the clock back makes the token valid again')
})

t.test(
  "id_token: OpenID Connect Core §3.1.3.7, by the provider's clock; an expired ID token is still valid as a hint",
  async (t) => {
    const op = await freeze()
    const { id_token } = await op.tokens()
    const keys = createLocalJWKSet((await op.json('GET', '/jwks')) as unknown as JSONWebKeySet)
    const verify = async (now: number) => jwtVerify(id_token, keys, { currentDate: new Date(now * 1000) })
    t.ok(await verify(await op.advance(LIFETIMES.id_token - 1)))
    await t.rejects(verify(await op.advance(1)), { code: 'ERR_JWT_EXPIRED' })
    const hinted = await op.authorize({ prompt: 'none', id_token_hint: id_token })
    t.ok(hinted?.has('code'))
  },
)

t.test('refresh_token: RFC 6749 §6', async (t) => {
  const op = await freeze()
  const { refresh_token } = await op.tokens()
  const refresh = (token: string) => op.token({ grant_type: 'refresh_token', client_id: 'app', refresh_token: token })
  await op.advance(LIFETIMES.refresh_token - 1)
  const again = await refresh(refresh_token)
  t.equal(again.status, 200)
  t.equal(decodeJwt(String(again.access_token)).iat, BEGIN + LIFETIMES.refresh_token - 1)
  const other = await freeze()
  const late = (await other.tokens()).refresh_token
  await other.advance(LIFETIMES.refresh_token)
  const refused = await other.token({ grant_type: 'refresh_token', client_id: 'app', refresh_token: late })
  t.match(refused, { status: 400, error: 'invalid_grant', error_description: /expired/ })
})

t.test('session: the browser is logged in until the end of the lifetime', async (t) => {
  const op = await freeze()
  await op.code()
  await op.advance(LIFETIMES.session - 1)
  t.ok((await op.authorize({ prompt: 'none' }))?.has('code'))
  await op.advance(1)
  t.equal((await op.authorize({ prompt: 'none' }))?.get('error'), 'login_required')
})

t.test('max_age: OpenID Connect Core §3.1.2.1', async (t) => {
  const op = await freeze()
  await op.code()
  await op.advance(100)
  t.ok((await op.authorize({ prompt: 'none', max_age: '100' }))?.has('code'))
  await op.advance(1)
  t.equal((await op.authorize({ prompt: 'none', max_age: '100' }))?.get('error'), 'login_required')
})

t.test('client_secret: RFC 7591 §3.2.1', async (t) => {
  const op = await freeze()
  const client = await op.json('POST', '/oauth2/clients', { redirect_uris: [REDIRECT_URI] })
  t.equal(client.client_secret_expires_at, BEGIN + LIFETIMES.client_secret)
  const authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`
  const use = () => op.token({ grant_type: 'authorization_code', code: 'none' }, { authorization })
  await op.advance(LIFETIMES.client_secret - 1)
  t.match(await use(), { error: 'invalid_grant' }, 'the client is known')
  await op.advance(1)
  t.match(await use(), { status: 401, error: 'invalid_client', error_description: /expired/ })
})

t.test(
  'key rotation: the new key is published, then signs; the old key leaves the JWKS after the last token',
  async (t) => {
    const op = await freeze()
    const kids = async () => ((await op.json('GET', '/jwks')).keys as { kid: string }[]).map(({ kid }) => kid)
    const [first, ...none] = await kids()
    t.strictSame(none, [])
    await op.advance(8999)
    t.strictSame(await kids(), [first])
    await op.advance(1)
    const [still, next] = await kids()
    t.equal(still, first)
    await op.advance(999)
    t.strictSame(await kids(), [first, next])
    await op.advance(1)
    t.strictSame(await kids(), [next, first])
    await op.advance(LIFETIMES.access_token - 1)
    t.strictSame(await kids(), [next, first])
    await op.advance(1)
    t.strictSame(await kids(), [next])
  },
)

/** Returns an assertion that authenticates the client `own`. */
const assertion = (op: IssuerClient, claims: object) =>
  new SignJWT({ iss: 'own', sub: 'own', aud: op.issuer, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET))
const present = (op: IssuerClient, client_assertion: string) =>
  op.token({ grant_type: 'authorization_code', code: 'none', client_assertion, client_assertion_type: ASSERTION })
const KNOWN = { error: 'invalid_grant' }

t.test('RFC 7523 §3: exp and nbf of a client assertion, with a tolerance of a minute for nbf', async (t) => {
  const op = await freeze()
  const [early, late] = [
    await assertion(op, { jti: 'early', exp: BEGIN + 1000, nbf: BEGIN + 160 }),
    await assertion(op, { jti: 'late', exp: BEGIN + 200 }),
  ]
  await op.advance(99)
  t.match(await present(op, early), {
    error: 'invalid_client',
    error_description: /has the nbf .* not in the future/,
  })
  await op.advance(1)
  t.match(await present(op, early), KNOWN)
  await op.advance(100)
  t.match(await present(op, late), { error: 'invalid_client', error_description: /expired .+, at / })
  await op.advance(-1)
  t.match(await present(op, late), KNOWN)
})

t.test('RFC 7523 §3: a jti can be used again after its assertion has expired', async (t) => {
  const op = await freeze()
  t.match(await present(op, await assertion(op, { jti: 'once', exp: BEGIN + 100 })), KNOWN)
  const second = await assertion(op, { jti: 'once', exp: BEGIN + 100, iat: BEGIN })
  await op.advance(99)
  t.match(await present(op, second), { error: 'invalid_client', error_description: /of an earlier assertion/ })
  await op.advance(1)
  t.match(await present(op, await assertion(op, { jti: 'once', exp: BEGIN + 300 })), KNOWN)
  t.match(await present(op, await assertion(op, { jti: 'once', exp: BEGIN + 400 })), { error: 'invalid_client' })
})

t.test('request objects: exp and nbf (OpenID Connect Core §6.1)', async (t) => {
  const op = await freeze()
  const object = (claims: object) =>
    new SignJWT({ iss: 'object', aud: op.issuer, client_id: 'object', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(KEYED.privateKey)
  const descriptionFor = async (request: string) =>
    (await op.authorize({ client_id: 'object', prompt: 'none', request }))?.get('error_description') ?? ''
  const [late, early] = [await object({ exp: BEGIN + 50 }), await object({ nbf: BEGIN + 160 })]
  await op.advance(49)
  t.notMatch(await descriptionFor(late), /request expired/)
  await op.advance(1)
  t.match(await descriptionFor(late), /^request expired .+, at /)
  await op.advance(49)
  t.match(await descriptionFor(early), /^request is not valid yet/)
  await op.advance(1)
  t.notMatch(await descriptionFor(early), /not good before/)
})

t.test('the JWKS of a client is fetched again after five minutes', async (t) => {
  const op = await freeze()
  let uses = 0
  const use = async () => {
    const { length } = jwks.received
    uses += 1
    const exp = (await op.advance(0)) + 60
    const jwt = await new SignJWT({ iss: 'fetched', sub: 'fetched', aud: op.issuer, jti: `use-${uses}`, exp })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(KEYED.privateKey)
    t.match(await present(op, jwt), KNOWN)
    return jwks.received.length - length
  }
  t.strictSame([await use(), await use()], [1, 0])
  await op.advance(299)
  t.equal(await use(), 0)
  await op.advance(1)
  t.equal(await use(), 1)
})

t.test('device_code: RFC 8628 §3.5, and the interval between polls', async (t) => {
  const op = await freeze()
  const begun = await op.json('POST', '/oauth2/device_authorization', new URLSearchParams({ client_id: 'app' }))
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  const poll = () => op.token({ grant_type, client_id: 'app', device_code: String(begun.device_code) })
  t.equal(begun.expires_in, LIFETIMES.device_code)
  t.match(await poll(), { error: 'authorization_pending' })
  await op.advance(4)
  t.match(await poll(), { error: 'slow_down' })
  await op.advance(10)
  t.match(await poll(), { error: 'authorization_pending' })
  await op.advance(LIFETIMES.device_code - 15)
  t.match(await poll(), { error: 'authorization_pending' })
  await op.advance(1)
  t.match(await poll(), { error: 'expired_token' })
})

t.test('a frozen clock gives two tokens the same iat', async (t) => {
  const op = await freeze()
  const [one, other] = [await op.tokens(), await op.tokens()]
  t.strictSame([decodeJwt(one.id_token).iat, decodeJwt(other.id_token).iat], [BEGIN, BEGIN])
  t.not(one.access_token, other.access_token)
})

t.test('the clock of another issuer is not moved', async (t) => {
  const op = new IssuerClient('neighbour')
  const { now, ahead } = await op.json('GET', '/admin/clock')
  t.equal(ahead, 0)
  t.ok(Number(now) < BEGIN || Date.now() / 1000 > BEGIN - 60)
})
