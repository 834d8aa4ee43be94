/** The options of `node:http` or `node:https` for the server. */
import type { ServerOptions as HttpOptions } from 'node:http'
import type { ServerOptions as HttpsOptions } from 'node:https'
import type { Identity } from './identity.js'

/** Time limit for receiving a whole request, and for a TLS handshake, in milliseconds. */
export const REQUEST_TIMEOUT = 30_000

/** Returns the options of the servers on every port. */
export const httpOptions = (max_header_size: number) => ({
  // The hook `requireHost` checks the Host header, since refusals of Node have no body.
  requireHostHeader: false,
  requestTimeout: REQUEST_TIMEOUT,
  headersTimeout: REQUEST_TIMEOUT,
  // Node closes late connections at this interval, in milliseconds.
  connectionsCheckingInterval: 1000,
  // Node refuses larger headers before the path is known. Smaller ones that are too large are refused as the route answers.
  maxHeaderSize: 2 * max_header_size,
})

/** Returns one of the options `http` and `https` of Fastify. */
export function protocolOptions(
  identity: Partial<Identity>,
  max_header_size: number,
): { https: HttpsOptions | null; http?: HttpOptions } {
  const http = httpOptions(max_header_size)
  const common = { ...http, handshakeTimeout: REQUEST_TIMEOUT }
  const { credentials, client_certificates } = identity
  if (credentials === undefined) return { https: null, http }
  if (client_certificates === undefined) return { https: { ...credentials, ...common } }
  // RFC 8705 §7.2: a certificate without a trusted authority is accepted, since the client may have registered its key.
  const certificates = { ...client_certificates, requestCert: true, rejectUnauthorized: false }
  return { https: { ...credentials, ...certificates, ...common } }
}
