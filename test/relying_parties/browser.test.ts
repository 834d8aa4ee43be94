/**
 * Libraries of applications in the browser, unmodified and with their default settings.
 * `test/install_relying_parties.sh` installs them; the tests are skipped without them.
 */
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { type Test, test } from 'tap'
import { browserTest } from '../browser.js'
import { serve } from '../cli/program.js'
import { listen } from '../listener.js'
import { INSTALLED, missing } from './installed.js'

const ALICE = { sub: 'alice', claims: { name: 'Alice Anders', email: 'alice@example.com', roles: ['admin'] } }
const PROFILES = ['lenient', 'strict'] as const

const reason = missing('browser')
/** Defines a test in a browser. */
const sdkTest: typeof browserTest =
  reason === false ? browserTest : (title) => void test(title, { skip: reason }, () => {})

/** Starts an application of one page, which has the library as `library`, and returns its origin. */
async function startApplication(t: Test, name: string): Promise<string> {
  const contents = `import * as library from '${name}'; window.library = library`
  const stdin = { contents, resolveDir: join(INSTALLED, 'browser') }
  const { outputFiles } = await build({ stdin, bundle: true, write: false, logLevel: 'silent' })
  const scripts: Readonly<Record<string, string>> = {
    '/': '<script src="/library.js"></script>',
    '/silent': '<script>parent.postMessage(location.href, location.origin)</script>',
  }
  const { url } = await listen(
    t,
    (_, request) => {
      const path = request.url!.split('?')[0]!
      if (path === '/library.js') return { headers: { 'content-type': 'text/javascript' }, body: outputFiles[0]!.text }
      const body = `<!doctype html><link rel="icon" href="data:,"><title>Application</title><body>${scripts[path]}</body>`
      return { headers: { 'content-type': 'text/html; charset=utf-8' }, body }
    },
    'localhost',
  )
  return url
}

/** Starts the provider for the application. Returns its issuer and its URL. */
async function start(t: Test, application: string, config: Readonly<Record<string, unknown>>) {
  const client = {
    client_id: 'spa',
    token_endpoint_auth_method: 'none',
    redirect_uris: [`${application}/`, `${application}/silent`],
    post_logout_redirect_uris: [`${application}/`],
  }
  const settings = { users: [ALICE], clients: [client], ...config }
  const { issuer: url, line } = await serve(t, ['--config-inline', JSON.stringify(settings)])
  const { issuer } = JSON.parse(await line(/listening/)) as { issuer: string }
  return { url, issuer }
}

/** Clicks a button of the provider and waits until the application is back. */
async function answer(page: Page, button: string, application: string): Promise<void> {
  await page.getByRole('button', { name: button }).click()
  await page.waitForURL((url) => url.origin === application)
}

/** Runs an expression that makes the page load a page of the provider. */
async function leave(page: Page, expression: string, application: string): Promise<void> {
  await page.evaluate(`setTimeout(() => { ${expression} })`)
  await page.waitForURL((url) => url.origin !== application)
}

for (const profile of PROFILES) {
  sdkTest(`keycloak-js logs in, refreshes, checks the login and logs out, ${profile}`, async (t, { page }) => {
    const application = await startApplication(t, 'keycloak-js')
    const { url } = await start(t, application, { preset: 'keycloak', profile })
    const config = { url, realm: 'mock', clientId: 'spa' }
    const options = {
      onLoad: 'check-sso',
      silentCheckSsoRedirectUri: `${application}/silent`,
      checkLoginIframeInterval: 1,
    }
    const init = `window.keycloak = new library.default(${JSON.stringify(config)}); keycloak.init(${JSON.stringify(options)})`
    await page.goto(`${application}/`)
    t.equal(await page.evaluate(init), false, 'nobody has logged in')
    await leave(page, 'keycloak.login()', application)
    await answer(page, 'Authorize as alice', application)
    t.equal(await page.evaluate(init), true)
    t.match(await page.evaluate('keycloak.refreshTokenParsed'), { typ: 'Refresh', azp: 'spa', sub: 'alice' })
    t.strictSame(await page.evaluate('keycloak.realmAccess'), { roles: ['admin'] })
    const before = await page.evaluate('keycloak.token')
    t.equal(await page.evaluate('keycloak.updateToken(-1)'), true)
    t.not(await page.evaluate('keycloak.token'), before)
    t.match(await page.evaluate('keycloak.loadUserInfo()'), { sub: 'alice' })

    await page.goto(`${application}/`)
    t.equal(await page.evaluate(init), true, 'the silent check finds the login')
    await page.evaluate('window.ended = new Promise((resolve) => { keycloak.onAuthLogout = () => resolve(true) }); 0')
    const other = await page.context().newPage()
    await other.goto(`${application}/`)
    t.equal(await other.evaluate(init), true)
    await leave(other, 'keycloak.logout()', application)
    await answer(other, 'End session', application)
    t.equal(await page.evaluate('ended'), true, 'the frame reports a logout of another tab')
    t.equal(await other.evaluate(init), false)
  })

  sdkTest(`oidc-client-ts logs in, refreshes and logs out, ${profile}`, async (t, { page }) => {
    const application = await startApplication(t, 'oidc-client-ts')
    const { issuer } = await start(t, application, { profile })
    const settings = {
      authority: issuer,
      client_id: 'spa',
      redirect_uri: `${application}/`,
      post_logout_redirect_uri: `${application}/`,
      scope: 'openid profile email offline_access',
      loadUserInfo: true,
    }
    const create = `window.manager = new library.UserManager(${JSON.stringify(settings)})`
    await page.goto(`${application}/`)
    await page.evaluate(`${create}; 0`)
    await leave(page, 'manager.signinRedirect()', application)
    await answer(page, 'Authorize as alice', application)
    const user = await page.evaluate(`${create}; manager.signinCallback()`)
    t.match(user, { profile: { sub: 'alice', name: 'Alice Anders' } })
    // OpenID Connect Core §11: strict ignores offline_access without prompt=consent.
    if (profile === 'lenient') {
      const refreshed = await page.evaluate('manager.signinSilent()')
      t.match(refreshed, { profile: { sub: 'alice' }, refresh_token: /./, access_token: /./ })
    }
    await leave(page, 'manager.signoutRedirect()', application)
    await answer(page, 'End session', application)
    await page.evaluate(`${create}; manager.signoutCallback()`)
    t.equal(await page.evaluate('manager.getUser()'), null)
  })
}
