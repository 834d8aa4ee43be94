/** The token endpoint. RFC 6749 §3.2: https://www.rfc-editor.org/rfc/rfc6749#section-3.2 */
import type { FastifyPluginAsync } from 'fastify'
import { handleGrant, requireGrantType } from '../grants/index.js'
import { authenticateClient } from '../oauth/client_authentication.js'
import { findClientCertificate } from '../oauth/client_certificate.js'
import { readForm } from '../oauth/params.js'
import { ENDPOINTS } from './paths.js'

export const token: FastifyPluginAsync = async (app) => {
  app.post(ENDPOINTS.token_endpoint, { config: { answer: 'json' } }, async (request, reply) => {
    // RFC 6749 §5.1: nothing between here and the client may keep the answer, nor a refusal.
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const { ctx, headers, body } = request
    const params = readForm(headers['content-type'], body)
    requireGrantType(params)
    const preset = ctx.snapshot.preset?.paths.token_endpoint
    const client = await authenticateClient(ctx, {
      authorization: headers.authorization,
      params,
      certificate: findClientCertificate(request.socket),
      // As back ends know us, and as browsers do; not as the request names us, which is anybody's to say.
      endpoint: [...new Set([ctx.internal_url, ctx.public_url])].flatMap((url) =>
        [ENDPOINTS.token_endpoint, ...(preset === undefined ? [] : [preset])].map((path) => url + path),
      ),
    })
    const response = await handleGrant(ctx, client, params)
    request.log.info(
      { client_id: client.client_id, grant_type: params.find('grant_type'), scope: response.scope },
      'tokens issued',
    )
    return response
  })
}
