/** How the calls of a handle get to the admin API: within the process, or over a socket. */
import type { Readable } from 'node:stream'

export interface Sent {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the provider's root, with any query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface Received {
  readonly status: number
  readonly body: Readable
}

export interface Transport {
  /** Where the provider is, for messages. */
  readonly url: string
  /** Resolves once the answer has begun. */
  send(request: Sent): Promise<Received>
}
