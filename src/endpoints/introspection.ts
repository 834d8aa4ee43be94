/** Token introspection. RFC 7662 §2: https://www.rfc-editor.org/rfc/rfc7662#section-2 */
import type { FastifyPluginAsync } from 'fastify'
import type { Client } from '../directory/clients.js'
import { CLIENT_CHALLENGE, invalidClient, shown } from '../errors.js'
import { authenticateCaller } from '../oauth/caller.js'
import type { ClientAuthentication } from '../oauth/client/authentication.js'
import { readForm } from '../oauth/params.js'
import { enforce } from '../oauth/rules.js'
import { PATHS } from '../routes.js'
import { introspectToken } from '../tokens/introspection.js'

export const introspection: FastifyPluginAsync = async (app) => {
  const { introspection_endpoint, token_endpoint } = PATHS
  // RFC 9110 §15.5.2: a 401 has a challenge, also for a caller that used no Authorization header.
  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 401) reply.header('www-authenticate', CLIENT_CHALLENGE)
  })
  app.post(introspection_endpoint, async (request, reply) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const { ctx, headers, body } = request
    const params = readForm(headers['content-type'], body)
    const paths = { introspection_endpoint, token_endpoint }
    const { client, authentication } = await authenticateCaller(request, params, paths)
    // RFC 7662 §2.1 and §4: the caller must authenticate, which prevents token scanning. A client_id alone is no authentication.
    // Departure: if the rule is off, a public or unregistered client is accepted as well, as at the token endpoint.
    const problem = findProblem(client, authentication)
    if (problem !== undefined) {
      const refusal = invalidClient(`client ${shown(client.client_id)} ${problem}`)
      enforce(ctx, 'authenticated_introspection', refusal)
    }
    // RFC 7662 §2.1: the hint optimizes the search. It is not needed, since all tokens are searched, but it is validated.
    params.find('token_type_hint')
    const response = await introspectToken(ctx, params.require('token'))
    ctx.remark('decision', response.active ? 'the token is active' : 'the token is unknown, expired or revoked')
    return response
  })
}

/** Returns the reason why a client has not authenticated; undefined if it has. The secret of an unregistered client proves nothing. */
function findProblem({ token_endpoint_auth_method }: Client, { method }: ClientAuthentication): string | undefined {
  if (token_endpoint_auth_method === 'any') {
    return 'is not registered, expected a client that authenticates, such as by a client_secret'
  }
  if (method !== 'none') return undefined
  return 'used none, expected client authentication, such as by a client_secret; a public client cannot introspect tokens'
}
