/** Authorization responses and their tokens. */
import { decodeJwt, UnsecuredJWT } from 'jose'
import { hasCode, hasFrontIdToken, PKCE, REDIRECT_URI, randomText } from '../plan.js'
import type { RelyingParty } from '../relying_party.js'
import { type Values, verifyIdToken, verifyJsonRefusal, verifyRefusal } from '../verify.js'
import type { Module } from './module.js'

const CORE = 'OpenID Connect Core'

/** Claims that an ID token may have without a request. */
const TOLERATED = 'iss sub aud exp iat auth_time nonce acr amr azp at_hash c_hash nbf jti sid s_hash txn'.split(' ')

/** Core §6.1: logs in with a request object; only the required parameters stay outside it. */
async function logInWithObject(
  rp: RelyingParty,
  extra: Values,
  make: (jwt: string) => Promise<Record<string, string>>,
) {
  const client = await rp.register(extra)
  const [state, nonce] = [randomText(), randomText(10)]
  const query = rp.parameters(client, { parameters: { state, nonce } })
  const jwt = new UnsecuredJWT(Object.fromEntries(query)).encode()
  const outside = { state: undefined, nonce: undefined, ...(await make(jwt)) }
  return rp.logIn(client, { parameters: outside, state, nonce })
}

export const responses: readonly Module[] = [
  {
    name: 'server',
    section: `${CORE} §3`,
    rule: 'a response has the parameters of its response type and no claims without a request',
    async run(rp) {
      const { t } = rp
      const client = await rp.register()
      const { claims, front_claims = {} } = await rp.logIn(client)
      const names = Object.keys({ ...claims, ...front_claims })
      t.strictSame(
        names.filter((name) => !TOLERATED.includes(name)),
        [],
        'no claim without a request',
      )
      const headers = { authorization: `Bearer ${client.registration_access_token}` }
      const gone = await rp.world.fetch(String(client.registration_client_uri), { method: 'DELETE', headers })
      t.equal(gone.status, 204, 'the client is deleted')
    },
  },
  {
    name: 'response-type-missing',
    section: 'RFC 6749 §3.1.1',
    rule: 'a request without response_type is refused, in the query or by form_post',
    async run(rp) {
      const client = await rp.register()
      const query = rp.parameters(client, { parameters: { response_type: undefined } })
      const place = rp.plan.response_mode === 'form_post' ? 'body' : 'query'
      const { params } = rp.readAnswer(await rp.ask(query), client, { place })
      verifyRefusal(
        rp.t,
        Object.fromEntries(params),
        ['unsupported_response_type', 'invalid_request'],
        ['state', 'iss'],
      )
      rp.t.equal(params.get('state'), query.get('state'))
    },
  },
  {
    name: 'idtoken-signature',
    section: `${CORE} §2`,
    rule: 'without a registered algorithm, an ID token is signed by RS256 with the key of its kid',
    run: async (rp) => void (await rp.logIn(await rp.register(), { alg: 'RS256' })),
  },
  {
    name: 'idtoken-unsigned',
    section: `${CORE} §2`,
    rule: 'a client with the alg none gets unsigned ID tokens from the token endpoint',
    applies: (plan) => hasCode(plan) && !hasFrontIdToken(plan),
    async run(rp) {
      rp.t.ok((rp.world.metadata.id_token_signing_alg_values_supported as string[]).includes('none'))
      await rp.logIn(await rp.register({ id_token_signed_response_alg: 'none' }), { alg: 'none' })
    },
  },
  {
    name: 'ensure-request-without-nonce-succeeds-for-code-flow',
    section: `${CORE} §3.1.2.1`,
    rule: 'nonce is optional without an ID token in the front channel',
    applies: (plan) => hasCode(plan) && !hasFrontIdToken(plan),
    run: async (rp) => void (await rp.logIn(await rp.register(), { parameters: { nonce: undefined } })),
  },
  {
    name: 'ensure-request-without-nonce-fails',
    section: `${CORE} §3.2.2.1`,
    rule: 'nonce is required for an ID token in the front channel',
    applies: hasFrontIdToken,
    async run(rp) {
      const client = await rp.register()
      const query = rp.parameters(client, { parameters: { nonce: undefined } })
      const { params } = rp.readAnswer(await rp.ask(query), client)
      verifyRefusal(rp.t, Object.fromEntries(params), ['invalid_request'], ['state', 'iss'])
      rp.t.equal(params.get('state'), query.get('state'))
    },
  },
  {
    name: 'alternate-happy-flow',
    section: 'RFC 6749 §3.3',
    rule: 'scopes and parameters can have any order',
    async run(rp) {
      const client = await rp.register()
      const { claims } = await rp.logIn(client, { parameters: { scope: 'profile email openid' } })
      rp.t.equal(claims.sub, 'alice')
      const reversed = new URLSearchParams([...rp.parameters(client)].reverse())
      rp.t.equal(rp.readAnswer(await rp.ask(reversed), client).params.get('error'), null)
    },
  },
  {
    name: 'ensure-request-with-unknown-parameter-succeeds',
    section: 'RFC 6749 §3.1',
    rule: 'an unknown parameter is ignored',
    run: async (rp) => void (await rp.logIn(await rp.register(), { parameters: { extra: 'foobar' } })),
  },
  {
    name: 'ensure-registered-redirect-uri',
    section: `${CORE} §3.1.2.1`,
    rule: 'an unregistered redirect_uri is refused on a page',
    async run(rp) {
      const parameters = { redirect_uri: `${REDIRECT_URI}/elsewhere` }
      const outcome = await rp.ask(rp.parameters(await rp.register(), { parameters }))
      rp.t.equal(outcome.elsewhere, undefined, 'no redirect')
      rp.t.equal(outcome.pages.at(-1)?.status, 400)
    },
  },
  {
    name: 'ensure-post-request-succeeds',
    section: `${CORE} §3.1.2.1`,
    rule: 'an authorization request can use POST',
    run: async (rp) => void (await rp.logIn(await rp.register(), { by: 'POST' })),
  },
  {
    name: 'server-client-secret-post',
    section: 'RFC 6749 §2.3.1',
    rule: 'a client can send its secret in the form',
    applies: hasCode,
    run: async (rp) => void (await rp.logIn(await rp.register({ token_endpoint_auth_method: 'client_secret_post' }))),
  },
  {
    name: 'unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
    section: `${CORE} §6.1`,
    rule: 'the parameters of an unsigned request object are part of the request',
    async run(rp) {
      rp.t.equal(rp.world.metadata.request_parameter_supported, true)
      await logInWithObject(rp, {}, async (request) => ({ request }))
    },
  },
  {
    name: 'request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
    section: `${CORE} §6.2`,
    rule: 'a registered request_uri can have a hash in its fragment',
    async run(rp) {
      const { site } = rp.world
      const request_uri = `${site.url}/${randomText(59)}.jwt#${randomText(43)}`
      await logInWithObject(rp, { request_uris: [request_uri] }, async (body) => {
        site.documents.set(new URL(request_uri).pathname, { type: 'application/jwt', body })
        return { request_uri }
      })
    },
  },
  {
    name: 'ensure-request-object-with-redirect-uri',
    section: `${CORE} §6.1`,
    rule: 'the redirect_uri of a request object overrides the one outside',
    async run(rp) {
      const client = await rp.register()
      const [state, nonce] = [randomText(), randomText(10)]
      const request = new UnsecuredJWT(
        Object.fromEntries(rp.parameters(client, { parameters: { state, nonce } })),
      ).encode()
      await rp.logIn(client, { parameters: { redirect_uri: `${REDIRECT_URI}/elsewhere`, request }, state, nonce })
    },
  },
  {
    name: 'ensure-request-with-valid-pkce-succeeds',
    section: 'RFC 7636 §4.6',
    rule: 'a code of a request with a code_challenge is redeemed with the code_verifier',
    applies: hasCode,
    run: async (rp) => void (await rp.logIn(await rp.register(), { parameters: PKCE.challenge })),
  },
  {
    name: 'codereuse',
    section: 'RFC 6749 §4.1.2',
    rule: 'a code can be redeemed once',
    applies: hasCode,
    async run(rp) {
      const client = await rp.register()
      const { params } = await rp.logIn(client)
      await verifyJsonRefusal(rp.t, await rp.exchange(client, params.get('code')!), ['invalid_grant'])
    },
  },
  {
    name: 'codereuse-30seconds',
    section: 'RFC 6749 §4.1.2',
    rule: 'a code that is reused later is refused, and its tokens are revoked',
    applies: hasCode,
    async run(rp) {
      const client = await rp.register()
      const login = await rp.logIn(client)
      await rp.readUserinfo(login)
      await rp.world.advance(30)
      await verifyJsonRefusal(rp.t, await rp.exchange(client, login.params.get('code')!), ['invalid_grant'])
      const headers = { authorization: `Bearer ${login.access_token}` }
      rp.t.equal((await rp.world.fetch(rp.endpoint('userinfo_endpoint'), { headers })).status, 401)
    },
  },
  {
    name: 'refresh-token',
    section: `${CORE} §12`,
    rule: 'a refresh token gets tokens of the same login, and only for its own client',
    applies: hasCode,
    async run(rp) {
      const { t, world } = rp
      const parameters = { scope: 'openid offline_access', prompt: 'consent' }
      const clients = [await rp.register(), await rp.register()] as const
      const login = await rp.logIn(clients[0], { parameters })
      const other = await rp.logIn(clients[1], { parameters })
      await world.advance(1)
      const refresh_token = String(login.tokens.refresh_token)
      const scope = 'openid offline_access'
      const tokens = await rp.readTokens(
        await rp.callToken(clients[0], { grant_type: 'refresh_token', refresh_token, scope }),
      )
      t.not(tokens.access_token, login.access_token, 'another access token')
      // OpenID Connect Core §12.2: no nonce, or the same.
      const { client_id } = clients[0]
      const { nonce } = decodeJwt(String(tokens.id_token)) as { nonce?: string }
      if (nonce !== undefined) t.equal(nonce, login.claims.nonce)
      const claims = await verifyIdToken(t, world, String(tokens.id_token), { client_id, nonce })
      t.equal(claims.sub, login.claims.sub)
      t.strictSame(claims.aud, login.claims.aud, 'the same aud, of the same type')
      t.ok(claims.iat! > login.claims.iat!, 'another iat')
      t.equal(claims.auth_time, login.claims.auth_time)
      t.equal(claims.azp, login.claims.azp)
      await rp.readUserinfo({ ...login, access_token: String(tokens.access_token) })
      const stolen = { grant_type: 'refresh_token', refresh_token: String(other.tokens.refresh_token) }
      await verifyJsonRefusal(t, await rp.callToken(clients[0], stolen), ['invalid_grant'])
      t.ok((world.metadata.grant_types_supported as string[]).includes('refresh_token'))
    },
  },
]
