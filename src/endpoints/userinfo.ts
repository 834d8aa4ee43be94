/** Userinfo. OpenID Connect Core §5.3: https://openid.net/specs/openid-connect-core-1_0.html#UserInfo */
import type { FastifyPluginAsync } from 'fastify'
import { insufficientScope, invalidTokenRequest, shown } from '../errors.js'
import { requireBearerToken } from '../oauth/bearer_token.js'
import { type Params, readForm, words } from '../oauth/params.js'
import { enforce } from '../oauth/rules.js'
import { PATHS } from '../routes.js'
import { requireAccessToken } from '../tokens/lookup.js'
import { createUserinfo } from '../tokens/userinfo.js'

export const userinfo: FastifyPluginAsync = async (app) => {
  app.route({
    method: ['GET', 'POST'],
    url: PATHS.userinfo_endpoint,
    handler: async ({ ctx, headers, body }, reply) => {
      reply.header('cache-control', 'no-store')
      const form = body === undefined ? undefined : readForm(headers['content-type'], body)
      const token = readToken(headers.authorization, form)
      const found = await requireAccessToken(ctx, token)
      // OpenID Connect Core §5.3: the access token is one of an OpenID Connect request, whose scope has openid.
      if (!words(found.scope).includes('openid')) {
        const scope = `the access token has the scope ${shown(found.scope) || 'of nothing'}, expected openid in it`
        enforce(ctx, 'openid_scope', insufficientScope(scope))
      }
      const answer = await createUserinfo(ctx, found, token)
      return typeof answer === 'string' ? reply.type('application/jwt').send(answer) : answer
    },
  })
}

/** RFC 6750 §2: the token comes in the header, or in the form of a POST; one way at a time. */
function readToken(authorization: string | undefined, form: Params | undefined): string {
  const inForm = form?.find('access_token')
  if (authorization === undefined && inForm !== undefined) return inForm
  const inHeader = requireBearerToken(authorization, 'access token')
  if (inForm === undefined) return inHeader
  throw invalidTokenRequest('the access token came both in the header and in the form, expected one')
}
