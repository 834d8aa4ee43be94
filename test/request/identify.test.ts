/** Facts about a request before it is handled, for fault rules and the journal. */
import fc from 'fast-check'
import t from 'tap'
import type { JournalEntry } from '../../src/journal/entry.js'
import { basic, createApp, exchange, getTokens, getUserinfo, logIn, register, type TestApp } from '../app.js'

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: object) => `${part({ alg: 'ES256' })}.${part(claims)}.c2ln`

async function lastOf({ get }: TestApp): Promise<JournalEntry> {
  return (await get('/admin/journal?limit=1')).json<{ entries: [JournalEntry] }>().entries[0]
}

t.test('the client is identified by every way to name it', async (t) => {
  const test = await createApp(t, { clients: [{ client_id: 'a b', redirect_uris: ['http://localhost/cb'] }] })
  const saying: [Record<string, string>, Record<string, string>][] = [
    [{ client_id: 'a b' }, {}],
    [{}, { authorization: basic('a b', 'secret') }],
    [{}, { authorization: `bAsIc  ${Buffer.from('a b').toString('base64')}` }],
    [{ client_assertion: jwt({ sub: 'a b' }) }, {}],
  ]
  for (const [form, headers] of saying) {
    await test.post('/oauth2/token', { grant_type: 'refresh_token', ...form }, { headers })
    t.match(await lastOf(test), { client_id: 'a b', grant_type: 'refresh_token' })
  }
  await test.post(
    '/oauth2/token',
    {},
    { headers: { authorization: `Basic ${Buffer.from('%zz:x').toString('base64')}` } },
  )
  t.equal((await lastOf(test)).client_id, '%zz', 'what is not encoded is taken literally, as at the token endpoint')
  const none: Record<string, string>[] = [
    {},
    { client_assertion: 'a.b.c' },
    { client_assertion: jwt({ sub: 7 }) },
    { client_id: 'x'.repeat(9000) },
  ]
  const secret = { headers: { authorization: `Basic ${Buffer.from('a secret').toString('base64')}` } }
  await test.post('/oauth2/token', {}, secret)
  t.notOk('client_id' in (await lastOf(test)), 'a text without a colon can be a secret')
  for (const form of none) {
    await test.post('/oauth2/token', form)
    t.notOk('client_id' in (await lastOf(test)))
  }
})

t.test('RFC 9101 §5: the request object is used for parameters that the query lacks', async (t) => {
  const test = await createApp(t)
  const request = jwt({ client_id: 'app', scope: 'openid email' })
  await test.get(`/oauth2/authorize?request=${request}&scope=openid`)
  t.match(await lastOf(test), { client_id: 'app', scope: 'openid' })
})

t.test(
  'a code or token identifies its user; the presenting client takes precedence over the issued client',
  async (t) => {
    const test = await createApp(t)
    const code = (await logIn(test, { scope: 'openid email' })).get('code') ?? ''
    await exchange(test, { code, client_id: 'thief', scope: 'other' })
    const { flow_id, ...stolen } = await lastOf(test)
    t.match(stolen, { client_id: 'thief', sub: 'alice', scope: 'openid email other', error: 'invalid_grant' })
    t.type(flow_id, 'string')
    const { access_token } = await getTokens(test, { sub: 'bob' })
    for (const ask of [
      () => getUserinfo(test, access_token),
      () => test.post('/userinfo', { access_token }),
      () => test.post('/oauth2/introspect', { token: access_token, client_id: 'app' }),
    ]) {
      await ask()
      t.match(await lastOf(test), { client_id: 'app', sub: 'bob', scope: 'openid' })
    }
  },
)

t.test('resource is a list of texts', async (t) => {
  const test = await createApp(t)
  await test.get(
    '/oauth2/authorize?client_id=a&resource=https://a.example&resource=https://b.example&resource=&scope=a&scope=b',
  )
  const entry = await lastOf(test)
  t.strictSame(entry.resource, ['https://a.example', 'https://b.example'])
  t.notOk('scope' in entry)
  await test.app.inject({ method: 'POST', url: '/oauth2/token', payload: { resource: { toString: 1 }, client_id: {} } })
  t.notOk('resource' in (await lastOf(test)))
})

t.test('a request to a registration is about the client of its path', async (t) => {
  const test = await createApp(t)
  const { client_id } = await register(test)
  t.equal((await lastOf(test)).client_id, client_id)
  await test.get(`/oauth2/clients/${client_id}`)
  t.match(await lastOf(test), { client_id, endpoint: 'registration', response: { status: 401 } })
})

t.test('a fault rule matches the user of a token before the handler runs', async (t) => {
  const test = await createApp(t, { users: [{ sub: 'eve', faults: [{ fault: 'userinfo.rejects_token' }] }] })
  const [eve, alice] = [await getTokens(test, { sub: 'eve' }), await getTokens(test)]
  t.equal((await getUserinfo(test, eve.access_token)).statusCode, 401)
  t.match(await lastOf(test), { sub: 'eve', faults: [{ fault: 'userinfo.rejects_token', source: 'user' }] })
  t.equal((await getUserinfo(test, alice.access_token)).statusCode, 200)
})

