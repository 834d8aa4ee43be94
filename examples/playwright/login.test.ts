import { test as base, expect } from '@playwright/test'
import { type Handle, isolatedProvider, logIn } from 'oidc-provider-mock/playwright'
import { type App, startApp } from './app.js'

// Each test has a separate issuer with its own users, clock, faults and journal.
const test = base.extend<{ provider: Handle; app: App }>({
  provider: isolatedProvider,
  app: async ({ provider }, use) => {
    const app = await startApp(provider.issuer)
    await use(app)
    app.close()
  },
})

test('alice logs in', async ({ page, app }) => {
  await page.goto(app.url)
  await page.getByRole('link', { name: 'Log in' }).click()
  await logIn(page, { sub: 'alice' })
  await expect(page.getByRole('heading')).toHaveText('Hello, Alice Anders')
})

test('an expired ID token is refused', async ({ page, app, provider }) => {
  await page.goto(`${app.url}/login`)
  await logIn(page, { sub: 'alice', fault: 'id_token.expired' })
  await expect(page.getByRole('heading')).toHaveText('Login failed')
  const { faults } = await provider.journal.waitFor({ endpoint: 'token' })
  expect(faults).toMatchObject([{ fault: 'id_token.expired' }])
})

test('a login that the user denies fails', async ({ page, app }) => {
  await page.goto(`${app.url}/login`)
  await logIn(page, { sub: 'alice', error: 'access_denied' })
  await expect(page.getByRole('heading')).toHaveText('Login failed')
})
