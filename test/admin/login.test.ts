/** Tests of a login without a browser. */
import t from 'tap'
import { createApp, exchange, jsonOf, REDIRECT_URI, refused, type TestApp } from '../app.js'

const REQUEST = {
  client_id: 'app',
  redirect_uri: REDIRECT_URI,
  response_type: 'code',
  scope: 'openid',
  state: 's-1',
}
const urlOf = (query: Record<string, string> = {}, base = '') =>
  `http://localhost${base}/oauth2/authorize?${new URLSearchParams({ ...REQUEST, ...query })}`

const logIn = (test: TestApp, payload: object, base = '') =>
  test.app.inject({ method: 'POST', url: `${base}/admin/login`, payload })

t.test('an authorization request is completed by its URL or its parameters', async (t) => {
  const test = await createApp(t)
  for (const authorization_request of [urlOf(), urlOf().slice('http://localhost'.length), REQUEST]) {
    const answer = await logIn(test, { authorization_request, sub: 'alice' })
    t.strictSame(answer.cookies, [], 'the caller gets no session cookie')
    const { location, parameters, flow_id, ...rest } = jsonOf(t, answer) as Record<string, string> & {
      parameters: Record<string, string>
    }
    t.strictSame(rest, {})
    const { code = '', ...others } = parameters
    t.strictSame(others, { state: 's-1' })
    t.equal(location, `${REDIRECT_URI}?code=${code}&state=s-1`)
    const tokens = await exchange(test, { code })
    t.equal(tokens.statusCode, 200)
    const { entries } = (await test.get('/admin/journal')).json<{ entries: Record<string, unknown>[] }>()
    const [one, other] = entries.slice(-2)
    t.match(one, { endpoint: 'authorization', flow_id, client_id: 'app', sub: 'alice' })
    t.match(other, { endpoint: 'token', flow_id, client_id: 'app', sub: 'alice' })
  }
})

t.test('the response has the parameters of the fragment, or the fields of the form', async (t) => {
  const test = await createApp(t)
  const inFragment = jsonOf(
    t,
    await logIn(test, { authorization_request: urlOf({ response_type: 'id_token', nonce: 'n' }), sub: 'alice' }),
  )
  t.match(inFragment.location, /^http:\/\/localhost:8000\/callback#id_token=/)
  t.match(inFragment.parameters, { id_token: /^ey/, state: 's-1' })
  const form = jsonOf(
    t,
    await logIn(test, { authorization_request: urlOf({ response_mode: 'form_post' }), sub: 'alice' }),
  )
  t.match(form, { action: REDIRECT_URI, fields: { code: /./, state: 's-1' } })
  t.notOk('location' in form)
})

t.test('deny, error and fault change the authorization response', async (t) => {
  const test = await createApp(t)
  const denied = jsonOf(t, await logIn(test, { authorization_request: urlOf(), deny: true }))
  t.match(denied.parameters, { error: 'access_denied', state: 's-1' })
  const failed = jsonOf(t, await logIn(test, { authorization_request: urlOf(), error: 'server_error' }))
  t.match(failed.parameters, { error: 'server_error', state: 's-1' })
  const wrong = jsonOf(
    t,
    await logIn(test, { authorization_request: urlOf(), sub: 'alice', fault: 'authorize.wrong_state' }),
  )
  t.match(wrong.parameters, { code: /./, state: 'another-state' })
  const twice = jsonOf(
    t,
    await logIn(test, { authorization_request: urlOf(), sub: 'alice', fault: 'authorize.double_callback' }),
  )
  t.match(twice, { twice: true, parameters: { state: 's-1' } })
})

t.test('an error for the application is in the response; an error for a page is refused', async (t) => {
  const test = await createApp(t, {
    require_registration: true,
    clients: [{ client_id: 'app', redirect_uris: [REDIRECT_URI], client_secret: 's' }],
  })
  const sub = 'alice'
  const sent = jsonOf(t, await logIn(test, { authorization_request: urlOf({ response_type: 'x' }), sub }))
  t.match(sent.parameters, { error: 'unsupported_response_type' })
  const unknown = await logIn(test, { authorization_request: urlOf({ client_id: 'nobody' }), sub })
  refused(t, unknown, 'invalid_client', /nobody, expected a configured or registered client/)
  const page = await test.get(urlOf({ client_id: 'nobody' }))
  t.equal(page.statusCode, 400)
  t.match(page.body, unknown.json<{ error_description: string }>().error_description)
  refused(
    t,
    await logIn(test, { authorization_request: `${urlOf()}&state=s-2`, sub }),
    'invalid_request',
    /state has 2 values/,
  )
})

t.test('missing and unknown members and URLs of another issuer are refused, and no user is logged in', async (t) => {
  const test = await createApp(t)
  const authorization_request = urlOf()
  const cases: [object, RegExp][] = [
    [{}, /authorization_request/],
    [{ authorization_request }, /sub is missing, expected a subject, deny or error/],
    [{ authorization_request, sub: '' }, /\/sub/],
    [{ authorization_request, sub: 'x'.repeat(256) }, /\/sub/],
    [{ authorization_request, sub: 'alice', fault: 'id_token.rotten' }, /\/fault/],
    [{ authorization_request, sub: 'alice', fault: 'http.status' }, /\/fault/],
    [{ authorization_request, sub: 'alice', error: 'teapot' }, /\/error/],
    [{ authorization_request, subject: 'alice' }, /subject/],
    [{ authorization_request: 7, sub: 'alice' }, /authorization_request/],
    [{ authorization_request: 'http://[', sub: 'alice' }, /authorization_request is http:\/\/\[, expected a URL/],
    [
      { authorization_request: urlOf({}, '/issuers/one'), sub: 'alice' },
      /is a URL of the issuer one, expected a URL of default/,
    ],
  ]
  for (const [payload, description] of cases) refused(t, await logIn(test, payload), 'invalid_request', description)
  const { entries } = (await test.get('/admin/journal')).json<{ entries: unknown[] }>()
  t.strictSame(entries, [])
  const there = await logIn(test, { authorization_request: urlOf({}, '/issuers/one'), sub: 'alice' }, '/issuers/one')
  t.equal(there.statusCode, 200)
})

t.test('faults of the authorization endpoint apply to the login, not to the response of the admin API', async (t) => {
  const test = await createApp(t, {
    faults: [
      { fault: 'http.truncate', match: { endpoint: 'authorization' } },
      { fault: 'authorize.missing_state', match: { endpoint: 'authorization', sub: 'alice' } },
    ],
  })
  const answer = jsonOf(t, await logIn(test, { authorization_request: urlOf(), sub: 'alice' }))
  t.notOk('state' in (answer.parameters as object))
})

t.test('with auto_login the sub is optional', async (t) => {
  const test = await createApp(t, { auto_login: 'alice' })
  t.match(jsonOf(t, await logIn(test, { authorization_request: urlOf() })).parameters, { code: /./ })
})
