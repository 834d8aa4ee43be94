/** The composition root: builds configuration, snapshot, issuers and server; reloads and closes them. */
import { QUIET } from './config/age.js'
import { describeChanges, summarizeChanges } from './config/changes.js'
import { type Contents, openFiles } from './config/contents.js'
import { ConfigError, formatProblem, type Problem } from './config/errors.js'
import { identifierOf } from './config/issuer_identifier.js'
import { loadSnapshot, readFiles, readSchema, type Sources } from './config/load.js'
import { listKeptOff } from './config/profiles.js'
import type { Snapshot } from './config/snapshot.js'
import { watchFiles } from './config/watch.js'
import { IN_PROCESS } from './context.js'
import type { Inject } from './handle/in_process.js'
import { createClock } from './issuer/clock.js'
import { type CreateStore, createIssuers } from './issuer/issuers.js'
import { ListenError, type Listening, listen } from './listen.js'
import { createLogger, type LogStream } from './logger.js'
import { createOutbound, type Resolve } from './outbound.js'
import { createConnectionLimit, findMostConnections } from './request/connections.js'
import { isLocal } from './request/known_host.js'
import { PATHS } from './routes.js'
import { createServer } from './server.js'
import { createMemoryStore } from './store/memory.js'
import { exchangeCertificate, prepareIdentity } from './tls/identity.js'

export { ListenError }

/** A listening provider, for its own process or program. */
export interface Running {
  /** The issuer identifier of the default issuer: `issuer` or `public_url` as configured, else `http://localhost:PORT` with the base path. */
  readonly issuer: string
  /** The identifier of an isolated issuer, with `{name}` for its name. */
  readonly isolated_issuer: string
  /** URL on this machine: scheme, host and port. */
  readonly url: string
  /** URL of the second port for plain http, as `http://localhost:PORT`. */
  readonly http_url?: string
  /** URL of `server.admin_port`, for `connect()` and programs that call the admin API. */
  readonly admin_url?: string
  /** Certificate authority of a self-signed certificate in PEM, for clients to trust. */
  readonly ca?: string
  /** Reads the files again. Resolves to whether the new configuration is in force. Problems are in the log and at `/healthz`. */
  reload(): Promise<boolean>
  /** Stops listening and answers requests in flight within a second. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
  /** Handles a request of the program that owns the provider, without a socket. It may use the admin API. */
  readonly inject: Inject
}

/**
 * @param createStore of each issuer.
 * @param resolve returns the addresses of host names in outbound calls. Default: the resolver of the system.
 */
