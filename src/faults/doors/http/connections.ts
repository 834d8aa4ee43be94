/** The connections of a server as TCP knows them. Below TLS there is another socket, and only that one can be reset. */
import type { Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

export type Reset = (response: ServerResponse) => void

/** @returns what resets the connection that an answer would go by. */
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
    // RFC 9293 §3.5.2: RST instead of FIN. A request without a connection has at least no answer.
    if (line instanceof Socket) line.resetAndDestroy()
    response.destroy()
  }
}

const nameOf = ({ localPort, remoteAddress, remotePort }: Socket) => `${localPort} ${remoteAddress} ${remotePort}`
