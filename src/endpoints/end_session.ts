/** RP-initiated logout. OpenID Connect RP-Initiated Logout §2: https://openid.net/specs/openid-connect-rpinitiated-1_0.html */
import type { FastifyPluginAsync } from 'fastify'
import { endSession, endSessionPage } from '../interaction/logout.js'
import { readForm, readParams } from '../oauth/params.js'
import { ENDPOINTS, PATHS } from './paths.js'

export const endSessionEndpoint: FastifyPluginAsync = async (app) => {
  const config = { answer: 'page' } as const
  app.get(ENDPOINTS.end_session_endpoint, { config }, async ({ ctx, query }, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .send(await endSessionPage(ctx, readParams(query), confirmUrl(ctx.base_path))),
  )
  app.post(ENDPOINTS.end_session_endpoint, { config }, async ({ ctx, query, headers, body }, reply) => {
    // RP-Initiated Logout §2 wants the form of a POST; a query beside it is taken where there is no form.
    const params = body === undefined ? readParams(query) : readForm(headers['content-type'], body)
    return reply.type('text/html; charset=utf-8').send(await endSessionPage(ctx, params, confirmUrl(ctx.base_path)))
  })
  app.post(PATHS.end_session_confirm, { config }, async ({ ctx, headers, body }, reply) => {
    const answer = await endSession(ctx, readForm(headers['content-type'], body))
    if ('location' in answer) return reply.redirect(answer.location)
    return reply.type('text/html; charset=utf-8').send(answer.page)
  })
}

const confirmUrl = (base_path: string) => base_path + PATHS.end_session_confirm
