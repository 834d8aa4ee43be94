/** The composition root: configuration, snapshot, issuers and server, put together; reload and close. */
import type { AddressInfo } from 'node:net'
import { LRUCache } from 'lru-cache'
import { describeChanges, summarizeChanges } from './config/changes.js'
import { ConfigError, type Problem } from './config/errors.js'
import { loadSnapshot, readSchema, type Sources } from './config/load.js'
import type { Snapshot } from './config/snapshot.js'
import { watchFiles } from './config/watch.js'
import { createKeys } from './keys.js'
import { createLogger, type LogStream } from './logger.js'
import { createClock } from './mock/clock.js'
import { createServer, type Issuer } from './server.js'
import { createMemoryStore } from './store/memory.js'

/** A provider that listens. */
export interface Provider {
  /** The issuer identifier of the default issuer: the configured one, else `http://localhost:PORT`. */
  readonly issuer: string
  /** Reads the files again; resolves to whether what they say now is in force. Problems are in the log and at `/healthz`. */
  reload(): Promise<boolean>
  /** Stops listening, answers what is in flight, and ends within a second. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The provider can't listen where it was told to. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** How long requests in flight have when the provider stops, in milliseconds. */
const GRACE = 800

export async function createProvider(sources: Sources, stream: LogStream): Promise<Provider> {
  let snapshot = await loadSnapshot(sources)
  let problems: readonly Problem[] = []
  const log = createLogger(snapshot.config.log, stream)
  const findIssuer = createIssuers(snapshot.config.server.max_issuers)
  const app = await createServer({
    current: () => snapshot,
    findIssuer,
    health: () => ({ status: 'ok', config: { status: problems.length === 0 ? 'current' : 'stale', problems } }),
    schema: readSchema(),
    log,
  })

  const load = async (): Promise<boolean> => {
    try {
      const next = await loadSnapshot(sources, snapshot)
      const changes = describeChanges(snapshot, next)
      snapshot = next
      problems = []
      log.level = next.config.log.level
      log.info({ changes }, `configuration reloaded: ${summarizeChanges(changes)}`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems = error.problems
      log.error({ problems }, `configuration not reloaded, what was in force before stays:\n${error.message}`)
    }
    return problems.length === 0
  }
  // One reload at a time, in the order of the changes, so that the newest content wins.
  let reloading: Promise<unknown> = Promise.resolve()
  const reload = () => {
    const reloaded = reloading.then(load)
    reloading = reloaded.catch(() => undefined)
    return reloaded
  }

  const watched = [sources.config, sources.user_claims_file].filter((file) => file !== undefined)
  const watcher = await watchFiles(
    watched,
    () => void reload(),
    (error) => log.warn({ err: error }, 'watching failed'),
  )
  try {
    await listen(app, snapshot)
  } catch (error) {
    await watcher.close()
    await app.close()
    throw error
  }
  const { port } = app.server.address() as AddressInfo
  const address = `http://${urlHost(snapshot.config.server.host)}:${port}`
  const issuer = snapshot.config.issuer ?? address
  log.info(
    { issuer, users: snapshot.users.size, clients: snapshot.clients.size, files: watched },
    issuer === address ? `listening on ${address}` : `listening on ${address} as ${issuer}`,
  )

  const close = async () => {
    await watcher.close()
    const deadline = setTimeout(() => app.server.closeAllConnections(), GRACE)
    await app.close()
    clearTimeout(deadline)
    await reloading
  }
  return { issuer, reload, close, [Symbol.asyncDispose]: close }
}

/** The default issuer, and the isolated ones by name: made on first use, the least recently used goes first. */
function createIssuers(max: number): (name: string | undefined) => Issuer {
  const create = (): Issuer => ({ store: createMemoryStore(), clock: createClock(), keys: createKeys() })
  const standard = create()
  const isolated = new LRUCache<string, Issuer>({ max })
  return (name) => {
    if (name === undefined) return standard
    const issuer = isolated.get(name) ?? create()
    isolated.set(name, issuer)
    return issuer
  }
}

async function listen(app: Awaited<ReturnType<typeof createServer>>, { config }: Snapshot): Promise<void> {
  const { host, port } = config.server
  try {
    await app.listen({ host, port, listenTextResolver: (address) => `bound to ${address}` })
  } catch (error) {
    throw new ListenError(explainListen(error as NodeJS.ErrnoException, host, port))
  }
}

function explainListen(error: NodeJS.ErrnoException, host: string, port: number): string {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'something else listens there; stop it, or choose another port with --port (0 picks a free one)',
    EACCES: 'this user may not use that port; choose one above 1023 with --port',
    EADDRNOTAVAIL: 'this machine has no such address; use 127.0.0.1, or 0.0.0.0 for all of its addresses',
    ENOTFOUND: 'this host name leads to no address; use 127.0.0.1, or 0.0.0.0 for all of its addresses',
  }
  return `cannot listen on ${host}, port ${port}: ${reasons[String(error.code)] ?? error.message}`
}

/** How a URL names the address that the server listens on, for whoever is on the same machine. */
function urlHost(host: string): string {
  if (['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost'].includes(host)) return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
