/** A provider with real sockets for tests, and its log. */
import { Writable } from 'node:stream'
import type { Test } from 'tap'
import type { Sources } from '../src/config/load.js'
import type { ConfigInput } from '../src/generated/input.js'
import { createProvider, type Running } from '../src/provider.js'

export interface Started {
  readonly provider: Running
  /** Where its main port is on this machine, without any path. */
  readonly url: string
  /** Every line of the log until now. */
  lines(): readonly Record<string, unknown>[]
  /** The nth line whose message matches, be it there already or still to come. */
  line(pattern: RegExp, nth?: number): Promise<Record<string, unknown>>
}

/** Starts it on a free port; it is closed after the test. */
export async function start(t: Test, config: ConfigInput = {}, sources: Partial<Sources> = {}): Promise<Started> {
  const lines: Record<string, unknown>[] = []
  const waiting = new Set<() => void>()
  const stream = new Writable({
    write(chunk, _encoding, done) {
      for (const text of String(chunk).trim().split('\n')) lines.push(JSON.parse(text))
      for (const look of waiting) look()
      done()
    },
  })
  const defaults: ConfigInput = { keys: [{ alg: 'ES256' }], ...config, server: { port: 0, ...config.server } }
  const overrides = Object.entries(defaults).map(([key, value]) => ({ source: 'test', path: [key], value }))
  const provider = await createProvider({ env: {}, ...sources, overrides }, stream)
  t.teardown(() => provider.close())
  const line = (pattern: RegExp, nth = 1) =>
    new Promise<Record<string, unknown>>((resolve) => {
      const look = () => {
        const found = lines.filter(({ msg }) => pattern.test(String(msg)))[nth - 1]
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  const [, url = ''] = /^listening on (\S+)/.exec(String((await line(/^listening on /)).msg))!
  return { provider, url, lines: () => lines, line }
}
