/** A provider with real sockets for tests, and its log. */
import type { Test } from 'tap'
import type { Sources } from '../src/config/load.js'
import type { ConfigInput } from '../src/generated/input.js'
import { createProvider, type Running } from '../src/provider.js'
import { collectLog, type LogLine } from './log_lines.js'
import { createStore } from './store/create.js'

export interface Started {
  readonly provider: Running
  /** URL of the main port on this machine, without a path. */
  readonly url: string
  /** Returns the log lines written so far. */
  lines(): readonly LogLine[]
  /** Resolves with the nth log line whose message matches, written before or after the call. */
  line(pattern: RegExp, nth?: number): Promise<LogLine>
}

/** Starts a provider on a free port and closes it after the test. */
export async function start(t: Test, config: ConfigInput = {}, sources: Partial<Sources> = {}): Promise<Started> {
  const log = collectLog()
  const defaults: ConfigInput = { keys: [{ alg: 'ES256' }], ...config, server: { port: 0, ...config.server } }
  const overrides = Object.entries(defaults).map(([key, value]) => ({ source: 'test', path: [key], value }))
  const provider = await createProvider({ env: {}, ...sources, overrides }, log.stream, createStore)
  t.teardown(() => provider.close())
  const line: Started['line'] = (pattern, nth = 1) => log.nth(nth, pattern)
  const [, url = ''] = /^listening on (\S+)/.exec((await line(/^listening on /)).msg)!
  return { provider, url, lines: () => log.matching(/^/), line }
}
