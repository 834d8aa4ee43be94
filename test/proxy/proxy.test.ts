/** Logins through nginx below a path: with and without the prefix, and with different headers. */
import * as client from 'openid-client'
import { type Test, test } from 'tap'
import { diagnose } from '../../src/doctor/doctor.js'
import type { ConfigInput } from '../../src/generated/input.js'
import { createSelfSigned, type SelfSigned } from '../../src/tls/self_signed.js'
import { createFetch } from '../fetch.js'
import { start } from '../provider.js'
import { NO_NGINX, startNginx } from './nginx.js'

const FORWARDED = [
  'proxy_set_header Host upstream.example;',
  'proxy_set_header X-Forwarded-Host $http_host;',
  'proxy_set_header X-Forwarded-Proto $scheme;',
  'proxy_set_header X-Forwarded-Prefix /auth;',
]
const HOST_ONLY = ['proxy_set_header Host $http_host;']
const REDIRECT_URI = 'http://localhost:8000/callback'

const now = () => Math.floor(Date.now() / 1000)

/** Logs in with a client library that knows only the issuer. */
async function logIn(t: Test, issuer: string, ca?: string): Promise<void> {
  const fetch = createFetch(ca)
  const options = { [client.customFetch]: fetch as client.CustomFetch, execute: [client.allowInsecureRequests] }
  const config = await client.discovery(new URL(issuer), 'app', undefined, client.None(), options)
  const code_verifier = client.randomPKCECodeVerifier()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: 'S256',
  })
  const answer = await fetch(url.href, { method: 'POST', body: new URLSearchParams({ sub: 'alice' }) })
  const back = new URL(answer.headers.get('location')!)
  const tokens = await client.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: code_verifier,
    idTokenExpected: true,
  })
  t.equal(tokens.claims()?.iss, issuer)
  t.match(await client.fetchUserInfo(config, tokens.access_token, 'alice'), {
    sub: 'alice',
    email: 'alice@example.com',
  })
}

/** Logs in on the provider's own pages: links, redirects and cookies must work behind the proxy. */
async function logInByPages(t: Test, url: string, ca?: string): Promise<void> {
  const fetch = createFetch(ca)
  const cookies = new Map<string, string>()
  const visit = async (target: string, sent: Parameters<typeof fetch>[1] = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(new URL(target, url).href, { ...sent, headers: { cookie } })
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = '', path] = /^([^=]+)=([^;]*);.*Path=([^;]+)/.exec(set) ?? []
      t.equal(path, '/auth', 'the cookie is for the path that the browser sees')
      cookies.set(name, value)
    }
    return answer
  }
  const home = await (await visit(`${url}/`)).text()
  const [, login = ''] = /href="([^"]+)"[^>]*>Self-login</.exec(home)!
  t.equal(login, '/auth/oidc/login')
  const [, action = ''] = /action="([^"]+)"/.exec(await (await visit(login)).text())!
  const started = await visit(action, { method: 'POST' })
  const authorized = await visit(started.headers.get('location')!, {
    method: 'POST',
    body: new URLSearchParams({ sub: 'bob' }),
  })
  const done = await visit(authorized.headers.get('location')!)
  t.equal(done.headers.get('location'), '/auth/oidc/success')
  const page = await (await visit('/auth/oidc/success')).text()
  t.match(page, 'You’re logged in as bob')
  const [, logout = ''] = /href="([^"]+)">End session/.exec(page)!
  const [, confirm = ''] = /action="([^"]+)"/.exec(await (await visit(logout.replaceAll('&amp;', '&'))).text())!
  t.equal(confirm, '/auth/oauth2/end_session/confirm')
}

interface Shape {
  readonly headers: readonly string[]
  readonly https: boolean
  readonly config: ConfigInput
}

const SHAPES: Record<string, Shape> = {
  'http, with the Host alone and base_path': {
    headers: HOST_ONLY,
    https: false,
    config: { server: { base_path: '/auth/' } },
  },
  'https, with X-Forwarded-* and nothing configured': { headers: FORWARDED, https: true, config: {} },
  'https, with X-Forwarded-* from a trusted proxy': {
    headers: FORWARDED,
    https: true,
    config: { server: { trust_forwarded: ['127.0.0.0/8'] } },
  },
}

test('a login through nginx', { skip: NO_NGINX }, async (t) => {
  const proxy: SelfSigned = await createSelfSigned(['localhost'], now())
  for (const [name, { headers, https, config }] of Object.entries(SHAPES)) {
    for (const prefix of ['stripped', 'kept'] as const) {
      t.test(`prefix ${prefix}; ${name}`, async (t) => {
        const { url: upstream } = await start(t, config)
        const credentials = https ? { credentials: proxy } : {}
        const url = await startNginx(t, { upstream, prefix, directives: headers, ...credentials })
        const ca = https ? proxy.ca : undefined
        await logIn(t, url, ca)
        await logIn(t, `${url}/issuers/one`, ca)
        await logInByPages(t, url, ca)
        const { healthy, findings } = await diagnose(url, { insecure: false, ...(https && { ca: proxy.ca }) })
        t.ok(healthy, JSON.stringify(findings))
      })
    }
  }
})

test('public_url is used for any headers of nginx', { skip: NO_NGINX }, async (t) => {
  const proxy = await createSelfSigned(['localhost'], now())
  for (const prefix of ['stripped', 'kept'] as const) {
    const file = `${t.testdir({ 'config.yaml': '{}' })}/config.yaml`
    const { provider, url: upstream } = await start(t, {}, { config: file })
    const url = await startNginx(t, { upstream, prefix, directives: [], credentials: proxy })
    const { writeFile } = await import('node:fs/promises')
    await writeFile(file, `public_url: ${url}\n`)
    await provider.reload()
    await logIn(t, url, proxy.ca)
    await logInByPages(t, url, proxy.ca)
  }
})

test('the doctor names the missing headers of a proxy', { skip: NO_NGINX }, async (t) => {
  const proxy = await createSelfSigned(['localhost'], now())
  const { url: upstream } = await start(t, { server: { base_path: '/auth', trust_forwarded: ['10.0.0.1'] } })
  const url = await startNginx(t, {
    upstream,
    prefix: 'kept',
    directives: FORWARDED.slice(1).concat(HOST_ONLY),
    credentials: proxy,
  })
  const { healthy, findings } = await diagnose(url, { insecure: false, ca: proxy.ca })
  t.notOk(healthy)
  t.match(
    findings.find(({ about }) => about === 'issuer'),
    { level: 'warn', message: `but the issuer is ${url.replace('https', 'http')}`, advice: /trust_forwarded/ },
  )
})
