/** The device authorization endpoint. RFC 8628 §3.1 and §3.2. */
import t from 'tap'
import { basic, createApp, jsonOf, refused } from '../app.js'

const PATH = '/oauth2/device_authorization'
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'

t.test('RFC 8628 §3.2: the response has device_code, user_code and verification_uri', async (t) => {
  const test = await createApp(t, { public_url: 'https://op.example/auth' })
  const answer = await test.post(PATH, { client_id: 'tv', scope: 'openid' })
  const { device_code, user_code, ...rest } = jsonOf(t, answer)
  t.match(device_code, /^[\w-]{43}$/)
  t.match(user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  t.strictSame(rest, {
    verification_uri: 'https://op.example/auth/oauth2/device',
    verification_uri_complete: `https://op.example/auth/oauth2/device?user_code=${user_code}`,
    expires_in: 600,
    interval: 5,
  })
  t.equal(answer.headers['cache-control'], 'no-store')
  const second = jsonOf(t, await test.post(PATH, { client_id: 'tv' }))
  t.not(second.device_code, device_code)
  t.not(second.user_code, user_code)
})

t.test('the configuration sets the lifetime of the codes', async (t) => {
  const test = await createApp(t, { lifetimes: { device_code: '2m' } })
  t.equal(jsonOf(t, await test.post(PATH, { client_id: 'tv' })).expires_in, 120)
})

t.test('RFC 8628 §3.1: the client must authenticate and have the grant type', async (t) => {
  const redirect_uris = ['http://localhost/']
  const clients = [
    {
      client_id: 'tv',
      client_secret: 's',
      redirect_uris,
      grant_types: [GRANT_TYPE] as [typeof GRANT_TYPE],
      response_types: [],
    },
    { client_id: 'web', client_secret: 's', redirect_uris, grant_types: ['authorization_code' as const] },
  ]
  const test = await createApp(t, { clients, rules: { registered_clients: true } })
  const ask = (id: string, secret: string, form: Record<string, string> = {}) =>
    test.post(PATH, form, { headers: { authorization: basic(id, secret) } })
  t.ok(jsonOf(t, await ask('tv', 's')).device_code)
  refused(t, await ask('tv', 'x'), 'invalid_client', /client_secret/, 401)
  const web =
    /^grant_type is urn:ietf:params:oauth:grant-type:device_code, expected one of the client's grant_types: auth/
  refused(t, await ask('web', 's'), 'unauthorized_client', web)
  refused(t, await test.post(PATH, {}), 'invalid_client', /client_id is missing/, 401)
  refused(t, await ask('tv', 's', { scope: '"' }), 'invalid_scope', /printable ASCII/)
  t.equal((await test.get(PATH)).statusCode, 405)
})
