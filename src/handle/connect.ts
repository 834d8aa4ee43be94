/** The handle of a provider that runs elsewhere, such as in a container. */
import { findIssuerName, PATHS } from '../routes.js'
import { AdminError } from './admin_error.js'
import { createCaller } from './call.js'
import { createHandle, type Handle, type Names } from './handle.js'
import { createSocketTransport, type SocketOptions } from './socket.js'

export type ConnectOptions = SocketOptions

/**
 * Drives a provider that runs already.
 *
 * @param url where it can be reached from here, such as `http://op:9400`, with its base path if it has one; or the URL of
 * an isolated issuer of it, such as `http://op:9400/issuers/worker-7`.
 * @throws {AdminError} if no provider answers there, or refuses to be driven.
 */
export async function connect(url: string | URL, { admin_token, ca }: ConnectOptions = {}): Promise<Handle> {
  const given = String(url).replace(/\/+$/, '')
  if (!/^https?:\/\/[^/?#]+[^?#]*$/i.test(given)) {
    const description = `${JSON.stringify(String(url))} is no URL of a provider, expected one such as http://localhost:9400`
    throw new AdminError('connect()', 0, 'unreachable', description)
  }
  const name = findIssuerName(given)
  const root = name === undefined ? given : given.slice(0, given.lastIndexOf('/issuers/'))
  const transport = createSocketTransport(root, { admin_token, ca })
  const names = await createCaller(transport, '')
    .call<Names>('GET', PATHS.admin_issuer)
    .catch((error: unknown) => {
      transport.close()
      throw error
    })
  return createHandle(transport, names, name, async () => transport.close())
}
