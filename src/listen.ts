/** The sockets that a provider listens on, and sentences for when it can't. */
import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Config } from './generated/types.js'
import { REQUEST_TIMEOUT } from './server.js'

/** The provider can't listen where it was told to. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** Where the provider can be reached on this machine. */
export interface Listening {
  /** Scheme, host and port. */
  readonly url: string
  /** The second port, for plain http beside https. */
  readonly http_url?: string
  /** Stops listening; requests in flight are answered if they hurry. */
  close(): Promise<void>
}

type Place = Pick<Config['server'], 'host' | 'port' | 'http_port'>

/** How long requests in flight have when the provider stops, in milliseconds. */
const GRACE = 800

/** Listens with the server, and beside https with another one for plain http that does the same. */
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
    const second = createHttpServer({ requestTimeout: REQUEST_TIMEOUT }, (request, reply) =>
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

/** Whether nobody else's machine gets there. */
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
    EADDRINUSE: `something else listens there; stop it, or choose another port with ${flag} (0 picks a free one)`,
    EACCES: `this user may not use that port; choose one above 1023 with ${flag}`,
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
