/** Journeys of applications by client authentication method and by request object. */
import { X509Certificate } from 'node:crypto'
import { Agent } from 'node:https'
import { CompactEncrypt, decodeJwt, importJWK, type JWK } from 'jose'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import { createSelfSigned } from '../../src/tls/self_signed.js'
import { createClientKey, startWorld, type World } from '../conformance/world.js'
import { createFetch } from '../fetch.js'
import { begin, createUser, logIn, refusal, register, visit } from './application.js'

const world = await startWorld(t as unknown as Test, {
  server: { tls: { self_signed: true, client_certificates: true } },
})

const { privateKey, jwk } = await createClientKey('client')
const keyed = { jwks: { keys: [jwk] as never } }

const METHODS: readonly [string, client.ClientAuth, Partial<client.ClientMetadata>][] = [
  ['client_secret_basic', client.ClientSecretBasic(), {}],
  ['client_secret_post', client.ClientSecretPost(), {}],
  ['client_secret_jwt', client.ClientSecretJwt(), {}],
  ['private_key_jwt', client.PrivateKeyJwt({ key: privateKey, kid: 'client' }), keyed],
  ['none', client.None(), {}],
]

for (const [token_endpoint_auth_method, authentication, metadata] of METHODS) {
  t.test(`OpenID Connect Core §9: an application authenticates with ${token_endpoint_auth_method}`, async (t) => {
    const configuration = await register(world, { token_endpoint_auth_method, ...metadata }, authentication)
    const parameters = { scope: 'openid email offline_access', prompt: 'consent' }
    const tokens = await logIn(configuration, createUser(world), parameters)
    t.match(tokens.claims(), { sub: 'alice' })
    const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token!)
    t.match(refreshed.claims(), { sub: 'alice' })
    t.match(await client.fetchUserInfo(configuration, refreshed.access_token, 'alice'), { email: 'alice@example.com' })
  })
}

t.test('RFC 9700 §4.14.2: a public application gets a new refresh token at each refresh', async (t) => {
  const configuration = await register(world, { token_endpoint_auth_method: 'none' }, client.None())
  const parameters = { scope: 'openid offline_access', prompt: 'consent' }
  const { refresh_token: first } = await logIn(configuration, createUser(world), parameters)
  const { refresh_token: second } = await client.refreshTokenGrant(configuration, first!)
  t.not(second, first)
  const { error } = await refusal(client.refreshTokenGrant(configuration, first!))
  t.equal(error, 'invalid_grant', 'the old refresh token is refused')
  const { error: ended } = await refusal(client.refreshTokenGrant(configuration, second!))
  t.equal(ended, 'invalid_grant', 'the new refresh token is revoked')
})

t.test('RFC 8705 §2.2: an application authenticates with its self-signed certificate', async (t) => {
  const { cert, key } = await createSelfSigned(['client'], world.now())
  const certificate = new X509Certificate(cert)
  const x5c = [certificate.raw.toString('base64')]
  const own = { ...certificate.publicKey.export({ format: 'jwk' }), x5c } as JWK
  const metadata = { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [own] as never } }
  const ca = await (await world.fetch(`${world.issuer}/tls/ca.pem`)).text()
  const agent = new Agent({ cert, key })
  t.teardown(() => agent.destroy())
  const showing: World = { ...world, fetch: createFetch(ca, agent) }
  const configuration = await register(showing, metadata, client.TlsClientAuth())
  t.match((await logIn(configuration, createUser(world))).claims(), { sub: 'alice' })

  const hiding: World = { ...world, fetch: createFetch(ca) }
  const without = await register(hiding, metadata, client.TlsClientAuth())
  t.equal((await refusal(logIn(without, createUser(world)))).error, 'invalid_client', 'without the certificate')
})

t.test('OpenID Connect Core §6.1: an application signs its request', async (t) => {
  const configuration = await register(world, { request_object_signing_alg: 'RS256', ...keyed })
  const { parameters, checks } = await begin({ claims: JSON.stringify({ id_token: { nickname: null } }) })
  const key = { key: privateKey, kid: 'client' }
  const url = await client.buildAuthorizationUrlWithJAR(configuration, parameters, key)
  t.strictSame([...url.searchParams.keys()].sort(), ['client_id', 'request'], 'there are no other parameters')
  const tokens = await client.authorizationCodeGrant(configuration, await visit(createUser(world), url), checks)
  t.match(tokens.claims(), { sub: 'alice', nickname: 'Ali' })

  const stranger = await createClientKey('client')
  const forged = await client.buildAuthorizationUrlWithJAR(configuration, parameters, {
    key: stranger.privateKey,
    kid: 'client',
  })
  const { elsewhere, pages } = await createUser(world).open(forged.href)
  t.equal(elsewhere, undefined, 'there is no redirect for a request signed by another client')
  t.match(pages[0]?.heading, /invalid_request_object/)
})

t.test('OpenID Connect Core §6.1: an application signs and encrypts its request', async (t) => {
  const metadata = {
    request_object_signing_alg: 'RS256',
    request_object_encryption_alg: 'RSA-OAEP',
    request_object_encryption_enc: 'A256GCM',
  }
  const configuration = await register(world, { ...metadata, ...keyed })
  const { parameters, checks } = await begin()
  const key = { key: privateKey, kid: 'client' }
  const url = await client.buildAuthorizationUrlWithJAR(configuration, parameters, key)
  const { keys } = (await (await world.fetch(String(world.metadata.jwks_uri))).json()) as { keys: JWK[] }
  const theirs = keys.find(({ alg, use }) => alg === 'RSA-OAEP' && use === 'enc')!
  const encrypted = await new CompactEncrypt(Buffer.from(url.searchParams.get('request')!))
    .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256GCM', cty: 'JWT', kid: theirs.kid! })
    .encrypt(await importJWK(theirs, 'RSA-OAEP'))
  url.searchParams.set('request', encrypted)
  const back = await visit(createUser(world), url)
  t.match((await client.authorizationCodeGrant(configuration, back, checks)).claims(), { sub: 'alice' })
})

t.test('OpenID Connect Core §6.2: an application sends its signed request by reference', async (t) => {
  const request_uri = `${world.site.url}/request.jwt`
  const configuration = await register(world, { request_uris: [request_uri] as never, ...keyed })
  const { parameters, checks } = await begin()
  const key = { key: privateKey, kid: 'client' }
  const url = await client.buildAuthorizationUrlWithJAR(configuration, parameters, key)
  const body = url.searchParams.get('request')!
  t.match(decodeJwt(body), { aud: world.issuer })
  world.site.documents.set('/request.jwt', { type: 'application/oauth-authz-req+jwt', body })
  url.searchParams.delete('request')
  url.searchParams.set('request_uri', request_uri)
  const back = await visit(createUser(world), url)
  t.match((await client.authorizationCodeGrant(configuration, back, checks)).claims(), { sub: 'alice' })
})
