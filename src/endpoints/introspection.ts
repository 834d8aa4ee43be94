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
    // RFC 7662 §2.1: whoever asks says who they are, so that tokens can't be guessed.
    // Departure: a client without a secret may ask as well, as at the token endpoint.
    await authenticateCaller(request, params, { introspection_endpoint, token_endpoint })
    // RFC 7662 §2.1: a hint says where to look first, and the search goes on elsewhere; here all is found at once.
    params.find('token_type_hint')
    const answer = await introspectToken(ctx, params.require('token'))
    ctx.remark('decision', answer.active ? 'the token is active' : 'the token is unknown, expired or revoked')
    return answer
  })
}
