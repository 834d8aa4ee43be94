/** The options of `node:http` or `node:https` for the server. */
import type { ServerOptions as HttpOptions } from 'node:http'
import type { ServerOptions as HttpsOptions } from 'node:https'
import type { Identity } from './identity.js'

/** Returns one of the options `http` and `https` of Fastify. */
export function protocolOptions(identity: Partial<Identity>): { https: HttpsOptions | null; http?: HttpOptions } {
  // The hook `requireHost` checks the Host header, since refusals of Node have no body.
  const common = { requireHostHeader: false }
  const { credentials, client_certificates } = identity
  if (credentials === undefined) return { https: null, http: common }
  if (client_certificates === undefined) return { https: { ...credentials, ...common } }
  // RFC 8705 §7.2: a certificate without a trusted authority is accepted, since the client may have registered its key.
  const certificates = { ...client_certificates, requestCert: true, rejectUnauthorized: false }
  return { https: { ...credentials, ...certificates, ...common } }
}
