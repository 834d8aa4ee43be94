/** The token endpoint. RFC 6749 §3.2: https://www.rfc-editor.org/rfc/rfc6749#section-3.2 */
import type { FastifyPluginAsync } from 'fastify'
import { handleTokenRequest, readGrantType } from '../grants/index.js'
import { authenticateCaller } from '../oauth/caller.js'
import { readForm } from '../oauth/params.js'
import { readResources } from '../oauth/resource.js'
import { PATHS } from '../routes.js'

export const token: FastifyPluginAsync = async (app) => {
  app.post(PATHS.token_endpoint, async (request, reply) => {
    // RFC 6749 §5.1: neither tokens nor errors may be cached.
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const { ctx, headers, body } = request
    const params = readForm(headers['content-type'], body)
    const grant_type = readGrantType(params)
    const { token_endpoint } = PATHS
    const { client, authentication } = await authenticateCaller(request, params, { token_endpoint })
    const response = await handleTokenRequest(ctx, grant_type, {
      client,
      authentication,
      params,
      resource: readResources(ctx, params),
      scope: params.find('scope'),
      now: ctx.now,
    })
    const { sub } = ctx.exchange.facts
    ctx.log.info({ sub, client_id: client.client_id, grant_type, scope: response.scope }, 'tokens issued')
    return response
  })
}
