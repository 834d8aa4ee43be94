/** The description of a realm, which SDKs of Keycloak read for its public key. Only the preset keycloak has one. */
import { createPublicKey } from 'node:crypto'
import type { FastifyPluginAsync } from 'fastify'
import { selectSigningKey } from '../issuer/keys.js'
import { PATHS } from '../routes.js'

export const realm: FastifyPluginAsync = async (app) => {
  app.get(PATHS.realm, async ({ ctx }, reply) => {
    const { preset_paths, base_path } = ctx.snapshot
    if (preset_paths.get('') !== 'realm') return reply.callNotFound()
    const { publicJwk } = selectSigningKey(ctx.snapshot, await ctx.keys.signing())
    const public_key = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'der' })
    return {
      realm: base_path.split('/').at(-1),
      public_key: public_key.toString('base64'),
      'token-service': `${ctx.internal_url}/protocol/openid-connect`,
      'account-service': `${ctx.public_url}/account`,
      'tokens-not-before': 0,
    }
  })
}
