/** Logout in a browser: the frames of front-channel logout and the check_session_iframe. */
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { type StartOptions, startProvider } from '../src/index.js'
import { browserTest, type Visit } from './browser.js'
import { type Listener, listen } from './listener.js'

async function start(t: Test, options: StartOptions): Promise<string> {
  const provider = await startProvider({
    port: 0,
    keys: [{ alg: 'ES256' }],
    log: { level: 'silent' },
    users: [{ sub: 'alice' }, { sub: 'bob' }],
    ...options,
  })
  t.teardown(() => provider.close())
  return provider.issuer
}

const PAGE = { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<!doctype html><title>App</title>' }

const clientOf = (client_id: string, { application }: Visit, frontchannel_logout_uri: string) => ({
  client_id,
  redirect_uris: [application.redirect_uri],
  token_endpoint_auth_method: 'none' as const,
  post_logout_redirect_uris: [`${application.redirect_uri}?a=1`],
  frontchannel_logout_uri,
  frontchannel_logout_session_required: true,
})

/** Logs in by the page and redeems the code. */
async function logIn(issuer: string, { page, application }: Visit, client_id: string): Promise<string> {
  const { redirect_uri } = application
  const query = { client_id, redirect_uri, response_type: 'code', scope: 'openid' }
  await page.goto(`${issuer}/oauth2/authorize?${new URLSearchParams(query)}`)
  await page.getByRole('button', { name: 'Authorize as alice' }).click()
  const code = (await application.returned(page)).get('code') ?? ''
  const body = new URLSearchParams({ grant_type: 'authorization_code', code, client_id, redirect_uri })
  const answer = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body })
  return ((await answer.json()) as { id_token: string }).id_token
}

async function logOut(issuer: string, { page, application }: Visit, id_token_hint: string): Promise<void> {
  const post_logout_redirect_uri = `${application.redirect_uri}?a=1`
  const query = new URLSearchParams({ id_token_hint, post_logout_redirect_uri, state: 's-2' })
  await page.goto(`${issuer}/oauth2/end_session?${query}`)
  await page.getByRole('button', { name: 'End session' }).click()
}

/** Asserts that the browser loaded the client's frame once, with iss and the sid of the ID token. */
function loaded(t: Test, { received }: Listener, issuer: string, id_token: string): void {
  const { sid } = JSON.parse(Buffer.from(id_token.split('.')[1]!, 'base64url').toString()) as { sid: string }
  const urls = received.map(({ url }) => url).filter((url) => url?.startsWith('/logout'))
  t.strictSame(urls, [`/logout?b=2&${new URLSearchParams({ iss: issuer, sid })}`])
}

browserTest(
  'Front-Channel Logout §2: every client is notified in a frame before the browser is redirected',
  async (t, visit) => {
    const clients = { one: await listen(t, () => PAGE, 'localhost'), other: await listen(t, () => PAGE) }
    const issuer = await start(t, {
      clients: Object.entries(clients).map(([client_id, { url }]) => clientOf(client_id, visit, `${url}/logout?b=2`)),
    })
    const other = await logIn(issuer, visit, 'other')
    const one = await logIn(issuer, visit, 'one')
    await logOut(issuer, visit, one)
    t.equal(String(await visit.application.returned(visit.page)), 'a=1&state=s-2')
    loaded(t, clients.one, issuer, one)
    loaded(t, clients.other, issuer, other)
  },
)

browserTest('a client that does not respond does not prevent the redirect', async (t, visit) => {
  const client = await listen(t, () => undefined)
  const issuer = await start(t, { clients: [clientOf('app', visit, `${client.url}/logout?b=2`)] })
  await logOut(issuer, visit, await logIn(issuer, visit, 'app'))
  t.equal(String(await visit.application.returned(visit.page)), 'a=1&state=s-2')
})

browserTest('the page of a client cannot leave its frame or prevent the redirect', async (t, visit) => {
  const headers = { ...PAGE.headers, 'x-frame-options': 'DENY' }
  const client = await listen(t, () => ({ ...PAGE, headers }))
  const issuer = await start(t, { clients: [clientOf('app', visit, `${client.url}/logout?b=2`)] })
  await logOut(issuer, visit, await logIn(issuer, visit, 'app'))
  t.equal(String(await visit.application.returned(visit.page)), 'a=1&state=s-2')
  // The browser reports on the console that it leaves the frame empty, as the client requires.
  visit.complaints.splice(0)
})

for (const [title, goOn] of Object.entries({
  'the link leads back': (page: Page) => page.getByRole('link', { name: 'Continue' }).click(),
  'the browser goes back by itself': async () => {},
})) {
  browserTest(
    `Front-Channel Logout §2: without JavaScript the frames are loaded, and ${title}`,
    async (t, visit) => {
      const client = await listen(t, () => PAGE)
      const issuer = await start(t, { clients: [clientOf('app', visit, `${client.url}/logout?b=2`)] })
      const id_token = await logIn(issuer, visit, 'app')
      await logOut(issuer, visit, id_token)
      await visit.page.getByRole('heading', { name: 'Logged out' }).waitFor()
      await goOn(visit.page)
      t.equal(String(await visit.application.returned(visit.page)), 'a=1&state=s-2')
      loaded(t, client, issuer, id_token)
    },
    { javaScriptEnabled: false },
  )
}

