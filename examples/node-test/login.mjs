// The part of an application that logs people in: what the tests are about.
import * as client from 'openid-client'

const redirect_uri = 'http://localhost:3000/callback'

export async function createLogin(issuer) {
  const config = await client.discovery(new URL(issuer), 'app', undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  })
  const expectedNonce = client.randomNonce()
  return {
    /** Where to send the browser. */
    start: () => client.buildAuthorizationUrl(config, { redirect_uri, scope: 'openid email', nonce: expectedNonce }),
    /** Who came back. */
    async finish(callback) {
      const tokens = await client.authorizationCodeGrant(config, new URL(callback), { expectedNonce })
      return tokens.claims()
    },
  }
}
