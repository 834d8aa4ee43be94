/** Scopes that belong to a resource, as with Microsoft Entra ID: the resource of the scope is the audience. */
import { decodeJwt } from 'jose'
import t from 'tap'
import {
  createApp,
  exchange,
  getUserinfo,
  logIn,
  REDIRECT_URI,
  refresh,
  refused,
  type TestApp,
  type Tokens,
} from '../app.js'

const GUID = '11111111-2222-4333-8444-555555555555'
const BASE = { scope: 'openid profile offline_access' }
const claimsOf = ({ access_token }: Tokens) => decodeJwt(access_token)

const redeem = async (test: TestApp, query: Record<string, string>, form: Record<string, string> = {}) =>
  exchange(test, { code: (await logIn(test, query)).get('code') ?? '', ...form })

t.test('entra: a refresh gets a token for the resource of a scope that the login did not have', async (t) => {
  const test = await createApp(t, { preset: 'entra' })
  const first = (await redeem(test, BASE)).json<Tokens>()
  t.match(claimsOf(first), { aud: 'app', scp: 'openid profile offline_access' })
  const cases = [
    [`api://${GUID}/read`, GUID, 'read'],
    [`${GUID}/.default`, GUID, '.default'],
    ['api://billing/read api://billing/write', 'api://billing', 'read write'],
    ['https://graph.microsoft.com/User.Read', 'https://graph.microsoft.com', 'User.Read'],
    ['api://one/read api://two/write', 'api://one', 'read'],
  ] as const
  for (const [scope, aud, scp] of cases) {
    const answer = (await refresh(test, first.refresh_token, { scope: `${scope} ${BASE.scope}` })).json<Tokens>()
    t.match(claimsOf(answer), { aud, scp, azp: 'app' }, scope)
    t.equal(answer.scope, `${scope} ${BASE.scope}`)
    t.match(decodeJwt(answer.id_token), { aud: 'app' })
    t.equal((await getUserinfo(test, answer.access_token)).statusCode, 200)
  }
  t.match(
    claimsOf((await refresh(test, first.refresh_token)).json<Tokens>()),
    { aud: 'app' },
    'the grant stays the same',
  )
  t.match(
    (await test.get('/admin/journal?endpoint=token')).body,
    /is granted in addition, as the provider of the preset does/,
  )
})

t.test('entra: scopes of a resource are known under profile: strict as well', async (t) => {
  const client = { client_id: 'app', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' as const }
  const test = await createApp(t, {
    preset: 'entra',
    profile: 'strict',
    rules: { pkce_for_public_clients: false },
    clients: [{ ...client, grant_types: ['authorization_code', 'refresh_token'] }],
    users: [{ sub: 'alice' }],
  })
  const query = { ...BASE, prompt: 'consent', sub: 'alice' }
  const { refresh_token } = (await redeem(test, query)).json<Tokens>()
  const answer = (await refresh(test, refresh_token, { scope: 'api://x/read unknown' })).json<Tokens>()
  t.equal(answer.scope, 'api://x/read', 'another unknown scope is ignored')
  t.match(claimsOf(answer), { aud: 'api://x', scp: 'read' })
  const first = (await redeem(test, { ...query, scope: `openid api://${GUID}/read` })).json<Tokens>()
  t.match(claimsOf(first), { aud: GUID, scp: 'read' })
})

t.test('entra: a login and the redemption of its code have the resource of their scope', async (t) => {
  const test = await createApp(t, { preset: 'entra' })
  const scope = `${BASE.scope} api://${GUID}/read`
  t.match(claimsOf((await redeem(test, { scope })).json<Tokens>()), { aud: GUID, scp: 'read' })
  t.match(claimsOf((await redeem(test, BASE, { scope })).json<Tokens>()), { aud: GUID, scp: 'read' })
  t.match(claimsOf((await redeem(test, { scope }, { scope: 'openid' })).json<Tokens>()), { aud: 'app', scp: 'openid' })
})

t.test('entra: client credentials with .default have the resource as audience', async (t) => {
  const test = await createApp(t, { preset: 'entra' })
  const form = {
    grant_type: 'client_credentials',
    redirect_uri: '',
    client_secret: 's',
    scope: `api://${GUID}/.default`,
  }
  t.match(claimsOf((await exchange(test, form)).json<Tokens>()), { aud: GUID })
})

t.test('entra: the scope of the client and the parameter resource take precedence', async (t) => {
  const client = {
    client_id: 'app',
    redirect_uris: [REDIRECT_URI],
    token_endpoint_auth_method: 'none' as const,
    scope: `openid api://${GUID}/read`,
  }
  const test = await createApp(t, {
    preset: 'entra',
    clients: [client],
    scopes: { [`api://${GUID}/read`]: { claims: [] } },
  })
  const { refresh_token } = (await redeem(test, { scope: 'openid' })).json<Tokens>()
  const scope = `openid api://${GUID}/read api://other/read`
  const answer = (await refresh(test, refresh_token, { scope })).json<Tokens>()
  t.equal(answer.scope, client.scope)
  t.equal(claimsOf(answer).aud, GUID)
  t.equal(claimsOf((await refresh(test, refresh_token, { scope, resource: 'urn:x' })).json<Tokens>()).aud, 'urn:x')
})

t.test(
  'without such a preset, a refresh with another scope is refused, and the scope at a code is ignored',
  async (t) => {
    for (const preset of [undefined, 'keycloak' as const]) {
      const test = await createApp(t, preset && { preset })
      const first = (await redeem(test, BASE, { scope: 'api://x/read' })).json<Tokens>()
      t.equal(first.scope, BASE.scope)
      refused(
        t,
        await refresh(test, first.refresh_token, { scope: 'api://x/read' }),
        'invalid_scope',
        /^scope has api:/,
      )
    }
  },
)
