/** Claims of a user for one place, next to the claims that the provider sets. RFC 9068 §2.2 and OpenID Connect Core §2. */
import { decodeJwt } from 'jose'
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, getTokens, getUserinfo, jsonOf, logIn, type TestApp } from '../app.js'

type User = NonNullable<ConfigInput['users']>[number]

const withUser = (user: Omit<User, 'sub'>, config: ConfigInput = {}): ConfigInput => ({
  users: [{ sub: 'alice', ...user }],
  ...config,
})

async function remarksOf({ get }: TestApp): Promise<string[]> {
  const { entries } = (await get('/admin/journal?event=claim_ignored')).json<{
    entries: { remarks: { event: string; message: string }[] }[]
  }>()
  return entries.flatMap(({ remarks }) =>
    remarks.filter(({ event }) => event === 'claim_ignored').map(({ message }) => message),
  )
}

t.test('RFC 9068 §3: aud of access_token replaces the default audience, as a text or a list', async (t) => {
  for (const aud of ['https://api.example', ['api', 'billing']]) {
    const test = await createApp(t, withUser({ access_token: { aud } }))
    const { access_token, id_token } = await getTokens(test)
    t.strictSame(decodeJwt(access_token).aud, aud)
    t.equal(decodeJwt(id_token).aud, 'app')
    t.equal((await getUserinfo(test, access_token)).statusCode, 200)
    t.strictSame(jsonOf(t, await test.post('/oauth2/introspect', { client_id: 'app', token: access_token })).aud, aud)
  }
})

t.test('OpenID Connect Core §2: aud of id_token adds audiences, and azp is the client', async (t) => {
  for (const aud of ['api', ['api'], ['api', 'app']]) {
    const test = await createApp(t, withUser({ id_token: { aud } }))
    const { access_token, id_token } = await getTokens(test)
    t.match(decodeJwt(id_token), { aud: ['app', 'api'], azp: 'app' })
    t.equal(decodeJwt(access_token).aud, 'http://localhost')
  }
  const test = await createApp(t, withUser({ id_token: { aud: 'app' } }))
  const claims = decodeJwt((await getTokens(test)).id_token)
  t.equal(claims.aud, 'app')
  t.notOk('azp' in claims)
})

t.test('an ID token with several audiences is a hint, also if the secret of the client signs it', async (t) => {
  const client = {
    client_id: 'app',
    client_secret: 'a-secret-of-the-client',
    redirect_uris: ['http://localhost:8000/callback'],
    token_endpoint_auth_method: 'none' as const,
    id_token_signed_response_alg: 'HS256' as const,
  }
  const test = await createApp(t, withUser({ id_token: { aud: ['api'] } }, { clients: [client] }))
  const { id_token } = await getTokens(test)
  t.equal((await logIn(test, { id_token_hint: id_token, sub: 'alice' })).get('error'), null)
  t.equal((await logIn(test, { id_token_hint: id_token, sub: 'bob' })).get('error'), 'login_required')
  t.match((await test.get(`/oauth2/end_session?id_token_hint=${id_token}`)).body, 'alice')
})

t.test(
  'acr, amr, azp and unknown claims of id_token are in the ID token; a requested acr takes precedence',
  async (t) => {
    const own = { acr: 'urn:gold', amr: ['pwd', 'otp'], azp: 'other', nbf: 5, jti: 'one', plan: 'pro' }
    const test = await createApp(t, withUser({ id_token: own }))
    t.match(decodeJwt((await getTokens(test)).id_token), own)
    t.strictSame(await remarksOf(test), [])
    t.match(decodeJwt((await getTokens(test, { acr_values: '2' })).id_token), { ...own, acr: '2' })
    t.strictSame(await remarksOf(test), [
      'claim acr of user alice is "urn:gold", but the ID token has "2": the request or the provider sets it',
    ])
  },
)

