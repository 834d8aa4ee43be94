/** Basic credentials as clients send them: form-encoded, as they are, without a secret; and headers of other schemes. RFC 6749 §2.3.1. */
import t from 'tap'
import type { ConfigInput } from '../../../src/generated/input.js'
import {
  basic,
  createApp,
  exchange,
  getTokens,
  getUserinfo,
  jsonOf,
  logIn,
  REDIRECT_URI,
  refused,
  type TestApp,
} from '../../app.js'

const client = (client_id: string, client_secret: string) => ({
  client_id,
  client_secret,
  redirect_uris: [REDIRECT_URI],
})
const PUBLIC = { client_id: 'public', token_endpoint_auth_method: 'none' as const, redirect_uris: [REDIRECT_URI] }
const CLIENTS = [
  client('plus', 'a+b/c='),
  client('space', 'a b'),
  client('percent', '%41'),
  client('invalid escape', '100%'),
  client('urn:my:app', 'se:cret'),
  client('c+1', 'secret'),
  client('umlaut', 'geheimnisvölles€'),
  client('latin', 'geheimnisvölles'),
  PUBLIC,
]
const CONFIG: ConfigInput = { clients: CLIENTS }
const shared = await createApp(t, CONFIG)
const strict = await createApp(t, { ...CONFIG, rules: { basic_credentials: true, registered_clients: true } })

const header = (text: string, encoding: BufferEncoding = 'utf8') =>
  `Basic ${Buffer.from(text, encoding).toString('base64')}`
/** Calls the token endpoint. The error `invalid_grant` means that the client was authenticated. */
const call = (test: TestApp, authorization: string, form = {}) =>
  exchange(test, { code: 'x', client_id: '', ...form }, '', { authorization })
const remarksOf = ({ log }: TestApp) => log.filter(({ rule }) => rule === 'basic_credentials')

/** Credentials that are not form-encoded, and their client. */
const RAW: [title: string, client_id: string, authorization: string][] = [
  ['a plus', 'plus', header('plus:a+b/c=')],
  ['a percent sign that looks like an escape', 'percent', header('percent:%41')],
  ['a percent sign that is no escape', 'invalid escape', header('invalid escape:100%')],
  ['colons in both halves', 'urn:my:app', header('urn:my:app:se:cret')],
  ['a plus in the client_id', 'c+1', header('c+1:secret')],
  ['UTF-8', 'umlaut', header('umlaut:geheimnisvölles€')],
  ['ISO 8859-1', 'latin', header('latin:geheimnisvölles', 'latin1')],
  ['ISO 8859-1 in form encoding', 'latin', header('latin:geheimnisv%F6lles')],
]
for (const [title, client_id, authorization] of RAW) {
  t.test(`a secret that is not form-encoded authenticates in lenient: ${title}`, async (t) => {
    const test = await createApp(t, CONFIG)
    t.match((await call(test, authorization)).json(), { error: 'invalid_grant' })
    t.match(
      (await call(test, authorization, { client_id })).json(),
      { error: 'invalid_grant' },
      'client_id in the form',
    )
    t.match(remarksOf(test), [
      {
        event: 'would_be_refused',
        error: 'invalid_client',
        msg: /as they are, expected both form-encoded before base64 \(RFC 6749 section 2\.3\.1\), such/,
      },
    ])
    const { entries } = jsonOf(t, await test.get('/admin/journal?endpoint=token')) as { entries: object[] }
    t.match(entries, [{ client_id }, { client_id }])
  })

  t.test(`RFC 6749 §2.3.1: with the rule basic_credentials, ${title} is refused with the reason`, async (t) => {
    const message =
      /^client '?.*'? authenticates with client_id and client_secret as they are, expected both form-encoded bef/
    const answer = await call(strict, authorization)
    refused(t, answer, 'invalid_client', message, 401)
    t.match(answer.headers['www-authenticate'], /^Basic/)
    t.notMatch(answer.body, /secret_|a\+b|%41:|se:cret|geheim/)
  })
}

