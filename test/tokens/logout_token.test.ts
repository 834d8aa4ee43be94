/** The logout token. OpenID Connect Back-Channel Logout §2.4. */
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { findClient } from '../../src/directory/clients.js'
import type { ConfigInput } from '../../src/generated/input.js'
import { readOwnIdToken } from '../../src/tokens/jwt.js'
import { createLogoutToken } from '../../src/tokens/logout_token.js'
import { createContext, REDIRECT_URI } from '../app.js'

type Client = NonNullable<ConfigInput['clients']>[number]

async function make(client: Partial<Client> = {}) {
  const clients = [{ client_id: 'app', client_secret: 's'.repeat(32), redirect_uris: [REDIRECT_URI], ...client }]
  const ctx = await createContext({ clients })
  const token = await createLogoutToken(ctx, (await findClient(ctx, 'app'))!, { sub: 'alice', sid: 'S' })
  return { ctx, token }
}

t.test(
  'OpenID Connect Back-Channel Logout §2.4: a logout token has the required claims and type and no nonce',
  async (t) => {
    const { ctx, token } = await make()
    const jwks = createLocalJWKSet({ keys: (await ctx.keys.signing()).map(({ publicJwk }) => ({ ...publicJwk })) })
    const { payload, protectedHeader } = await jwtVerify(token, jwks, { typ: 'logout+jwt', audience: 'app' })
    t.type(protectedHeader.kid, 'string')
    const { iat, exp, jti, ...rest } = payload
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    t.strictSame(rest, { iss: 'http://localhost', sub: 'alice', aud: 'app', sid: 'S', events })
    t.equal(exp, iat! + 120)
    t.match(jti, /^[\w-]{43}$/)
    t.equal(await readOwnIdToken(ctx, token), undefined, 'it is not an ID token')
  },
)

t.test('OpenID Connect Back-Channel Logout §2.4: every logout token has a unique jti', async (t) => {
  t.not(decodeJwt((await make()).token).jti, decodeJwt((await make()).token).jti)
})

t.test(
  "OpenID Connect Back-Channel Logout §2.6: the algorithm is that of the client's ID tokens, but never none",
  async (t) => {
    const { token } = await make({ id_token_signed_response_alg: 'HS256' })
    await t.resolves(jwtVerify(token, new TextEncoder().encode('s'.repeat(32)), { typ: 'logout+jwt' }))
    t.equal(decodeProtectedHeader((await make({ id_token_signed_response_alg: 'none' })).token).alg, 'ES256')
  },
)

t.test('OpenID Connect Core §8: the logout token of a pairwise client has its pairwise sub', async (t) => {
  const sub = decodeJwt((await make({ subject_type: 'pairwise' })).token).sub
  t.match(sub, /^[\w-]{43}$/)
})
