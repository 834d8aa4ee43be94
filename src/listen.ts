/** The sockets of a provider, and explanations if they cannot be opened. */
import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Config } from './generated/types.js'
import { REQUEST_TIMEOUT } from './server.js'

/** The provider cannot listen on the configured address. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** The open sockets. */
export interface Listening {
  /** URL on this machine: scheme, host and port. */
  readonly url: string
  /** URL of the second port, for plain http beside https. */
  readonly http_url?: string
  /** Stops listening. Requests in flight get a grace period. */
  close(): Promise<void>
}

type Place = Pick<Config['server'], 'host' | 'port' | 'http_port'>

/** Grace period of requests in flight when the provider stops, in milliseconds. */
const GRACE = 800

/** Opens the port of the server and, beside https, a second port for plain http. */
export async function listen(
  app: FastifyInstance,
  { host, port, http_port }: Place,
  https: boolean,
): Promise<Listening> {
  const servers: Server[] = [app.server]
  const close = async () => {
    const deadline = setTimeout(() => servers.map((server) => server.closeAllConnections()), GRACE)
    await Promise.all([app.close(), ...servers.slice(1).map(closeServer)])
    clearTimeout(deadline)
  }
  try {
    await attempt(host, port, '--port', async () => {
      await app.listen({ host, port, listenTextResolver: (address) => `bound to ${address}` })
    })
    const url = `${https ? 'https' : 'http'}://${urlHost(host)}:${portOf(app.server)}`
    if (!https || http_port === undefined) return { url, close }
    const second = createHttpServer({ requestTimeout: REQUEST_TIMEOUT, requireHostHeader: false }, (request, reply) =>
      app.routing(request, reply),
    )
    await attempt(host, http_port, '--http-port', () => bind(second, host, http_port))
    servers.push(second)
    return { url, http_url: `http://${urlHost(host)}:${portOf(second)}`, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Whether only this machine reaches the host. */
export const isLoopback = (host: string) => /^(localhost$|127\.|::1$)/.test(host)

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail).listen({ host, port }, done)
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done())
    server.closeIdleConnections()
  })
}

const portOf = (server: Server) => (server.address() as AddressInfo).port

async function attempt(host: string, port: number, flag: string, step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    throw new ListenError(explain(error as NodeJS.ErrnoException, host, port, flag))
  }
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, flag: string): string {
  const reasons: Record<string, string> = {
    EADDRINUSE: `another program uses this port; stop it, or choose another port with ${flag} (0 picks a free one)`,
    EACCES: `this user is not allowed to use the port; choose one above 1023 with ${flag}`,
    EADDRNOTAVAIL: 'this machine has no such address; use 127.0.0.1, or 0.0.0.0 for all of its addresses',
    ENOTFOUND: 'this host name leads to no address; use 127.0.0.1, or 0.0.0.0 for all of its addresses',
  }
  return `cannot listen on ${host}, port ${port}: ${reasons[String(error.code)] ?? error.message}`
}

/** Returns the host of a URL by which this machine reaches the address. */
function urlHost(host: string): string {
  if (['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost'].includes(host)) return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
