// Logs in at a running provider without a browser and prints the claims that an application gets.
//
//   node login.mjs [ISSUER [SUB]]
//
// It needs openid-client: npm install openid-client
import * as client from 'openid-client'

const [issuer = 'http://localhost:9400', sub = 'alice'] = process.argv.slice(2)
const redirect_uri = 'http://localhost:3000/callback'

// Application: read the discovery document and create the authorization URL for the browser.
const configuration = await client.discovery(new URL(issuer), 'example', 'any secret', undefined, {
  execute: [client.allowInsecureRequests],
})
client.enableNonRepudiationChecks(configuration)
const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState()
const expectedNonce = client.randomNonce()
const url = client.buildAuthorizationUrl(configuration, {
  redirect_uri,
  scope: 'openid profile email',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
  nonce: expectedNonce,
})

// Browser: submit the login form to that URL. The response redirects to the application.
const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ sub }), redirect: 'manual' })
const location = answer.headers.get('location')
if (location === null) throw new Error(`the login was not answered with a redirect, but with ${answer.status}`)

// Application: redeem the code, verify the ID token, request more claims.
const checks = { pkceCodeVerifier, expectedState, expectedNonce }
const tokens = await client.authorizationCodeGrant(configuration, new URL(location), checks)
const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, sub)
console.log(JSON.stringify({ id_token: tokens.claims(), userinfo }, undefined, 2))
