/**
 * Functions for node:test: one provider for the whole run, and a separate issuer for each test.
 *
 * ```js
 * // provider.mjs, for node --test --test-global-setup=provider.mjs (Node 24)
 * export const { globalSetup, globalTeardown } = startOnce({ users: [{ sub: 'alice' }] })
 *
 * // a test
 * test('…', async (t) => {
 *   const provider = await isolatedProvider(t)
 *   await provider.clock.advance('1h')
 * })
 * ```
 */
import type { Handle } from '../handle/handle.js'
import type { StartOptions } from '../index.js'
import { createGlobalHooks, isolate } from './run.js'

export type { Handle } from '../handle/handle.js'

/** Returns the exports of a file for `--test-global-setup`. The port is a free one unless the options have one. */
export const startOnce = (options: StartOptions = {}) => createGlobalHooks(options)

/** Returns the handle of a separate issuer and resets the issuer after the test. */
export async function isolatedProvider(t: { after(hook: () => Promise<void>): void }): Promise<Handle> {
  const { provider, release } = await isolate()
  t.after(release)
  return provider
}
