/** The access token: a JWT that resource servers can verify. RFC 9068. */
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import t from 'tap'
import { createApp, getTokens, register } from '../app.js'

t.test('RFC 9068 §2: an access token has the required header and claims', async (t) => {
  const test = await createApp(t)
  const { access_token } = await getTokens(test, { scope: 'openid email' })
  const { kid, ...header } = decodeProtectedHeader(access_token)
  t.strictSame(header, { alg: 'ES256', typ: 'at+jwt' })
  t.type(kid, 'string')
  const { iat, exp, auth_time, jti, ...rest } = decodeJwt(access_token)
  const iss = 'http://localhost'
  t.strictSame(rest, { iss, sub: 'alice', aud: iss, client_id: 'app', scope: 'openid email' })
  t.equal(exp! - iat!, 3600)
  t.ok(Number(auth_time) <= iat!)
  t.match(jti, /^[\w-]{43}$/)
  const jwks = createLocalJWKSet((await test.get('/jwks')).json<JSONWebKeySet>())
  await t.resolves(jwtVerify(access_token, jwks, { issuer: iss, audience: iss, typ: 'at+jwt' }))
})

t.test('RFC 9068 §2.2: every access token is unique', async (t) => {
  const test = await createApp(t)
  const [one, other] = [await getTokens(test), await getTokens(test)]
  t.not(decodeJwt(one.access_token).jti, decodeJwt(other.access_token).jti)
  t.not(one.refresh_token, other.refresh_token)
})

t.test("the algorithm of a client's ID tokens does not apply to access tokens", async (t) => {
  const test = await createApp(t, { keys: [{ alg: 'ES256' }, { alg: 'EdDSA' }] })
  const client = await register(test, { id_token_signed_response_alg: 'EdDSA', token_endpoint_auth_method: 'none' })
  const { access_token, id_token } = await getTokens(test, { client_id: client.client_id })
  t.equal(decodeProtectedHeader(access_token).alg, 'ES256')
  t.equal(decodeProtectedHeader(id_token).alg, 'EdDSA')
})
