/**
 * Helpers for Vitest: one provider for the whole run, and an issuer of its own for each test.
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

/** What a file named in `globalSetup` exports as its default. The provider listens on a free port, unless the options name one. */
export const startOnce = (options: StartOptions = {}) => createGlobalSetup(options)
