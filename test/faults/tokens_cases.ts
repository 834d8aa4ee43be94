/** A case for each fault of tokens: the reason of the refusal, and a check that nothing else is wrong. */
import { createPublicKey } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, type JWK, jwtVerify } from 'jose'
import type { Test } from 'tap'
import type { FaultName } from '../../src/faults/catalogue.js'
import type { JwtKind } from '../../src/faults/doors/jwt.js'
import { getTokens, getUserinfo, logIn, refresh, type TestApp, type Tokens } from '../app.js'
import { type Expectation, headerOf, type Issued, issue, keyOf, refusalOf, refusalOfClaims, start } from './issued.js'

type Case = (t: Test) => Promise<void>

/** Expectations of a faulty token. */
interface Wrong {
  /** Reason of the refusal; undefined if the token is accepted. */
  readonly refused?: string
  /** Changed expectations that the token fulfills: nothing else is wrong. */
  readonly but?: (expected: Expectation, now: number) => Expectation
  /** Further checks. */
  readonly also?: (t: Test, issued: Issued) => Promise<void> | void
}

const FAILED = 'ERR_JWT_CLAIM_VALIDATION_FAILED'
const missing = (claim: string): Wrong => ({ refused: `${FAILED} ${claim} missing`, but: without(claim) })

/** Ignores some claims. */
const without =
  (...names: string[]) =>
  (expected: Expectation): Expectation => {
    const { issuer, audience, maxTokenAge, claims, requiredClaims, ...rest } = expected
    return {
      ...rest,
      ...(!names.includes('iss') && issuer !== undefined && { issuer }),
      ...(!names.includes('aud') && audience !== undefined && { audience }),
      ...(!names.includes('iat') && maxTokenAge !== undefined && { maxTokenAge }),
      requiredClaims: requiredClaims.filter((name) => !names.includes(name)),
      claims: Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name))),
    }
  }

const at =
  (seconds: number) =>
  (expected: Expectation, now: number): Expectation => ({ ...expected, currentDate: new Date((now + seconds) * 1000) })

const another = (claim: string, value: unknown): Wrong => ({
  refused: claim,
  but: (expected) => ({ ...expected, claims: { ...expected.claims, [claim]: value } }),
})

/** Expects another value of a claim, in the right format. */
const altered = (claim: string): Wrong => ({
  refused: claim,
  but: without(claim),
  also: (t, { jwt, expected }) => {
    t.match(decodeJwt(jwt)[claim], /^[\w-]{22}$/)
    t.not(decodeJwt(jwt)[claim], expected.claims[claim])
  },
})

const isPublished = ({ jwks }: Issued, kid: string | undefined) => jwks.keys.some((key) => key.kid === kid)

/** Expects the right claims with any signature. */
const saysRight = (t: Test, { jwt, expected }: Issued) =>
  t.equal(refusalOfClaims(jwt, withoutAlgs(expected)), undefined)

const withoutAlgs = ({ algorithms: _, ...expected }: Expectation): Expectation => expected

