/** Journeys of applications with signed, encrypted and pairwise tokens. */
import { exportJWK, generateKeyPair } from 'jose'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import { startWorld } from '../conformance/world.js'
import { createUser, logIn, REDIRECT_URI, register } from './application.js'

// The default keys of strict have no EdDSA.
const keys = (['RS256', 'PS256', 'ES256', 'EdDSA'] as const).map((alg) => ({ alg }))
const world = await startWorld(t as unknown as Test, { keys })

for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
  t.test(`OpenID Connect Core §2 and §5.3.2: ID token and userinfo are signed with ${alg}`, async (t) => {
    const metadata = { id_token_signed_response_alg: alg, userinfo_signed_response_alg: alg }
    const configuration = await register(world, metadata)
    const tokens = await logIn(configuration, createUser(world))
    t.equal(JSON.parse(Buffer.from(tokens.id_token!.split('.')[0]!, 'base64url').toString()).alg, alg)
    const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, 'alice')
    t.match(userinfo, { sub: 'alice', email: 'alice@example.com' })
  })
}

for (const [alg, enc] of [
  ['RSA-OAEP', 'A128CBC-HS256'],
  ['RSA-OAEP-256', 'A256GCM'],
  ['ECDH-ES', 'A128GCM'],
  ['ECDH-ES+A256KW', 'A256CBC-HS512'],
] as const) {
  t.test(`OpenID Connect Core §10.2: ID token and userinfo are encrypted with ${alg} and ${enc}`, async (t) => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg, use: 'enc', kid: 'enc' }] as never }
    const configuration = await register(world, {
      jwks,
      id_token_signed_response_alg: 'RS256',
      id_token_encrypted_response_alg: alg,
      id_token_encrypted_response_enc: enc,
      userinfo_signed_response_alg: 'RS256',
      userinfo_encrypted_response_alg: alg,
      userinfo_encrypted_response_enc: enc,
    })
    client.enableDecryptingResponses(configuration, [enc], { key: privateKey, alg, kid: 'enc' })
    const tokens = await logIn(configuration, createUser(world))
    t.equal(tokens.id_token!.split('.').length, 5, 'a JWE')
    t.match(tokens.claims(), { sub: 'alice' })
    const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, 'alice')
    t.match(userinfo, { sub: 'alice', email: 'alice@example.com' })
  })
}

t.test('OpenID Connect Core §8.1: applications of different sectors get different subs of a user', async (t) => {
  const other = 'https://other.example.com/callback'
  const pairwise = { subject_type: 'pairwise' }
  const applications = [
    await register(world, pairwise),
    await register(world, pairwise),
    await register(world, { ...pairwise, redirect_uris: [other] }),
  ]
  const browser = createUser(world)
  const subs: string[] = []
  for (const [index, configuration] of applications.entries()) {
    const tokens = await logIn(configuration, browser, { redirect_uri: index === 2 ? other : REDIRECT_URI })
    const { sub } = tokens.claims()!
    t.equal((await client.fetchUserInfo(configuration, tokens.access_token, sub)).sub, sub, 'the same at userinfo')
    subs.push(sub)
  }
  t.equal(subs[0], subs[1], 'the same sector')
  t.not(subs[0], subs[2], 'another sector')
  t.notOk(subs.includes('alice'), "no application gets the user's own sub")
})

t.test('OpenID Connect Core §5.5: an application requests individual claims', async (t) => {
  const configuration = await register(world)
  const claims = {
    userinfo: { phone_number: { essential: true } },
    id_token: { birthdate: null, acr: { values: ['urn:example:gold'] } },
  }
  const tokens = await logIn(configuration, createUser(world), { scope: 'openid', claims: JSON.stringify(claims) })
  t.match(tokens.claims(), { sub: 'alice', birthdate: '1990-02-03', acr: 'urn:example:gold' })
  const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, 'alice')
  t.strictSame(userinfo, { sub: 'alice', phone_number: '+33 1 23 45 67 89' })
})
