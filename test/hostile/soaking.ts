/** A soak: many logins at many issuers while the configuration is reloaded, and the figures of each part of them. */
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import type { Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createFetch, type Sent } from '../fetch.js'
import { attack, printFigures } from './program.js'

export interface SoakOptions {
  readonly logins: number
  readonly issuers: number
  /** Largest heap of the provider in megabytes. Its records take a quarter, which the first logins must fill. */
  readonly heap: number
}

/** Number of logins at the same time. */
const PARALLEL = 16
/** Largest number of logins between two lines of figures. */
const PART = 10_000
/** Number of parts before the memory is compared. */
const WARM_UP = 2
const REDIRECT_URI = 'https://app.example/callback'

/** Claim of the user, by which the configuration in force is recognized. */
const nameOf = (version: number) => `version ${version}`

const configOf = (version: number): ConfigInput => ({
  log: { level: 'info', format: 'json' },
  keys: [{ alg: 'ES256' }],
  users: [{ sub: 'alice', claims: { given_name: nameOf(version) } }],
})

/** Runs the logins, prints figures, and checks that every response is as expected and that the memory ends flat. */
export async function soak(t: Test, { logins, issuers, heap }: SoakOptions): Promise<void> {
  const program = await attack(t, configOf(0), { NODE_OPTIONS: `--max-old-space-size=${heap}` })
  const login = createLogin(t, program.issuer)
  const versions = new Set<string>()
  const stop = reloadEverySecond(program.file, versions)
  t.teardown(stop)
  const sizes: number[] = []
  const part = Math.min(PART, Math.ceil(logins / 10))
  const start = performance.now()
  for (let done = 0; done < logins; done += part) {
    const count = Math.min(part, logins - done)
    const { result, time, rss } = await program.measure(`${done + count} logins`, () =>
      runParallel(count, async (index) => versions.add(await login(`soak-${(done + index) % issuers}`))),
    )
    if (rss !== undefined) sizes.push(rss)
    printFigures(t, `${done + count} logins`, {
      'logins/s': Math.round((count * 1000) / time),
      'p99 of a login ms': result[Math.floor(result.length * 0.99)],
    })
  }
  stop()
  t.ok(versions.size > 1, 'reloads were in force')
  printFigures(t, 'all logins', { s: Math.round((performance.now() - start) / 1000), configurations: versions.size })
  checkFlat(t, sizes)
}

/** Rewrites the file every second once its last version is in force, until the returned function is called. */
function reloadEverySecond(file: string, versions: ReadonlySet<string>): () => void {
  let version = 0
  const timer = setInterval(() => {
    if (!versions.has(nameOf(version))) return
    version += 1
    writeFileSync(file, `${JSON.stringify(configOf(version))}\n`)
  }, 1000)
  return () => clearInterval(timer)
}

/** Runs an action a number of times, some at once. Returns the durations in milliseconds, shortest first. */
async function runParallel(count: number, action: (index: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  let next = 0
  const work = async () => {
    for (let index = next++; index < count; index = next++) {
      const start = performance.now()
      await action(index)
      times.push(Math.round(performance.now() - start))
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return times.sort((one, other) => one - other)
}

/** Creates a function that logs in, redeems the code and reads the user's claims. Returns the version of the configuration. */
function createLogin(t: Test, url: string): (issuer: string) => Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL })
  t.teardown(() => agent.destroy())
  const fetch = createFetch(undefined, agent)
  const send = async (expected: number, path: string, sent?: Sent): Promise<Response> => {
    const response = await fetch(url + path, sent)
    if (response.status === expected) return response
    throw new Error(`${path} answered ${response.status}, expected ${expected}: ${await response.text()}`)
  }
  return async (issuer) => {
    const base = `/issuers/${issuer}`
    const request = {
      client_id: 'app',
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid profile offline_access',
      nonce: 'n',
    }
    const authorize = `${base}/oauth2/authorize?${new URLSearchParams(request)}`
    const { headers } = await send(302, authorize, { method: 'POST', body: new URLSearchParams({ sub: 'alice' }) })
    const code = new URL(headers.get('location') ?? '').searchParams.get('code') ?? ''
    const { client_id, redirect_uri } = request
    const body = new URLSearchParams({ grant_type: 'authorization_code', client_id, redirect_uri, code })
    const response = await send(200, `${base}/oauth2/token`, { method: 'POST', body })
    const { access_token } = (await response.json()) as { access_token: string }
    const userinfo = await send(200, `${base}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
    return ((await userinfo.json()) as { given_name: string }).given_name
  }
}

/** Checks that the memory of the last third of the parts is that of the first third, except for 15 % and 20 MB. */
function checkFlat(t: Test, sizes: readonly number[]): void {
  const warm = sizes.slice(WARM_UP)
  const third = Math.ceil(warm.length / 3)
  const first = medianOf(warm.slice(0, third))
  const last = medianOf(warm.slice(-third))
  if (first === undefined || last === undefined) t.pass('the memory ends flat', { skip: 'this system has no /proc' })
  else t.ok(last <= first * 1.15 + 20, `the memory ends flat: ${first} MB after the warm-up, ${last} MB at the end`)
}

const medianOf = (sizes: readonly number[]) => sizes.toSorted((one, other) => one - other)[Math.floor(sizes.length / 2)]
