/** The filter of the users and clients that the pages list. */
import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, REDIRECT_URI } from '../app.js'
import { decodeEntities, textOf } from '../html.js'
import { CLIENT, createUserAgent, type Fields, idTokenOf, returned } from '../user_agent.js'

const USERS = Array.from({ length: 60 }, (_, index) => ({ sub: `user-${index}` }))

/** The subs on the buttons below a heading. */
const offered = ({ body }: LightMyRequestResponse, heading = 'Predefined users') => {
  const [, section = ''] = new RegExp(`>${heading}</h2>(.*?)</section>`, 's').exec(body) ?? []
  return [...section.matchAll(/<button class="cover"[^>]* value="([^"]*)"/g)].map(([, value = '']) => value)
}

/** The text beside the filter of a page; undefined without a filter. */
const countOn = ({ body }: LightMyRequestResponse) => /<p id="filter-count" class="hint">(.*?)<\/p>/.exec(body)?.[1]

/** The hidden fields of the filter of a page, without its action. */
const filterOf = ({ body }: LightMyRequestResponse): Fields => {
  const [, form = ''] = /<form [^>]*id="find"[^>]*>(.*?)<\/form>/s.exec(body) ?? []
  const fields = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
  const { action: _, ...others } = Object.fromEntries(
    fields.map(([, name = '', value = '']) => [decodeEntities(name), decodeEntities(value)]),
  )
  return others
}

async function start(config: ConfigInput = {}) {
  const test = await createApp(t, { users: USERS, ...config })
  const agent = createUserAgent(test)
  const filter = (text: string, form: Fields = {}, query?: Fields) =>
    agent.answer({ action: 'filter', filter: text, ...form }, query)
  return { test, agent, filter }
}

t.test('the login page lists 24 users, and the filter finds the others', async (t) => {
  const { test, agent, filter } = await start()
  const page = await agent.ask()
  t.strictSame(
    offered(page),
    USERS.slice(0, 24).map(({ sub }) => sub),
  )
  t.equal(countOn(page), '60 users. The first 24 are shown.')
  t.match(page.headers['content-security-policy'], /;script-src 'sha256-[^']+'/)
  const found = await filter('user-5')
  t.equal(found.statusCode, 200)
  t.equal(found.headers['cache-control'], 'no-store')
  t.strictSame(offered(found), ['user-5', ...USERS.slice(50).map(({ sub }) => sub)])
  t.equal(countOn(found), '11 users match.')
  t.match(found.body, / value="user-5" maxlength="255" autofocus/)
  const cleared = await filter('')
  t.equal(countOn(cleared), '60 users match. The first 24 are shown.')
  t.equal(countOn(await filter('missing')), 'No user matches.')
  t.equal((await idTokenOf(test, returned(await agent.answer({ as: 'user-59' })))).sub, 'user-59')
})

t.test('24 users are listed without a filter, and the page has no script', async (t) => {
  const { agent } = await start({ users: USERS.slice(0, 24) })
  const page = await agent.ask()
  t.equal(offered(page).length, 24)
  t.notMatch(page.body, /datalist|class="pager"/)
  t.equal(countOn(page), undefined)
  t.notMatch(page.body, '<script')
  t.notMatch(page.headers['content-security-policy'], 'script-src')
})

t.test('the pages of the list show every user once, and a number that is no page shows the nearest one', async (t) => {
  const { agent, filter } = await start()
  const subsOn = async (page: string, text = '') => offered(await filter(text, { page }))
  const all = [await subsOn('1'), await subsOn('2'), await subsOn('3')]
  t.strictSame(
    all.flat(),
    USERS.map(({ sub }) => sub),
  )
  t.equal(countOn(await filter('', { page: '2' })), '60 users match. 25 to 48 are shown.')
  t.strictSame(await subsOn('99'), all[2])
  for (const page of ['0', '-1', 'x', '1e9', '', '9'.repeat(20)]) t.strictSame(await subsOn(page), all[0], page)
  t.strictSame(await subsOn('2', 'user-5'), await subsOn('1', 'user-5'), 'the result of the filter has one page')
  const request = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', page: '2' }
  t.equal(countOn(await agent.post('/oauth2/authorize', request)), '60 users. The first 24 are shown.')
})