t.test('RFC 6749 §2.3.1: form-encoded credentials authenticate in both profiles, without a remark', async (t) => {
  const test = await createApp(t, CONFIG)
  for (const { client_id, client_secret = '' } of CLIENTS.map((one) => ({ client_secret: '', ...one }))) {
    if (client_secret === '') continue
    for (const one of [test, strict]) {
      t.match((await call(one, basic(client_id, client_secret))).json(), { error: 'invalid_grant' }, client_id)
    }
  }
  t.strictSame(remarksOf(test), [])
})

t.test('a wrong secret is refused, whatever its encoding', async (t) => {
  const wrong = [
    header('plus:a b/c='),
    header('percent:%2541x'),
    header('space:a%2Bb'),
    header('urn:my:app:cret'),
    header('c+1:wrong'),
    header('latin:geheimnisvolles'),
  ]
  for (const authorization of wrong) {
    for (const test of [shared, strict]) {
      refused(
        t,
        await call(test, authorization),
        'invalid_client',
        /^client_secret is wrong, expected that of client/,
        401,
      )
    }
  }
  const many = header(`${':'.repeat(5000)}x`)
  refused(t, await call(shared, many), 'invalid_client', /^the Authorization header is invalid/, 401)
})

t.test('the client_id of the form decides between readings of an unregistered client', async (t) => {
  const form = { client_id: 'urn:other:app' }
  t.match((await call(shared, header('urn:other:app:secret'), form)).json(), { error: 'invalid_grant' })
  const message = /^client_id is urn:third in the form, expected urn as in the Authorization header$/
  refused(t, await call(shared, header('urn:other:secret'), { client_id: 'urn:third' }), 'invalid_client', message, 401)
})

t.test(
  'RFC 7009 §2.1: a public client can name itself by a Basic header without a colon or secret in lenient',
  async (t) => {
    const test = await createApp(t, CONFIG)
    for (const client_id of ['public', 'unregistered']) {
      for (const text of [client_id, `${client_id}:`]) {
        const { access_token } = await getTokens(test, { client_id })
        const headers = { authorization: header(text) }
        t.strictSame(jsonOf(t, await test.post('/oauth2/revoke', { token: access_token }, { headers })), {})
        t.equal((await getUserinfo(test, access_token)).statusCode, 401, `revoked by ${text}`)
      }
    }
    t.match(remarksOf(test), [
      { msg: /: the Authorization header is invalid: the decoded text has no colon, expected Basic with client_id:c/ },
      { msg: /: client public used client_secret_basic with an empty client_secret, expected none$/ },
    ])
  },
)

t.test('a Basic header without a colon names only a public client that has a grant or is configured', async (t) => {
  const message = /^the Authorization header is invalid: the decoded text has no colon, expected Basic with client_id:/
  for (const text of ['plus', 'nobody', 'a-secret']) {
    refused(t, await call(shared, header(text)), 'invalid_client', message, 401)
  }
  for (const text of ['public', 'plus', 'nobody']) {
    refused(t, await call(strict, header(text)), 'invalid_client', message, 401)
  }
  refused(
    t,
    await call(strict, header('public:')),
    'invalid_client',
    /with an empty client_secret, expected none$/,
    401,
  )
  const { entries } = jsonOf(t, await shared.get('/admin/journal?endpoint=token')) as { entries: object[] }
  t.notMatch(JSON.stringify(entries), /a-secret/, 'the text can be a secret')
  t.match(
    (await call(shared, header('nobody'), { client_id: 'nobody' })).json(),
    { error: 'invalid_grant' },
    'the form names the client as well',
  )
})

