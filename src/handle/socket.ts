/** The transport of a handle whose provider is elsewhere: HTTP over sockets that are kept. */
import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import type { Received, Transport } from './transport.js'

export interface SocketOptions {
  /** `server.admin_token`, if the provider has one. */
  readonly admin_token?: string | undefined
  /** Certificates in PEM that are trusted besides the well-known ones. */
  readonly ca?: string | undefined
}

export interface SocketTransport extends Transport {
  /** Lets go of what is kept open. */
  close(): void
}

/** @param url the provider's root, without a slash at its end. */
export function createSocketTransport(url: string, { admin_token, ca }: SocketOptions): SocketTransport {
  const secure = /^https:/i.test(url)
  const trust = ca === undefined ? {} : { ca: [...rootCertificates, ca] }
  const agent = secure ? new HttpsAgent({ keepAlive: true, ...trust }) : new HttpAgent({ keepAlive: true })
  const bearer = admin_token === undefined ? {} : { authorization: `Bearer ${admin_token}` }
  return {
    url,
    send: ({ method, path, headers, body, signal }) =>
      new Promise<Received>((resolve, reject) => {
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
