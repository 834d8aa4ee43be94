/**
 * Helpers for Playwright: one provider for the whole run, an issuer of its own for each test, and a login through the page.
 *
 * ```ts
 * // provider.ts, named as `globalSetup` in playwright.config.ts
 * export default startOnce({ users: [{ sub: 'alice' }] })
 *
 * // a test
 * const test = base.extend<{ provider: Handle }>({ provider: isolatedProvider })
 * test('…', async ({ page, provider }) => { await logIn(page, { sub: 'alice' }) })
 * ```
 */
import type { FaultName } from '../faults/catalogue.js'
import type { StartOptions } from '../index.js'
import { createGlobalSetup } from './run.js'

export type { Handle } from '../handle/handle.js'
export { isolatedProvider } from './run.js'

/** What a file named in `globalSetup` exports as its default. The provider listens on a free port, unless the options name one. */
export const startOnce = (options: StartOptions = {}) => createGlobalSetup(options)

/** What of Playwright's `Page` it takes to log in. */
export interface LoginPage {
  locator(selector: string): {
    fill(value: string): Promise<void>
    click(): Promise<void>
    selectOption(value: string): Promise<unknown>
  }
}

export interface PageLogin {
  /** Who logs in. */
  readonly sub: string
  /** What is to go wrong with this one login, such as `id_token.expired`. */
  readonly fault?: FaultName
  /** Answers the application with this error instead, such as `access_denied`. */
  readonly error?: string
}

/** Logs in on the provider's login page, which the page shows or is about to show. */
export async function logIn(page: LoginPage, { sub, fault, error }: PageLogin): Promise<void> {
  await page.locator('#sub').fill(sub)
  if (fault !== undefined || error !== undefined)
    await page.locator('details:has(select[name=fault]) > summary').click()
  if (fault !== undefined) await page.locator('select[name=fault]').selectOption(fault)
  if (error !== undefined) await page.locator('select[name=error]').selectOption(error)
  await page.locator('form:has(#sub) button.primary').click()
}
