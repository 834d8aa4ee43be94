/** Notification of clients by frames in the browser. OpenID Connect Front-Channel Logout §2 and §3. */
import t from 'tap'
import type { Client } from '../../src/generated/input.js'
import { createApp, REDIRECT_URI } from '../app.js'
import { textOf } from '../html.js'
import { createUserAgent } from '../user_agent.js'

const BYE = 'http://localhost:8000/bye'
const CLIENT: Omit<Client, 'client_id'> = {
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'none',
  post_logout_redirect_uris: [BYE],
}

const test = await createApp(t, {
  clients: [
    {
      ...CLIENT,
      client_id: 'session',
      frontchannel_logout_uri: 'https://one.example:8443/logout?tenant=1',
      frontchannel_logout_session_required: true,
    },
    { ...CLIENT, client_id: 'plain', frontchannel_logout_uri: 'http://localhost:8000/logout?tenant=2' },
    { ...CLIENT, client_id: 'same', frontchannel_logout_uri: 'http://localhost:8000/other' },
    { ...CLIENT, client_id: 'hostile', frontchannel_logout_uri: 'http://one.example;sandbox/' },
  ],
})

const framesOf = (body: string) =>
  [...body.matchAll(/<iframe[^>]* src="([^"]*)"/g)].map(([, src = '']) => src.replaceAll('&amp;', '&'))
const policyOf = (headers: Record<string, unknown>) => String(headers['content-security-policy']).split(';')

t.test('Front-Channel Logout §2: iss and sid are added to the query only if the client requires them', async (t) => {
  const agent = createUserAgent(test)
  const { claims, id_token } = await agent.getTokens({ client_id: 'session' })
  await agent.getTokens({ sub: 'bob', client_id: 'plain' })
  await agent.getTokens({ sub: 'carol', client_id: 'same' })
  await agent.getTokens({ sub: 'dave', client_id: 'plain' })
  const { after } = await agent.logOut({ id_token_hint: id_token, post_logout_redirect_uri: BYE, state: 's&t' })
  t.equal(after.statusCode, 200)
  t.equal(after.headers.location, undefined, 'the frames come before the redirect')
  t.strictSame(framesOf(after.body).toSorted(), [
    'http://localhost:8000/logout?tenant=2',
    'http://localhost:8000/other',
    `https://one.example:8443/logout?tenant=1&iss=http%3A%2F%2Flocalhost&sid=${claims.sid}`,
  ])
  t.match(after.body, `id="continue" href="${BYE}?state=s%26t"`)
  t.match(after.body, `<noscript><meta http-equiv="refresh" content="3;url=${BYE}?state=s%26t"></noscript>`)
  t.match(textOf(after.body), `redirected to ${BYE}?state=s%26t Continue`)
})

t.test(
  'Content Security Policy §6.4: only origins of clients can be framed, and only the script of the page runs',
  async (t) => {
    const agent = createUserAgent(test)
    await agent.getTokens({ client_id: 'session' })
    await agent.getTokens({ sub: 'bob', client_id: 'plain' })
    await agent.getTokens({ sub: 'carol', client_id: 'same' })
    const { headers } = (await agent.logOut()).after
    const [frames = ''] = policyOf(headers).filter((directive) => directive.startsWith('frame-src'))
    t.strictSame(frames.split(' ').toSorted(), ['frame-src', 'http://localhost:8000', 'https://one.example:8443'])
    t.ok(policyOf(headers).includes("default-src 'none'"))
    t.match(
      policyOf(headers).filter((directive) => directive.startsWith('script-src')),
      [/^script-src 'sha256-[\w+/=]+'$/],
    )
    t.equal(headers['x-frame-options'], 'DENY')
  },
)

t.test('Front-Channel Logout §2: without a redirect the page Session ended loads the frames', async (t) => {
  const agent = createUserAgent(test)
  const { claims } = await agent.getTokens({ client_id: 'session' })
  const { after } = await agent.logOut()
  t.match(textOf(after.body), 'Logged out Session ended')
  t.equal(framesOf(after.body).length, 1)
  t.match(framesOf(after.body)[0], `sid=${claims.sid}`)
  t.notMatch(after.body, /<script|<noscript|Continue/)
})

t.test('a URI whose host has a meaning in a policy is not framed', async (t) => {
  const agent = createUserAgent(test)
  const { id_token } = await agent.getTokens({ client_id: 'hostile' })
  const { after } = await agent.logOut({ id_token_hint: id_token, post_logout_redirect_uri: BYE })
  t.equal(after.headers.location, BYE)
})
