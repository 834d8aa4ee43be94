// The login of an application under test.
import * as client from 'openid-client'

const redirect_uri = 'http://localhost:3000/callback'

export async function createLogin(issuer: string) {
  const config = await client.discovery(new URL(issuer), 'app', undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  })
  const expectedNonce = client.randomNonce()
  return {
    /** Returns the authorization URL for the browser. */
    start: () => client.buildAuthorizationUrl(config, { redirect_uri, scope: 'openid email', nonce: expectedNonce }),
    /** Redeems the code of the callback and returns the claims of the ID token. */
    async finish(callback: string) {
      const tokens = await client.authorizationCodeGrant(config, new URL(callback), { expectedNonce })
      return tokens.claims()!
    },
  }
}
