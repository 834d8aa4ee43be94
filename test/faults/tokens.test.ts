/** Faults of tokens: each changes one thing, with every kind of signature and encryption, and only for a matching rule. */
import { createHmac, createPublicKey } from 'node:crypto'
import { compactDecrypt, createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JWK, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import type { Client, ConfigInput, Fault } from '../../src/generated/input.js'
import { readStored } from '../../src/journal/stored.js'
import {
  createApp,
  createIssuer,
  getTokens,
  getUserinfo,
  jsonOf,
  refresh,
  refused,
  snapshotOf,
  type Tokens,
} from '../app.js'
import { issue, JWT_KINDS, KEYS, keyOf, logInHybrid, refusalOf, start } from './issued.js'
import { TOKEN_CASES } from './tokens_cases.js'

for (const kind of JWT_KINDS) {
  t.test(`${kind}: valid without a rule`, async (t) => {
    const issued = await issue(t, kind)
    t.equal(await refusalOf(issued.jwt, issued.expected, keyOf(issued)), undefined)
  })
}

for (const [fault, check] of Object.entries(TOKEN_CASES)) t.test(fault, check)

const SECRET = 'a secret that is long enough for HS256'
const ISSUER = 'http://localhost'

const idTokenOf = async (t: Test, fault: Fault['fault'], client: Partial<Client> = {}, config: ConfigInput = {}) => {
  const test = await start(t, [{ fault }], client, config)
  const { id_token } = await getTokens(test, { nonce: 'n' })
  const jwks = (await test.get('/jwks')).json<{ keys: JWK[] }>()
  return { id_token, jwks, header: JSON.parse(Buffer.from(id_token.split('.')[0]!, 'base64url').toString()) }
}

const signedWith = (token: string, secret: string | Buffer) => {
  const [header, payload, signature] = token.split('.')
  return createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url') === signature
}

t.test('OpenID Connect Core §10.1: faults apply to signatures by the client_secret', async (t) => {
  const client = { client_secret: SECRET, id_token_signed_response_alg: 'HS256' } as const
  const of = (fault: Fault['fault']) => idTokenOf(t, fault, client)
  const right = await of('id_token.wrong_azp')
  t.ok(signedWith(right.id_token, SECRET), 'only the claims are wrong')
  for (const fault of ['id_token.bad_signature', 'id_token.unpublished_key'] as const) {
    const { id_token, header } = await of(fault)
    t.strictSame(header, { alg: 'HS256', typ: 'JWT' })
    t.notOk(signedWith(id_token, SECRET), fault)
    t.equal(id_token.split('.')[2]!.length, 43)
  }
  const other = await of('id_token.wrong_alg')
  t.equal(other.header.alg, 'ES256')
  await t.resolves(jwtVerify(other.id_token, createLocalJWKSet(other.jwks as never)), 'by a published key')
  const confused = await of('id_token.hs256_with_public_key')
  const key = createPublicKey({ key: confused.jwks.keys[0]!, format: 'jwk' })
  t.ok(signedWith(confused.id_token, Buffer.from(key.export({ type: 'spki', format: 'pem' }))))
  t.equal((await of('id_token.alg_none')).header.alg, 'none')
  t.match((await of('id_token.unknown_kid')).header.kid, /^[\w-]{43}$/)
  t.match((await of('id_token.malformed')).id_token, /^[\w-]+\.[\w-]+$/)
})

t.test('a fault of the signature signs a token that the client registered without a signature', async (t) => {
  const client: Partial<Client> = { id_token_signed_response_alg: 'none', response_types: ['code'] }
  const of = (fault: Fault['fault']) => idTokenOf(t, fault, client)
  for (const fault of ['id_token.bad_signature', 'id_token.unpublished_key', 'id_token.wrong_alg'] as const) {
    const { id_token, jwks, header } = await of(fault)
    t.equal(header.alg, 'ES256')
    t.equal(header.kid, jwks.keys[0]!.kid)
    const verified = await jwtVerify(id_token, createLocalJWKSet(jwks as never)).catch(() => undefined)
    t.equal(verified !== undefined, fault === 'id_token.wrong_alg', fault)
  }
  t.equal((await of('id_token.hs256_with_public_key')).header.alg, 'HS256')
  t.match((await of('id_token.malformed')).id_token, /^[\w-]+\.[\w-]+$/)
  t.match(decodeJwt((await of('id_token.wrong_nonce')).id_token), { nonce: 'another-nonce' })
})

for (const [alg, another] of [
  ['RS256', 'PS256'],
  ['PS256', 'RS256'],
] as const) {
  t.test(`if only ${alg} is published, wrong_alg is ${another} by the same key`, async (t) => {
    const { id_token, jwks, header } = await idTokenOf(t, 'id_token.wrong_alg', {}, { keys: [{ alg }] })
    const [{ alg: _, ...jwk } = {}] = jwks.keys
    t.equal(header.alg, another)
    t.equal(header.kid, jwk.kid)
    await t.resolves(jwtVerify(id_token, jwk as JWK, { algorithms: [another] }))
  })
}

/** Starts a provider whose remarks can be read. */
async function startObserved(t: Test, config: ConfigInput) {
  const snapshot = await snapshotOf(config)
  const issuer = createIssuer(() => snapshot)
  const test = await createApp(t, {}, { current: () => snapshot, findIssuer: () => issuer })
  const remarks = async () =>
    (await issuer.journal.list()).map(readStored).flatMap((entry) => entry.remarks.map(({ message }) => message))
  const pointless = async () => (await remarks()).filter((message) => message.includes('changes nothing'))
  const applied = async () => (await issuer.journal.list()).flatMap((entry) => entry.faults)
  return { test, remarks, pointless, applied }
}

for (const [alg, another] of [
  ['ES256', 'EdDSA'],
  ['EdDSA', 'ES256'],
] as const) {
  t.test(`if only ${alg} is published, wrong_alg is ${another} by an unpublished key, with a remark`, async (t) => {
    const { test, remarks } = await startObserved(t, { keys: [{ alg }], faults: [{ fault: 'id_token.wrong_alg' }] })
    const { id_token } = await getTokens(test)
    const [jwk] = (await test.get('/jwks')).json<{ keys: JWK[] }>().keys
    t.match(decodeProtectedHeader(id_token), { alg: another, kid: jwk!.kid })
    const remark = `every published key is for ${alg}, so an unpublished key for ${another} signs`
    t.ok((await remarks()).includes(remark))
  })
}

t.test('OpenID Connect Core §10.2: a fault changes the JWT inside an encrypted one', async (t) => {
  const client: Partial<Client> = {
    client_secret: SECRET,
    ...{ id_token_encrypted_response_alg: 'dir', id_token_encrypted_response_enc: 'A128GCM' },
    ...{ userinfo_signed_response_alg: 'ES256', userinfo_encrypted_response_alg: 'A128KW' },
  }
  const test = await start(t, [{ fault: 'id_token.alg_none' }, { fault: 'userinfo.wrong_iss' }], client)
  const { id_token, access_token } = await logInHybrid(test)
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(SECRET))
  const key = new Uint8Array(digest).subarray(0, 16)
  const inside = async (jwe: string) => Buffer.from((await compactDecrypt(jwe, key)).plaintext).toString()
  t.equal(decodeProtectedHeader(await inside(id_token)).alg, 'none')
  const { body } = await getUserinfo(test, access_token)
  t.equal(decodeJwt(await inside(body)).iss, 'https://another-issuer.example')
})

