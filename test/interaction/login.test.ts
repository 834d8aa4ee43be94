/** The login page and the users on it. */
import t from 'tap'
import { createApp, logIn, REDIRECT_URI, register, type TestApp } from '../app.js'
import { textOf } from '../html.js'

const QUERY = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid email' }
const pageOf = async ({ get }: TestApp, query: Record<string, string> = {}) => {
  const answer = await get(`/oauth2/authorize?${new URLSearchParams({ ...QUERY, ...query })}`)
  return answer.body
}
/** The names on the buttons below a heading. */
const offered = (body: string, heading: string) => {
  const [, section = ''] = new RegExp(`>${heading}</h2>(.*?)</section>`, 's').exec(body) ?? []
  return [...section.matchAll(/<button [^>]*name="as" value="([^"]*)"[^>]*>Authorize as ([^<]*)<\/button>/g)].map(
    ([, value, name]) => {
      if (value !== name) throw new Error(`the button says ${name} and means ${value}`)
      return value
    },
  )
}

t.test('the form has its fields', async (t) => {
  const test = await createApp(t)
  const answer = await test.get(`/oauth2/authorize?${new URLSearchParams(QUERY)}`)
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], 'text/html; charset=utf-8')
  t.equal(answer.headers['cache-control'], 'no-store')
  t.match(answer.body, '<h1>Authorize Client</h1>')
  t.match(answer.body, '<label for="sub">Subject</label>')
  t.match(answer.body, /<input id="sub" name="sub" type="text" value=""/)
  t.match(answer.body, />Authorize<\/button>/)
  t.match(answer.body, /<button name="action" value="deny" formnovalidate>Deny access<\/button>/)
  for (const shown of ['app', REDIRECT_URI, 'openid', 'email']) t.match(answer.body, `>${shown}</code>`, shown)
  t.match(answer.body, 'This client is not registered')
  t.notMatch(answer.body, /<script|Predefined users|Recent users/)
})

t.test('the form posts to the URL of the page, with its query', async (t) => {
  const test = await createApp(t)
  const query = new URLSearchParams({ ...QUERY, state: 'a&"<b>' }).toString()
  for (const base of ['', '/issuers/one']) {
    const { body } = await test.get(`${base}/oauth2/authorize?${query}`)
    const [, action = ''] = /<form method="post" action="([^"]*)"/.exec(body) ?? []
    t.equal(action.replaceAll('&amp;', '&'), `?${query}`)
  }
})

t.test('OpenID Connect Core §3.1.2.1: login_hint fills the field', async (t) => {
  const test = await createApp(t)
  t.match(await pageOf(test, { login_hint: 'bob"' }), /name="sub" type="text" value="bob&quot;"/)
})

t.test('Initiating User Registration §4.1: with prompt=create, the page asks to create an account', async (t) => {
  const test = await createApp(t)
  const body = await pageOf(test, { prompt: 'create', login_hint: 'new@example.com' })
  t.match(body, /<h1>Authorize Client<\/h1>(?:.|\n)*asks you to create an account\./)
  t.match(body, /role="note">The request has <code>prompt=create<\/code>/)
  t.match(body, /<label for="sub">Subject<\/label>\n<input[^>]* value="new@example.com"/)
  t.match(body, '<button class="primary">Authorize</button>')
  t.match(body, 'The user to create. There is no password.')
  t.notMatch(await pageOf(test, {}), /create/)
})

t.test('prompts of other providers are ignored in the default profile', async (t) => {
  const test = await createApp(t)
  t.match(await pageOf(test, { prompt: 'admin_consent' }), '<h1>Authorize Client</h1>')
  const strict = await createApp(t, { profile: 'strict', rules: { registered_clients: false } })
  const query = new URLSearchParams({ ...QUERY, prompt: 'admin_consent', nonce: 'n' })
  t.match((await strict.get(`/oauth2/authorize?${query}`)).headers.location, /error=invalid_request&.*admin_consent/)
})

t.test('a registered client is shown by its name, a scope with its description', async (t) => {
  const test = await createApp(t, {
    scopes: { groups: { description: 'Your <teams>' }, bare: {}, email: { description: 'Mail' } },
  })
  const { client_id } = await register(test, { client_name: 'My <App>' })
  const body = await pageOf(test, { client_id, scope: 'openid groups bare email' })
  t.match(body, '<bdi>My &lt;App&gt;</bdi> asks you')
  t.match(body, '<code>groups</code> <span>Your &lt;teams&gt;</span>')
  t.match(body, '<code>email</code> <span>Mail</span>')
  t.match(body, '<li><code>bare</code></li>')
  t.notMatch(body, 'This client is not registered')
  t.match(await pageOf(test, { scope: '' }), '<span class="aside">None</span>')
})

t.test('predefined users are in the order of the configuration, recent users newest first', async (t) => {
  const test = await createApp(t, {
    users: [{ sub: 'zoe' }, { sub: 'alice', display_name: 'Alice', description: 'boss' }],
  })
  t.strictSame(offered(await pageOf(test), 'Predefined users'), ['zoe', 'alice'])
  t.notMatch(await pageOf(test), 'Recent users')
  for (const sub of ['bob', 'alice', 'carol', 'bob']) await logIn(test, { sub })
  const body = await pageOf(test)
  t.strictSame(offered(body, 'Recent users'), ['bob', 'carol'])
  t.strictSame(offered(body, 'Predefined users'), ['zoe', 'alice'])
  t.match(body, '<bdi>Alice</bdi>')
})

t.test('recent users include logins by other clients and put users, but no user who denied access', async (t) => {
  const test = await createApp(t)
  await test.app.inject({ method: 'PUT', url: '/users/dave', payload: {} })
  await test.post(`/oauth2/authorize?${new URLSearchParams(QUERY)}`, { sub: 'eve', action: 'deny' })
  t.strictSame(offered(await pageOf(test), 'Recent users'), [])
  await logIn(test, { sub: 'dave', client_id: 'other' })
  t.strictSame(offered(await pageOf(test), 'Recent users'), ['dave'])
})

t.test('at most 20 recent users are listed', async (t) => {
  const test = await createApp(t)
  for (let index = 0; index < 25; index++) await logIn(test, { sub: `user-${index}` })
  const recent = offered(await pageOf(test), 'Recent users')
  t.equal(recent.length, 20)
  t.equal(recent[0], 'user-24')
  t.equal(recent[19], 'user-5')
})

t.test('the form shows the problem of the last submission', async (t) => {
  const test = await createApp(t)
  const { body } = await test.post(`/oauth2/authorize?${new URLSearchParams(QUERY)}`, {})
  t.match(body, /<p id="sub-problem"[^>]*>/)
  t.match(textOf(body), 'sub is missing')
})
