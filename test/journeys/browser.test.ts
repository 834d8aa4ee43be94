/** A strict login in a real browser over https: login page, consent page, and form post. */
import * as client from 'openid-client'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { browserTest } from '../browser.js'
import { startWorld, type World } from '../conformance/world.js'
import { begin, refusal, register } from './application.js'

/** Waits until the browser has posted its form to the application, and returns that request. */
async function posted(world: World, page: Page, redirect_uri: string, act: () => Promise<unknown>): Promise<Request> {
  const answered = page.waitForResponse((response) => response.url() === redirect_uri)
  await act()
  await answered
  // After the page is loaded, no pending navigation can interfere with the next one.
  await page.getByRole('heading', { name: 'Application', exact: true }).waitFor()
  const { method, body } = world.site.requests.findLast(({ url }) => url === '/callback')!
  return new Request(redirect_uri, {
    method,
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
}

browserTest(
  'OAuth 2.0 Form Post Response Mode §2: a browser logs in, consents for a second application, and posts each response',
  async (t, { page }) => {
    const world = await startWorld(t as Test)
    const body = '<!doctype html><link rel="icon" href="data:,"><h1>Application</h1>'
    world.site.documents.set('/callback', { type: 'text/html', body })
    const redirect_uri = `${world.site.url}/callback`
    const names = { one: 'Application One', two: 'Application Two' }
    const redirects = { redirect_uris: [redirect_uri] }
    const one = await register(world, { ...redirects, client_name: names.one })
    const two = await register(world, { ...redirects, client_name: names.two })
    const authorize = page.getByRole('button', { name: 'Authorize', exact: true })
    const parameters = { redirect_uri, response_mode: 'form_post' }

    const first = await begin(parameters)
    await page.goto(client.buildAuthorizationUrl(one, first.parameters).href)
    await page.getByText(`${names.one} asks you to log in.`).waitFor()
    await page.getByLabel('Subject').fill('alice')
    const answer = await posted(world, page, redirect_uri, () => authorize.click())
    const tokens = await client.authorizationCodeGrant(one, answer, first.checks)
    t.match(await client.fetchUserInfo(one, tokens.access_token, 'alice'), { name: 'Alice Adams' })

    const second = await begin(parameters)
    await page.goto(client.buildAuthorizationUrl(two, second.parameters).href)
    await page.getByText(`${names.two} asks for your consent.`).waitFor()
    t.equal(await page.getByLabel('Subject').count(), 0, 'no login is requested')
    const agreed = await posted(world, page, redirect_uri, () => authorize.click())
    const claims = (await client.authorizationCodeGrant(two, agreed, second.checks)).claims()
    t.match(claims, { sub: 'alice', sid: tokens.claims()!.sid })

    const third = await begin({ ...parameters, prompt: 'none' })
    const url = client.buildAuthorizationUrl(two, third.parameters).href
    const silent = await posted(world, page, redirect_uri, () => page.goto(url, { waitUntil: 'commit' }))
    t.equal((await client.authorizationCodeGrant(two, silent, third.checks)).claims()?.sub, 'alice', 'silently')

    const fourth = await begin({ ...parameters, prompt: 'consent' })
    await page.goto(client.buildAuthorizationUrl(two, fourth.parameters).href)
    const deny = page.getByRole('button', { name: 'Deny access' })
    const denied = await posted(world, page, redirect_uri, () => deny.click())
    const refused = await refusal(client.authorizationCodeGrant(two, denied, fourth.checks))
    t.equal(refused.error, 'access_denied', 'consent is requested again and denied')
  },
  { ignoreHTTPSErrors: true },
)
