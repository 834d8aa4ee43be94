/** Interface of the two transports from a handle to the admin API: in process, and over a socket. */
import type { Readable } from 'node:stream'

/** A request to the provider. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path below the root of the provider, with the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

/** A response of the provider. */
export interface TransportResponse {
  readonly status: number
  readonly body: Readable
}

export interface Transport {
  /** URL of the provider, for messages. */
  readonly url: string
  /** Resolves when the headers of the response have arrived. */
  send(request: TransportRequest): Promise<TransportResponse>
}
