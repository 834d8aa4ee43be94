/** Journeys of a device, a resource server and a client with signed responses. */
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import { createWorld } from '../conformance/world.js'
import { createUser, customFetch, logIn, refusal, register } from './application.js'

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
const world = await createWorld(t as unknown as Test)
const options = { [client.customFetch]: customFetch(world) }

/** Submits the end-user's answer in a browser. RFC 8628 §3.3. */
const answer = (begun: client.DeviceAuthorizationResponse, form: Record<string, string>) =>
  world.fetch(begun.verification_uri, {
    method: 'POST',
    body: new URLSearchParams({ user_code: begun.user_code, ...form }),
  })

t.test('RFC 8628: a device logs in, and its tokens are refreshed, introspected and revoked', async (t) => {
  const configuration = await register(world, { grant_types: ['authorization_code', 'refresh_token', DEVICE_CODE] })
  const begun = await client.initiateDeviceAuthorization(configuration, { scope: 'openid email offline_access' })
  t.match(begun, { interval: 5, expires_in: 600, verification_uri: `${world.issuer}/oauth2/device` })
  const page = await (await world.fetch(begun.verification_uri_complete!)).text()
  t.match(page, begun.user_code)
  t.equal((await answer(begun, { sub: 'alice' })).status, 200)
  const tokens = await client.pollDeviceAuthorizationGrant(configuration, { ...begun, interval: 0.01 })
  t.match(tokens.claims(), { sub: 'alice', iss: world.issuer })
  t.match(await client.fetchUserInfo(configuration, tokens.access_token, 'alice'), { email: 'alice@example.com' })
  const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token!)

  const { client_id } = configuration.clientMetadata()
  const described = await client.tokenIntrospection(configuration, refreshed.access_token)
  t.match(described, { active: true, sub: 'alice', client_id, iss: world.issuer, token_type: 'Bearer' })
  t.match(described.scope, /openid email/)
  const refresh_token = refreshed.refresh_token ?? tokens.refresh_token!
  t.match(await client.tokenIntrospection(configuration, refresh_token), { active: true, sub: 'alice' })

  await client.tokenRevocation(configuration, refreshed.access_token)
  t.strictSame(await client.tokenIntrospection(configuration, refreshed.access_token), { active: false })
  t.match(await client.tokenIntrospection(configuration, refresh_token), { active: true })
  await client.tokenRevocation(configuration, refresh_token, { token_type_hint: 'refresh_token' })
  t.strictSame(await client.tokenIntrospection(configuration, refresh_token), { active: false })
  t.match(await refusal(client.refreshTokenGrant(configuration, refresh_token)), { error: 'invalid_grant' })
})

t.test('RFC 8628 §3.5: a device gets access_denied after a denial', async (t) => {
  const device = await register(world, { grant_types: ['authorization_code', DEVICE_CODE] })
  const begun = await client.initiateDeviceAuthorization(device, {})
  await answer(begun, { action: 'deny' })
  const polling = client.pollDeviceAuthorizationGrant(device, { ...begun, interval: 0.01 })
  t.match(await refusal(polling), { error: 'access_denied' })
})

t.test('RFC 7662 and RFC 7009: a client with a wrong secret is refused', async (t) => {
  const { client_id } = (await register(world)).clientMetadata()
  const secret = client.ClientSecretBasic('not the secret')
  const impostor = await client.discovery(new URL(world.issuer), client_id, {}, secret, options)
  // RFC 6749 §5.2: the library reports the challenge of a 401 instead of the error.
  t.match(await refusal(client.tokenIntrospection(impostor, 'x')), { realm: 'oidc-provider-mock' })
  t.match(await refusal(client.tokenRevocation(impostor, 'x')), { realm: 'oidc-provider-mock' })
})

t.test('JARM: an application gets its responses as JWTs, including errors', async (t) => {
  const configuration = await register(world, { authorization_signed_response_alg: 'RS256' })
  client.useJwtResponseMode(configuration)
  t.match((await logIn(configuration, createUser(world))).claims(), { sub: 'alice' })
  const silent = logIn(configuration, createUser(world), { prompt: 'none' })
  t.match(await refusal(silent), { error: 'login_required' })
})
