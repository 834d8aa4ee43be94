/** The pages with very many users and clients: they stay small, and do not stop the other requests. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { attack, isBelow, printFigures } from './program.js'

/** Largest page in bytes. */
const LARGEST = 200_000
/** Pages of each kind that are requested at the same time. */
const AT_ONCE = 10

const CONFIG: ConfigInput = {
  auto_login_hint: true,
  users: Array.from({ length: 100_000 }, (_, index) => ({ sub: `u${index}` })),
  clients: Array.from({ length: 10_000 }, (_, index) => ({
    client_id: `c${index}`,
    redirect_uris: ['http://localhost/'],
    token_endpoint_auth_method: 'none' as const,
  })),
}

const REQUEST = { client_id: 'c1', redirect_uri: 'http://localhost/', response_type: 'code', scope: 'openid' }
const form = (fields: Record<string, string>): RequestInit => ({ method: 'POST', body: new URLSearchParams(fields) })

t.test(
  '100,000 users and 10,000 clients: every page is below 200 kB, and /healthz responds within 250 ms',
  async (t) => {
    const { issuer, measure } = await attack(t, CONFIG)
    const login = `${issuer}/oauth2/authorize?${new URLSearchParams(REQUEST)}`
    const started = await fetch(`${issuer}/oauth2/device_authorization`, form({ client_id: 'tv' }))
    const { user_code } = (await started.json()) as { user_code: string }
    const pages: Record<string, [url: string, init?: RequestInit]> = {
      login: [login],
      'login, filtered': [login, form({ action: 'filter', filter: 'u9' })],
      home: [issuer],
      'home, filtered': [`${issuer}/?filter=9`],
      'device, filtered': [`${issuer}/oauth2/device`, form({ user_code, action: 'filter', filter: '99' })],
      discovery: [`${issuer}/.well-known/openid-configuration`],
      'login_hint of an unknown user': [`${login}&login_hint=a@example.com`, { redirect: 'manual' }],
    }
    const load = async ([url, init]: [url: string, init?: RequestInit]) => {
      const response = await fetch(url, init)
      return { ok: response.status < 400, size: (await response.arrayBuffer()).byteLength }
    }
    for (const [name, request] of Object.entries(pages)) {
      await load(request)
      const { result, latency } = await measure(`${AT_ONCE} times ${name}`, () =>
        Promise.all(Array.from({ length: AT_ONCE }, () => load(request))),
      )
      const size = Math.max(...result.map((one) => one.size))
      printFigures(t, name, { bytes: size })
      t.ok(result.every(({ ok }) => ok))
      isBelow(t, size, LARGEST, `${name}: bytes`)
      isBelow(t, latency, 250, `${name}: longest latency of /healthz in milliseconds`)
    }
    const { result, latency } = await measure('all at once', () =>
      Promise.all(Array.from({ length: AT_ONCE }, () => [load(pages.login!), load(pages.home!)]).flat()),
    )
    t.ok(result.every(({ ok }) => ok))
    isBelow(t, latency, 250, 'login pages and homes at once: longest latency of /healthz in milliseconds')
  },
)

t.test('requests are answered during a reload of 100,000 users', async (t) => {
  const { issuer, measure } = await attack(t, CONFIG)
  const { result, latency, time } = await measure('POST /admin/config/reload', () =>
    fetch(`${issuer}/admin/config/reload`, { method: 'POST' }),
  )
  t.equal(result.status, 200)
  // The longest step takes half a second of CPU time, and more on busy cores, as the whole reload does.
  isBelow(t, latency, Math.max(2000, time / 2), 'longest latency of /healthz in milliseconds')
})
