/**
 * Functions for Jest: one provider for the whole run, and a separate issuer for each test.
 *
 * ```js
 * // provider.mjs; the files named as `globalSetup` and `globalTeardown` each export one of the two as their default
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

/** Returns the functions for the files of `globalSetup` and `globalTeardown`. The port is a free one unless the options have one. */
export const startOnce = (options: StartOptions = {}) => createGlobalHooks(options)