t.test('RFC 7009 §2.2: a Basic header without a colon revokes a token that has ended, in lenient', async (t) => {
  const test = await createApp(t, CONFIG)
  const revoke = (token: string, text: string, one = test) =>
    one.post('/oauth2/revoke', { token }, { headers: { authorization: header(text) } })
  for (const client_id of ['okta-spa', 'my+app', 'my%41', 'public']) {
    const { access_token, refresh_token } = await getTokens(test, { client_id, scope: 'openid offline_access' })
    t.strictSame(jsonOf(t, await revoke(refresh_token, client_id)), {}, client_id)
    t.equal((await getUserinfo(test, access_token)).statusCode, 401, 'its grant has ended')
    t.strictSame(jsonOf(t, await revoke(access_token, client_id)), {}, `${client_id}, after its grant has ended`)
  }
  t.strictSame(jsonOf(t, await revoke('unknown', 'a-secret')), {})
  const { entries } = jsonOf(t, await test.get('/admin/journal?endpoint=revocation')) as { entries: object[] }
  t.notMatch(JSON.stringify(entries), /a-secret/, 'the text can be a secret')
  t.match(remarksOf(test), [{ msg: /: the Authorization header is invalid: the decoded text has no colon, / }])

  const { access_token } = await getTokens(test, { client_id: 'okta-spa' })
  const message = /^the Authorization header is invalid: the decoded text has no colon, expected Basic/
  refused(t, await revoke(access_token, 'nobody'), 'invalid_client', message, 401)
  t.equal((await getUserinfo(test, access_token)).statusCode, 200, 'a token of another client is kept')
  refused(t, await revoke('unknown', 'plus'), 'invalid_client', message, 401)
  refused(t, await revoke('unknown', 'public', strict), 'invalid_client', message, 401)
})

t.test('the code or token decides between readings of an unregistered client, then its grants', async (t) => {
  const test = await createApp(t, CONFIG)
  for (const client_id of ['my+app', 'my%41', 'a:b', 'my app']) {
    const authorization = client_id === 'my app' ? basic(client_id, 's') : header(`${client_id}:s`)
    const code = (await logIn(test, { client_id, scope: 'openid offline_access' })).get('code')!
    const { refresh_token, access_token } = jsonOf(t, await call(test, authorization, { code }))
    const form = { grant_type: 'refresh_token', refresh_token: String(refresh_token) }
    t.match(jsonOf(t, await test.post('/oauth2/token', form, { headers: { authorization } })), { access_token: /^ey/ })
    const bare = { headers: { authorization: header(client_id) } }
    t.strictSame(jsonOf(t, await test.post('/oauth2/revoke', { token: String(access_token) }, bare)), {})
    const { entries } = jsonOf(t, await test.get('/admin/journal?endpoint=token')) as { entries: object[] }
    t.match(entries.at(-1), { client_id })
    const machine = { grant_type: 'client_credentials' }
    jsonOf(t, await test.post('/oauth2/token', machine, { headers: { authorization } }))
    const { grants } = jsonOf(t, await test.get('/admin/grants')) as { grants: object[] }
    t.match(grants.at(-1), { client_id }, 'a client that has a grant')
  }
})

t.test('an Authorization header of another scheme is ignored in lenient if the request names the client', async (t) => {
  const test = await createApp(t, CONFIG)
  const { access_token } = await getTokens(test, { client_id: 'public' })
  const headers = { authorization: `Bearer ${access_token}` }
  const post = (path: string, form: Record<string, string>, one = test) =>
    one.post(`/oauth2/${path}`, { token: access_token, ...form }, { headers })
  t.match(jsonOf(t, await post('introspect', { client_id: 'public' })), { active: true })
  t.match(jsonOf(t, await post('introspect', { client_id: 'plus', client_secret: 'a+b/c=' })), { active: true })
  t.match((await call(test, 'DPoP x', { client_id: 'public' })).json(), { error: 'invalid_grant' })
  t.match(jsonOf(t, await post('device_authorization', { client_id: 'public' })), { device_code: /./ })
  t.strictSame(jsonOf(t, await post('revoke', { client_id: 'public' })), {})
  t.equal((await getUserinfo(test, access_token)).statusCode, 401)
  t.match(remarksOf(test), [
    { msg: /: the Authorization header is invalid: its scheme is Bearer, expected Basic with client_id:client_secr/ },
    { msg: /: the Authorization header is invalid: its scheme is DPoP, expected Basic/ },
  ])
  const message = /^the Authorization header is invalid: its scheme is Bearer, expected Basic/
  refused(t, await post('revoke', {}), 'invalid_client', message, 401)
  refused(t, await post('revoke', { client_id: 'public' }, strict), 'invalid_client', message, 401)
  refused(
    t,
    await call(test, 'Basic %%%', { client_id: 'public' }),
    'invalid_client',
    /: its credentials are not base64,/,
    401,
  )
})
