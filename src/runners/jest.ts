/**
 * Helpers for Jest: one provider for the whole run, and an issuer of its own for each test.
 *
 * ```js
 * // provider.mjs, of which two files have one each as their default export: those that are named as `globalSetup` and `globalTeardown`
 * export const { globalSetup, globalTeardown } = startOnce({ users: [{ sub: 'alice' }] })
 *
 * // a test
 * const provider = isolateEachTest({ beforeEach, afterEach })
 * test('…', async () => { await provider().clock.advance('1h') })
 * ```
 */
import type { StartOptions } from '../index.js'
import { createGlobalHooks } from './run.js'

export type { Handle } from '../handle/handle.js'
export { isolateEachTest } from './run.js'

/** What the files named in `globalSetup` and `globalTeardown` export. The provider listens on a free port, unless the options name one. */
export const startOnce = (options: StartOptions = {}) => createGlobalHooks(options)
