/** Resets TCP connections. Below a TLS socket there is another socket, and only that one can be reset. */
import type { Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/** Resets the connection of a response. */
export type Reset = (response: ServerResponse) => void

/** Follows the connections of a server, so that they can be reset. */
export function followConnections(server: Server): Reset {
  const open = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket)
    open.set(name, socket)
    socket.once('close', () => open.delete(name))
  })
  return (response) => {
    const { socket } = response
    const line = socket && (open.get(nameOf(socket)) ?? socket)
    // RFC 9293 §3.5.2: RST instead of FIN. An injected request has no connection: it gets no response.
    if (line instanceof Socket) line.resetAndDestroy()
    response.destroy()
  }
}

const nameOf = ({ localPort, remoteAddress, remotePort }: Socket) => `${localPort} ${remoteAddress} ${remotePort}`
