/** Journeys of applications with faulty tokens: each user has one fault. */
import { createHash } from 'node:crypto'
import { createRemoteJWKSet, type JWTPayload, type JWTVerifyOptions, customFetch as joseFetch, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import type { FaultName } from '../../src/faults/catalogue.js'
import { FAULT_CATALOGUE } from '../../src/faults/catalogue.js'
import { startWorld } from '../conformance/world.js'
import { createUser, customFetch, logIn, register } from './application.js'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const HYBRID = { response_types: ['code id_token'], grant_types: ['authorization_code', 'refresh_token', 'implicit'] }

const names = Object.keys(FAULT_CATALOGUE) as FaultName[]
const ofKind = (kind: string) => names.filter((name) => name.startsWith(`${kind}.`))
const mustBeRejected = (kind: string) => ofKind(kind).filter((name) => FAULT_CATALOGUE[name].severity === 'must_reject')
const KINDS = ['id_token', 'access_token', 'userinfo', 'logout_token', 'jwks', 'token']

// One user for each fault; the sub is the name of the fault.
const world = await startWorld(t as unknown as Test, {
  users: [
    { sub: 'alice', claims: { name: 'Alice' } },
    ...KINDS.flatMap(ofKind)
      .filter((fault) => (FAULT_CATALOGUE[fault].needs ?? []).length === 0)
      .filter((fault) => FAULT_CATALOGUE[fault].endpoints.some((one) => !['jwks', 'introspection'].includes(one)))
      .map((fault) => ({ sub: fault, faults: [{ fault }] })),
  ],
})
const issuer = world.issuer
const as = world.metadata as unknown as oauth.AuthorizationServer
const options = { signingAlgorithms: ['RS256'], [oauth.customFetch]: customFetch(world) as never }
let fetched = 0
const jwks = createRemoteJWKSet(new URL(String(world.metadata.jwks_uri)), {
  cooldownDuration: 0,
  [joseFetch]: (url: string) => {
    fetched += 1
    return world.fetch(url)
  },
})

/** Returns the message of an error; undefined if there is none. */
const problemOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => undefined,
    (error: Error) => error.message,
  )

/** Checks that the token was rejected and that the login itself succeeded. */
function rejects(t: Test, problem: string | undefined, fault: string): void {
  t.type(problem, 'string', fault)
  t.notMatch(problem ?? '', /the browser stayed|server responded with an error/, fault)
}

/** Faults that openid-client leaves to the application. */
const BY_HAND: Readonly<Partial<Record<FaultName, string>>> = {
  'id_token.wrong_at_hash': 'it does not verify at_hash, which is optional at the token endpoint',
  'id_token.missing_at_hash': 'as for id_token.wrong_at_hash',
  'id_token.wrong_azp': 'it verifies azp only if there are several audiences',
  'id_token.wrong_typ': 'the typ of an ID token is optional',
}
/** Faults that openid-client checks only in ID tokens of the front channel. */
const IN_FRONT = /stale_iat|c_hash|s_hash/

/** Verifies the rest with jose. OpenID Connect Core §3.1.3.7 and RFC 8725 §3.11. */
async function checkByHand({ id_token = '', access_token }: client.TokenEndpointResponse, audience: string) {
  const { payload } = await jwtVerify(id_token, jwks, { issuer, audience, typ: 'JWT', algorithms: ['RS256'] })
  if (payload.azp !== undefined && payload.azp !== audience) throw new Error('azp is another client')
  const half = createHash('sha256').update(access_token).digest().subarray(0, 16).toString('base64url')
  if (payload.at_hash !== half) throw new Error('at_hash is another or missing')
}

t.test('OpenID Connect Core §3.1.3.7: openid-client rejects bad ID tokens', async (t) => {
  const code = await register(world, { id_token_signed_response_alg: 'RS256' })
  const hybrid = await register(world, { ...HYBRID, id_token_signed_response_alg: 'RS256' })
  client.useCodeIdTokenResponseType(hybrid)
  client.enableDetachedSignatureResponseChecks(hybrid)
  const { client_id } = code.clientMetadata()
  const attempt = async (name: string) => {
    if (IN_FRONT.test(name)) return logIn(hybrid, createUser(world, name))
    const tokens = await logIn(code, createUser(world, name))
    if (name in BY_HAND || name === 'alice') await checkByHand(tokens, client_id)
    return tokens
  }
  t.equal(await problemOf(attempt('alice')), undefined)
  t.equal(await problemOf(logIn(hybrid, createUser(world))), undefined)
  for (const fault of mustBeRejected('id_token')) rejects(t, await problemOf(attempt(fault)), fault)
})

t.test('OpenID Connect Core §10.1: a token without a kid is verified with every matching key', async (t) => {
  const tokens = await logIn(await register(world), createUser(world, 'id_token.missing_kid'))
  t.match(tokens.claims(), { sub: 'id_token.missing_kid' }, 'one key matches RS256')
})

