/** Journeys through each flow of the libraries, by query or fragment and by form post. */
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import { startWorld } from '../conformance/world.js'
import { begin, createUser, customFetch, logIn, refusal, register, visit } from './application.js'

const world = await startWorld(t as unknown as Test)

const MODES = [undefined, 'form_post']
const answered = (mode: string | undefined) => ({ ...(mode !== undefined && { response_mode: mode }) })

for (const mode of MODES) {
  t.test(`OpenID Connect Core §3.1 (${mode ?? 'query'}): an application logs in with a code`, async (t) => {
    const configuration = await register(world)
    const tokens = await logIn(configuration, createUser(world), answered(mode))
    t.match(tokens.claims(), { iss: world.issuer, sub: 'alice', aud: configuration.clientMetadata().client_id })
    const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, 'alice')
    t.match(userinfo, { sub: 'alice', name: 'Alice Adams', email: 'alice@example.com', email_verified: true })
  })

  t.test(`OpenID Connect Core §3.2 (${mode ?? 'fragment'}): an application logs in with an ID token`, async (t) => {
    const metadata = { response_types: ['id_token'], grant_types: ['implicit'] }
    const configuration = await register(world, metadata, client.None())
    client.useIdTokenResponseType(configuration)
    const { parameters, checks } = await begin(answered(mode))
    const back = await visit(createUser(world), client.buildAuthorizationUrl(configuration, parameters))
    const { expectedNonce, expectedState } = checks
    const claims = await client.implicitAuthentication(configuration, back, expectedNonce, { expectedState })
    t.match(claims, { sub: 'alice', name: 'Alice Adams', email: 'alice@example.com' })
  })

  t.test(`OpenID Connect Core §3.3 (${mode ?? 'fragment'}): an application logs in by both`, async (t) => {
    const metadata = { response_types: ['code id_token'], grant_types: ['authorization_code', 'implicit'] }
    const configuration = await register(world, metadata)
    client.useCodeIdTokenResponseType(configuration)
    // The library requires s_hash in addition to c_hash.
    client.enableDetachedSignatureResponseChecks(configuration)
    const tokens = await logIn(configuration, createUser(world), answered(mode))
    t.match(tokens.claims(), { sub: 'alice' })
    t.match(await client.fetchUserInfo(configuration, tokens.access_token, 'alice'), { email: 'alice@example.com' })
  })
}

t.test('OpenID Connect Core §3.1.2.6: prompt=none without a login gets login_required', async (t) => {
  const configuration = await register(world)
  const { error } = await refusal(logIn(configuration, createUser(world), { prompt: 'none' }))
  t.equal(error, 'login_required')
})

t.test('OpenID Connect Core §3.1.2.1: a second request gets the same login unless it requires a new one', async (t) => {
  const configuration = await register(world)
  const browser = createUser(world)
  const first = (await logIn(configuration, browser)).claims()!
  const second = (await logIn(configuration, browser, { prompt: 'none', max_age: '600' })).claims()!
  t.equal(second.auth_time, first.auth_time)
  t.equal(second.sid, first.sid)
  const third = (await logIn(configuration, browser, { prompt: 'login' })).claims()!
  t.ok(Number(third.auth_time) >= Number(first.auth_time))
})

t.test('RFC 6749 §4.1: oauth4webapi completes the flow and verifies its responses', async (t) => {
  const options = { [oauth.customFetch]: customFetch(world) }
  const issuer = new URL(world.issuer)
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))
  const { parameters, checks } = await begin()
  const redirect_uri = parameters.redirect_uri!
  const registered = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(as, { redirect_uris: [redirect_uri] }, options),
  )
  const query = new URLSearchParams({ ...parameters, client_id: registered.client_id, response_type: 'code' })
  const back = await visit(createUser(world), new URL(`${as.authorization_endpoint}?${query}`))
  const answer = oauth.validateAuthResponse(as, registered, back as URL, checks.expectedState)
  const authentication = oauth.ClientSecretBasic(String(registered.client_secret))
  const verifier = checks.pkceCodeVerifier
  const call = () =>
    oauth.authorizationCodeGrantRequest(as, registered, authentication, answer, redirect_uri, verifier, options)
  const response = await call()
  const { expectedNonce } = checks
  const tokens = await oauth.processAuthorizationCodeResponse(as, registered, response, { expectedNonce })
  await oauth.validateApplicationLevelSignature(as, response, options)
  const { sub } = oauth.getValidatedIdTokenClaims(tokens)!
  t.equal(sub, 'alice')
  const userinfo = await oauth.userInfoRequest(as, registered, tokens.access_token, options)
  t.match(await oauth.processUserInfoResponse(as, registered, sub, userinfo), { email: 'alice@example.com' })

  // RFC 6749 §4.1.2: the reuse of the code revokes its tokens.
  const again = await call()
  t.match(await again.clone().json(), { error: 'invalid_grant' })
  await t.rejects(oauth.processAuthorizationCodeResponse(as, registered, again), oauth.ResponseBodyError)
  t.equal((await oauth.userInfoRequest(as, registered, tokens.access_token, options)).status, 401)
})