export async function createProvider(
  sources: Sources,
  stream: LogStream,
  createStore: CreateStore = createMemoryStore,
  resolve?: Resolve,
): Promise<Running> {
  const files = await readFiles(sources)
  let snapshot = await loadSnapshot(sources, undefined, { files })
  const { tls } = snapshot
  // A changed host takes effect at the next start.
  const { host } = snapshot.config.server
  let problems: readonly Problem[] = []
  const log = createLogger(snapshot.config.log, stream, sources.env)
  const findIssuer = createIssuers(
    () => snapshot,
    createStore,
    (message) => log.warn(message),
  )
  const identity = await prepareIdentity(tls, createClock().now())
  const connections = await findMostConnections(snapshot.config.server.max_connections)
  const app = await createServer({
    current: () => snapshot,
    findIssuer,
    outbound: createOutbound(resolve, connections.most),
    health: () => ({
      status: 'ok',
      config: { status: problems.length === 0 ? 'current' : 'stale', problems, warnings: snapshot.warnings },
    }),
    reload: () => reload(),
    schema: readSchema(),
    log,
    ...identity,
  })

  /** Whether other machines can use the admin API. */
  const isOpen = ({ config: { server } }: Snapshot) =>
    server.admin && server.admin_token === undefined && !isLocal(app.server, host)
  const warn = ({ config, preset, warnings }: Snapshot) => {
    const rules = listKeptOff(config, preset)
    if (rules.length > 0) {
      const message = `preset ${config.preset} keeps rules of profile ${config.profile} off, since its SDKs do not follow them: ${rules.join(', ')}`
      log.info({}, `${message}; rules switches them on`)
    }
    if (warnings.length > 0)
      log.warn({ warnings }, `the configuration is valid, but:\n${warnings.map(formatProblem).join('\n')}`)
  }
  const refuse = (error: unknown) => {
    if (!(error instanceof ConfigError)) throw error
    problems = error.problems
    log.error({ problems }, `configuration not reloaded; the previous configuration stays active:\n${error.message}`)
  }
  const apply = (next: Snapshot) => {
    const before = snapshot
    const changes = describeChanges(before, next)
    const exchanged = exchangeCertificate(app.server, tls, before, next)
    snapshot = next
    problems = []
    log.level = next.config.log.level
    if (exchanged) log.info('certificate exchanged')
    log.info({ changes }, `configuration reloaded: ${summarizeChanges(changes)}`)
    warn(next)
    if (isOpen(next) && !isOpen(before)) log.warn(OPEN)
    prepareKeys(next)
  }
  /** Begins to generate keys. The request that needs one reports a failure. */
  const prepareKeys = (next: Snapshot) => void Promise.allSettled([findIssuer(undefined).new_keys.prepare(next)])
  let watched = files.contents
  const load = async (contents: Contents): Promise<Contents> => {
    const files = openFiles(contents)
    const loaded = await loadSnapshot(sources, snapshot, { files })
      .then(apply)
      .then(() => true, refuse)
    // Files of the snapshot in force are watched even if a file with problems does not name them any more.
    watched = loaded === true ? files.contents : new Map([...watched, ...files.contents])
    return watched
  }
  const failed = (error: unknown) => log.warn({ err: error }, 'watching failed')
  const onWait = (files: readonly string[]) =>
    log.warn(
      { files },
      `${files.join(', ')} is written all the time, expected ${QUIET} ms without a write; not reloaded until then`,
    )
  const watcher = await watchFiles(watched, load, failed, { poll: sources.poll === true, onWait })
  const reload = async (): Promise<boolean> => {
    await watcher.readNow().catch(refuse)
    return problems.length === 0
  }

  const limit = createConnectionLimit(connections, log)
  let listening: Listening
  try {
    listening = await listen(app, snapshot.config.server, identity !== undefined, limit)
  } catch (error) {
    await watcher.close()
    throw error
  }
  const { url, http_url, admin_url } = listening
  const issuer = identifierOf(snapshot, url + snapshot.base_path, '')
  const { public_url, server } = snapshot.config
  const origin = public_url === undefined ? url : new URL(public_url).origin
  log.info(
    {
      issuer,
      login_url: origin + snapshot.base_path + PATHS.self_login,
      ...(server.admin && { journal_url: (admin_url ?? url) + snapshot.base_path + PATHS.journal }),
      profile: snapshot.config.profile,
      users: snapshot.users.size,
      clients: snapshot.clients.size,
      files: [...(sources.config_text === undefined ? [] : [sources.config_text.name]), ...snapshot.files],
      ...(http_url !== undefined && { http_url }),
      ...(admin_url !== undefined && { admin_url }),
    },
    issuer === url ? `listening on ${url}` : `listening on ${url} as ${issuer}`,
  )
  if (admin_url !== undefined) log.info({ admin_url }, `admin API on ${admin_url} only`)
  if (isOpen(snapshot)) log.warn(OPEN)
  warn(snapshot)
  prepareKeys(snapshot)

  const close = async () => {
    await watcher.close()
    await listening.close()
  }
  const inject: Inject = ({ headers, ...request }) => {
    const { protocol, host } = new URL(url)
    // The same base URL as over the socket gives the same issuer.
    const base = { host, 'x-forwarded-proto': protocol.slice(0, -1) }
    return app.inject({ ...request, remoteAddress: IN_PROCESS, headers: { ...base, ...headers } })
  }
  return {
    issuer,
    isolated_issuer: identifierOf(snapshot, url + snapshot.base_path, '/issuers/{name}'),
    url,
    inject,
    ...(http_url !== undefined && { http_url }),
    ...(admin_url !== undefined && { admin_url }),
    ...(identity?.ca !== undefined && { ca: identity.ca }),
    reload,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const OPEN =
  'every machine that reaches the admin API can use it without a token: set server.admin_token (--admin-token) or server.admin: false (--no-admin), set server.admin_port (--admin-port) to a port that is not published, or publish the port on 127.0.0.1 only'
