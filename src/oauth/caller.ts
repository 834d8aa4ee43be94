/** Client authentication at back-channel endpoints. RFC 6749 §3.2.1, RFC 7662 §2.1, RFC 7009 §2.1 and RFC 8628 §3.1. */
import type { Socket } from 'node:net'
import type { Context } from '../context.js'
import { type AuthenticatedClient, authenticateClient } from './client/authentication.js'
import { findClientCertificate } from './client/certificate.js'
import type { Params } from './params.js'

/** The parts of a request that authenticate a client. */
export interface BackChannelRequest {
  readonly ctx: Context
  readonly headers: { readonly authorization?: string | undefined }
  readonly socket: Socket
}

/**
 * Authenticates the client of a back-channel request.
 * @param paths the endpoints that may be the audience of an assertion, by their names in discovery.
 * @param changes_nothing whether the request changes nothing.
 */
export function authenticateCaller(
  { ctx, headers, socket }: BackChannelRequest,
  params: Params,
  paths: Readonly<Record<string, string>>,
  changes_nothing = false,
): Promise<AuthenticatedClient> {
  const { snapshot, internal_url, public_url } = ctx
  const own = Object.entries(paths).flatMap(([name, path]) => [path, snapshot.preset?.paths[name] ?? path])
  return authenticateClient(ctx, {
    authorization: headers.authorization,
    params,
    certificate: findClientCertificate(socket),
    changes_nothing,
    // Only the configured URLs count, because the sender chooses the host of the request.
    endpoint: [...new Set([internal_url, public_url].flatMap((url) => own.map((path) => url + path)))],
  })
}
