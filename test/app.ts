/** A provider without a socket for tests: `inject` requests into it. */
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import type { ConfigInput } from '../src/config/input.js'
import { loadSnapshot, readSchema } from '../src/config/load.js'
import type { Snapshot } from '../src/config/snapshot.js'
import { createKeys } from '../src/keys.js'
import { createServer, type Issuer } from '../src/server.js'
import { createMemoryStore } from '../src/store/memory.js'

export interface TestApp {
  readonly app: FastifyInstance
  /** Moves the clock of every issuer, in seconds. */
  advance(seconds: number): void
  /** Puts another configuration in force, as a reload does. */
  reload(config: ConfigInput): Promise<void>
  get(url: string, options?: InjectOptions): Promise<LightMyRequestResponse>
  /** Posts a form. */
  post(url: string, form?: Record<string, string>, options?: InjectOptions): Promise<LightMyRequestResponse>
  /** Log lines, newest last. */
  readonly log: Record<string, unknown>[]
}

export async function createApp(t: Test, config: ConfigInput = {}): Promise<TestApp> {
  let snapshot = await snapshotOf(config)
  let moved = 0
  const clock = { now: () => Math.floor(Date.now() / 1000) + moved }
  const issuers = new Map<string | undefined, Issuer>()
  const log: Record<string, unknown>[] = []
  const app = await createServer({
    current: () => snapshot,
    findIssuer: (name) => {
      const issuer = issuers.get(name) ?? { store: createMemoryStore(), clock, keys: createKeys() }
      issuers.set(name, issuer)
      return issuer
    },
    health: () => ({ status: 'ok', config: { status: 'current', problems: [] } }),
    schema: readSchema(),
    log: pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line)) }),
  })
  t.teardown(() => app.close())
  return {
    app,
    log,
    advance: (seconds) => {
      moved += seconds
    },
    reload: async (next) => {
      snapshot = await snapshotOf(next, snapshot)
    },
    get: (url, options) => app.inject({ url, ...options }),
    post: (url, form, options) =>
      app.inject({
        method: 'POST',
        url,
        ...(form && { payload: new URLSearchParams(form).toString() }),
        ...options,
        headers: { ...(form && { 'content-type': 'application/x-www-form-urlencoded' }), ...options?.headers },
      }),
  }
}

/** The snapshot of a configuration. */
export function snapshotOf(config: ConfigInput = {}, previous?: Snapshot): Promise<Snapshot> {
  // An elliptic key is made in no time; tests that look at RS256 ask for it.
  const overrides = Object.entries({ keys: [{ alg: 'ES256' as const }], ...config })
  const sources = { env: {}, overrides: overrides.map(([key, value]) => ({ source: 'test', path: [key], value })) }
  return loadSnapshot(sources, previous)
}

export const REDIRECT_URI = 'http://localhost:8000/callback'

/** Logs in by the HTTP call that tests use, and returns the parameters of the answer. */
export async function logIn(
  { post }: TestApp,
  { sub = 'alice', base = '', ...query }: { sub?: string; base?: string } & Record<string, string> = {},
): Promise<URLSearchParams> {
  const all = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', ...query }
  const answer = await post(`${base}/oauth2/authorize?${new URLSearchParams(all)}`, { sub })
  return new URL(String(answer.headers.location)).searchParams
}

/** Logs in and exchanges the code. */
export async function getTokens(test: TestApp, options: { sub?: string; base?: string } & Record<string, string> = {}) {
  const code = (await logIn(test, options)).get('code') ?? ''
  const { client_id = 'app', redirect_uri = REDIRECT_URI, base = '' } = options
  const answer = await test.post(`${base}/oauth2/token`, {
    grant_type: 'authorization_code',
    code,
    client_id,
    redirect_uri,
  })
  return answer.json<{
    access_token: string
    id_token: string
    refresh_token: string
    expires_in: number
    scope: string
  }>()
}
