/** The token endpoint. RFC 6749 §3.2: https://www.rfc-editor.org/rfc/rfc6749#section-3.2 */
import type { FastifyPluginAsync } from 'fastify'
import { handleGrant, requireGrantType } from '../grants/index.js'
import { authenticateCaller } from '../oauth/caller.js'
import { readForm } from '../oauth/params.js'
import { PATHS } from '../routes.js'

export const token: FastifyPluginAsync = async (app) => {
  app.post(PATHS.token_endpoint, async (request, reply) => {
    // RFC 6749 §5.1: nothing between here and the client may keep the answer, nor a refusal.
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const { ctx, headers, body } = request
    const params = readForm(headers['content-type'], body)
    requireGrantType(params)
    const { token_endpoint } = PATHS
    const client = await authenticateCaller(request, params, { token_endpoint })
    const response = await handleGrant(ctx, client, params)
    request.log.info(
      { client_id: client.client_id, grant_type: params.find('grant_type'), scope: response.scope },
      'tokens issued',
    )
    return response
  })
}