t.test('claims under claims do not replace those of the provider, and a remark says so', async (t) => {
  const claims = { aud: 'api', exp: 5, nonce: 'n', sid: 's', at_hash: 'h', iss: 'http://localhost', sub: 'alice' }
  const test = await createApp(t, withUser({ claims }))
  const { id_token, access_token } = await getTokens(test)
  const { aud, exp, nonce } = decodeJwt(id_token)
  t.equal(aud, 'app')
  t.ok(exp! > 5)
  t.equal(nonce, undefined)
  const remarks = await remarksOf(test)
  t.strictSame(
    remarks.map((remark) => remark.split(' ')[1]),
    ['aud', 'exp', 'nonce', 'sid', 'at_hash'],
  )
  t.equal(
    remarks[0],
    'claim aud of user alice is "api", but the ID token has "app": the request or the provider sets it',
  )
  t.match(remarks[2], /^claim nonce of user alice is "n", but the ID token has none:/)
  t.match((await getUserinfo(test, access_token)).json(), { aud: 'api', exp: 5, nonce: 'n' })
})

t.test('the claims of the reference endpoint can have any name', async (t) => {
  const test = await createApp(t)
  const put = await test.app.inject({ method: 'PUT', url: '/users/alice', payload: { aud: 'api', exp: 5 } })
  t.equal(put.statusCode, 204)
  const { id_token, access_token } = await getTokens(test)
  t.equal(decodeJwt(id_token).aud, 'app')
  t.match((await getUserinfo(test, access_token)).json(), { aud: 'api', exp: 5 })
  t.equal((await remarksOf(test)).length, 2)
})

t.test('OpenID Connect Core §5.3.2: iss and aud of a signed userinfo response are those of the provider', async (t) => {
  const client = {
    client_id: 'app',
    redirect_uris: ['http://localhost:8000/callback'],
    token_endpoint_auth_method: 'none' as const,
  }
  const user = { userinfo: { aud: 'api', plan: 'pro' } }
  const plain = await createApp(t, withUser(user, { clients: [client] }))
  t.match((await getUserinfo(plain, (await getTokens(plain)).access_token)).json(), { aud: 'api', plan: 'pro' })
  const signing = { ...client, userinfo_signed_response_alg: 'ES256' as const }
  const signed = await createApp(t, withUser(user, { clients: [signing] }))
  const { body } = await getUserinfo(signed, (await getTokens(signed)).access_token)
  t.match(decodeJwt(body), { iss: 'http://localhost', aud: 'app', plan: 'pro' })
  t.strictSame(await remarksOf(signed), [
    'claim aud of user alice is "api", but userinfo has "app": the request or the provider sets it',
  ])
})

t.test('claims of a user for one place take precedence over those of a preset', async (t) => {
  const user: Omit<User, 'sub'> = {
    claims: { roles: ['reader'], preferred_username: 'ali' },
    access_token: { realm_access: { roles: ['admin'] }, azp: 'gateway', aud: ['api'] },
    id_token: { preferred_username: 'boss', roles: ['shown'] },
    userinfo: { roles: ['here'] },
  }
  const test = await createApp(t, withUser(user, { preset: 'keycloak' }))
  const { access_token, id_token } = await getTokens(test, { base: '/realms/mock', scope: 'openid profile' })
  t.match(decodeJwt(access_token), { realm_access: { roles: ['admin'] }, azp: 'gateway', aud: ['api'], typ: 'Bearer' })
  t.match(decodeJwt(id_token), { preferred_username: 'boss', roles: ['shown'], azp: 'app' })
  t.match((await getUserinfo(test, access_token, '/realms/mock')).json(), {
    roles: ['here'],
    preferred_username: 'ali',
  })
})

t.test('a sub of a user does not replace the sub of a sector or of a preset', async (t) => {
  const own = { sub: 'alice' }
  const user = { access_token: own, id_token: own, userinfo: own, claims: { preferred_username: 'ali' } }
  const test = await createApp(t, withUser(user, { preset: 'okta' }))
  const { access_token } = await getTokens(test, { base: '/oauth2/default' })
  t.equal(decodeJwt(access_token).sub, 'ali')
})
