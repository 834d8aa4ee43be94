// A whole login at the provider whose URL is given, with a client library that this project did not write.
import * as client from 'openid-client'

const [issuer, sub] = process.argv.slice(2)
const redirect_uri = 'http://localhost:8000/callback'
const configuration = await client.discovery(new URL(issuer), 'app', undefined, client.None(), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
})
const checks = {
  pkceCodeVerifier: client.randomPKCECodeVerifier(),
  expectedState: client.randomState(),
  expectedNonce: client.randomNonce(),
}
const url = client.buildAuthorizationUrl(configuration, {
  redirect_uri,
  scope: 'openid profile email',
  code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: checks.expectedState,
  nonce: checks.expectedNonce,
})
const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ sub }), redirect: 'manual' })
const tokens = await client.authorizationCodeGrant(configuration, new URL(answer.headers.get('location')), checks)
const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, sub)
if (tokens.claims().iss !== configuration.serverMetadata().issuer || userinfo.sub !== sub) process.exit(1)
