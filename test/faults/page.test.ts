/** Faults in a real browser: a choice on the login page, and a response that the browser sends twice. */
import type { Test } from 'tap'
import { type StartOptions, startProvider } from '../../src/index.js'
import { browserTest, type Visit } from '../browser.js'
import { listen } from '../listener.js'

async function start(t: Test, options: StartOptions = {}): Promise<string> {
  const provider = await startProvider({
    port: 0,
    keys: [{ alg: 'ES256' }],
    log: { level: 'silent' },
    users: [{ sub: 'alice' }, { sub: 'eve', faults: [{ fault: 'id_token.expired' }] }],
    ...options,
  })
  t.teardown(() => provider.close())
  return provider.issuer
}

function urlOf(issuer: string, redirect_uri: string, query: Record<string, string> = {}): string {
  const all = { client_id: 'app', redirect_uri, response_type: 'code', scope: 'openid', state: 's-1', ...query }
  return `${issuer}/oauth2/authorize?${new URLSearchParams(all)}`
}

for (const javaScriptEnabled of [true, false]) {
  browserTest(
    `an error and a fault can be chosen on the login page, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`,
    async (t, visit: Visit) => {
      const { page, application } = visit
      const issuer = await start(t)
      await page.goto(urlOf(issuer, application.redirect_uri))
      t.notOk(await page.getByLabel('Error response').isVisible(), 'the options are hidden at first')
      await page.getByText('Make it fail').click()
      await page.getByLabel('Fault', { exact: true }).selectOption('authorize.wrong_state')
      await page.getByRole('button', { name: 'Authorize as alice', exact: true }).click()
      t.equal((await application.returned(page)).get('state'), 'another-state')

      await page.goto(urlOf(issuer, application.redirect_uri))
      await page.getByText('Make it fail').click()
      await page.getByLabel('Error response').selectOption('temporarily_unavailable')
      await page.getByLabel('Subject').fill('carol')
      await page.getByRole('button', { name: 'Authorize', exact: true }).click()
      t.equal((await application.returned(page)).get('error'), 'temporarily_unavailable')

      await page.goto(urlOf(issuer, application.redirect_uri, { login_hint: 'bob' }))
      const eve = page.getByRole('button', { name: 'Authorize as eve', exact: true })
      t.equal(
        await eve.evaluate((button) =>
          document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent?.trim(),
        ),
        'Faults: id_token.expired',
      )
      await eve.click()
      t.ok(
        (await application.returned(page)).get('code'),
        'the button takes precedence over the login_hint in the field',
      )
    },
    { javaScriptEnabled },
  )
}

for (const response_mode of ['query', 'fragment', 'form_post']) {
  browserTest(
    `authorize.double_callback: the browser sends the response twice by ${response_mode}, with its cookies`,
    async (t, { page }) => {
      const headers = { 'content-type': 'text/html', 'set-cookie': 'app=1; SameSite=Lax; Path=/' }
      const body = '<!doctype html><link rel="icon" href="data:,"><title>Back</title><h1>Back at the application</h1>'
      const application = await listen(t, () => ({ headers, body }))
      const issuer = await start(t, { faults: [{ fault: 'authorize.double_callback' }] })
      await page.goto(application.url)
      await page.goto(urlOf(issuer.replace('localhost', '127.0.0.1'), `${application.url}/callback`, { response_mode }))
      await page.getByRole('button', { name: 'Authorize as alice' }).click()
      await page.getByRole('heading', { name: 'Back at the application' }).waitFor()
      const arrived = application.received.filter(({ url }) => url?.startsWith('/callback'))
      t.equal(arrived.length, 2)
      const [first, second] = arrived
      t.equal(first!.url, second!.url)
      t.equal(first!.body, second!.body)
      t.equal(first!.method, response_mode === 'form_post' ? 'POST' : 'GET')
      for (const { headers } of arrived) t.match(headers.cookie, /\bapp=1\b/)
    },
  )
}

browserTest(
  'authorize.double_callback without JavaScript: two buttons send the response',
  async (t, { page }) => {
    const body = '<!doctype html><link rel="icon" href="data:,"><title>Back</title><h1>Back at the application</h1>'
    const application = await listen(t, () => ({ headers: { 'content-type': 'text/html' }, body }))
    const issuer = await start(t, { faults: [{ fault: 'authorize.double_callback' }] })
    await page.goto(urlOf(issuer, `${application.url}/callback`, { response_mode: 'form_post' }))
    await page.getByRole('button', { name: 'Authorize as alice' }).click()
    const arrival = page.waitForResponse((response) => response.url().endsWith('/callback'))
    await page.getByRole('button', { name: 'First time' }).click()
    await arrival
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Back at the application' }).waitFor()
    t.equal(application.received.filter(({ url }) => url === '/callback').length, 2)
  },
  { javaScriptEnabled: false },
)