t.test('a fault rule matches the client and user of a device before the handler runs', async (t) => {
  const fault = 'http.status'
  const test = await createApp(t, {
    users: [{ sub: 'eve', faults: [{ fault, match: { endpoint: 'device' } }] }],
    faults: [{ fault, status: 500, match: { endpoint: 'device', client_id: 'tv', scope: 'email' } }],
  })
  const codeOf = async (client_id: string) => {
    const answer = await test.post('/oauth2/device_authorization', { client_id, scope: 'openid email' })
    return answer.json<{ user_code: string }>().user_code
  }
  const [tv, app] = [await codeOf('tv'), await codeOf('app')]
  t.equal((await test.get(`/oauth2/device?user_code=${tv}`)).statusCode, 500)
  t.equal((await test.get(`/oauth2/device?user_code=${app}`)).statusCode, 200)
  t.equal((await test.post('/oauth2/device', { user_code: app, sub: 'eve' })).statusCode, 503)
  t.equal((await test.post('/oauth2/device', { user_code: app, sub: 'alice' })).statusCode, 200)
})

t.test('a flow begins with a request that can lead to a grant, and continues with its codes and tokens', async (t) => {
  const test = await createApp(t)
  const flowAfter = async (send: () => Promise<unknown>) => {
    await send()
    return (await lastOf(test)).flow_id
  }
  const device = () => test.post('/oauth2/device_authorization', { client_id: 'app', scope: 'openid' })
  let codes = { device_code: '', user_code: '' }
  const begun = await flowAfter(async () => {
    codes = (await device()).json()
  })
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  const poll = () => test.post('/oauth2/token', { grant_type, client_id: 'app', device_code: codes.device_code })
  const { user_code } = codes
  t.type(begun, 'string')
  t.equal(await flowAfter(poll), begun)
  t.equal(await flowAfter(() => test.get(`/oauth2/device?user_code=${user_code.toLowerCase()}`)), begun)
  t.equal(await flowAfter(() => test.post('/oauth2/device', { user_code, sub: 'alice' })), begun)
  t.equal(await flowAfter(poll), begun)
  t.equal(await flowAfter(() => test.get('/oauth2/device?user_code=none')), undefined)
  t.equal(await flowAfter(() => test.get('/oauth2/device')), undefined)
  t.equal(await flowAfter(() => test.get('/jwks')), undefined)
  t.equal(await flowAfter(() => exchange(test, { code: 'none' })), undefined)
  t.type(await flowAfter(() => exchange(test, { grant_type: 'client_credentials', client_id: 'app' })), 'string')
  const carried = 'a'.repeat(22)
  t.equal(await flowAfter(() => test.get(`/oauth2/authorize?flow_id=${carried}`)), carried)
  t.not(await flowAfter(() => test.get('/oauth2/authorize?flow_id=..')), '..')
  const hint = jwt({ sid: 'none', aud: 'app' })
  t.equal(await flowAfter(() => test.get(`/oauth2/end_session?id_token_hint=${hint}`)), undefined)
})

t.test('arbitrary parameters do no harm', async (t) => {
  const test = await createApp(t)
  const names = ['client_id', 'code', 'refresh_token', 'token', 'access_token', 'device_code', 'user_code', 'flow_id']
  const others = ['id_token_hint', 'request', 'client_assertion', 'resource', 'scope', 'sub', 'as', 'error', 'fault']
  const value = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'a.b.c', jwt({ sid: [], aud: {}, sub: null })))
  const pairs = fc.array(fc.tuple(fc.constantFrom(...names, ...others, '__proto__'), value), { maxLength: 6 })
  const paths = ['/oauth2/authorize', '/oauth2/token', '/oauth2/end_session', '/userinfo', '/oauth2/device', '/jwks']
  const authorization = fc.oneof(
    fc.constantFrom('Basic', 'Basic  ', 'Basic :', 'Bearer', 'Bearer  x y', 'Basic JQ==', 'x'),
    fc.base64String().map((text) => `Basic ${text}`),
  )
  const code = (await logIn(test)).get('code') ?? ''
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      pairs,
      authorization,
      fc.boolean(),
      async (path, all, header, posted) => {
        const text = new URLSearchParams([...all, ['code', code]]).toString()
        const form = { payload: text, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
        const headers = { ...(posted && form.headers), authorization: header }
        const answer = await test.app.inject(
          posted ? { method: 'POST', url: path, payload: text, headers } : { url: `${path}?${text}`, headers },
        )
        t.ok(answer.statusCode < 500, `${answer.statusCode} ${path} ${text}`)
      },
    ),
    { numRuns: 300 },
  )
  t.equal((await test.get('/admin/journal')).statusCode, 200)
})
