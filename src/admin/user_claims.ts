/** The routes of the reference for claims of users and revocation of their tokens. The admin API offers more. */
import type { FastifyPluginAsync } from 'fastify'
import { putClaims, revokeGrants } from '../directory/users.js'
import { invalidRequest } from '../errors.js'
import { readJson } from '../oauth/params.js'
import { PATHS } from '../routes.js'
import { requireExactNumbers } from './part.js'

export const userClaims: FastifyPluginAsync = async (app) => {
  /** Request: a JSON object of claims, which replaces earlier claims; a `sub` in it is ignored. Response: 204. */
  app.put<{ Params: { sub: string } }>(PATHS.user, async ({ ctx, params, headers, body, raw_body }, reply) => {
    const claims = readJson(headers['content-type'], body, invalidRequest)
    requireExactNumbers(raw_body)
    await putClaims(ctx, requireSub(params.sub), claims)
    ctx.log.info({ sub: params.sub }, 'user put')
    return reply.code(204).send()
  })

  /** Revokes all tokens of the user. Response: 204, also if there are none. */
  app.post<{ Params: { sub: string } }>(PATHS.revoke_tokens, async ({ ctx, params }, reply) => {
    await revokeGrants(ctx, requireSub(params.sub))
    ctx.log.info({ sub: params.sub }, 'tokens revoked')
    return reply.code(204).send()
  })
}

function requireSub(sub: string): string {
  if (sub === '' || sub.length > 255) throw invalidRequest(`sub has ${sub.length} characters, expected 1 to 255`)
  return sub
}