t.test('the filter suggests 200 subjects at most, and a page stays small', async (t) => {
  const users = Array.from({ length: 20_000 }, (_, index) => ({
    sub: `${'s'.repeat(240)}${index}`,
    display_name: 'x'.repeat(200),
  }))
  const { test, agent, filter } = await start({ users, clients: [] })
  const suggested = ({ body }: LightMyRequestResponse) => body.match(/<option value="s[^"]*"><\/option>/g)?.length
  const pages = [await agent.ask(), await filter('s'), await filter('s', { page: '800' }), await test.get('/')]
  for (const { body } of pages) t.ok(body.length < 200_000, `${body.length}`)
  t.strictSame(pages.map(suggested), [200, 200, 200, undefined])
  t.equal(suggested(await filter(`${'s'.repeat(240)}1999`)), undefined, 'the list is shown whole')
})

t.test('the filter matches a part of what names a user, in any case and form of Unicode', async (t) => {
  const wanted = {
    sub: 'Zoe-1',
    display_name: 'E\u0301va Straße',
    description: 'Locked account',
    claims: {
      name: 'Zoe Quimby',
      email: 'Zoe@Example.com',
      preferred_username: 'zq',
      nickname: 'Hidden',
      groups: ['x'],
    },
  }
  const { filter } = await start({ users: [...USERS, wanted, { sub: 'odd', claims: { name: ['Zoe'], email: 1 } }] })
  for (const text of ['zoe-1', 'éVA', 'straße', 'LOCKED', 'quimby', 'zoe@example', 'zq', '  zoe quimby  ']) {
    t.strictSame(offered(await filter(text)), ['Zoe-1'], text)
  }
  for (const text of ['hidden', 'zoe-1 quimby', 'zoe.1', '%']) t.strictSame(offered(await filter(text)), [], text)
})

t.test('users are listed as they are at run time, and deleted users are not counted', async (t) => {
  const { test, filter } = await start()
  await test.app.inject({ method: 'PUT', url: '/admin/users/user-59', payload: { display_name: 'New' } })
  for (const sub of ['user-50', 'user-3', 'user-51']) {
    await test.app.inject({ method: 'DELETE', url: `/admin/users/${sub}` })
  }
  const page = await filter('user')
  t.equal(countOn(page), '57 users match. The first 24 are shown.')
  t.notOk(offered(page).includes('user-3'))
  t.strictSame(offered(await filter('user-5')), [
    'user-5',
    ...[52, 53, 54, 55, 56, 57, 58, 59].map((one) => `user-${one}`),
  ])
  t.match(textOf((await filter('user-59')).body), 'Authorize as user-59 New')
})

t.test('the filter finds users by the names that they have at run time', async (t) => {
  const named = { sub: 'bob', display_name: 'Old name', claims: { email: 'old@example.com' } }
  const { test, agent, filter } = await start({ users: [...USERS, named] })
  const payload = { display_name: 'Renamed', claims: { email: 'fresh@example.com' } }
  await test.app.inject({ method: 'PUT', url: '/admin/users/bob', payload })
  await test.app.inject({ method: 'PUT', url: '/admin/users/stranger', payload })
  await agent.logIn('renamed')
  for (const text of ['RENAMED', 'fresh@', 'bob']) t.strictSame(offered(await filter(text)), ['bob'], text)
  for (const text of ['old', 'Old name']) t.strictSame(offered(await filter(text)), [], text)
  await test.app.inject({ method: 'DELETE', url: '/admin/users/bob' })
  for (const text of ['renamed', 'old', 'bob']) t.strictSame(offered(await filter(text)), [], text)
})

