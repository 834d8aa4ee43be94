/** Distributed claims of sources without an endpoint of their own. OpenID Connect Core §5.6.2.2: https://openid.net/specs/openid-connect-core-1_0.html#DistributedExample */
import type { FastifyPluginAsync } from 'fastify'
import { insufficientScope, notFound, shown } from '../errors.js'
import { requireBearerToken } from '../oauth/bearer_token.js'
import { PATHS } from '../routes.js'
import { createDistributedClaims } from '../tokens/claim_sources.js'
import { requireAccessToken } from '../tokens/lookup.js'

export const distributedClaims: FastifyPluginAsync = async (app) => {
  app.get(PATHS.distributed_claims, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const { ctx, headers } = request
    const { source } = request.params as { source: string }
    const found = await requireAccessToken(ctx, requireBearerToken(headers.authorization, 'access token'))
    const sources = found.user.claim_sources ?? {}
    const requested = Object.hasOwn(sources, source) ? sources[source] : undefined
    if (requested?.distributed !== true) throw notFound(`source ${shown(source)} of distributed claims`)
    const jwt = await createDistributedClaims(ctx, requested, found)
    if (jwt === undefined) {
      throw insufficientScope(`the access token grants no claim of source ${shown(source)}, expected at least one`)
    }
    return reply.type('application/jwt').send(jwt)
  })
}
