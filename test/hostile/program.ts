/** The built command under attack: a process of its own, measured from outside. */
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { type ServingProcess, serveProcess } from '../cli/program.js'
import type { Polled } from './poll.js'
import { readCpu, readRss } from './proc.js'

/** Figures of an action. Those of the process are undefined on systems without `/proc`. */
export interface Measured<T> {
  readonly result: T
  /** Longest latency of `/healthz` meanwhile, in milliseconds, without the time in which other programs had the cores. */
  readonly latency: number
  /** CPU time of the process, in milliseconds. */
  readonly cpu: number | undefined
  /** Largest resident memory, in megabytes. */
  readonly rss: number | undefined
  /** Duration in milliseconds. */
  readonly time: number
}

/** A running provider and its figures. */
export interface MeasuredProcess extends ServingProcess {
  /** Path of its configuration. */
  readonly file: string
  /** Resident memory in megabytes; undefined on systems without `/proc`. */
  rss(): number | undefined
  /** Runs an action, polls `/healthz` on a connection of its own meanwhile, and prints the figures with the title. */
  measure<T>(title: string, action: () => Promise<T>): Promise<Measured<T>>
}

/** Starts the built command with a configuration, on a free port. It ends with the test. */
export async function attack(
  t: Test,
  config: ConfigInput = {},
  env: Readonly<Record<string, string>> = {},
  open_files?: number,
): Promise<MeasuredProcess> {
  const quiet: ConfigInput = { log: { level: 'info', format: 'json' }, ...config }
  const file = join(t.testdir({ 'config.yaml': `${JSON.stringify(quiet)}\n` }), 'config.yaml')
  const process = await serveProcess(t, ['--config', file], env, open_files)
  const { pid, issuer } = process
  return {
    ...process,
    file,
    rss: () => readRss(pid),
    async measure(title, action) {
      const stop = await poll(t, issuer, pid)
      const [before, start] = [readCpu(pid), performance.now()]
      const result = await action().catch(async (error: unknown) => {
        await stop()
        throw error
      })
      const time = Math.round(performance.now() - start)
      const cpu = before === undefined ? undefined : readCpu(pid)! - before
      const { latency, rss } = await stop()
      printFigures(t, title, { ms: time, 'CPU ms': cpu, '/healthz ms': latency, 'RSS MB': rss })
      return { result, latency, cpu, rss, time }
    },
  }
}

/** Prints figures on one line, also in the output of a run that passes. */
export function printFigures(t: Test, title: string, figures: Readonly<Record<string, number | undefined>>): void {
  const texts = Object.entries(figures).map(([name, value]) => `${name} ${value ?? 'unknown'}`)
  t.comment(`${title}: ${texts.join(', ')}`)
}

/** Checks that a figure is below a bound; skipped if the system has no such figure. */
export function isBelow(t: Test, figure: number | undefined, bound: number, title: string): void {
  if (figure === undefined) t.pass(title, { skip: 'this system has no /proc' })
  else t.ok(figure < bound, `${title}: ${figure}, expected below ${bound}`)
}

/** Polls `/healthz` in a thread, whose measurement the load of the test does not delay. Resolves after the first response. */
async function poll(t: Test, issuer: string, pid: number): Promise<() => Promise<Polled>> {
  const worker = new Worker(new URL('./poll.js', import.meta.url), { workerData: { url: `${issuer}/healthz`, pid } })
  t.teardown(() => worker.terminate())
  const message = () =>
    new Promise<Polled>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
    })
  await message()
  return async () => {
    const polled = message()
    worker.postMessage('stop')
    return await polled
  }
}
