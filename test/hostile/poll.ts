/** The thread that polls `/healthz` and the memory of the process until it is told to stop. */
import { Agent, get } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { readRss, readWaited } from './proc.js'

/** Figures of the polls. */
export interface Polled {
  /** Longest latency in milliseconds, without the time that the two processes waited for a core of a busy machine. */
  readonly latency: number
  /** Largest resident memory in megabytes; undefined on systems without `/proc`. */
  readonly rss: number | undefined
}

/** Milliseconds between a response and the next request. */
const PAUSE = 5

const { url, pid } = workerData as { url: string; pid: number }
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const latencies: number[] = []
const sizes: (number | undefined)[] = []
let stopped = false
parentPort!.once('message', () => {
  stopped = true
})

/** Resolves with the time of one request, in milliseconds. */
function request(): Promise<number> {
  const waited = readWaited(pid)
  const start = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume().on('end', () => {
        const latency = performance.now() - start - (readWaited(pid) - waited)
        if (response.statusCode === 200) resolve(Math.max(0, Math.round(latency)))
        else reject(new Error(`/healthz responded ${response.statusCode}, expected 200`))
      })
    }).on('error', reject)
  })
}

await request()
parentPort!.postMessage(undefined)
// The last request begins after the action, so that it waits for the work that the action left behind.
for (let last = false; !last; ) {
  last = stopped
  latencies.push(await request())
  sizes.push(readRss(pid))
  await setTimeout(PAUSE)
}
agent.destroy()
const rss = sizes.includes(undefined) ? undefined : Math.max(...sizes.map(Number))
parentPort!.postMessage({ latency: Math.max(...latencies), rss } satisfies Polled)
