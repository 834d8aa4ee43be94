/** The public keys. RFC 7517 §5: https://www.rfc-editor.org/rfc/rfc7517#section-5 */
import type { FastifyPluginAsync } from 'fastify'
import { PATHS } from '../routes.js'

export const jwks: FastifyPluginAsync = async (app) => {
  app.get(PATHS.jwks_uri, async ({ ctx }) => {
    const keys = await Promise.all([ctx.keys.published(), ctx.keys.decryption()])
    return { keys: keys.flat().map((key) => key.publicJwk) }
  })
}
