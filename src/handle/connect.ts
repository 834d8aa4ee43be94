/** Connects to a provider in another process, such as in a container. */
import { findIssuerName, PATHS } from '../routes.js'
import { AdminError } from './admin_error.js'
import { createCaller } from './call.js'
import { createHandle, type Handle, type IssuerIdentifiers } from './handle.js'
import { createSocketTransport, type SocketOptions } from './socket.js'

export type ConnectOptions = SocketOptions

/**
 * Connects to a running provider and returns a handle.
 *
 * @param url URL of the provider, such as `http://op:9400`, with its base path if it has one; or the URL of one of its
 * isolated issuers, such as `http://op:9400/issuers/worker-7`. With `server.admin_port`, the URL has that port.
 * @throws {AdminError} if no provider answers at the URL, or the provider refuses the admin token.
 */
export async function connect(url: string | URL, { admin_token, ca }: ConnectOptions = {}): Promise<Handle> {
  const given = String(url).replace(/\/+$/, '')
  if (!/^https?:\/\/[^/?#]+[^?#]*$/i.test(given)) {
    const description = `the URL is ${JSON.stringify(String(url))}, expected the URL of a provider such as "http://localhost:9400"`
    throw new AdminError('connect()', 0, 'unreachable', description)
  }
  const name = findIssuerName(given)
  const root = name === undefined ? given : given.slice(0, given.lastIndexOf('/issuers/'))
  const transport = createSocketTransport(root, { admin_token, ca })
  const identifiers = await createCaller(transport, '')
    .call<IssuerIdentifiers>('GET', PATHS.admin_issuer)
    .catch((error: unknown) => {
      transport.close()
      throw error
    })
  return createHandle(transport, identifiers, name, async () => transport.close())
}