const SIGNATURE: Readonly<Record<string, Wrong>> = {
  bad_signature: {
    refused: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    also: (t, issued) => {
      t.match(headerOf(issued), { alg: 'ES256' })
      t.ok(isPublished(issued, headerOf(issued).kid))
      t.equal(Buffer.from(issued.jwt.split('.')[2]!, 'base64url').length, 64)
      saysRight(t, issued)
    },
  },
  alg_none: {
    refused: 'ERR_JOSE_ALG_NOT_ALLOWED',
    also: (t, issued) => {
      t.match(issued.jwt, /^[\w-]+\.[\w-]+\.$/)
      t.equal(headerOf(issued).alg, 'none')
      saysRight(t, issued)
    },
  },
  wrong_alg: {
    refused: 'ERR_JOSE_ALG_NOT_ALLOWED',
    but: (expected) => ({ ...expected, algorithms: ['EdDSA'] }),
  },
  hs256_with_public_key: {
    refused: 'ERR_JOSE_ALG_NOT_ALLOWED',
    also: async (t, issued) => {
      const { alg, kid } = headerOf(issued)
      const jwk = issued.jwks.keys.find((key) => key.kid === kid)
      const pem = createPublicKey({ key: jwk as JWK, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
      t.equal(alg, 'HS256')
      await t.resolves(jwtVerify(issued.jwt, Buffer.from(pem)), 'a client that takes the key for a secret is fooled')
      saysRight(t, issued)
    },
  },
  missing_kid: {
    also: (t, issued) => {
      t.notOk('kid' in headerOf(issued))
      t.equal(headerOf(issued).alg, 'ES256')
    },
  },
  unknown_kid: {
    refused: 'ERR_JWKS_NO_MATCHING_KEY',
    also: async (t, issued) => {
      t.notOk(isPublished(issued, headerOf(issued).kid))
      const [jwk] = issued.jwks.keys
      t.equal(await refusalOf(issued.jwt, issued.expected, jwk as JWK), undefined, 'the right key signed it')
    },
  },
  unpublished_key: {
    refused: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    also: (t, issued) => {
      t.ok(isPublished(issued, headerOf(issued).kid))
      saysRight(t, issued)
    },
  },
  malformed: {
    refused: 'ERR_JWS_INVALID',
    also: (t, issued) => {
      t.match(issued.jwt, /^[\w-]+\.[\w-]+$/)
      saysRight(t, issued)
    },
  },
  wrong_iss: {
    refused: `${FAILED} iss check_failed`,
    but: (expected) => ({ ...expected, issuer: 'https://another-issuer.example' }),
  },
  wrong_aud: {
    refused: `${FAILED} aud check_failed`,
    but: (expected) => ({ ...without('aud')(expected), audience: 'another-audience' }),
  },
}

const CLAIMS: Readonly<Record<string, Wrong>> = {
  missing_iss: missing('iss'),
  missing_aud: missing('aud'),
  missing_iat: missing('iat'),
  missing_exp: missing('exp'),
  expired: {
    refused: 'ERR_JWT_EXPIRED exp check_failed',
    but: at(-3620),
    also: (t, { jwt }) => {
      const { iat, exp } = decodeJwt(jwt)
      t.ok(iat! < exp!)
    },
  },
  not_yet_valid: { refused: `${FAILED} nbf check_failed`, but: at(3620) },
  stale_iat: {
    refused: 'ERR_JWT_EXPIRED iat check_failed',
    but: (expected) => ({ ...expected, maxTokenAge: 8 * 86_400 }),
  },
}

const typ = (value: string): Wrong => ({
  refused: `${FAILED} typ check_failed`,
  but: (expected) => ({ ...expected, typ: value }),
})

const ID_TOKEN: Readonly<Record<string, Wrong>> = {
  wrong_typ: typ('at+jwt'),
  extra_aud: another('aud', ['app', 'another-client']),
  wrong_azp: another('azp', 'another-client'),
  missing_sub: missing('sub'),
  wrong_nonce: another('nonce', 'another-nonce'),
  missing_nonce: missing('nonce'),
  wrong_at_hash: altered('at_hash'),
  missing_at_hash: missing('at_hash'),
  wrong_c_hash: altered('c_hash'),
  missing_c_hash: missing('c_hash'),
  wrong_s_hash: altered('s_hash'),
  missing_s_hash: missing('s_hash'),
}

const ACCESS_TOKEN: Readonly<Record<string, Wrong>> = {
  wrong_typ: typ('JWT'),
  missing_sub: missing('sub'),
  missing_scope: missing('scope'),
  insufficient_scope: another('scope', ''),
}

const USERINFO: Readonly<Record<string, Wrong>> = {
  wrong_sub: another('sub', 'another-user'),
  missing_sub: missing('sub'),
}

const LOGOUT_TOKEN: Readonly<Record<string, Wrong>> = {
  wrong_typ: typ('at+jwt'),
  missing_events: missing('events'),
  wrong_event: another('events', { 'http://schemas.openid.net/event/another': {} }),
  with_nonce: another('nonce', 'a-nonce'),
  missing_sub_and_sid: { refused: `${FAILED} sid missing`, but: without('sub', 'sid') },
}

function below(kind: JwtKind, rows: Readonly<Record<string, Wrong>>): Record<string, Case> {
  const entries = Object.entries(rows).map(([name, wrong]): [string, Case] => {
    const fault = `${kind}.${name}` as FaultName
    return [fault, (t) => check(t, kind, fault, wrong)]
  })
  return Object.fromEntries(entries)
}

async function check(t: Test, kind: JwtKind, fault: FaultName, { refused, but, also }: Wrong): Promise<void> {
  const issued = await issue(t, kind, [{ fault }])
  const { jwt, expected, now } = issued
  t.equal(await refusalOf(jwt, expected, keyOf(issued)), refused, 'what is wrong')
  if (but !== undefined) t.equal(await refusalOf(jwt, but(expected, now), keyOf(issued)), undefined, 'and nothing else')
  await also?.(t, issued)
}

/** Returns whether the key of the token is published, and the number of published keys. */
async function keysFor({ get }: TestApp, token: string) {
  const jwks = (await get('/jwks')).json()
  const verified = await jwtVerify(token, createLocalJWKSet(jwks)).catch(() => undefined)
  return { verified: verified !== undefined, count: (jwks.keys as JWK[]).length }
}

const REFRESH: Readonly<Partial<Record<FaultName, Case>>> = {
  'token.refresh_wrong_iss': (t) =>
    checkRefresh(t, 'token.refresh_wrong_iss', { iss: 'https://another-issuer.example' }),
  'token.refresh_wrong_sub': (t) => checkRefresh(t, 'token.refresh_wrong_sub', { sub: 'another-user' }),
  'token.refresh_not_rotated': async (t) => {
    const rules = { rotate_refresh_tokens: true }
    const rotating = await start(t, [], {}, { rules })
    const first = await getTokens(rotating)
    const second = (await refresh(rotating, first.refresh_token)).json<Tokens>()
    t.type(second.refresh_token, 'string', 'rotated without the rule')
    const test = await start(t, [{ fault: 'token.refresh_not_rotated' }], {}, { rules })
    const { refresh_token } = await getTokens(test)
    t.equal((await refresh(test, refresh_token)).json<Tokens>().refresh_token, undefined)
    t.equal((await refresh(test, refresh_token)).statusCode, 200, 'and is good again')
  },
  'token.refresh_reuse_revokes_all': async (t) => {
    const staying = await start(t, [])
    t.equal((await refresh(staying, (await getTokens(staying)).refresh_token)).json<Tokens>().refresh_token, undefined)
    const test = await start(t, [{ fault: 'token.refresh_reuse_revokes_all', times: 1 }])
    const first = await getTokens(test)
    const second = (await refresh(test, first.refresh_token)).json<Tokens>()
    t.not(second.refresh_token, first.refresh_token)
    t.equal((await getUserinfo(test, second.access_token)).statusCode, 200)
    t.match((await refresh(test, first.refresh_token)).json(), {
      error: 'invalid_grant',
      error_description: /already used/,
    })
    t.equal((await getUserinfo(test, second.access_token)).statusCode, 401, 'all has ended')
    t.match((await refresh(test, second.refresh_token)).json(), { error: 'invalid_grant' })
  },
}

async function checkRefresh(t: Test, fault: FaultName, wrong: Readonly<Record<string, string>>): Promise<void> {
  const test = await start(t, [{ fault }])
  const first = await getTokens(test)
  t.match(decodeJwt(first.id_token), { iss: 'http://localhost', sub: 'alice' }, 'right at the login')
  const second = (await refresh(test, first.refresh_token)).json<Tokens>()
  t.match(decodeJwt(second.id_token), { iss: 'http://localhost', sub: 'alice', ...wrong })
  t.match(decodeJwt(second.access_token), { iss: 'http://localhost', sub: 'alice' })
  t.ok((await keysFor(test, second.id_token)).verified)
}

const ROTATION: Readonly<Partial<Record<FaultName, Case>>> = {
  'jwks.rotated': async (t) => {
    const test = await start(t, [{ fault: 'jwks.rotated', times: 1 }])
    const [before] = (await test.get('/jwks')).json().keys as JWK[]
    const { id_token } = await getTokens(test)
    t.equal(headerOf({ jwt: id_token }).kid, before!.kid, 'the old key signed')
    t.strictSame(await keysFor(test, id_token), { verified: true, count: 4 }, 'and stays published beside the new ones')
    const next = await getTokens(test)
    t.not(headerOf({ jwt: next.id_token }).kid, before!.kid)
    t.strictSame(await keysFor(test, next.id_token), { verified: true, count: 4 })
  },
  'jwks.rotated_before_signing': async (t) => {
    const test = await start(t, [{ fault: 'jwks.rotated_before_signing', times: 1, match: { endpoint: 'token' } }])
    const { keys } = (await test.get('/jwks')).json<{ keys: JWK[] }>()
    await logIn(test)
    t.strictSame((await test.get('/jwks')).json(), { keys }, 'nothing was signed yet')
    const tokens = await getTokens(test)
    t.strictSame(await keysFor(test, tokens.id_token), { verified: true, count: 2 })
    t.strictSame(await keysFor(test, tokens.access_token), { verified: true, count: 2 })
    const kids = (await test.get('/jwks')).json().keys.map(({ kid }: JWK) => kid)
    t.notOk(
      keys.some(({ kid }) => kids.includes(kid)),
      'no old key is published',
    )
  },
}

export const TOKEN_CASES: Partial<Record<FaultName, Case>> = {
  ...below('id_token', { ...SIGNATURE, ...CLAIMS, ...ID_TOKEN }),
  ...below('access_token', { ...SIGNATURE, ...CLAIMS, ...ACCESS_TOKEN }),
  ...below('userinfo', { ...SIGNATURE, ...USERINFO }),
  ...below('jarm', SIGNATURE),
  ...below('logout_token', { ...SIGNATURE, ...CLAIMS, ...LOGOUT_TOKEN }),
  ...REFRESH,
  ...ROTATION,
}
