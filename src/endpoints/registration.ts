/** Dynamic client registration. RFC 7591 §3: https://www.rfc-editor.org/rfc/rfc7591#section-3 */
import type { FastifyPluginAsync } from 'fastify'
import { putClient } from '../directory.js'
import { readClientMetadata } from '../oauth/client_metadata.js'
import { invalidClientMetadata } from '../oauth/errors.js'
import { readJson } from '../oauth/params.js'
import { randomToken } from '../random.js'
import { ENDPOINTS } from './paths.js'

export const registration: FastifyPluginAsync = async (app) => {
  const config = { answer: 'json', bad_body: 'invalid_client_metadata' } as const
  app.post(ENDPOINTS.registration_endpoint, { config }, async ({ ctx, headers, body, log }, reply) => {
    const metadata = readClientMetadata(ctx, readJson(headers['content-type'], body, invalidClientMetadata))
    const client = {
      client_id: randomToken(),
      client_id_issued_at: ctx.clock.now(),
      ...(metadata.token_endpoint_auth_method !== 'none' && { client_secret: randomToken() }),
      ...metadata,
    }
    await putClient(ctx, client)
    log.info({ client_id: client.client_id, redirect_uris: client.redirect_uris }, 'client registered')
    // RFC 7591 §3.2.1: client_secret_expires_at belongs to every client_secret; 0 is never.
    const expiry = client.client_secret === undefined ? {} : { client_secret_expires_at: 0 }
    return reply
      .code(201)
      .header('cache-control', 'no-store')
      .send({ ...client, ...expiry })
  })
}
