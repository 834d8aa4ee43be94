/** Bounds the connections of a process, so that clients that neither send nor read keep no other client out. */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Time without any progress after which a response that is not read is given up, in milliseconds. */
const UNREAD_TIMEOUT = 60_000

/** Largest number of requests of one connection that are in progress. Few clients pipeline requests. RFC 9112 §9.3.2. */
const MOST_PIPELINED = 20

/** Files that are open besides connections of clients: outbound connections, watched files, modules. */
const OTHER_FILES = 100

/** Largest number of connections, and the reason for it. */
export interface MostConnections {
  readonly most: number
  readonly reason: string
}

/** Returns the configured number, or less if the system allows fewer open files. */
export async function findMostConnections(configured: number, file = '/proc/self/limits'): Promise<MostConnections> {
  const limits = await readFile(file, 'utf8').catch(() => '')
  const [, files = 'unlimited'] = /^Max open files +(\d+)/m.exec(limits) ?? []
  const allowed = Math.floor(Math.max(Number(files) - OTHER_FILES, Number(files) / 2))
  if (!(allowed < configured)) return { most: configured, reason: 'server.max_connections' }
  return { most: allowed, reason: `the limit of the system is ${files} open files` }
}

/** An open connection and its requests without a complete response. */
interface Connection {
  readonly socket: Socket
  readonly pending: Set<IncomingMessage>
}

/**
 * Returns a function that adds a server to the limit. If there are too many connections, those that wait for their client are
 * closed, least recently used first, and finally the new one.
 */
export function createConnectionLimit(
  { most, reason }: MostConnections,
  log: { warn(details: object, message: string): void },
  unreadTimeout = UNREAD_TIMEOUT,
): (server: Server) => void {
  /** By socket, least recently used first. Addresses are no key: a client can use those of a connection that is closing. */
  const connections = new Map<Socket, Connection>()
  let isFull = false
  const makeRoom = () => {
    for (const { socket } of [...connections.values()].filter(waitsForClient).slice(0, connections.size - most)) {
      socket.destroy()
    }
    if (!isFull)
      log.warn({ connections: most }, `${most} connections are open, the most for this process: ${reason}. ${CLOSING}`)
    isFull = true
  }
  const accept = (socket: Socket) => {
    connections.set(socket, { socket, pending: new Set() })
    socket.once('close', () => {
      connections.delete(socket)
      if (connections.size <= most / 2) isFull = false
    })
    if (connections.size > most) makeRoom()
  }
  const find = (socket: Socket) => connections.get(acceptedSocket(socket))
  /** Returns whether the request may be handled. */
  const begin = (request: IncomingMessage, response: ServerResponse): boolean => {
    const connection = find(request.socket)
    if (connection !== undefined) {
      const { socket, pending } = connection
      pending.add(request)
      response.once('close', () => {
        pending.delete(request)
        // A Map is in the order of insertion.
        if (connections.delete(socket)) connections.set(socket, connection)
      })
      if (pending.size > MOST_PIPELINED) request.socket.destroy()
    }
    return !request.socket.destroyed
  }
  return (server) => {
    server.prependListener('connection', accept)
    // A listener cannot keep a request from the listeners after it.
    const handlers = server.listeners('request')
    server.removeAllListeners('request').on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (begin(request, response)) for (const handle of handlers) handle.call(server, request, response)
    })
    server.setTimeout(unreadTimeout, (socket) => {
      const connection = find(socket)
      if (connection === undefined || waitsForClient(connection)) socket.destroy()
    })
  }
}

const CLOSING = 'Connections that wait for their client are closed, least recently used first'

/** Returns the socket of the connection. With TLS, a request has another socket, of which this is the undocumented `_parent`. */
const acceptedSocket = (socket: Socket & { readonly _parent?: Socket | null }): Socket => socket._parent ?? socket

/** Whether a connection has no request, an incomplete request, or a response that the client does not read. */
function waitsForClient({ pending }: Connection): boolean {
  const [request] = pending
  return request === undefined || !request.complete || request.socket.writableLength > 0
}
