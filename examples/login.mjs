// Logs in at a running provider without a browser, as a test would, and prints what an application gets.
//
//   node login.mjs [ISSUER [SUB]]
//
// It needs openid-client: npm install openid-client
import * as client from 'openid-client'

const [issuer = 'http://localhost:9400', sub = 'alice'] = process.argv.slice(2)
const redirect_uri = 'http://localhost:3000/callback'

// What every application does: read the discovery document, and make the URL that the browser is sent to.
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

// What the browser and its user would do: post the form to that very URL. The answer leads back to the application.
const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ sub }), redirect: 'manual' })
const location = answer.headers.get('location')
if (location === null) throw new Error(`the login was not answered with a redirect, but with ${answer.status}`)

// What every application does again: exchange the code, check the ID token, ask for more claims.
const checks = { pkceCodeVerifier, expectedState, expectedNonce }
const tokens = await client.authorizationCodeGrant(configuration, new URL(location), checks)
const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, sub)
console.log(JSON.stringify({ id_token: tokens.claims(), userinfo }, undefined, 2))
