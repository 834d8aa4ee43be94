/** Device authorization endpoint. RFC 8628 §3.1 and §3.2: https://www.rfc-editor.org/rfc/rfc8628#section-3.1 */
import type { FastifyPluginAsync } from 'fastify'
import { requireGrantType } from '../grants/index.js'
import { authenticateCaller } from '../oauth/caller.js'
import { createDeviceCode } from '../oauth/device_code.js'
import { readForm } from '../oauth/params.js'
import { readResources } from '../oauth/resource.js'
import { grantScope } from '../oauth/scopes.js'
import { PATHS } from '../routes.js'

export const deviceAuthorization: FastifyPluginAsync = async (app) => {
  const { device_authorization_endpoint, token_endpoint } = PATHS
  app.post(device_authorization_endpoint, async (request, reply) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const { ctx, headers, body } = request
    const params = readForm(headers['content-type'], body)
    const { client } = await authenticateCaller(request, params, { device_authorization_endpoint, token_endpoint })
    requireGrantType(ctx, client, 'urn:ietf:params:oauth:grant-type:device_code')
    // OpenID Connect Core §11: offline_access needs consent, which the device page always requests.
    const scope = grantScope(ctx, client, params.find('scope'), true)
    const { device_code, record } = await createDeviceCode(ctx, client, scope, readResources(ctx, params))
    const { user_code, interval, flow_id } = record
    ctx.addFacts({ scope, flow_id })
    ctx.log.info({ client_id: client.client_id, user_code, scope }, 'device code issued')
    const verification_uri = ctx.public_url + PATHS.device
    return {
      device_code,
      user_code,
      verification_uri,
      // RFC 8628 §3.3.1: for a QR code or another link.
      verification_uri_complete: `${verification_uri}?${new URLSearchParams({ user_code })}`,
      expires_in: ctx.snapshot.lifetimes.device_code,
      interval,
    }
  })
}
