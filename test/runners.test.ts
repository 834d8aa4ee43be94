/** Tests of the functions for test runners, called as by the runner. test/examples/test_runners.test.ts runs the runners themselves. */
import { type Test, test } from 'tap'
import type { Handle } from '../src/index.js'
import * as jest from '../src/runners/jest.js'
import * as nodeTest from '../src/runners/node_test.js'
import * as playwright from '../src/runners/playwright.js'
import * as vitest from '../src/runners/vitest.js'
import { browserTest } from './browser.js'

const OPTIONS = { keys: [{ alg: 'ES256' as const }], users: [{ sub: 'alice' }], log: { level: 'silent' as const } }
const NOT_STARTED = { message: /^this test run has no provider, expected one from startOnce\(\)/ }

/** Deletes the environment variable of a run after the test. */
function forget(t: Test): void {
  t.teardown(() => delete process.env.OIDC_PROVIDER_MOCK_RUN)
}

test('Vitest and Playwright: a fixture gives each test a separate issuer and resets it after the test', async (t) => {
  forget(t)
  await t.rejects(
    vitest.isolatedProvider({}, async () => undefined),
    NOT_STARTED,
  )
  for (const { startOnce, isolatedProvider } of [vitest, playwright]) {
    const close = await startOnce({ ...OPTIONS, server: { admin_token: 'secret' } })()
    const seen: Handle[] = []
    await isolatedProvider({}, async (provider) => {
      seen.push(provider)
      await provider.users.put('bob')
      await provider.isolated('keeper').users.put('carol')
    })
    const failing = isolatedProvider({}, async (provider) => {
      seen.push(provider)
      t.strictSame(
        (await provider.users.list()).map(({ sub }) => sub),
        ['alice'],
      )
      throw new Error('the test failed')
    })
    await t.rejects(failing, { message: 'the test failed' })
    const [first, second] = seen
    t.not(first?.issuer, second?.issuer)
    t.equal(new URL(first!.issuer).origin, new URL(second!.issuer).origin)
    const name = first!.issuer.slice(first!.issuer.lastIndexOf('/') + 1)
    await isolatedProvider({}, async (provider) => {
      t.match(await provider.isolated(name).users.list(), [{ sub: 'alice' }])
      t.equal((await provider.isolated(name).users.list()).length, 1, 'the user of the first test is deleted')
    })
    await close()
    await t.rejects(fetch(first!.issuer))
  }
  t.type(vitest.startOnce(), 'function')
  t.type(playwright.startOnce(), 'function')
})

test('Jest: globalSetup starts the provider, globalTeardown closes it, and each test has a separate issuer', async (t) => {
  forget(t)
  const { globalSetup, globalTeardown } = jest.startOnce(OPTIONS)
  const hooks: (() => Promise<void>)[] = []
  const add = (hook: () => Promise<void>) => void hooks.push(hook)
  const provider = jest.isolateEachTest({ beforeEach: add, afterEach: add })
  const [before, after] = hooks
  t.throws(provider, { message: /^no test is running, expected a call from within a test/ })
  await t.rejects(before!(), NOT_STARTED)
  await after!()
  await globalSetup()
  await before!()
  const { issuer } = provider()
  t.match(await provider().users.list(), [{ sub: 'alice' }])
  await after!()
  t.throws(provider)
  await before!()
  t.not(provider().issuer, issuer)
  await after!()
  await globalTeardown()
  await t.rejects(fetch(issuer))
  await jest.startOnce().globalTeardown()
})

test('node:test: isolatedProvider() resets the issuer after the test', async (t) => {
  forget(t)
  const { globalSetup, globalTeardown } = nodeTest.startOnce(OPTIONS)
  await globalSetup()
  const hooks: (() => Promise<void>)[] = []
  const after = (hook: () => Promise<void>) => void hooks.push(hook)
  const provider = await nodeTest.isolatedProvider({ after })
  await provider.users.put('bob')
  t.equal(hooks.length, 1)
  await hooks[0]!()
  t.equal((await provider.users.list()).length, 1)
  await globalTeardown()
  await nodeTest.startOnce().globalTeardown()
})

browserTest('Playwright: logIn() submits the login page with a fault or an error', async (t, { page, application }) => {
  forget(t)
  const close = await playwright.startOnce(OPTIONS)()
  t.teardown(close)
  await playwright.isolatedProvider({}, async ({ issuer }) => {
    const query = { client_id: 'app', redirect_uri: application.redirect_uri, response_type: 'code', scope: 'openid' }
    const request = `${issuer}/oauth2/authorize?${new URLSearchParams(query)}`
    await page.goto(request)
    await playwright.logIn(page, { sub: 'alice' })
    t.match(Object.fromEntries(await application.returned(page)), { code: /./ })
    await page.goto(`${request}&prompt=login`)
    await playwright.logIn(page, { sub: 'alice', error: 'access_denied' })
    t.match(Object.fromEntries(await application.returned(page)), { error: 'access_denied' })
    await page.goto(`${request}&prompt=login`)
    await playwright.logIn(page, { sub: 'bob', fault: 'authorize.missing_code' })
    t.notOk((await application.returned(page)).has('code'))
  })
})