t.test('OpenID Connect Core §5.3.2: faults change the sub of userinfo in JSON', async (t) => {
  const userinfo = async (fault: Fault, client: Partial<Client> = {}) => {
    const test = await start(t, [fault], client)
    return getUserinfo(test, (await logInHybrid(test)).access_token)
  }
  const email = 'alice@example.com'
  t.strictSame(jsonOf(t, await userinfo({ fault: 'userinfo.wrong_sub' })), { sub: 'another-user', email })
  t.strictSame(jsonOf(t, await userinfo({ fault: 'userinfo.wrong_sub', value: 'eve' })), { sub: 'eve', email })
  t.strictSame(jsonOf(t, await userinfo({ fault: 'userinfo.missing_sub' })), { email })
  t.strictSame(jsonOf(t, await userinfo({ fault: 'userinfo.bad_signature' })), { sub: 'alice', email }, 'has none')
  const encrypted = { client_secret: SECRET, userinfo_encrypted_response_alg: 'dir' } as const
  const { body } = await userinfo({ fault: 'userinfo.missing_sub' }, encrypted)
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(SECRET))
  const { plaintext } = await compactDecrypt(body, new Uint8Array(digest))
  t.strictSame(JSON.parse(new TextDecoder().decode(plaintext)), { email })
})

