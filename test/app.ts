/** A provider without a socket for tests: `inject` requests into it. */
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { loadSnapshot, readSchema } from '../src/config/load.js'
import type { Snapshot } from '../src/config/snapshot.js'
import type { Context } from '../src/context.js'
import type { ConfigInput } from '../src/generated/input.js'
import { type Clock, createClock, createMovableClock } from '../src/issuer/clock.js'
import { createFaultState } from '../src/issuer/faults.js'
import type { Issuer } from '../src/issuer/issuers.js'
import { createKeys } from '../src/issuer/keys.js'
import { createNewKeys } from '../src/issuer/new_keys.js'
import { createJournal } from '../src/journal/journal.js'
import { createOutbound } from '../src/outbound.js'
import { createExchange } from '../src/request/create_context.js'
import { createServer, type Foundation } from '../src/server.js'
import { unlimited } from '../src/store/budget.js'
import { type Handler, injectShared } from './shared_server.js'
import { createStore } from './store/create.js'

export interface TestApp {
  readonly app: { inject(request: InjectOptions | string): Promise<LightMyRequestResponse> }
  /** Moves the clock of every issuer, in seconds. */
  advance(seconds: number): void
  /** Replaces the configuration, as a reload does. */
  reload(config: ConfigInput): Promise<void>
  get(url: string, options?: InjectOptions): Promise<LightMyRequestResponse>
  /** Posts a form. */
  post(url: string, form?: Record<string, string>, options?: InjectOptions): Promise<LightMyRequestResponse>
  /** Log lines, newest last. */
  readonly log: Record<string, unknown>[]
}

/** The parts of a foundation that a shared server asks for at each request. */
type Parts = Pick<Foundation, 'current' | 'findIssuer' | 'health' | 'outbound' | 'reload'>

/**
 * Creates an app on the server that all apps of the test file share.
 * @param parts replacements for parts of the foundation, to let something fail.
 */
export async function createApp(_t: Test, config: ConfigInput = {}, parts: Partial<Parts> = {}): Promise<TestApp> {
  const { handler, controls } = await createHandler(config, parts)
  return { ...createCalls((request) => injectShared(handler, request)), ...controls }
}

/** Creates an app on a server of its own, for tests of the server itself. */
export async function createOwnApp(t: Test, config: ConfigInput = {}, parts: Partial<Foundation> = {}) {
  const { handler, controls } = await createHandler(config, parts)
  const app = await createServer(handler)
  t.teardown(() => app.close())
  return { ...createCalls((request) => app.inject(request)), ...controls, app }
}

async function createHandler(config: ConfigInput, parts: Partial<Foundation>) {
  let snapshot = await snapshotOf(config)
  let moved = 0
  const new_keys = createNewKeys()
  const real = { now: () => createClock().now() + moved }
  const issuers = new Map<string | undefined, Issuer>()
  const log: TestApp['log'] = []
  const write = (line: string) => void log.push(JSON.parse(line))
  const handler: Handler = {
    current: () => snapshot,
    findIssuer: (name) => {
      const issuer = issuers.get(name) ?? createIssuer(() => snapshot, real, new_keys)
      issuers.set(name, issuer)
      return issuer
    },
    outbound: createOutbound(),
    health: () => ({ status: 'ok', config: { status: 'current', problems: [], warnings: [] } }),
    reload: async () => true,
    schema: readSchema(),
    log: pino({ level: 'debug' }, { write }),
    write,
    ...parts,
  }
  const advance = (seconds: number) => {
    moved += seconds
  }
  const reload = async (next: ConfigInput) => {
    snapshot = await snapshotOf(next, snapshot)
  }
  return { handler, controls: { advance, reload, log } }
}

function createCalls(inject: TestApp['app']['inject']): Pick<TestApp, 'app' | 'get' | 'post'> {
  return {
    app: { inject },
    get: (url, options) => inject({ url, ...options }),
    post: (url, form, options) =>
      inject({
        method: 'POST',
        url,
        ...(form && { payload: new URLSearchParams(form).toString() }),
        ...options,
        headers: { ...(form && { 'content-type': 'application/x-www-form-urlencoded' }), ...options?.headers },
      }),
  }
}

