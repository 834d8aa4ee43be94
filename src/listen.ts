/** The sockets of a provider, and explanations if they cannot be opened. */
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, createServer as createNetServer, isIP, type Server as NetServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { unbracketed } from './config/destinations.js'
import type { Config } from './generated/types.js'
import { markAdminRequest } from './request/admin_port.js'
import { httpOptions } from './tls/protocol_options.js'

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
  /** URL of the port for the admin API. */
  readonly admin_url?: string
  /** Stops listening. Requests in flight get a grace period. */
  close(): Promise<void>
}

type Place = Pick<Config['server'], 'host' | 'port' | 'http_port' | 'admin_port' | 'max_header_size'>

/** Grace period of requests in flight when the provider stops, in milliseconds. */
const GRACE = 800

/**
 * Opens the port of the server and the other configured ports: plain http beside https, and the admin API.
 * @param limit bounds the connections of all ports.
 */
export async function listen(
  app: FastifyInstance,
  { host, port, http_port, admin_port, max_header_size }: Place,
  https: boolean,
  limit: (server: Server) => void,
): Promise<Listening> {
  const isLocalhost = host.toLowerCase() === 'localhost'
  // For localhost, Fastify would open servers without the limit and the listeners of this one.
  const address = isLocalhost ? '127.0.0.1' : unbracketed(host)
  limit(app.server)
  const others: NetServer[] = []
  const close = async () => {
    const deadline = setTimeout(() => [app.server, ...others].map(closeConnections), GRACE)
    await Promise.all([app.close(), ...others.map(closeServer)])
    clearTimeout(deadline)
  }
  /** Lets the server answer at ::1 as well. Some machines have no such address, or another program uses its port. */
  const bindSix = async (server: NetServer, port: number) => {
    others.push(server)
    await bind(server, '::1', port).catch(() => undefined)
  }
  const scheme = https ? 'https' : 'http'
  const urlOf = (server: NetServer, name = scheme) => `${name}://${urlHost(host)}:${portOf(server)}`
  try {
    await attempt(host, port, '--port', async () => {
      await app.listen({ host: address, port, listenTextResolver: (url) => `bound to ${url}` })
    })
    if (isLocalhost) await bindSix(createForwarder(app.server), portOf(app.server))
    const urls: { http_url?: string; admin_url?: string } = {}
    if (https && http_port !== undefined) {
      const server = createHttpServer(httpOptions(max_header_size), (request, reply) => app.routing(request, reply))
      // Requests without a route are refused as on the main port.
      for (const event of ['clientError', 'connect']) server.on(event, (...about) => app.server.emit(event, ...about))
      limit(server)
      await attempt(host, http_port, '--http-port', () => bind(server, address, http_port))
      others.push(server)
      if (isLocalhost) await bindSix(createForwarder(server), portOf(server))
      urls.http_url = urlOf(server, 'http')
    }
    if (admin_port !== undefined) {
      const server = createAdminServer(app.server)
      await attempt(host, admin_port, '--admin-port', () => bind(server, address, admin_port))
      others.push(server)
      if (isLocalhost) await bindSix(createForwarder(app.server), portOf(server))
      urls.admin_url = urlOf(server)
    }
    return { url: urlOf(app.server), ...urls, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Creates a server whose connections are those of the main server, with the same TLS and limits. */
function createForwarder(main: Server): NetServer {
  return createNetServer({ allowHalfOpen: true, noDelay: true }, (socket) => main.emit('connection', socket))
}

/** Creates the server of the admin port. */
function createAdminServer(main: Server): NetServer {
  const server = createForwarder(main)
  server.once('listening', () => {
    const [main_port, admin_port] = [portOf(main), portOf(server)]
    main.prependListener('request', (request: IncomingMessage) => {
      if (request.socket.localPort === admin_port) markAdminRequest(request, main_port)
    })
  })
  return server
}

function bind(server: NetServer, host: string, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail).listen({ host, port }, done)
  })
}

function closeServer(server: NetServer): Promise<void> {
  return new Promise((done) => {
    server.close(() => done())
    if ('closeIdleConnections' in server) (server as Server).closeIdleConnections()
  })
}

/** Closes the connections of a server for HTTP. Those of the admin port belong to the main server. */
function closeConnections(server: NetServer): void {
  if ('closeAllConnections' in server) (server as Server).closeAllConnections()
}

const portOf = (server: NetServer) => (server.address() as AddressInfo).port

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
    EAFNOSUPPORT: 'this machine has no IPv6; use 127.0.0.1, or 0.0.0.0 for all of its addresses',
    EADDRNOTAVAIL: 'this machine has no such address; use 127.0.0.1, or 0.0.0.0 for all of its addresses',
    ENOTFOUND: 'this host name leads to no address; use 127.0.0.1, or 0.0.0.0 for all of its addresses',
  }
  const isUrl = /[:/[\]]/.test(host) && isIP(unbracketed(host)) === 0
  const advice =
    'this is no address, expected one without scheme and port, such as localhost or ::1; set the port with --port'
  return `cannot listen on ${host}, port ${port}: ${isUrl ? advice : (reasons[String(error.code)] ?? error.message)}`
}

/** Returns the host of a URL by which this machine reaches the address. */
function urlHost(host: string): string {
  const address = unbracketed(host)
  if (['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost'].includes(address.toLowerCase())) return 'localhost'
  return address.includes(':') ? `[${address}]` : address
}
