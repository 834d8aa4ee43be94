/** Userinfo. OpenID Connect Core §5.3: https://openid.net/specs/openid-connect-core-1_0.html#UserInfo */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { releaseClaims } from '../oauth/claims.js'
import { invalidTokenRequest, missingToken } from '../oauth/errors.js'
import { readForm } from '../oauth/params.js'
import { requireAccessToken } from '../tokens/lookup.js'
import { ENDPOINTS } from './paths.js'

export const userinfo: FastifyPluginAsync = async (app) => {
  app.route({
    method: ['GET', 'POST'],
    url: ENDPOINTS.userinfo_endpoint,
    config: { answer: 'json' },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store')
      const { user, scope } = await requireAccessToken(request.ctx, readBearerToken(request))
      return releaseClaims(request.ctx.snapshot, user, scope, 'userinfo')
    },
  })
}

/** RFC 6750 §2: the token comes in the header, or in the form of a POST; one way at a time. */
function readBearerToken({ headers, body }: FastifyRequest): string {
  const inForm = body === undefined ? undefined : readForm(headers['content-type'], body).find('access_token')
  if (headers.authorization === undefined) {
    if (inForm !== undefined) return inForm
    throw missingToken('no access token came, expected it in an Authorization header of type Bearer')
  }
  const [, inHeader] = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(headers.authorization) ?? []
  if (inHeader === undefined) {
    // What came is not shown: without its type the header may be the bare token.
    throw missingToken('the Authorization header is not of type Bearer with one access token')
  }
  if (inForm !== undefined)
    throw invalidTokenRequest('the access token came both in the header and in the form, expected one')
  return inHeader
}
