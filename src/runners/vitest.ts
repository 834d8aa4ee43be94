/**
 * Functions for Vitest: one provider for the whole run, and a separate issuer for each test.
 *
 * ```ts
 * // provider.ts, named as `globalSetup` in vitest.config.ts
 * export default startOnce({ users: [{ sub: 'alice' }] })
 *
 * // a test
 * const test = base.extend<{ provider: Handle }>({ provider: isolatedProvider })
 * test('…', async ({ provider }) => { await provider.clock.advance('1h') })
 * ```
 */
import type { StartOptions } from '../index.js'
import { createGlobalSetup } from './run.js'

export type { Handle } from '../handle/handle.js'
export { isolatedProvider } from './run.js'

/** Returns the default export of the `globalSetup` file. The port is a free one unless the options have one. */
export const startOnce = (options: StartOptions = {}) => createGlobalSetup(options)
