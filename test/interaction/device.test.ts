/** The pages of the device flow. RFC 8628 §3.3. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, type TestApp } from '../app.js'
import { textOf } from '../html.js'

const PATH = '/oauth2/device'
const CONFIG: ConfigInput = {
  users: [{ sub: 'alice', display_name: 'Alice Adams' }],
  scopes: { groups: { claims: ['groups'], description: 'Your groups' } },
  clients: [
    {
      ...{ client_id: 'tv', client_name: 'The television', token_endpoint_auth_method: 'none' },
      ...{ redirect_uris: ['http://localhost/'], response_types: [] },
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    },
  ],
}

async function begin({ post }: TestApp, form: Record<string, string> = {}, base = '') {
  const answer = await post(`${base}/oauth2/device_authorization`, { client_id: 'tv', scope: 'openid groups', ...form })
  return answer.json<{ user_code: string }>().user_code
}

t.test('RFC 8628 §3.3: the page asks for the code', async (t) => {
  const test = await createApp(t, CONFIG)
  const page = await test.get(PATH)
  t.equal(page.statusCode, 200)
  t.match(page.headers, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
  t.match(textOf(page.body), /Connect a device Enter the code that the device shows/)
  t.match(page.body, '<form method="get" action="/oauth2/device">')
  t.match((await test.get(`/issuers/one${PATH}`)).body, 'action="/issuers/one/oauth2/device"')
})

t.test('RFC 8628 §3.3.1: with a code, the page shows the client, the scopes and the users', async (t) => {
  const test = await createApp(t, CONFIG)
  const user_code = await begin(test)
  await test.post('/oauth2/authorize?client_id=web&redirect_uri=http://localhost/&response_type=code', { sub: 'bob' })
  for (const typed of [user_code, user_code.toLowerCase(), user_code.replace('-', ''), ` ${user_code} `]) {
    const page = await test.get(`${PATH}?${new URLSearchParams({ user_code: typed })}`)
    t.equal(page.statusCode, 200)
    const text = textOf(page.body)
    t.match(
      text,
      `The television asks you to log in on a device. Continue only if the device shows this code ${user_code}`,
    )
    t.match(text, /Client ID tv Scopes openid groups Your groups/)
    t.match(text, /Predefined users A Authorize as alice Alice Adams Recent users B Authorize as bob/)
    t.match(page.body, `<input type="hidden" name="user_code" value="${user_code}">`)
  }
  const empty = await begin(test, { client_id: 'radio', scope: '' })
  t.match(textOf((await test.get(`${PATH}?user_code=${empty}`)).body), /radio asks you .* Client ID radio Scopes None/)
})

t.test('without known users the page has the field for the subject only', async (t) => {
  const test = await createApp(t)
  const page = await test.get(`${PATH}?user_code=${await begin(test)}`)
  t.match(textOf(page.body), /Subject The user to log in as/)
  t.notMatch(textOf(page.body), /Predefined|Recent/)
})

t.test('RFC 8628 §3.3: the page confirms that access was granted or denied', async (t) => {
  const test = await createApp(t, CONFIG)
  const agreed = await test.post(PATH, { user_code: await begin(test), sub: 'alice' })
  t.equal(agreed.statusCode, 200)
  t.match(textOf(agreed.body), /Device connected The television logs you in as alice/)
  t.match(agreed.headers['set-cookie'], /^oidc_session_/, 'the browser is logged in as well')
  const refused = await test.post(PATH, { user_code: await begin(test, { client_id: 'radio' }), action: 'deny' })
  t.match(textOf(refused.body), /Access denied You denied access to radio/)
  t.equal(refused.headers['set-cookie'], undefined)
})

t.test('an unknown, answered or expired code shows the form for a code again', async (t) => {
  const test = await createApp(t, CONFIG)
  const say = async (user_code: string, problem: RegExp) => {
    for (const page of [
      await test.get(`${PATH}?${new URLSearchParams({ user_code })}`),
      await test.post(PATH, { user_code, sub: 'alice' }),
    ]) {
      t.equal(page.statusCode, 400)
      t.match(textOf(page.body), problem)
      t.match(page.body, /aria-invalid="true"/)
    }
  }
  await say('<b>', /No device is waiting with this code/)
  const approved = await begin(test)
  await test.post(PATH, { user_code: approved, sub: 'alice' })
  await say(approved, /This code has already been used/)
  const denied = await begin(test)
  await test.post(PATH, { user_code: denied, action: 'deny' })
  await say(denied, /This code was denied/)
  const expired = await begin(test)
  test.advance(600)
  await say(expired, /This code has expired/)
})

t.test('a form without a subject shows the page again', async (t) => {
  const test = await createApp(t, CONFIG)
  const user_code = await begin(test)
  const answers: Record<string, string>[] = [{}, { client_id: 'tv' }, { action: 'consent' }]
  for (const form of answers) {
    const page = await test.post(PATH, { user_code, ...form })
    t.equal(page.statusCode, 400)
    t.match(textOf(page.body), /sub is missing, expected the subject to log in as/)
  }
  const nothing = await test.post(PATH, {})
  t.equal(nothing.statusCode, 400)
  t.match(textOf(nothing.body), /user_code is missing/)
  const long = await test.post(PATH, { user_code, sub: 'x'.repeat(256) })
  t.match(textOf(long.body), /sub has 256 characters/)
})

t.test('RFC 8628 §5.4: a form that a page of another site posts is refused', async (t) => {
  const test = await createApp(t, CONFIG)
  const user_code = await begin(test)
  for (const site of ['cross-site', 'same-site']) {
    const page = await test.post(PATH, { user_code, sub: 'alice' }, { headers: { 'sec-fetch-site': site } })
    t.equal(page.statusCode, 403)
    t.match(textOf(page.body), /Error: access_denied/)
  }
  const own = await test.post(PATH, { user_code, sub: 'alice' }, { headers: { 'sec-fetch-site': 'same-origin' } })
  t.match(textOf(own.body), /Device connected/)
})

t.test('an answer for a client that was deleted is refused', async (t) => {
  const test = await createApp(t, { ...CONFIG, rules: { registered_clients: true } })
  const user_code = await begin(test)
  await test.reload({ rules: { registered_clients: true } })
  t.match(textOf((await test.get(`${PATH}?user_code=${user_code}`)).body), /tv asks you to log in/)
  const page = await test.post(PATH, { user_code, sub: 'alice' })
  t.equal(page.statusCode, 400)
  t.match(textOf(page.body), /client tv of the device no longer exists/)
})