t.test('RFC 9068 §4: oauth4webapi rejects bad access tokens', async (t) => {
  const configuration = await register(world)
  const attempt = async (sub: string) => {
    const { access_token } = await logIn(configuration, createUser(world, sub))
    const request = new Request('https://api.example.com', { headers: { authorization: `Bearer ${access_token}` } })
    const claims = await oauth.validateJwtAccessToken(as, request, issuer, options)
    // The API decides on scopes and on the age of tokens.
    if (!String(claims.scope).split(' ').includes('profile')) throw new Error('scope lacks profile')
    if (claims.iat < Date.now() / 1000 - 86_400) throw new Error('iat is too long ago')
  }
  t.equal(await problemOf(attempt('alice')), undefined)
  for (const fault of mustBeRejected('access_token')) {
    rejects(t, await problemOf(attempt(fault)), fault)
  }
})

t.test('OpenID Connect Core §5.3.2 and §5.3.4: openid-client rejects bad userinfo', async (t) => {
  const signed = await register(world, { userinfo_signed_response_alg: 'RS256' })
  const attempt = async (configuration: client.Configuration, sub: string) => {
    const { access_token } = await logIn(configuration, createUser(world, sub))
    return client.fetchUserInfo(configuration, access_token, sub)
  }
  t.match(await attempt(signed, 'alice'), { sub: 'alice', name: 'Alice' })
  for (const fault of mustBeRejected('userinfo')) rejects(t, await problemOf(attempt(signed, fault)), fault)
  const plain = await register(world)
  t.match(await attempt(plain, 'alice'), { sub: 'alice', name: 'Alice' })
  for (const fault of ['userinfo.wrong_sub', 'userinfo.missing_sub']) {
    rejects(t, await problemOf(attempt(plain, fault)), `${fault} in JSON`)
  }
})

/** Verifies a logout token, which openid-client does not. OpenID Connect Back-Channel Logout §2.6. */
async function checkLogoutToken(token: string, audience: string): Promise<void> {
  const required: JWTVerifyOptions = {
    requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti', 'events'],
    maxTokenAge: 3600,
  }
  const expected = { issuer, audience, typ: 'logout+jwt', algorithms: ['RS256'] }
  const { payload } = await jwtVerify<JWTPayload & { events: object }>(token, jwks, { ...required, ...expected })
  if (payload.sub === undefined && payload.sid === undefined) throw new Error('neither sub nor sid')
  if (!(EVENT in payload.events)) throw new Error('another event')
  if ('nonce' in payload) throw new Error('a nonce')
}

t.test('OpenID Connect Back-Channel Logout §2.6: a back end rejects bad logout tokens', async (t) => {
  world.site.documents.set('/logout', { type: 'text/plain', body: '' })
  const configuration = await register(world, { backchannel_logout_uri: `${world.site.url}/logout` })
  const { client_id } = configuration.clientMetadata()
  const attempt = async (sub: string) => {
    const browser = createUser(world, sub)
    const { id_token = '' } = await logIn(configuration, browser)
    await browser.open(client.buildEndSessionUrl(configuration, { id_token_hint: id_token }).href)
    const { body } = world.site.requests.filter(({ url }) => url === '/logout').at(-1)!
    return checkLogoutToken(new URLSearchParams(body).get('logout_token')!, client_id)
  }
  t.equal(await problemOf(attempt('alice')), undefined)
  for (const fault of mustBeRejected('logout_token')) rejects(t, await problemOf(attempt(fault)), fault)
  t.equal(world.site.requests.filter(({ url }) => url === '/logout').length, mustBeRejected('logout_token').length + 1)
})

t.test('OpenID Connect Core §12.2: a refresh must have the same issuer and end-user', async (t) => {
  const configuration = await register(world)
  const attempt = async (sub: string) => {
    const parameters = { scope: 'openid offline_access', prompt: 'consent' }
    const tokens = await logIn(configuration, createUser(world, sub), parameters)
    const next = await client.refreshTokenGrant(configuration, tokens.refresh_token!)
    // openid-client does not know the previous end-user.
    if (next.claims()!.sub !== tokens.claims()!.sub) throw new Error('another end-user')
    return next
  }
  t.equal(await problemOf(attempt('alice')), undefined)
  t.match(await problemOf(attempt('token.refresh_wrong_iss')), /./)
  t.equal(await problemOf(attempt('token.refresh_wrong_sub')), 'another end-user')
  t.equal(await problemOf(attempt('token.refresh_not_rotated')), undefined)
  const { refresh_token } = await attempt('token.refresh_reuse_revokes_all')
  t.type(refresh_token, 'string', 'rotated even for a confidential client')
})

t.test('OpenID Connect Core §10.1.1: a client that fetches the keys again accepts their rotation', async (t) => {
  // openid-client fetches the keys at most once per minute, so each application is a new one.
  const fetches = async (sub: string) => {
    const { id_token = '' } = await logIn(await register(world), createUser(world, sub))
    const before = fetched
    await jwtVerify(id_token, jwks, { issuer, algorithms: ['RS256'] })
    return fetched - before
  }
  await fetches('alice')
  t.equal(await fetches('alice'), 0)
  t.equal(await fetches('jwks.rotated_before_signing'), 1)
  t.equal(await fetches('jwks.rotated'), 0, 'the old key signs once more')
  t.equal(await fetches('alice'), 1)
})
