/** Responses about URLs of clients: no response to a stranger tells why the provider could not use a URL. */

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../src/generated/input.js'
import { createOutbound } from '../src/outbound.js'
import { createApp, createContext, REDIRECT_URI, register, type TestApp } from './app.js'
import { textOf } from './html.js'
import { listen } from './listener.js'
import { start } from './provider.js'
import { createUserAgent } from './user_agent.js'

/** Returns the URL of a port of loopback on which no program listens. */
async function findClosedPort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

const json = { 'content-type': 'application/json' }
/** Services of a network that are not for clients. */
async function createServices(t: Test): Promise<Record<string, string>> {
  const status = await listen(t, () => ({ status: 403, headers: json, body: '{"error":"secret"}' }))
  const text = await listen(t, () => ({ headers: { 'content-type': 'text/plain' }, body: 'secret' }))
  const object = await listen(t, () => ({ headers: json, body: '{"secret":1}' }))
  const silent = await listen(t, () => undefined)
  const redirect = await listen(t, () => ({ status: 302, headers: { location: 'http://secret.example/' } }))
  const large = await listen(t, () => ({ headers: json, body: `["${'secret'.repeat(1000)}"]` }))
  return {
    'a closed port': await findClosedPort(),
    'a status': status.url,
    'a text': text.url,
    'other JSON': object.url,
    'no response': silent.url,
    'a redirect': redirect.url,
    'a large response': large.url,
    'no TLS': status.url.replace('http:', 'https:'),
    'an unknown host': 'http://unknown.example',
    'an address that is not allowed': 'http://forbidden.example',
  }
}

const config: ConfigInput = {
  clients: [{ client_id: 'app', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }],
  outbound: { timeout: 1, max_size: 1024, allow: ['127.0.0.1'] },
}
const outbound = createOutbound(async (host) => {
  if (host === 'forbidden.example') return [{ address: '127.0.0.2', family: 4 }]
  throw new Error('getaddrinfo ENOTFOUND unknown.example')
})

/** Sends a URL to an endpoint and returns the response as a stranger sees it. */
const ENDPOINTS: Record<string, (test: TestApp, url: string) => Promise<string>> = {
  'registration with sector_identifier_uri': async (test, sector_identifier_uri) =>
    JSON.stringify(await register(test, { sector_identifier_uri })),
  'authorization with request_uri': async (test, request_uri) => {
    const query = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', request_uri }
    return String((await test.get(`/oauth2/authorize?${new URLSearchParams(query)}`)).headers.location)
  },
  'authorization with a request of jwks_uri': async (test, jwks_uri) => {
    const { client_id } = await register(test, { jwks_uri, request_object_signing_alg: 'RS256' })
    const request = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.AA`
    const query = { client_id, redirect_uri: REDIRECT_URI, response_type: 'code', request }
    return String((await test.get(`/oauth2/authorize?${new URLSearchParams(query)}`)).headers.location)
  },
  'token with a client_assertion of jwks_uri': async (test, jwks_uri) => {
    const { client_id } = await register(test, { jwks_uri, token_endpoint_auth_method: 'private_key_jwt' })
    const claims = { iss: client_id, sub: client_id, aud: 'http://localhost', jti: 'j', exp: 1e10 }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const answer = await test.post('/oauth2/token', {
      grant_type: 'authorization_code',
      code: 'c',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${part({ alg: 'RS256' })}.${part(claims)}.AA`,
    })
    return answer.body.replaceAll(client_id, 'ID')
  },
  'logout with backchannel_logout_uri': async (test, backchannel_logout_uri) => {
    const { client_id } = await register(test, { backchannel_logout_uri, token_endpoint_auth_method: 'none' })
    const agent = createUserAgent(test)
    await agent.getTokens({ client_id })
    return textOf((await agent.logOut()).after.body).replaceAll(client_id, 'ID')
  },
}

t.test('a call of a provider to a URL of a client cannot administer it', async (t) => {
  const { provider, url } = await start(t, { server: { admin_port: 0 } })
  const { getDocument, postForm } = createOutbound()
  const settings = (await createContext()).snapshot.outbound
  const keys = async () => ((await (await fetch(`${url}/jwks`)).json()) as { keys: object[] }).keys.length
  for (const origin of [provider.admin_url!, provider.admin_url!.replace('localhost', '127.0.0.1')]) {
    const answer = await postForm(settings, `${origin}/admin/keys/rotate`, { logout_token: 'x' })
    t.match(answer, { status: 403, body: /User-Agent is oidc-provider-mock, expected/ })
    await t.rejects(getDocument(settings, `${origin}/admin/keys`, '*/*'), { message: 'answered 403, expected 200' })
  }
  const revoked = await postForm(settings, `${provider.admin_url}/users/alice/revoke-tokens`, {})
  t.equal(revoked.status, 403)
  t.equal(await keys(), 1)
  t.ok((await fetch(`${provider.admin_url}/admin/keys/rotate`, { method: 'POST' })).ok, 'a program can')
  t.equal(await keys(), 2)
})

t.test('the log has URLs of clients without user information and query', async (t) => {
  const silent = await listen(t, () => ({ status: 403 }))
  const test = await createApp(t, config, { outbound })
  const hidden = silent.url.replace('//', '//me:hush@')
  for (const [name, url] of [
    ['registration with sector_identifier_uri', hidden],
    ['registration with sector_identifier_uri', `${silent.url}/?hush`],
    ['authorization with request_uri', `${hidden}/path?hush#hush`],
    ['token with a client_assertion of jwks_uri', `${silent.url}/?hush`],
    ['logout with backchannel_logout_uri', `${silent.url}/?hush`],
  ] as const) {
    await ENDPOINTS[name]!(test, url)
    const lines = JSON.stringify(test.log.splice(0))
    t.match(lines, /127\.0\.0\.1:\d/, name)
    t.notMatch(lines, 'hush', name)
  }
  t.ok(silent.received.every(({ headers }) => headers.authorization === undefined))
})

for (const [endpoint, send] of Object.entries(ENDPOINTS)) {
  t.test(`${endpoint}: the response is the same for every reason, and the log has the reason`, async (t) => {
    const services = await createServices(t)
    // A client that answers 200 was notified of the logout.
    if (endpoint.startsWith('logout')) for (const name of ['a text', 'other JSON']) delete services[name]
    const responses = new Map<string, string>()
    for (const [reason, url] of Object.entries(services)) {
      const test = await createApp(t, config, { outbound })
      const response = (await send(test, url))
        .replaceAll(encodeURIComponent(url), 'URL')
        .replaceAll(url, 'URL')
        .replaceAll(/flow_id[ +][\w-]+/g, 'flow_id X')
      responses.set(reason, response)
      const lines = test.log.filter(({ event }) => event === 'document_unusable' || event === 'backchannel_logout')
      t.match(lines.at(0), { level: 40, msg: /http/ }, reason)
      t.notMatch(response, /ECONN|ENOTFOUND|secret|127\.0\.0\.2|403|timeout|within|text.plain/)
    }
    const [first] = responses.values()
    for (const [reason, response] of responses) t.equal(response, first, reason)
    t.match(first, /the[ +]log[ +]and[ +]the[ +]journal[ +]have[ +]the[ +]reason/)
  })
}
