/** Transport to a provider in another process: HTTP over persistent connections. */
import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import type { Transport, TransportResponse } from './transport.js'

export interface SocketOptions {
  /** The provider's `server.admin_token`. */
  readonly admin_token?: string | undefined
  /** Trusted certificates in PEM format, in addition to those of Node. */
  readonly ca?: string | undefined
}

export interface SocketTransport extends Transport {
  /** Closes the connections. */
  close(): void
}

/** @param url root URL of the provider, without a trailing slash. */
export function createSocketTransport(url: string, { admin_token, ca }: SocketOptions): SocketTransport {
  const secure = /^https:/i.test(url)
  const trust = ca === undefined ? {} : { ca: [...rootCertificates, ca] }
  const agent = secure ? new HttpsAgent({ keepAlive: true, ...trust }) : new HttpAgent({ keepAlive: true })
  const bearer = admin_token === undefined ? {} : { authorization: `Bearer ${admin_token}` }
  return {
    url,
    send: ({ method, path, headers, body, signal }) =>
      new Promise<TransportResponse>((resolve, reject) => {
        const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
        const options = { method, agent, signal, headers: { ...headers, ...length, ...bearer } }
        const request = (secure ? requestHttps : requestHttp)(url + path, options)
        request.on('error', reject).on('response', (response) => {
          resolve({ status: response.statusCode!, body: response })
        })
        request.end(body)
      }),
    close: () => agent.destroy(),
  }
}
