/** Marks the requests that arrive at the port of `server.admin_port`. */
import type { IncomingMessage } from 'node:http'

const MAIN_PORT = Symbol('main port')

type Message = IncomingMessage & { [MAIN_PORT]?: number }

/** @param main_port port of the provider, which its URLs have. */
export function markAdminRequest(request: IncomingMessage, main_port: number): void {
  const message: Message = request
  message[MAIN_PORT] = main_port
}

/** Returns the port of the provider for a request at the admin port; undefined for every other request. */
export const mainPortOf = (request: IncomingMessage): number | undefined => (request as Message)[MAIN_PORT]
