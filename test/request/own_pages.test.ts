/** Forms that decide something for the end-user are accepted from the provider's own pages only. */
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, REDIRECT_URI } from '../app.js'
import { textOf } from '../html.js'
import { createUserAgent, type Fields, type UserAgent } from '../user_agent.js'

/** A form of a page that decides something: prepares it, posts it with these headers, and tells whether it took effect. */
interface Decision {
  readonly title: string
  post(agent: UserAgent, headers?: Fields): Promise<{ readonly statusCode: number; readonly body: string }>
  took(agent: UserAgent): Promise<boolean>
}

const CONSENT = { prompt: 'consent', scope: 'openid email' }

async function createDecisions(t: Test, config: ConfigInput, options: { base?: string; headers?: Fields }) {
  const { base = '' } = options
  const test = await createApp(t, { sessions: { single_sign_on: true }, ...config })
  const agent = createUserAgent(test, options)
  const begin = async () =>
    (await test.post(`${base}/oauth2/device_authorization`, { client_id: 'tv' })).json<{ user_code: string }>()
  const { user_code } = await begin()
  const codes = async () => (await test.get(`${base}/admin/device_codes`)).json().device_codes
  const query = new URLSearchParams({
    client_id: 'app',
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: CONSENT.scope,
    prompt: 'consent',
  })
  let answered = false
  const decisions: Decision[] = [
    {
      title: 'consent',
      async post(agent, headers) {
        const page = (await agent.ask(CONSENT)).body
        const [, browser_state = ''] = /name="browser_state" value="([^"]+)"/.exec(page) ?? []
        const form = { account: 'alice', browser_state, action: 'consent' }
        const answer = await agent.post(`/oauth2/authorize?${query}`, form, headers)
        answered = answer.statusCode === 302
        return answer
      },
      took: async () => answered,
    },
    {
      title: 'approval of a device',
      post: (agent, headers) => agent.post('/oauth2/device', { user_code, sub: 'alice' }, headers),
      took: async () => (await codes())[0].status === 'approved',
    },
    {
      title: 'logout',
      post: (agent, headers) => agent.post('/oauth2/end_session/confirm', {}, headers),
      took: async (agent) => (await agent.askSilently(CONSENT)) !== null,
    },
  ]
  await agent.getTokens({ scope: CONSENT.scope })
  return { agent, decisions }
}

const OWN: [string, ConfigInput, Fields][] = [
  ['a program, which sends no such header', {}, {}],
  ['a page of the same origin', {}, { 'sec-fetch-site': 'same-origin', origin: 'http://localhost' }],
  ['the address bar', {}, { 'sec-fetch-site': 'none' }],
  [
    'a page over plain http, where no Sec-Fetch-Site is sent',
    {},
    { host: 'op.test:9400', origin: 'http://op.test:9400' },
  ],
  [
    'a page behind a proxy that sends X-Forwarded-Host',
    {},
    { 'x-forwarded-host': 'id.example', 'x-forwarded-proto': 'https', origin: 'https://id.example' },
  ],
  ['a page behind a proxy that ends TLS and keeps Host', {}, { host: 'id.example', origin: 'https://id.example' }],
  [
    'a page at public_url behind a proxy that replaces Host',
    { public_url: 'http://id.example/auth' },
    { host: 'op:9400', origin: 'http://id.example' },
  ],
]

for (const [title, config, headers] of OWN) {
  t.test(`RFC 6454 §7: a decision from ${title} is accepted`, async (t) => {
    const { agent, decisions } = await createDecisions(t, config, { headers })
    for (const { title, post, took } of decisions) {
      t.match(String((await post(agent)).statusCode), /^[23]0/, title)
      t.equal(await took(agent), true, title)
    }
  })
}

const FOREIGN: [string, Fields, RegExp][] = [
  ['another site', { 'sec-fetch-site': 'cross-site' }, /Sec-Fetch-Site is cross-site, expected same-origin or none/],
  ['another host of the site', { 'sec-fetch-site': 'same-site' }, /Sec-Fetch-Site is same-site/],
  [
    'another site that says it is its own',
    { 'sec-fetch-site': 'cross-site', origin: 'http://localhost' },
    /Sec-Fetch-Site is cross-site/,
  ],
  ['an unknown relation', { 'sec-fetch-site': '' }, /Sec-Fetch-Site is , expected/],
  [
    'another origin',
    { origin: 'http://evil.example' },
    /Origin is http:\/\/evil.example, expected http:\/\/localhost; .*If it is the provider's own URL, set public_url to it/,
  ],
  ['another port', { origin: 'http://localhost:3000' }, /Origin is http:\/\/localhost:3000/],
  ['an origin that is hidden', { origin: 'null' }, /Origin is null/],
  ['an invalid origin', { origin: 'http://' }, /Origin is http:\/\//],
]

for (const [title, headers, reason] of FOREIGN) {
  for (const base of ['', '/issuers/one']) {
    t.test(`RFC 6454 §7: a decision from ${title} is a 403 that explains, and changes nothing (${base})`, async (t) => {
      const { agent, decisions } = await createDecisions(t, {}, { base })
      for (const { title, post, took } of decisions) {
        const answer = await post(agent, headers)
        t.equal(answer.statusCode, 403, title)
        t.match(textOf(answer.body), reason)
        if (!URL.canParse(headers.origin ?? '')) t.notMatch(textOf(answer.body), 'set public_url')
        t.match(textOf(answer.body), /nothing was changed: open the page of the provider instead/)
        t.equal(await took(agent), false, title)
      }
    })
  }
}

t.test('OpenID Connect Core §3.1.2.1: requests that clients may send from their pages stay open to them', async (t) => {
  const test = await createApp(t)
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' }
  const agent = createUserAgent(test, { headers })
  const request = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid' }
  t.equal((await agent.post('/oauth2/authorize', request)).statusCode, 200, 'the form of an authorization request')
  t.equal((await agent.post('/oauth2/authorize', { ...request, sub: 'alice' })).statusCode, 302, 'with a login')
  t.equal((await agent.post('/oauth2/end_session', {})).statusCode, 200, 'the form of a logout request')
  t.equal((await agent.get('/oauth2/device')).statusCode, 200)
})
