/** The authorization endpoint. OpenID Connect Core §3.1.2: https://openid.net/specs/openid-connect-core-1_0.html#AuthorizationEndpoint */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { logIn, loginPage } from '../interaction/login.js'
import { readAuthorizationRequest, readReturnAddress } from '../oauth/authorization_request.js'
import { accessDenied, invalidRequest, OAuthError, shown } from '../oauth/errors.js'
import { type Params, readForm, readParams } from '../oauth/params.js'
import { type AuthorizationResponse, authorizationResponse } from '../oauth/response_mode.js'
import { renderPage } from '../pages/render.js'
import { issueAuthorizationResponse } from '../tokens/issue.js'
import { ENDPOINTS } from './paths.js'

export const authorization: FastifyPluginAsync = async (app) => {
  // The query is the authorization request for both methods; the form, if there is one, is what the end-user answered.
  app.get(ENDPOINTS.authorization_endpoint, { config: { answer: 'page' } }, (request, reply) => handle(request, reply))
  app.post(ENDPOINTS.authorization_endpoint, { config: { answer: 'page' } }, (request, reply) =>
    handle(request, reply, readForm(request.headers['content-type'], request.body)),
  )
}

async function handle(request: FastifyRequest, reply: FastifyReply, form?: Params): Promise<FastifyReply> {
  const { ctx, log } = request
  const addressed = await readReturnAddress(ctx, readParams(request.query))
  const { client, return_address } = addressed
  const answer = form && { denied: form.find('action') === 'deny', sub: readSub(form) }
  reply.header('cache-control', 'no-store').type('text/html; charset=utf-8')
  try {
    const asked = readAuthorizationRequest(ctx, addressed)
    const action = request.url.slice(request.url.indexOf('?'))
    if (answer === undefined) return reply.send(await loginPage(ctx, asked, action))
    if (answer.denied) throw accessDenied('the end-user denied access')
    if (answer.sub === undefined) {
      const problem = 'Error: invalid_request: sub is missing, expected the subject to log in as'
      return reply.code(400).send(await loginPage(ctx, asked, action, problem))
    }
    const account = await logIn(ctx, asked, answer.sub)
    const parameters = await issueAuthorizationResponse(ctx, asked, account, return_address.state)
    log.info({ sub: answer.sub, client_id: client.client_id, scope: asked.scope }, 'logged in')
    return send(reply, authorizationResponse(ctx, return_address, parameters))
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    log.warn({ client_id: shown(client.client_id), ...error.toJSON() }, 'authorization request refused')
    return send(reply, authorizationResponse(ctx, return_address, { ...error.toJSON() }))
  }
}

/** OAuth 2.0 Form Post Response Mode §2: a page whose form the browser posts. */
function send(reply: FastifyReply, response: AuthorizationResponse): FastifyReply {
  return 'location' in response ? reply.redirect(response.location) : reply.send(renderPage('form_post', response))
}

/** The subject that the end-user chose. What is wrong with it concerns the end-user, so it isn't sent to the client. */
function readSub(form: Params): string | undefined {
  const sub = form.find('sub')
  // OpenID Connect Core §2: at most 255 ASCII characters. Departure: any characters, as the reference takes them.
  if (sub !== undefined && sub.length > 255) {
    throw invalidRequest(`sub has ${sub.length} characters, expected 255 at most`)
  }
  return sub
}
