/** Which client calls a back-channel endpoint: all of them ask in the same way. RFC 6749 §3.2.1, RFC 7662 §2.1, RFC 7009 §2.1 and RFC 8628 §3.1. */
import type { Socket } from 'node:net'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { authenticateClient } from './client/authentication.js'
import { findClientCertificate } from './client/certificate.js'
import type { Params } from './params.js'

/** What of a request says who sent it. */
export interface BackChannelRequest {
  readonly ctx: Context
  readonly headers: { readonly authorization?: string | undefined }
  readonly socket: Socket
}

/** @param paths what an assertion may be for: the paths of endpoints by the names that discovery gives them. */
export function authenticateCaller(
  { ctx, headers, socket }: BackChannelRequest,
  params: Params,
  paths: Readonly<Record<string, string>>,
): Promise<Client> {
  const { snapshot, internal_url, public_url } = ctx
  const own = Object.entries(paths).flatMap(([name, path]) => [path, snapshot.preset?.paths[name] ?? path])
  return authenticateClient(ctx, {
    authorization: headers.authorization,
    params,
    certificate: findClientCertificate(socket),
    // As back ends know us, and as browsers do; not as the request names us, which is anybody's to say.
    endpoint: [internal_url, public_url].flatMap((url) => own.map((path) => url + path)),
  })
}