/** Posts a message to the provider's frame, as the page of a client does, and returns the response. */
function ask(page: Page, issuer: string, message: unknown): Promise<unknown> {
  return page.evaluate(
    async ({ src, message }) => {
      const frame = document.createElement('iframe')
      frame.src = src
      const isLoaded = new Promise((resolve) => frame.addEventListener('load', resolve))
      document.body.append(frame)
      await isLoaded
      const answer = new Promise((resolve) => {
        addEventListener('message', ({ source, data }) => source === frame.contentWindow && resolve(data))
      })
      frame.contentWindow?.postMessage(message, new URL(src).origin)
      return answer.finally(() => frame.remove())
    },
    { src: `${issuer}/oauth2/check_session`, message },
  )
}

/** A client on the provider's host, where it logs in and gets a session_state. */
async function startSession(t: Test, { page }: Visit, name = 'localhost') {
  const { url } = await listen(t, () => PAGE, name)
  const client = { client_id: 'my app', redirect_uris: [`${url}/`], token_endpoint_auth_method: 'none' as const }
  const started = await start(t, { clients: [client], rules: { session_state: true } })
  const issuer = started.replace('localhost', name)
  const query = { client_id: 'my app', redirect_uri: `${url}/`, response_type: 'code', scope: 'openid' }
  const logIn = async (sub: string) => {
    await page.goto(`${issuer}/oauth2/authorize?${new URLSearchParams(query)}`)
    await page.getByRole('button', { name: `Authorize as ${sub}` }).click()
    await page.waitForURL(`${url}/?**`)
    return new URL(page.url()).searchParams.get('session_state') ?? ''
  }
  return { issuer, url, logIn }
}

browserTest('Session Management §3.3: unchanged during the login, changed after its end', async (t, visit) => {
  const { page } = visit
  const { issuer, url, logIn } = await startSession(t, visit)
  const session_state = await logIn('alice')
  t.equal(await ask(page, issuer, `my app ${session_state}`), 'unchanged')
  t.equal(await ask(page, issuer, `my app ${session_state}`), 'unchanged', 'to ask changes nothing')
  t.equal(await ask(page, issuer, `another ${session_state}`), 'changed', 'it is for one client')
  await page.goto(`${issuer}/oauth2/end_session`)
  await page.getByRole('button', { name: 'End session' }).click()
  await page.getByText('Session ended').waitFor()
  await page.goto(url)
  t.equal(await ask(page, issuer, `my app ${session_state}`), 'changed')
})

browserTest(
  'Session Management §3.3: changed after another login; session_state is valid for one origin',
  async (t, visit) => {
    const { page } = visit
    const { issuer, url, logIn } = await startSession(t, visit)
    const before = await logIn('alice')
    const after = await logIn('bob')
    t.equal(await ask(page, issuer, `my app ${before}`), 'changed')
    t.equal(await ask(page, issuer, `my app ${after}`), 'unchanged')
    await page.goto((await listen(t, () => PAGE, 'localhost')).url)
    t.equal(await ask(page, issuer, `my app ${after}`), 'changed', 'another port is another origin')
    await page.goto(url)
    await page.context().clearCookies()
    t.equal(await ask(page, issuer, `my app ${after}`), 'changed', 'where the cookie is gone')
  },
)

browserTest(
  'Session Management §3.2: a message that is not client_id and session_state is an error',
  async (t, visit) => {
    const { page } = visit
    const { issuer, logIn } = await startSession(t, visit)
    const session_state = await logIn('alice')
    const [hash = ''] = session_state.split('.')
    for (const message of ['', 'my app', session_state, `my app ${hash}`, 'my app a.b.c', 1, null, {}, [], true]) {
      t.equal(await ask(page, issuer, message), 'error', JSON.stringify(message))
    }
  },
)

browserTest('Session Management §3.2: error if the browser withholds the cookie from the frame', async (t, visit) => {
  const { page } = visit
  const { issuer, logIn } = await startSession(t, visit)
  const session_state = await logIn('alice')
  await page.addInitScript(() => {
    Object.defineProperty(document, 'cookie', { value: '' })
    document.hasStorageAccess = async () => false
  })
  t.equal(await ask(page, issuer, `my app ${session_state}`), 'error')
})

/** Names of the provider and of the client's page. Browsers treat plain http as secure at `localhost` only. */
for (const name of ['localhost', 'op.test']) {
  for (const hasCrypto of [true, false]) {
    browserTest(
      `Session Management §3.2: the frame answers over plain http at ${name}, ${hasCrypto ? 'with' : 'without'} the browser's crypto`,
      async (t, visit) => {
        const { page } = visit
        if (!hasCrypto) {
          await page.addInitScript(() => Object.defineProperty(window, 'crypto', { value: undefined }))
        }
        const { issuer, logIn } = await startSession(t, visit, name)
        const before = await logIn('alice')
        t.equal(
          await page.evaluate(() => typeof window.crypto?.subtle),
          hasCrypto && name === 'localhost' ? 'object' : 'undefined',
        )
        t.equal(await ask(page, issuer, `my app ${before}`), 'unchanged')
        const after = await logIn('bob')
        t.equal(await ask(page, issuer, `my app ${before}`), 'changed')
        t.equal(await ask(page, issuer, `my app ${after}`), 'unchanged')
      },
    )
  }
}
