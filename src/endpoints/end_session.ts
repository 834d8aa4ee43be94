/** RP-initiated logout. OpenID Connect RP-Initiated Logout §2: https://openid.net/specs/openid-connect-rpinitiated-1_0.html */
import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { allowFrames } from '../interaction/frontchannel_logout.js'
import { asksToLogOut, endSessionPage, logOut } from '../interaction/logout.js'
import { logOutByRefreshToken } from '../interaction/refresh_token_logout.js'
import { authenticateCaller } from '../oauth/caller.js'
import { type Params, readForm, readParams } from '../oauth/params.js'
import { requireOwnPage } from '../request/own_pages.js'
import { refuse } from '../request/refusal.js'
import { PATHS } from '../routes.js'

export const endSessionEndpoint: FastifyPluginAsync = async (app) => {
  app.get(PATHS.end_session_endpoint, (request, reply) => ask(request, reply, readParams(request.query)))
  app.post(PATHS.end_session_endpoint, (request, reply) => {
    const { ctx, query, headers, body } = request
    // RP-Initiated Logout §2 requires the form of a POST; without a form, the query is read.
    const params = body === undefined ? readParams(query) : readForm(headers['content-type'], body)
    const refresh_token = ctx.snapshot.preset?.logout_by_refresh_token ? params.find('refresh_token') : undefined
    return refresh_token === undefined
      ? ask(request, reply, params)
      : logOutWithoutBrowser(request, reply, params, refresh_token)
  })
  app.post(PATHS.end_session_confirm, async (request, reply) => {
    const { headers, body } = request
    const params = readForm(headers['content-type'], body)
    // RP-Initiated Logout §6: a page of another site can request the logout, at the end_session_endpoint, and not confirm it.
    requireOwnPage(request)
    return end(request, reply, params)
  })
}

/** Logs out, and returns to the client or shows a page. */
async function end({ ctx, cookies }: FastifyRequest, reply: FastifyReply, params: Params): Promise<FastifyReply> {
  const result = await logOut(ctx, reply, cookies, params)
  if ('location' in result) return reply.redirect(result.location)
  if (result.frames.length > 0) allowFrames(reply, result.frames)
  return html(reply, result.page)
}

/** Ends the login of a refresh token for its client. A refusal is JSON, since the caller is a back end. */
async function logOutWithoutBrowser(
  request: FastifyRequest,
  reply: FastifyReply,
  params: Params,
  refresh_token: string,
): Promise<FastifyReply> {
  const { end_session_endpoint } = PATHS
  try {
    const { client } = await authenticateCaller(request, params, { end_session_endpoint })
    await logOutByRefreshToken(request.ctx, client, refresh_token)
    return reply.code(204).send()
  } catch (error) {
    return refuse(error as FastifyError, request, reply, 'json')
  }
}

async function ask(request: FastifyRequest, reply: FastifyReply, params: Params): Promise<FastifyReply> {
  const { ctx, cookies } = request
  if (!(await asksToLogOut(ctx, cookies, params))) return end(request, reply, params)
  return html(reply, await endSessionPage(ctx, cookies, params, ctx.base_path + PATHS.end_session_confirm))
}

function html(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page)
}
