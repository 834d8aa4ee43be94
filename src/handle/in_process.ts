/** Transport to a provider in this process: calls its routes without a socket. */
import type { Readable, Writable } from 'node:stream'
import type { Transport } from './transport.js'

/** Sends a request to the server without a socket. */
export type Inject = (request: {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload?: string
  readonly payloadAsStream: true
}) => Promise<{ readonly statusCode: number; readonly raw: { readonly res: Writable }; stream(): Readable }>

export function createInProcessTransport(url: string, inject: Inject): Transport {
  return {
    url,
    async send({ method, path, headers, body, signal }) {
      signal.throwIfAborted()
      const payload = body === undefined ? {} : { payload: body }
      const response = await inject({ method, url: path, headers, ...payload, payloadAsStream: true })
      // The server sees a closed connection. A reader of the body gets the error; without a reader it is ignored.
      const hangUp = () => void response.raw.res.destroy()
      const stream = response.stream().on('error', () => undefined)
      signal.addEventListener('abort', hangUp, { once: true })
      // A signal with a longer life than the response would keep the response in memory.
      stream.once('close', () => signal.removeEventListener('abort', hangUp))
      return { status: response.statusCode, body: stream }
    },
  }
}
