/** The frame around every page: its links, and the problems of files that are not in force. */
import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, type TestApp } from '../app.js'
import { textOf } from '../html.js'
import { createUserAgent } from '../user_agent.js'

const problemAt = (line: number) => ({
  file: 'config.yaml',
  line,
  column: 5,
  path: `/users/${line}/clams`,
  message: 'is not a known key; <did> you mean claims?',
})
const stale = (count: number) => {
  const problems = Array.from({ length: count }, (_, index) => problemAt(index + 1))
  return { health: () => ({ status: 'ok' as const, config: { status: 'stale' as const, problems, warnings: [] } }) }
}
const TITLE = 'The changed configuration is not in force.'

/** The banner of a page, as text. */
const bannerOf = ({ body }: LightMyRequestResponse) => textOf(/<aside class="stale".*?<\/aside>/s.exec(body)?.[0] ?? '')

/** Each page that an end-user can see, by its heading. */
async function everyPage(test: TestApp): Promise<[heading: string, page: LightMyRequestResponse][]> {
  const agent = createUserAgent(test)
  const begin = async () => {
    const answer = await test.post('/oauth2/device_authorization', { client_id: 'tv' })
    return answer.json<{ user_code: string }>().user_code
  }
  const login = await agent.ask()
  const confirm = await agent.get(`/oauth2/device?user_code=${await begin()}`)
  const denied = await agent.post('/oauth2/device', { user_code: await begin(), action: 'deny' })
  const connected = await agent.post('/oauth2/device', { user_code: await begin(), sub: 'alice' })
  const consent = await agent.ask({ prompt: 'consent', client_id: 'other' })
  const { page, after } = await agent.logOut()
  return [
    ['oidc-provider-mock', await agent.get('/')],
    ['Authorize Client', login],
    ['Authorize Client', consent],
    ['Connect a device', await agent.get('/oauth2/device')],
    ['Authorize device', confirm],
    ['Access denied', denied],
    ['Device connected', connected],
    ['End session', page],
    ['Logged out', after],
    ['Error: invalid_client', await agent.get('/oauth2/authorize')],
    ['Log in with OpenID Connect', await agent.get('/oidc/login')],
    ['Authentication Error', await agent.get('/oidc/success')],
    ['Back to the application', await agent.answer({ sub: 'alice' }, { response_mode: 'form_post' })],
    ['Back to the application, twice', await agent.answer({ sub: 'alice', fault: 'authorize.double_callback' })],
  ]
}

const SSO: ConfigInput = { sessions: { single_sign_on: true } }

t.test('every page shows the problems of changed files, until they are right', async (t) => {
  let parts = stale(5)
  const test = await createApp(t, SSO, { health: () => parts.health() })
  for (const [heading, page] of await everyPage(test)) {
    t.match(page.body, `<h1>${heading}</h1>`)
    const lines = [1, 2, 3].map((line) => `config.yaml:${line}:5 /users/${line}/clams is not a known key; <did> you`)
    for (const line of [TITLE, ...lines, 'and 2 more']) t.match(bannerOf(page), line, heading)
    t.notMatch(page.body, /clams is not a known key; <|config\.yaml:4/)
  }
  parts = stale(0)
  for (const [heading, page] of await everyPage(test)) t.equal(bannerOf(page), '', heading)
})

const HIDDEN: [title: string, server: ConfigInput['server'] & object, headers: Record<string, string>][] = [
  ['with an admin token', { admin_token: 'secret' }, {}],
  ['if the admin API is off', { admin: false }, {}],
  ['if the admin API has a port of its own', { admin_port: 0 }, {}],
  ['at an unknown host', {}, { host: 'evil.example' }],
  ['at an unknown host, by a navigation', {}, { host: 'evil.example', 'sec-fetch-mode': 'navigate' }],
  ['to a script of another site', {}, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }],
  ['to a script of another origin', {}, { origin: 'https://evil.example' }],
]
for (const [title, server, headers] of HIDDEN) {
  t.test(`a page counts the problems, without their text and without a link to the journal, ${title}`, async (t) => {
    const test = await createApp(t, { server }, stale(5))
    for (const url of ['/', '/oauth2/authorize']) {
      const page = await test.get(url, { headers })
      t.match(
        bannerOf(page),
        'It has 5 problems, so the earlier configuration stays. The log of the provider shows them.',
      )
      t.notMatch(page.body, /clams|href="[^"]*journal/)
    }
    const refused = textOf((await test.get('/oauth2/authorize', { headers })).body)
    t.match(refused, /with the flow_id [\w-]{22} /)
  })
}

t.test('Fetch Metadata §2.2: the user whom a page of another site sends here sees the problems', async (t) => {
  const test = await createApp(t, {}, stale(1))
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', origin: 'https://app.example' }
  t.match(bannerOf(await test.get('/oidc/login', { headers })), 'config.yaml:1:5 ')
})

t.test(
  'an error page links to its entry in the journal: by its flow, or as the latest entry of its endpoint',
  async (t) => {
    const test = await createApp(t)
    for (const base of ['', '/issuers/one']) {
      const follow = async (url: string) => {
        const page = await test.get(base + url)
        const [, link = ''] = /The journal has <a href="([^"]*)">/.exec(page.body) ?? []
        t.ok(link.startsWith(`${base}/admin/journal?`), link)
        const { entries } = (await test.get(link.replaceAll('&amp;', '&'))).json()
        return [page.statusCode, entries]
      }
      t.match(await follow('/oauth2/authorize?client_id=app'), [
        400,
        [{ endpoint: 'authorization', client_id: 'app', error: 'invalid_request', flow_id: /^[\w-]{22}$/ }],
      ])
      await follow('/oauth2/end_session?post_logout_redirect_uri=a%20b&client_id=1')
      t.match(await follow('/oauth2/end_session?post_logout_redirect_uri=a%20b&client_id=2'), [
        400,
        [{ endpoint: 'end_session', request: { url: /client_id=2/ } }],
      ])
      t.notMatch((await test.get(`${base}/nope`, { headers: { accept: 'text/html' } })).body, 'journal')
    }
  },
)

t.test('no page links to a journal that keeps no entries', async (t) => {
  const test = await createApp(t, { journal: { max_entries: 0 } })
  for (const url of ['/', '/oauth2/authorize']) t.notMatch((await test.get(url)).body, /href="[^"]*journal/)
})

t.test('every page links to the home page of its issuer', async (t) => {
  const test = await createApp(t, { ...SSO, server: { base_path: '/auth' } })
  for (const base of ['/auth', '/auth/issuers/one']) {
    for (const path of ['/oauth2/device', '/oidc/login', '/oauth2/end_session', '/oauth2/authorize']) {
      t.match((await test.get(base + path)).body, `<a class="brand" href="${base}/">`)
    }
    t.equal((await test.get(`${base}/`)).statusCode, 200)
  }
})