/** Creates the context of a request, without a request. */
export async function createContext(config: ConfigInput = {}): Promise<Context> {
  const snapshot = await snapshotOf(config)
  const { store, clock, faults, journal, key_cache, new_keys } = createIssuer(() => snapshot)
  const { now } = await clock.status()
  const about = createExchange()
  return {
    issuer: 'http://localhost',
    public_url: 'http://localhost',
    internal_url: 'http://localhost',
    request_url: 'http://localhost',
    base_path: '',
    own_path: '',
    snapshot,
    store,
    clock,
    now,
    faults,
    journal,
    outbound: createOutbound(),
    frame: () => ({}),
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    ...about,
    keys: createKeys({ store, snapshot, journal, now, cache: key_cache, new_keys, own_keys: false }),
    remark: (event, message, details = {}) => void about.exchange.remarks.push({ event, message, details }),
  }
}

const ignore = () => undefined

/** Creates an issuer without records. */
export function createIssuer(current: () => Snapshot, real?: Clock, new_keys = createNewKeys()): Issuer {
  const journal = createJournal(() => current().config.journal, unlimited())
  const store = createStore()
  const shared = process.env.STORE === 'delaying'
  const faults = createFaultState(store, { shared })
  const clock = createMovableClock(store, () => current().clock, { shared, real })
  return { store, clock, faults, key_cache: new Map(), new_keys, journal }
}

/** Builds the snapshot of a configuration. */
export function snapshotOf(config: ConfigInput = {}, previous?: Snapshot): Promise<Snapshot> {
  // Generating an RSA key takes long, so only the tests of RS256 configure one.
  const overrides = Object.entries({ keys: [{ alg: 'ES256' as const }], ...config })
  const sources = { env: {}, overrides: overrides.map(([key, value]) => ({ source: 'test', path: [key], value })) }
  return loadSnapshot(sources, previous)
}

export const REDIRECT_URI = 'http://localhost:8000/callback'

/** Logs in by one HTTP request and returns the parameters of the authorization response. */
export async function logIn(
  { post }: TestApp,
  { sub = 'alice', base = '', ...query }: { sub?: string; base?: string } & Record<string, string> = {},
): Promise<URLSearchParams> {
  const all = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', ...query }
  const answer = await post(`${base}/oauth2/authorize?${new URLSearchParams(all)}`, { sub })
  return new URL(String(answer.headers.location)).searchParams
}

export interface Tokens {
  readonly access_token: string
  readonly token_type: string
  readonly id_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly scope: string
}

/** Logs in and exchanges the code. */
export async function getTokens(test: TestApp, options: { sub?: string; base?: string } & Record<string, string> = {}) {
  const code = (await logIn(test, options)).get('code') ?? ''
  const { client_id = 'app', redirect_uri = REDIRECT_URI, base = '' } = options
  return (await exchange(test, { code, client_id, redirect_uri }, base)).json<Tokens>()
}

/** Calls the token endpoint with a code of the client `app`, unless the form or the headers say otherwise. */
export function exchange(
  { post }: TestApp,
  form: Record<string, string>,
  base = '',
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> {
  const all = { grant_type: 'authorization_code', client_id: 'app', redirect_uri: REDIRECT_URI, ...form }
  // An empty parameter is left out.
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
  return post(`${base}/oauth2/token`, given, { headers })
}

/** Calls the token endpoint with a refresh token. */
export function refresh(test: TestApp, refresh_token: string, form: Record<string, string> = {}) {
  return exchange(test, { grant_type: 'refresh_token', redirect_uri: '', refresh_token, ...form })
}

/** Calls userinfo with the token in the header. */
export function getUserinfo({ get }: TestApp, access_token: string, base = '') {
  return get(`${base}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
}

/** Registers a client and returns the response. */
export async function register({ app }: TestApp, metadata: object = {}, base = '') {
  const payload = { redirect_uris: [REDIRECT_URI], ...metadata }
  const answer = await app.inject({ method: 'POST', url: `${base}/oauth2/clients`, payload })
  return answer.json<Record<string, unknown> & { client_id: string; client_secret: string }>()
}

/** Returns the value of an Authorization header of type Basic. RFC 6749 §2.3.1: both halves are form-urlencoded. */
export function basic(client_id: string, client_secret: string): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
  return `Basic ${Buffer.from(`${encode(client_id)}:${encode(client_secret)}`).toString('base64')}`
}

/** Checks that a response has this status and returns its JSON. */
export function jsonOf(t: Test, answer: LightMyRequestResponse, status = 200): Record<string, unknown> {
  t.equal(answer.statusCode, status, `status ${status}`)
  t.match(answer.headers['content-type'], /^application\/json/)
  return answer.json()
}

/** Checks that a response is an error response of RFC 6749 §5.2. */
export function refused(t: Test, answer: LightMyRequestResponse, error: string, description: RegExp, status = 400) {
  t.match(jsonOf(t, answer, status), { error, error_description: description })
}
