/** Session management in a real browser. OpenID Connect Session Management §3. */
import type { Page } from 'playwright-core'
import type { RelyingParty } from '../relying_party.js'
import type { Module } from './module.js'

interface BrowserModule extends Omit<Module, 'run'> {
  run(rp: RelyingParty, page: Page): Promise<void>
}

/** Asks the provider's frame for the state of the session from a page of the client. */
async function askFrame(page: Page, frame: string, message: string): Promise<string> {
  return page.evaluate(
    ([frame, message]) =>
      new Promise<string>((resolve) => {
        const iframe = document.createElement('iframe')
        const origin = new URL(frame!).origin
        window.addEventListener('message', (event) => {
          if (event.origin === origin) resolve(String(event.data))
        })
        iframe.addEventListener('load', () => iframe.contentWindow?.postMessage(message, origin))
        iframe.src = frame!
        document.body.append(iframe)
      }),
    [frame, message],
  )
}

export const sessionManagement: BrowserModule = {
  name: 'session-management-rp-initiated-logout',
  section: 'OpenID Connect Session Management §3.2',
  rule: 'the frame returns unchanged before the logout and changed after it',
  async run(rp, page) {
    const { t, world } = rp
    const html = { type: 'text/html', body: '<!doctype html><link rel="icon" href="data:,"><h1>Client</h1>' }
    for (const path of ['/callback', '/logged_out']) world.site.documents.set(path, html)
    const [redirect_uri, post_logout_redirect_uri] = [`${world.site.url}/callback`, `${world.site.url}/logged_out`]
    const client = await rp.register({
      redirect_uris: [redirect_uri],
      post_logout_redirect_uris: [post_logout_redirect_uri],
    })
    const query = rp.parameters(client)
    await page.goto(`${rp.endpoint('authorization_endpoint')}?${query}`)
    await page.getByLabel('Subject').fill('alice')
    await page.getByRole('button', { name: 'Authorize', exact: true }).click()
    await page.waitForURL(`${redirect_uri}?**`)
    const params = new URL(page.url()).searchParams
    const session_state = params.get('session_state') ?? ''
    t.match(session_state, /^[^ ]+$/, 'session_state')
    const tokens = await rp.readTokens(await rp.exchange(client, params.get('code')!))

    const frame = rp.endpoint('check_session_iframe')
    const message = `${client.client_id} ${session_state}`
    t.equal(await askFrame(page, frame, message), 'unchanged')
    t.equal(
      await askFrame(page, frame, `someone-else ${session_state}`),
      'changed',
      'the session_state of another client',
    )
    t.equal(await askFrame(page, frame, 'nonsense'), 'error', 'an invalid message')

    const id_token_hint = String(tokens.id_token)
    const logout = new URLSearchParams({ id_token_hint, post_logout_redirect_uri, state: 'out' })
    await page.goto(`${rp.endpoint('end_session_endpoint')}?${logout}`)
    await page.getByRole('button', { name: 'End session' }).click()
    await page.waitForURL(`${post_logout_redirect_uri}?state=out`)
    t.equal(await askFrame(page, frame, message), 'changed')
  },
}