t.test('a faulty access token that has expired is refused at userinfo', async (t) => {
  const test = await start(t, [{ fault: 'access_token.expired' }])
  const tokens = await getTokens(test)
  t.equal(tokens.expires_in, 3600, 'the token response is unchanged')
  refused(t, await getUserinfo(test, tokens.access_token), 'invalid_token', /expired .+, at /, 401)
})

t.test('a faulty access token with less scope gives less at userinfo', async (t) => {
  const withScope = async (scope?: string, config: ConfigInput = {}) => {
    const fault = { fault: 'access_token.insufficient_scope', ...(scope !== undefined && { scope }) } as const
    const test = await start(t, [fault], {}, config)
    const tokens = await getTokens(test, { scope: 'openid email' })
    t.equal(tokens.scope, 'openid email', 'the token response is unchanged')
    return { claims: decodeJwt(tokens.access_token), answer: await getUserinfo(test, tokens.access_token) }
  }
  const less = await withScope('openid')
  t.equal(less.claims.scope, 'openid')
  t.strictSame(jsonOf(t, less.answer), { sub: 'alice' })
  const none = await withScope(undefined, { rules: { openid_scope: true } })
  t.equal(none.claims.scope, '')
  refused(t, none.answer, 'insufficient_scope', /expected openid/, 403)
  t.match((await withScope('openid', { preset: 'okta' })).claims, { scp: ['openid'], scope: undefined })
  t.match((await withScope('openid', { preset: 'entra' })).claims, { scp: 'openid', scope: undefined })
})

t.test('any other fault of an access token changes the JWT only: userinfo accepts it', async (t) => {
  for (const fault of ['access_token.bad_signature', 'access_token.alg_none', 'access_token.missing_exp'] as const) {
    const test = await start(t, [{ fault }])
    const { access_token } = await getTokens(test)
    t.equal((await getUserinfo(test, access_token)).statusCode, 200, fault)
  }
})

t.test(
  'OpenID Connect Core §3.1.3.7: times lie so far off that no tolerance accepts them, or as far as the rule says',
  async (t) => {
    const times = async (fault: Fault['fault'], by?: Fault['by']) => {
      const test = await start(t, [{ fault, ...(by !== undefined && { by }) }], {}, { clock: { frozen: true } })
      const { now } = (await test.get('/admin/clock')).json<{ now: number }>()
      const { iat, exp, nbf, auth_time } = decodeJwt((await getTokens(test)).id_token)
      const ahead = [iat, exp, nbf, auth_time as number].map((time) => (time === undefined ? undefined : time - now))
      return Object.fromEntries(['iat', 'exp', 'nbf', 'auth_time'].map((name, index) => [name, ahead[index]]))
    }
    const hour = 3600
    const ended = { iat: -2 * hour, exp: -hour, nbf: undefined, auth_time: -2 * hour }
    t.strictSame(await times('id_token.expired'), ended, 'an hour: some clients tolerate ten minutes')
    const longer = { iat: -3 * hour, exp: -2 * hour, nbf: undefined, auth_time: -3 * hour }
    t.strictSame(await times('id_token.expired', '2h'), longer)
    t.strictSame(await times('id_token.not_yet_valid'), { iat: hour, exp: 2 * hour, nbf: hour, auth_time: 0 })
    t.strictSame(await times('id_token.not_yet_valid', 60), { iat: 60, exp: 60 + hour, nbf: 60, auth_time: 0 })
    const old = { exp: hour, nbf: undefined }
    t.strictSame(await times('id_token.stale_iat'), { iat: -168 * hour, ...old, auth_time: -168 * hour })
    t.strictSame(await times('id_token.stale_iat', '30m'), { iat: -1800, ...old, auth_time: -1800 })
  },
)

t.test('an access token of a preset with nbf that has expired was valid before', async (t) => {
  const test = await start(t, [{ fault: 'access_token.expired' }], {}, { preset: 'entra' })
  const { nbf, iat, exp } = decodeJwt((await getTokens(test)).access_token)
  t.equal(nbf, iat)
  t.equal(exp! - nbf!, 3600)
})

t.test('a rule can set the replacement value', async (t) => {
  const test = await start(t, [{ fault: 'id_token.wrong_iss', value: 'https://evil.example' }])
  t.equal(decodeJwt((await getTokens(test)).id_token).iss, 'https://evil.example')
})

