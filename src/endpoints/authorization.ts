/** The authorization endpoint. OpenID Connect Core §3.1.2: https://openid.net/specs/openid-connect-core-1_0.html#AuthorizationEndpoint */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.js'
import { invalidRequest, OAuthError } from '../errors.js'
import { type AuthorizationResult, authorize } from '../interaction/authorize.js'
import { readRequestFields, readSubmission } from '../interaction/submission.js'
import { findReturnOrigin } from '../oauth/authorization_request.js'
import { type Params, readForm, readParams } from '../oauth/params.js'
import type { AuthorizationResponse } from '../oauth/response_mode.js'
import { USER_AGENT } from '../outbound.js'
import { contentSecurityPolicy } from '../pages/content_security_policy.js'
import { renderPage } from '../pages/render.js'
import { SCRIPT_HASHES } from '../pages/scripts.js'
import { requireOwnPage } from '../request/own_pages.js'
import { refuse } from '../request/refusal.js'
import { PATHS } from '../routes.js'

export const authorization: FastifyPluginAsync = async (app) => {
  app.get(PATHS.authorization_endpoint, (request, reply) => handle(request, reply))
  app.post(PATHS.authorization_endpoint, (request, reply) =>
    handle(request, reply, readForm(request.headers['content-type'], request.body)),
  )
}

/** @param form the authorization request, the submission of the end-user, or both. */
async function handle(request: FastifyRequest, reply: FastifyReply, form?: Params): Promise<FastifyReply> {
  // A client's jwks_uri or request_uri can be this endpoint, which would fetch it again without end.
  if (request.headers['user-agent'] === USER_AGENT)
    throw invalidRequest(`User-Agent is ${USER_AGENT}, expected a browser`)
  // OpenID Connect Core §3.1.2.1: the request is in the query, or in the form of a POST.
  // Departure: as in the reference, a submission is accepted without a page before it.
  const posted = form?.find('client_id') === undefined ? undefined : form
  const submission = form && readSubmission(form)
  // OpenID Connect Core §3.1.2.4: consent is the decision of the end-user. The login form is free for scripts.
  if (submission?.account !== undefined || submission?.action === 'consent') requireOwnPage(request)
  const query = request.url.split('?').slice(1).join('?')
  const visit = {
    params: posted ?? readParams(request.query),
    submission,
    cookies: request.cookies,
    jar: reply,
    form: { action: `?${query}`, hidden: posted ? readRequestFields(posted) : [] },
  }
  let outcome: AuthorizationResult
  try {
    outcome = await authorize(request.ctx, visit)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    return refuse(error, request, reply, 'page', await findReturnOrigin(request.ctx, visit.params))
  }
  reply.header('cache-control', 'no-store').type('text/html; charset=utf-8')
  if (!('html' in outcome)) return send(request, reply, outcome)
  if (outcome.has_problem) reply.code(400)
  return reply.header('content-security-policy', contentSecurityPolicy(outcome.policy)).send(outcome.html)
}

/** Sends the response as a redirect, or as a page that returns to the client. */
function send({ ctx }: FastifyRequest, reply: FastifyReply, response: AuthorizationResponse): FastifyReply {
  if (response.twice) return sendTwice(ctx, reply, response)
  if ('location' in response) return reply.redirect(response.location)
  // OAuth 2.0 Form Post Response Mode §2: a page whose form the browser posts.
  return framable(reply, { 'script-src': `'${SCRIPT_HASHES.form_post}'` }).send(
    renderPage('form_post', response, ctx.frame()),
  )
}

/** The fault `authorize.double_callback`: loads the response in a frame, then in place of the page. */
function sendTwice(ctx: Context, reply: FastifyReply, response: AuthorizationResponse): FastifyReply {
  const { protocol } = new URL('location' in response ? response.location : response.action)
  // The client may redirect its frame to any URL, and to an app by a scheme of its own.
  const frames = /^https?:$/.test(protocol) ? 'https: http:' : `https: http: ${protocol}`
  const policy = { 'script-src': `'${SCRIPT_HASHES.double_callback}'`, 'frame-src': frames }
  return framable(reply, policy).send(renderPage('double_callback', response, ctx.frame()))
}

/** Allows any page to frame the response, as the hidden frame of `prompt=none` does. It has no button that could be abused. */
function framable(reply: FastifyReply, policy: Readonly<Record<string, string>>): FastifyReply {
  const others = { ...policy, 'frame-ancestors': '*' }
  return reply.removeHeader('x-frame-options').header('content-security-policy', contentSecurityPolicy(others))
}
