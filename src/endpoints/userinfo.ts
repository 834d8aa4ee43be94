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
      // OpenID Connect Core §5.3: the access token must come from an OpenID Connect request, which has the scope openid.
      if (!words(found.scope).includes('openid')) {
        const scope = shown(found.scope) || 'empty'
        enforce(ctx, 'openid_scope', insufficientScope(`scope of the access token is ${scope}, expected openid in it`))
      }
      const response = await createUserinfo(ctx, found, token)
      return typeof response === 'string' ? reply.type('application/jwt').send(response) : response
    },
  })
}

/** Returns the access token of the header or of a form. RFC 6750 §2: a request must use one method only. */
function readToken(authorization: string | undefined, form: Params | undefined): string {
  const inForm = form?.find('access_token')
  if (authorization === undefined && inForm !== undefined) return inForm
  const inHeader = requireBearerToken(authorization, 'access token')
  if (inForm === undefined) return inHeader
  throw invalidTokenRequest('the access token is both in the header and in the form, expected one of them')
}
