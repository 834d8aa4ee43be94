/**
 * Helpers for node:test: one provider for the whole run, and an issuer of its own for each test.
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

/** What a file for `--test-global-setup` exports. The provider listens on a free port, unless the options name one. */
export const startOnce = (options: StartOptions = {}) => createGlobalHooks(options)

/** The handle of an issuer that is the test's own; it is reset after the test. */
export async function isolatedProvider(t: { after(hook: () => Promise<void>): void }): Promise<Handle> {
  const { provider, release } = await isolate()
  t.after(release)
  return provider
}
