/** Pages of other sites in a real browser: they cannot decide for the end-user, and not use the admin API. */
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { type Provider, type StartOptions, startProvider } from '../src/index.js'
import { browserTest, type Visit } from './browser.js'
import { listen } from './listener.js'

async function start(t: Test, options: StartOptions = {}): Promise<Provider> {
  const provider = await startProvider({
    port: 0,
    keys: [{ alg: 'ES256' }],
    log: { level: 'silent' },
    users: [{ sub: 'alice' }],
    sessions: { single_sign_on: true },
    ...options,
  })
  t.teardown(() => provider.close())
  return provider
}

/** URLs of the provider in the browser: with Fetch Metadata headers, and over plain http without them. */
const SITES = ['localhost', 'op.test']

const urlAt = ({ issuer }: Provider, name: string) => issuer.replace('localhost', name)

function authorizationUrl(url: string, { application }: Visit, query: Record<string, string> = {}): string {
  const { redirect_uri } = application
  const all = { client_id: 'app', redirect_uri, response_type: 'code', scope: 'openid email', ...query }
  return `${url}/oauth2/authorize?${new URLSearchParams(all)}`
}

async function logIn(url: string, visit: Visit): Promise<void> {
  await visit.page.goto(authorizationUrl(url, visit))
  await visit.page.getByRole('button', { name: 'Authorize as alice' }).click()
  await visit.application.returned(visit.page)
}

async function begin(url: string): Promise<string> {
  const answer = await fetch(`${url}/oauth2/device_authorization`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'tv' }),
  })
  return ((await answer.json()) as { user_code: string }).user_code
}

browserTest('a refusal that cannot redirect reaches the page that has framed or opened it', async (t, visit) => {
  const provider = await start(t, {
    clients: [{ client_id: 'app', redirect_uris: ['http://localhost/cb'], token_endpoint_auth_method: 'none' }],
  })
  const app = await listen(t, () => ({ headers: { 'content-type': 'text/html' }, body: '<title>app</title>' }))
  const received = async (query: Record<string, string>, how: 'frame' | 'popup') => {
    await visit.page.goto(app.url)
    const target = authorizationUrl(provider.issuer, visit, {
      response_mode: 'web_message',
      prompt: 'none',
      state: 's',
      ...query,
    })
    return visit.page.evaluate(
      ([url, how]) =>
        new Promise((resolve) => {
          addEventListener('message', ({ data, origin }) => resolve({ ...data, origin }))
          if (how === 'popup') return void open(url)
          const frame = document.createElement('iframe')
          frame.src = url!
          document.body.append(frame)
        }),
      [target, how],
    )
  }
  const error = {
    error: 'invalid_client',
    error_description: 'the page of the provider and its log have the reason',
    state: 's',
  }
  for (const how of ['frame', 'popup'] as const) {
    const message = { type: 'authorization_response', origin: provider.issuer, response: error }
    t.strictSame(await received({}, how), message, how)
    const known = { redirect_uri: `${app.url}/cb`, client_id: 'other' }
    t.match(await received(known, how), { response: { error: 'invalid_request', error_description: /web_message/ } })
  }
})

for (const name of SITES) {
  browserTest(`RFC 6454 §7: consent, device and logout work from the provider's pages at ${name}`, async (t, visit) => {
    const { page, application } = visit
    const provider = await start(t)
    const url = urlAt(provider, name)
    await logIn(url, visit)

    await page.goto(authorizationUrl(url, visit, { prompt: 'consent' }))
    await page.getByText('You are logged in as').waitFor()
    await page.getByRole('button', { name: 'Authorize', exact: true }).click()
    t.ok((await application.returned(page)).get('code'))

    await page.goto(`${url}/oauth2/device`)
    await page.getByLabel('Code').fill(await begin(provider.issuer))
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Authorize as alice' }).click()
    await page.getByRole('heading', { name: 'Device connected' }).waitFor()
    t.match(await provider.device_codes.list(), [{ status: 'approved' }])

    await page.goto(`${url}/oauth2/end_session`)
    await page.getByRole('button', { name: 'End session' }).click()
    await page.getByRole('heading', { name: 'Logged out' }).waitFor()
    t.strictSame(await provider.sessions.list(), [])
  })

  browserTest(`RFC 6454 §7: a page of another site cannot log out or approve a device at ${name}`, async (t, visit) => {
    const { page } = visit
    const provider = await start(t)
    const url = urlAt(provider, name)
    const user_code = await begin(provider.issuer)
    await logIn(url, visit)
    const forms: [string, Record<string, string>][] = [
      ['/oauth2/end_session/confirm', {}],
      ['/oauth2/device', { user_code, sub: 'alice' }],
    ]
    for (const [path, fields] of forms) {
      for (const policy of ['no-referrer', 'unsafe-url']) {
        await post(t, page, url + path, fields, policy)
        await page.getByRole('heading', { name: 'Error: access_denied' }).waitFor()
        t.equal(await page.getByText('HTTP status 403').count(), 1)
        t.equal(await page.getByText('a page of another site has sent this form, so nothing was changed').count(), 1)
      }
    }
    t.equal((await provider.sessions.list()).length, 1)
    t.match(await provider.device_codes.list(), [{ status: 'pending' }])
  })
}

/** Posts a form from a page of another site. */
async function post(t: Test, page: Page, action: string, fields: Record<string, string>, policy: string) {
  const hidden = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
  const body = `<!doctype html><link rel="icon" href="data:,"><form method="post" action="${action}">${hidden.join('')}<button>Win</button></form>`
  const { url } = await listen(t, () => ({
    headers: { 'content-type': 'text/html; charset=utf-8', 'referrer-policy': policy },
    body,
  }))
  await page.goto(url)
  await page.getByRole('button', { name: 'Win' }).click()
}

browserTest(
  'DNS rebinding: a page whose host leads to the provider can neither read nor change anything by the admin API',
  async (t, { page }) => {
    const provider = await start(t)
    // The browser takes every response of the provider for one of this site.
    await page.goto(`${urlAt(provider, 'evil.test')}/`)
    const send = (method: string, path: string) =>
      page.evaluate(
        async ([method, path]) => {
          const body = method === 'GET' ? {} : { body: '{}', headers: { 'content-type': 'application/json' } }
          const answer = await fetch(path!, { method: method!, ...body })
          return [answer.status, await answer.text()] as const
        },
        [method, path],
      )
    for (const [method, path] of [
      ['GET', '/admin/users'],
      ['GET', '/admin/journal'],
      ['PUT', '/admin/users/mallory'],
      ['PUT', '/users/mallory'],
      ['POST', '/issuers/one/admin/reset'],
    ] as const) {
      const [status, text] = await send(method, path)
      t.equal(status, 403, `${method} ${path}`)
      t.match(text, /the host is evil\.test, expected localhost, an IP address, or the host of a configured URL/)
    }
    t.equal((await send('GET', '/.well-known/openid-configuration'))[0], 200, 'the page does reach the provider')
    t.match(await provider.users.list(), [{ sub: 'alice' }])
  },
  // The policy of the provider's page would stop the script; an attacker's page has none.
  { bypassCSP: true },
)