t.test('the filter keeps the request, the typed subject and the chosen fault', async (t) => {
  const { agent, filter } = await start()
  const page = await agent.ask({ login_hint: 'hint' })
  const fields = filterOf(page)
  t.strictSame(Object.keys(fields), ['flow_id'])
  const query = { login_hint: 'hint' }
  const form = { ...fields, sub: 'typed', error: 'access_denied', fault: 'id_token.expired' }
  const found = await filter('user-1', form, query)
  t.match(found.body, /<input id="sub"[^>]* value="typed"/)
  t.match(found.body, '<option selected>access_denied</option>')
  t.match(found.body, /<option value="id_token.expired" selected>/)
  t.equal(filterOf(found).flow_id, fields.flow_id, 'it is the same login')
  t.match((await filter('user-1', fields, query)).body, /<input id="sub"[^>]* value="hint"/)
})

t.test('the filter of a posted request repeats its parameters', async (t) => {
  const { agent } = await start()
  const request = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', state: 'a"b' }
  const page = await agent.post('/oauth2/authorize', request)
  const fields = filterOf(page)
  t.match(fields, request)
  const found = await agent.post('/oauth2/authorize', { ...fields, action: 'filter', filter: 'user-59' })
  t.strictSame(offered(found), ['user-59'])
  t.match(filterOf(found), request)
  const answer = await agent.post('/oauth2/authorize', { ...filterOf(found), as: 'user-59' })
  t.equal(returned(answer).get('state'), 'a"b')
})

t.test('OpenID Connect Core §3.1.2.1: a posted request can have a parameter filter of its own', async (t) => {
  const { agent } = await start()
  const request = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', filter: 'user-59' }
  const page = await agent.post('/oauth2/authorize', request)
  t.equal(page.statusCode, 200)
  t.equal(countOn(page), '60 users. The first 24 are shown.')
  const found = await agent.post('/oauth2/authorize', { ...filterOf(page), action: 'filter', filter: 'user-58' })
  t.strictSame(offered(found), ['user-58'])
})

t.test('a form of more than 100 parameters is refused', async (t) => {
  const { agent } = await start()
  const many = Object.fromEntries(Array.from({ length: 98 }, (_, index) => [`p${index}`, '']))
  const request = { client_id: 'app', redirect_uri: REDIRECT_URI, ...many }
  t.equal((await agent.post('/oauth2/authorize', { ...request })).statusCode, 302, 'the response_type is missing')
  const refused = await agent.post('/oauth2/authorize', { ...request, response_type: 'code' })
  t.equal(refused.statusCode, 400)
  t.match(textOf(refused.body), 'the form has 101 parameters, expected at most 100')
})

t.test('a filter is no answer: it logs no user in', async (t) => {
  const { agent, filter } = await start({ auto_login: 'user-1' })
  t.equal((await filter('user-2', { as: 'user-2', sub: 'user-3' })).statusCode, 200)
  t.equal(agent.cookies.size, 0)
  t.equal(returned(await filter('user-2', {}, { prompt: 'none' })).get('error'), 'login_required')
  const page = await filter('user-2', { fault: 'unknown' })
  t.equal(page.statusCode, 400)
  t.match(page.body, 'Error: ')
  t.strictSame(offered(page), ['user-2', ...USERS.slice(20, 30).map(({ sub }) => sub)])
})

const STRICT: ConfigInput = { profile: 'strict', clients: [CLIENT] }

