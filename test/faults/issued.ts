/** JWTs of each kind from a provider with fault rules, and the expectations of their recipients. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
  UnsecuredJWT,
} from 'jose'
import type { Test } from 'tap'
import type { JwtKind } from '../../src/faults/doors/jwt.js'
import type { Client, ConfigInput, Fault } from '../../src/generated/input.js'
import { createApp, getUserinfo, logIn, REDIRECT_URI, type TestApp } from '../app.js'
import { listen } from '../listener.js'
import { createUserAgent } from '../user_agent.js'

export const ISSUER = 'http://localhost'
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

export const KEYS: { alg: 'ES256' | 'EdDSA' }[] = [{ alg: 'ES256' }, { alg: 'EdDSA' }]

/** Expectations of a JWT: options of jose, and exact values of claims. */
export interface Expectation extends JWTVerifyOptions {
  readonly requiredClaims: string[]
  readonly claims: Readonly<Record<string, unknown>>
}

export interface Issued {
  readonly jwt: string
  readonly jwks: JSONWebKeySet
  readonly expected: Expectation
  /** Time of the issuer. */
  readonly now: number
}

const CLIENT: Client = {
  client_id: 'app',
  redirect_uris: [REDIRECT_URI],
  response_types: ['code', 'code id_token token'],
  grant_types: ['authorization_code', 'refresh_token', 'implicit'],
  token_endpoint_auth_method: 'none',
}

/** Starts a provider with one client, `app`, and two keys. ES256 is the default. */
export function start(t: Test, faults: Fault[], client: Partial<Client> = {}, config: ConfigInput = {}) {
  return createApp(t, { keys: KEYS, faults, ...config, clients: [{ ...CLIENT, ...client }] })
}

/** Sends a hybrid request and returns an ID token with every hash, and an access token. */
export async function logInHybrid({ post }: TestApp, query: Record<string, string> = {}) {
  const asked = { client_id: 'app', redirect_uri: REDIRECT_URI, scope: 'openid email', nonce: 'n', state: 's' }
  const all = new URLSearchParams({ ...asked, response_type: 'code id_token token', ...query })
  const answer = await post(`/oauth2/authorize?${all}`, { sub: 'alice' })
  const { hash } = new URL(String(answer.headers.location))
  return Object.fromEntries(new URLSearchParams(hash.slice(1))) as Record<'code' | 'id_token' | 'access_token', string>
}

/** Issues a JWT of each kind, with its expectations. */
const SOURCES: Readonly<Record<JwtKind, (t: Test, faults: Fault[]) => Promise<Omit<Issued, 'now'>>>> = {
  id_token: async (t, faults) => {
    const test = await start(t, faults)
    const { code, id_token, access_token } = await logInHybrid(test)
    const hashes = { at_hash: half(access_token), c_hash: half(code), s_hash: half('s') }
    const claims = { sub: 'alice', aud: 'app', azp: undefined, nonce: 'n', ...hashes }
    return { jwt: id_token, jwks: await jwksOf(test), expected: expecting('JWT', 'app', claims, 3600) }
  },
  access_token: async (t, faults) => {
    const test = await start(t, faults)
    const claims = { sub: 'alice', client_id: 'app', scope: 'openid email' }
    const { access_token: jwt } = await logInHybrid(test)
    return { jwt, jwks: await jwksOf(test), expected: expecting('at+jwt', ISSUER, claims, 3600) }
  },
  userinfo: async (t, faults) => {
    const test = await start(t, faults, { userinfo_signed_response_alg: 'ES256' })
    const { body: jwt } = await getUserinfo(test, (await logInHybrid(test)).access_token)
    const expected = expecting(undefined, 'app', { sub: 'alice', email: 'alice@example.com' })
    return { jwt, jwks: await jwksOf(test), expected }
  },
  jarm: async (t, faults) => {
    const test = await start(t, faults)
    const response = (await logIn(test, { response_mode: 'query.jwt', state: 's' })).get('response')!
    return { jwt: response, jwks: await jwksOf(test), expected: expecting(undefined, 'app', { state: 's' }) }
  },
  logout_token: async (t, faults) => {
    const { url, received } = await listen(t)
    const test = await start(t, faults, { backchannel_logout_uri: `${url}/logout` })
    const agent = createUserAgent(test)
    const { id_token } = await agent.getTokens({ client_id: 'app' })
    await agent.logOut({ id_token_hint: id_token })
    const jwt = new URLSearchParams(received[0]!.body).get('logout_token')!
    const claims = { sub: 'alice', events: { [EVENT]: {} }, nonce: undefined }
    const expected = expecting('logout+jwt', 'app', claims, 3600)
    const requiredClaims = [...expected.requiredClaims, 'jti', 'sid']
    return { jwt, jwks: await jwksOf(test), expected: { ...expected, requiredClaims } }
  },
}

export const JWT_KINDS = Object.keys(SOURCES) as JwtKind[]

export async function issue(t: Test, kind: JwtKind, faults: Fault[] = []): Promise<Issued> {
  return { ...(await SOURCES[kind](t, faults)), now: Math.floor(Date.now() / 1000) }
}

const jwksOf = async ({ get }: TestApp) => (await get('/jwks')).json<JSONWebKeySet>()

function expecting(typ: string | undefined, audience: string, claims: Expectation['claims'], age?: number) {
  const times = age === undefined ? [] : ['iat', 'exp']
  const named = Object.keys(claims).filter((name) => claims[name] !== undefined)
  return {
    ...(typ !== undefined && { typ }),
    ...(age !== undefined && { maxTokenAge: age }),
    issuer: ISSUER,
    audience,
    algorithms: ['ES256'],
    requiredClaims: ['iss', 'aud', ...times, ...named],
    claims,
  }
}

/** OpenID Connect Core §3.1.3.6. */
const half = (value: string) => createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url')

type Key = Parameters<typeof jwtVerify>[1] | ReturnType<typeof createLocalJWKSet>

/** Returns why a JWT is refused: the code of jose with the claim and the reason, or the wrong claim; undefined if it is valid. */
export async function refusalOf(jwt: string, expected: Expectation, key: Key): Promise<string | undefined> {
  const { claims, ...options } = expected
  try {
    const { payload } = await jwtVerify(jwt, key as ReturnType<typeof createLocalJWKSet>, options)
    return deviation(payload, claims)
  } catch (error) {
    return describe(error)
  }
}

/** As `refusalOf`, without a check of the signature. */
export function refusalOfClaims(jwt: string, { claims, ...options }: Expectation): string | undefined {
  const [header, payload] = jwt.split('.')
  const unsigned = { ...JSON.parse(Buffer.from(header!, 'base64url').toString()), alg: 'none' }
  const encoded = Buffer.from(JSON.stringify(unsigned)).toString('base64url')
  try {
    return deviation(UnsecuredJWT.decode(`${encoded}.${payload}.`, options).payload, claims)
  } catch (error) {
    return describe(error)
  }
}

function deviation(payload: JWTPayload, claims: Expectation['claims']): string | undefined {
  return Object.keys(claims).find((name) => !isDeepStrictEqual(payload[name], claims[name]))
}

function describe(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    return `${error.code} ${error.claim} ${error.reason}`
  }
  return (error as errors.JOSEError).code
}

export const keyOf = ({ jwks }: Issued) => createLocalJWKSet(jwks)
export const headerOf = ({ jwt }: Pick<Issued, 'jwt'>) => decodeProtectedHeader(jwt)
