/** The transport of a handle whose provider runs in this process: the same routes, without a socket. */
import type { Readable } from 'node:stream'
import type { Transport } from './transport.js'

/** Answers a request as the server does. */
export type Inject = (request: {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload?: string
  readonly payloadAsStream: true
  readonly signal: AbortSignal
}) => Promise<{ readonly statusCode: number; stream(): Readable }>

export function createInProcessTransport(url: string, inject: Inject): Transport {
  return {
    url,
    async send({ method, path, headers, body, signal }) {
      const payload = body === undefined ? {} : { payload: body }
      const answer = await inject({ method, url: path, headers, ...payload, payloadAsStream: true, signal })
      // Whoever reads it hears of its errors; an end by the signal that nobody waits for is none.
      return { status: answer.statusCode, body: answer.stream().on('error', () => undefined) }
    },
    close: () => undefined,
  }
}