t.test(
  'OpenID Connect Core §3.1.2.1: the filter of prompt=login and of a choice of accounts keeps their page',
  async (t) => {
    const { agent, filter } = await start(STRICT)
    await agent.logIn('zoe')
    const login = { prompt: 'login' }
    const again = await filter('user-59', filterOf(await agent.ask(login)), login)
    t.strictSame([offered(again), offered(again, 'Logged in here')], [['user-59'], []])
    t.match(again.body, /<input id="sub"[^>]* value="zoe"/)

    const select = { prompt: 'select_account' }
    const choice = await agent.ask(select)
    t.strictSame(Object.keys(filterOf(choice)), ['flow_id', 'browser_state'])
    const chosen = await filter('user-59', filterOf(choice), select)
    t.strictSame([offered(chosen), offered(chosen, 'Logged in here')], [['user-59'], ['zoe']])
    t.ok(filterOf(chosen).browser_state)

    const consent = { prompt: 'consent' }
    const { browser_state = '' } = filterOf(choice)
    const other = await agent.answer({ action: 'switch', browser_state }, consent)
    t.strictSame(offered(other, 'Logged in here'), ['zoe'])
    const filtered = await filter('user-59', filterOf(other), consent)
    t.strictSame([offered(filtered), offered(filtered, 'Logged in here')], [['user-59'], ['zoe']])
  },
)

t.test('a filter of another site shows what a request without it shows', async (t) => {
  const { agent, filter } = await start(STRICT)
  await agent.logIn('zoe')
  t.ok(returned(await filter('user-1', { browser_state: 'forged' })).has('code'), 'the consent was given before')
  const consent = await filter('user-1', { browser_state: 'forged' }, { prompt: 'consent' })
  t.match(textOf(consent.body), 'You are logged in as zoe')
})

t.test('the home page lists 24 users and 24 clients, and its filter finds the others', async (t) => {
  const clients = Array.from({ length: 60 }, (_, index) => ({
    client_id: `app-${index}`,
    client_name: `Application ${index}`,
    redirect_uris: ['http://localhost/'],
    token_endpoint_auth_method: 'none' as const,
  }))
  const { test } = await start({ clients })
  for (const base of ['', '/issuers/one']) {
    const page = await test.get(`${base}/`)
    t.equal(countOn(page), '60 users. The first 24 are shown. 60 clients. The first 24 are shown.')
    t.match(page.body, `<form method="get" action="${base}/" id="find" role="search">`)
    t.match(page.body, '>user-23<')
    t.notMatch(page.body, />(user|app)-24</)
    const third = await test.get(`${base}/?filter=&page=3`)
    t.equal(countOn(third), '60 users. 49 to 60 are shown. 60 clients. 49 to 60 are shown.')
    t.match(third.body, '>app-59<')
    t.notMatch(third.body, '>user-48-<')
    const found = await test.get(`${base}/?filter=N+59`)
    t.equal(countOn(found), 'No user matches. 1 client matches.')
    t.match(textOf(found.body), 'Clients app-59 Application 59')
    t.match((await test.get(`${base}/?filter=user-59`)).body, '>user-59<')
  }
  const twice = await test.get('/?filter=a&filter=b')
  t.equal(twice.statusCode, 400)
  t.match(textOf(twice.body), 'filter has 2 values, expected at most one')
})

t.test('RFC 8628 §3.3: the page of a device has the same filter', async (t) => {
  const { test } = await start()
  const { user_code } = (await test.post('/oauth2/device_authorization', { client_id: 'tv' })).json<{
    user_code: string
  }>()
  const page = await test.get(`/oauth2/device?user_code=${user_code}`)
  t.equal(countOn(page), '60 users. The first 24 are shown.')
  t.match(page.headers['content-security-policy'], /;script-src 'sha256-[^']+'/)
  t.strictSame(filterOf(page), { user_code })
  const found = await test.post('/oauth2/device', { user_code, action: 'filter', filter: 'user-59', sub: 'typed' })
  t.equal(found.statusCode, 200)
  t.strictSame(offered(found), ['user-59'])
  t.match(found.body, /<input id="sub"[^>]* value="typed"/)
  t.match(textOf((await test.post('/oauth2/device', { user_code, as: 'user-59' })).body), 'Device connected')
})