t.test('a remark reports a fault that changes nothing', async (t) => {
  const faults: Fault[] = [{ fault: 'id_token.missing_nonce' }, { fault: 'access_token.wrong_iss', value: ISSUER }]
  const { test, pointless, applied } = await startObserved(t, { faults })
  const { id_token } = await getTokens(test)
  t.match(decodeJwt(id_token), { iss: ISSUER, nonce: undefined })
  t.strictSame(await applied(), ['access_token.wrong_iss', 'id_token.missing_nonce'])
  t.strictSame(await pointless(), [
    'access_token.wrong_iss changes nothing: the token is the same without it',
    'id_token.missing_nonce changes nothing: the token is the same without it',
  ])
})

t.test('wrong_nonce adds a nonce if the request had none, and never is the right one', async (t) => {
  const test = await start(t, [{ fault: 'id_token.wrong_nonce' }])
  t.equal(decodeJwt((await getTokens(test)).id_token).nonce, 'another-nonce')
  t.equal(decodeJwt((await getTokens(test, { nonce: 'another-nonce' })).id_token).nonce, 'a-third-nonce')
})

t.test('a fault of a hash changes the token that has the hash', async (t) => {
  const fault = { fault: 'id_token.wrong_c_hash', times: 1 } as const
  const { test, applied } = await startObserved(t, { faults: [fault] })
  await getTokens(test)
  t.strictSame(await applied(), [], 'the ID token of the token endpoint has no c_hash')
  await logInHybrid(test)
  t.strictSame(await applied(), ['id_token.wrong_c_hash'])
})

t.test('a rule of a user, of a client, or for a scope applies to no others', async (t) => {
  const users: ConfigInput['users'] = [{ sub: 'eve', faults: [{ fault: 'id_token.expired' }] }, { sub: 'alice' }]
  const faults: Fault[] = [{ fault: 'access_token.missing_sub', match: { scope: 'email' } }]
  const { test, applied } = await startObserved(t, { users, faults })
  await getTokens(test)
  t.strictSame(await applied(), [])
  const { id_token } = await getTokens(test, { sub: 'eve' })
  t.ok(decodeJwt(id_token).exp! * 1000 < Date.now())
  const { access_token } = await getTokens(test, { scope: 'openid email' })
  t.equal(decodeJwt(access_token).sub, undefined)
  t.strictSame(await applied(), ['id_token.expired', 'access_token.missing_sub'])
})

t.test('RFC 9700 §4.14.2: a rotated refresh token stays unusable after its fault rule is removed', async (t) => {
  const rules = { rotate_refresh_tokens: true }
  const test = await start(t, [], {}, { rules, refresh_token: { reuse_interval: 0 } })
  const { refresh_token } = await getTokens(test)
  t.equal((await refresh(test, refresh_token)).statusCode, 200)
  await test.reload({ keys: KEYS })
  refused(t, await refresh(test, refresh_token), 'invalid_grant', /already used/)
})

t.test('a remark reports that refresh_not_rotated or refresh_reuse_revokes_all changes nothing', async (t) => {
  const staying = await startObserved(t, {
    rules: { rotate_refresh_tokens: true },
    faults: [{ fault: 'token.refresh_not_rotated' }],
  })
  const { refresh_token } = await getTokens(staying.test)
  t.equal((await refresh(staying.test, refresh_token)).json<Tokens>().refresh_token, undefined)
  const remark = 'token.refresh_not_rotated changes nothing: the refresh is the same without it'
  t.strictSame(await staying.pointless(), [remark])
})

t.test('token.refresh_reuse_revokes_all ends the grant within reuse_interval as well', async (t) => {
  const rules = { rotate_refresh_tokens: true }
  const test = await start(t, [{ fault: 'token.refresh_reuse_revokes_all', after: 1 }], {}, { rules })
  const { refresh_token } = await getTokens(test)
  const second = (await refresh(test, refresh_token)).json<Tokens>()
  refused(t, await refresh(test, refresh_token), 'invalid_grant', /^refresh_token was already used;/)
  t.equal((await getUserinfo(test, second.access_token)).statusCode, 401)
})

t.test('a remark reports that keys cannot rotate', async (t) => {
  const { test, remarks } = await startObserved(t, { faults: [{ fault: 'jwks.rotated' }] })
  for (let count = 0; count < 19; count += 1) {
    await test.app.inject({ method: 'POST', url: '/admin/keys/rotate', payload: { publish_ahead: 3600 } })
  }
  const { id_token } = await getTokens(test)
  const { kid } = decodeProtectedHeader(id_token)
  t.equal((await remarks()).at(-1), 'the keys do not rotate, although a fault says so: too many rotations are pending')
  t.equal((await test.get('/jwks')).json<{ keys: JWK[] }>().keys[0]!.kid, kid)
})
