/** The transport of a handle whose provider runs in this process: the same routes, without a socket. */
import type { Readable, Writable } from 'node:stream'
import type { Transport } from './transport.js'

/** Answers a request as the server does. */
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
      const answer = await inject({ method, url: path, headers, ...payload, payloadAsStream: true })
      // For the server this is a caller who hung up. Whoever reads the body hears of it; if nobody does, it is no error.
      const hangUp = () => void answer.raw.res.destroy()
      const stream = answer.stream().on('error', () => undefined)
      signal.addEventListener('abort', hangUp, { once: true })
      // The signal may outlive the answer by far, and would hold all of it.
      stream.once('close', () => signal.removeEventListener('abort', hangUp))
      return { status: answer.statusCode, body: stream }
    },
  }
}
