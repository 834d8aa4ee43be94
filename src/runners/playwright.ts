/**
 * Functions for Playwright: one provider for the whole run, a separate issuer for each test, and a login on the login page.
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

/** Returns the default export of the `globalSetup` file. The port is a free one unless the options have one. */
export const startOnce = (options: StartOptions = {}) => createGlobalSetup(options)

/** The members of Playwright's `Page` that a login uses. */
export interface LoginPage {
  locator(selector: string): {
    fill(value: string): Promise<void>
    click(): Promise<void>
    selectOption(value: string): Promise<unknown>
  }
}

export interface PageLogin {
  /** Subject of the user who logs in. */
  readonly sub: string
  /** Fault of this login, such as `id_token.expired`. */
  readonly fault?: FaultName
  /** Error that the application receives instead of a code, such as `access_denied`. */
  readonly error?: string
}

/** Logs a user in on the provider's login page. Waits for the login page if the browser has not loaded it yet. */
export async function logIn(page: LoginPage, { sub, fault, error }: PageLogin): Promise<void> {
  await page.locator('#sub').fill(sub)
  if (fault !== undefined || error !== undefined)
    await page.locator('details:has(select[name=fault]) > summary').click()
  if (fault !== undefined) await page.locator('select[name=fault]').selectOption(fault)
  if (error !== undefined) await page.locator('select[name=error]').selectOption(error)
  await page.locator('form:has(#sub) button.primary').click()
}
