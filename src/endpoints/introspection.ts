/** Token introspection. RFC 7662 §2: https://www.rfc-editor.org/rfc/rfc7662#section-2 */
import type { FastifyPluginAsync } from 'fastify'
import { authenticateCaller } from '../oauth/caller.js'
import { readForm } from '../oauth/params.js'
import { PATHS } from '../routes.js'
import { introspectToken } from '../tokens/introspection.js'

export const introspection: FastifyPluginAsync = async (app) => {
  const { introspection_endpoint, token_endpoint } = PATHS
  app.post(introspection_endpoint, async (request, reply) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const { ctx, headers, body } = request
    const params = readForm(headers['content-type'], body)
    // RFC 7662 §2.1: the caller must authenticate, which prevents token scanning.
    // Departure: a public client is accepted as well, as at the token endpoint.
    await authenticateCaller(request, params, { introspection_endpoint, token_endpoint })
    // RFC 7662 §2.1: the hint optimizes the search. It is not needed, since all tokens are searched, but it is validated.
    params.find('token_type_hint')
    const response = await introspectToken(ctx, params.require('token'))
    ctx.remark('decision', response.active ? 'the token is active' : 'the token is unknown, expired or revoked')
    return response
  })
}
