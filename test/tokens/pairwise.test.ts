/** Pairwise subject identifiers in every place with a `sub`. OpenID Connect Core §8. */
import { decodeJwt } from 'jose'
import t from 'tap'
import { createApp, getTokens, getUserinfo, refresh, type TestApp, type Tokens } from '../app.js'

const pairwise = (client_id: string, host: string) => ({
  client_id,
  redirect_uris: [`http://${host}/callback`],
  token_endpoint_auth_method: 'none' as const,
  subject_type: 'pairwise' as const,
})
const clients = [pairwise('one', 'one.example'), pairwise('also-one', 'one.example'), pairwise('two', 'two.example')]

const tokensOf = (test: TestApp, client_id: string, sub = 'alice') => {
  const [redirect_uri] = clients.find((client) => client.client_id === client_id)!.redirect_uris
  return getTokens(test, { client_id, redirect_uri: redirect_uri!, sub, scope: 'openid email' })
}

t.test(
  'OpenID Connect Core §8.1: ID token, access token, userinfo and refreshed tokens have the same sub',
  async (t) => {
    const test = await createApp(t, { clients })
    const tokens = await tokensOf(test, 'one')
    const { sub } = decodeJwt(tokens.id_token)
    t.match(sub, /^[\w-]{43}$/)
    t.equal(decodeJwt(tokens.access_token).sub, sub)
    t.strictSame((await getUserinfo(test, tokens.access_token)).json(), { sub, email: 'alice@example.com' })
    const next = (await refresh(test, tokens.refresh_token, { client_id: 'one' })).json<Tokens>()
    t.equal(decodeJwt(next.id_token).sub, sub)
  },
)

t.test('OpenID Connect Core §8.1: each sector has its own sub for each user', async (t) => {
  const test = await createApp(t, { clients })
  const subOf = async (client_id: string, user?: string) =>
    decodeJwt((await tokensOf(test, client_id, user)).id_token).sub
  const sub = await subOf('one')
  t.equal(await subOf('also-one'), sub, 'the same host')
  t.not(await subOf('two'), sub, 'another host')
  t.not(await subOf('one', 'bob'), sub, 'another user')
  t.equal(await subOf('one'), sub, 'another login')
})

t.test('OpenID Connect Core §8.1: an error description has the pairwise sub', async (t) => {
  const test = await createApp(t, { clients, users: [{ sub: 'alice' }] })
  const { access_token, refresh_token, id_token } = await tokensOf(test, 'one')
  const { sub } = decodeJwt(id_token)
  await test.reload({ clients })
  for (const answer of [
    await getUserinfo(test, access_token),
    await refresh(test, refresh_token, { client_id: 'one' }),
  ]) {
    const { error_description } = answer.json<{ error_description: string }>()
    t.match(error_description, new RegExp(`^user ${sub} of .* no longer exists$`))
  }
})

t.test('OpenID Connect Core §8.1: the sector is the host, even of a pattern with a wildcard port', async (t) => {
  const pattern = { ...pairwise('wild', 'one.example:*'), wildcard_redirect_uris: true }
  const test = await createApp(t, { clients: [...clients, pattern] })
  const redirect_uri = 'http://one.example:8000/callback'
  const { id_token } = await getTokens(test, { client_id: 'wild', redirect_uri })
  t.equal(decodeJwt(id_token).sub, decodeJwt((await tokensOf(test, 'one')).id_token).sub)
})
