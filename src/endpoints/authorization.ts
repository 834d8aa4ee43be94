/** The authorization endpoint. OpenID Connect Core §3.1.2: https://openid.net/specs/openid-connect-core-1_0.html#AuthorizationEndpoint */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { readAcr } from '../interaction/acr.js'
import { type Answer, problemWith, readAnswer, readCarried } from '../interaction/answer.js'
import { recordConsent } from '../interaction/consent.js'
import { consentPage, logIn, loginPage, logoOf } from '../interaction/login.js'
import { nextStep } from '../interaction/next_step.js'
import { addClient, type BrowserSession, findSession, sessionState } from '../interaction/session.js'
import {
  type Addressed,
  type AuthorizationRequest,
  readAuthorizationRequest,
  readReturnAddress,
} from '../oauth/authorization_request.js'
import { invalidRequest, OAuthError, shown } from '../oauth/errors.js'
import { type Params, readForm, readParams, words } from '../oauth/params.js'
import { type AuthorizationResponse, authorizationResponse } from '../oauth/response_mode.js'
import { USER_AGENT } from '../outbound.js'
import { contentSecurityPolicy } from '../pages/content_security_policy.js'
import { renderPage } from '../pages/render.js'
import { SCRIPT_HASHES } from '../pages/scripts.js'
import { issueAuthorizationResponse } from '../tokens/issue.js'
import { ENDPOINTS } from './paths.js'

export const authorization: FastifyPluginAsync = async (app) => {
  app.get(ENDPOINTS.authorization_endpoint, { config: { answer: 'page' } }, (request, reply) => handle(request, reply))
  app.post(ENDPOINTS.authorization_endpoint, { config: { answer: 'page' } }, (request, reply) =>
    handle(request, reply, readForm(request.headers['content-type'], request.body)),
  )
}

/** OpenID Connect Core §3.1.2.6: what a client reckons with, as it asks by `prompt=none` or leaves the choice to the end-user. */
const END_USERS_ANSWER = /^(?:access_denied|(?:login|consent|interaction|account_selection)_required)$/

/** @param form the authorization request, or what the end-user answered, or both. */
async function handle(request: FastifyRequest, reply: FastifyReply, form?: Params): Promise<FastifyReply> {
  const { ctx, log } = request
  // A client's jwks_uri or request_uri may lead here, and from here to itself again, without end.
  if (request.headers['user-agent'] === USER_AGENT) throw invalidRequest('a provider calls, expected a browser')
  // OpenID Connect Core §3.1.2.1: the request is the query, or the form of a POST.
  // Departure: an answer of the end-user may come without any page before it, as in the reference.
  const posted = form?.find('client_id') === undefined ? undefined : form
  const answer = form && readAnswer(form)
  const addressed = await readReturnAddress(ctx, posted ?? readParams(request.query), answer !== undefined)
  const query = request.url.split('?').slice(1).join('?')
  reply.header('cache-control', 'no-store').type('text/html; charset=utf-8')
  try {
    return await goOn(request, reply, addressed, answer, {
      action: `?${query}`,
      hidden: posted ? readCarried(posted) : [],
    })
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const level = END_USERS_ANSWER.test(error.error) ? 'info' : 'warn'
    log[level]({ client_id: shown(addressed.client.client_id), ...error.toJSON() }, 'authorization request refused')
    return send(reply, authorizationResponse(ctx, addressed.return_address, { ...error.toJSON() }))
  }
}

/** A page, or the answer to the client. */
async function goOn(
  request: FastifyRequest,
  reply: FastifyReply,
  addressed: Addressed,
  answer: Answer | undefined,
  again: { readonly action: string; readonly hidden: readonly [string, string][] },
): Promise<FastifyReply> {
  const { ctx, log } = request
  const asked = readAuthorizationRequest(ctx, addressed)
  const acr = readAcr(ctx, asked)
  const before = await findSession(ctx, request.cookies)
  const next = await nextStep(ctx, asked, before, answer)
  if (next.step === 'ask_login' || next.step === 'ask_consent') {
    const problem = answer && problemWith(answer, before)
    const form = { ...again, ...(problem !== undefined && { problem }) }
    if (problem !== undefined) reply.code(400)
    if (logoOf(asked.client) !== undefined) {
      reply.header('content-security-policy', contentSecurityPolicy({ 'img-src': 'data: https: http:' }))
    }
    if (next.step === 'ask_login') return reply.send(await loginPage(ctx, asked, form, next))
    return reply.send(consentPage(ctx, asked, form, next))
  }
  const { account, found } = next.step === 'log_in' ? await logIn(ctx, reply, before, next.sub) : next
  // The form of the login is that of the consent as well.
  if (next.step === 'log_in' || next.agreed) await recordConsent(ctx, asked, account.sub)
  const { return_address } = addressed
  const login = { ...account, ...(acr !== undefined && { acr }) }
  const parameters = await issueAuthorizationResponse(ctx, asked, login, return_address.state)
  await addClient(ctx, found, account.sid, asked.client)
  log.info(
    { sub: account.sub, client_id: asked.client.client_id, scope: asked.scope },
    next.step === 'log_in' ? 'logged in' : 'answered from the session',
  )
  const session_state = sessionStateFor(request, asked, found)
  return send(reply, authorizationResponse(ctx, return_address, { ...parameters, session_state }))
}

/** OpenID Connect Session Management §2: where the request is one for a login, the answer says in which state it is. */
function sessionStateFor({ ctx }: FastifyRequest, asked: AuthorizationRequest, { session }: BrowserSession) {
  if (!ctx.snapshot.rules.session_state || !words(asked.scope).includes('openid')) return undefined
  return sessionState(asked.client.client_id, asked.redirect_uri, session.browser_state)
}

/** OAuth 2.0 Form Post Response Mode §2: a page whose form the browser posts. */
function send(reply: FastifyReply, response: AuthorizationResponse): FastifyReply {
  if ('location' in response) return reply.redirect(response.location)
  // Nobody can be made to press anything here, so it works in the hidden frame of a `prompt=none` as well.
  const others = { 'script-src': `'${SCRIPT_HASHES.form_post}'`, 'frame-ancestors': '*' }
  reply.removeHeader('x-frame-options').header('content-security-policy', contentSecurityPolicy(others))
  return reply.send(renderPage('form_post', response))
}
