/** Handles a request to the authorization endpoint: shows a page, or answers the client. OpenID Connect Core §3.1.2. */
import type { Context } from '../context.js'
import { describeDecision } from '../directory/decision.js'
import { OAuthError, shown } from '../errors.js'
import { type Parameters, refuseAuthorization } from '../faults/doors/authorization.js'
import {
  type AddressedRequest,
  type AuthorizationRequest,
  readAuthorizationRequest,
  readReturnAddress,
} from '../oauth/authorization_request.js'
import { type Params, words } from '../oauth/params.js'
import { type AuthorizationResponse, completeParameters, createAuthorizationResponse } from '../oauth/response_mode.js'
import { createResponseJwt } from '../tokens/authorization_response.js'
import { issueAuthorizationResponse } from '../tokens/issue.js'
import { readAcr } from './acr.js'
import { recordConsent } from './consent.js'
import type { Page } from './listed.js'
import { consentPage, type Form, logIn, loginPage, logoOf } from './login.js'
import { nextStep, type Step } from './next_step.js'
import { findSelfLogin } from './self_login.js'
import { addClient, type BrowserSession, type CookieJar, type Cookies, findSession, sessionState } from './session.js'
import { describeProblem, type Submission } from './submission.js'

/** An authorization request with the browser's cookies and the end-user's submission. */
export interface BrowserRequest {
  /** The authorization request. */
  readonly params: Params
  /** The form that the end-user submitted; undefined before the first page. */
  readonly submission: Submission | undefined
  readonly cookies: Cookies
  readonly jar: CookieJar
  /** Target and hidden fields of the forms of a page. */
  readonly form: Pick<Form, 'action' | 'hidden'>
}

/** A page with the problem of the submission, or the response. `refused` is the reason why the submitted user may not log in. */
export type AuthorizationResult =
  | (Page & { readonly has_problem: boolean; readonly refused?: string })
  | AuthorizationResponse

/** OpenID Connect Core §3.1.2.6: errors that a client expects after `prompt=none` or a refusal of the end-user. */
const END_USER_ERRORS = /^(?:access_denied|(?:login|consent|interaction|account_selection)_required)$/

/** @throws an error for the end-user to see, if the request has no valid return address. */
export async function authorize(ctx: Context, incoming: BrowserRequest): Promise<AuthorizationResult> {
  const self_login = await findSelfLogin(ctx, incoming.cookies)
  const addressed = await readReturnAddress(ctx, incoming.params, incoming.submission !== undefined, self_login)
  try {
    return await answerRequest(ctx, addressed, incoming)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const level = END_USER_ERRORS.test(error.error) ? 'info' : 'warn'
    const about = { client_id: shown(addressed.client.client_id), ...describeDecision(ctx.snapshot, error) }
    ctx.log[level]({ ...about, ...error.toJSON() }, 'authorization request refused')
    return respond(ctx, addressed, { ...error.toJSON() })
  }
}

async function answerRequest(
  ctx: Context,
  addressed: AddressedRequest,
  incoming: BrowserRequest,
): Promise<AuthorizationResult> {
  const request = readAuthorizationRequest(ctx, addressed)
  const scope = addressed.params.find('scope')
  ctx.addFacts({ client_id: request.client.client_id, ...(scope !== undefined && { scope }) })
  await refuseAuthorization(ctx, { sub: undefined })
  const acr = readAcr(ctx, request)
  const before = await findSession(ctx, incoming.cookies)
  const next = await nextStep(ctx, request, before, incoming.submission)
  if (next.step === 'ask_login' || next.step === 'ask_consent') return showPage(ctx, request, next, before, incoming)
  ctx.addFacts({ sub: next.step === 'log_in' ? next.sub : next.account.sub })
  await refuseAuthorization(ctx)
  const { account, browserSession } = next.step === 'log_in' ? await logIn(ctx, incoming.jar, before, next.sub) : next
  // The login page asks for consent as well.
  if (next.step === 'log_in' || next.consented) await recordConsent(ctx, request, account.sub)
  const { return_address } = addressed
  const login = { ...account, ...(acr !== undefined && { acr }) }
  const parameters = await issueAuthorizationResponse(ctx, request, login, return_address.state)
  await addClient(ctx, browserSession, account.sid, request.client)
  ctx.log.info(
    { sub: account.sub, client_id: request.client.client_id, scope: request.scope },
    next.step === 'log_in' ? 'logged in' : 'answered from the session',
  )
  return respond(ctx, addressed, { ...parameters, session_state: sessionStateFor(ctx, request, browserSession) })
}

async function showPage(
  ctx: Context,
  request: AuthorizationRequest,
  next: Extract<Step, { step: `ask_${string}` }>,
  before: BrowserSession | undefined,
  { submission, form }: BrowserRequest,
): Promise<AuthorizationResult> {
  const hasUnknownFault = submission?.fault_choice.problem !== undefined
  const refused = next.step === 'ask_login' ? next.problem : undefined
  const problem =
    refused !== undefined
      ? `Error: access_denied: ${refused}`
      : submission === undefined || hasUnknownFault
        ? undefined
        : describeProblem(submission, before)
  const shown = {
    ...form,
    ...(problem !== undefined && { problem }),
    ...(submission !== undefined && { fault_choice: submission.fault_choice }),
    ...(submission?.filter !== undefined && { filter: submission.filter }),
  }
  const page =
    next.step === 'ask_login'
      ? await loginPage(ctx, request, shown, next)
      : await consentPage(ctx, request, shown, next)
  const policy = {
    ...page.policy,
    ...(logoOf(request.client) !== undefined && { 'img-src': 'data: https: http:' }),
  }
  return {
    html: page.html,
    policy,
    has_problem: hasUnknownFault || problem !== undefined,
    ...(refused !== undefined && { refused }),
  }
}

/** OpenID Connect Session Management §2: the response to an OpenID Connect request has a session_state. */
function sessionStateFor(ctx: Context, request: AuthorizationRequest, { session }: BrowserSession) {
  if (!ctx.snapshot.rules.session_state || !words(request.scope).includes('openid')) return undefined
  return sessionState(request.client.client_id, request.redirect_uri, session.browser_state)
}

async function respond(
  ctx: Context,
  { client, return_address }: AddressedRequest,
  parameters: Parameters,
): Promise<AuthorizationResponse> {
  const { fields, twice } = await completeParameters(ctx, return_address, parameters)
  if (!return_address.jwt) return createAuthorizationResponse(return_address, { fields, twice })
  // JARM §2.3: one parameter carries all fields, in every response mode.
  const response = await createResponseJwt(ctx, client, fields)
  ctx.exchange.answer = { ...ctx.exchange.answer, response }
  return createAuthorizationResponse(return_address, { fields: [['response', response]], twice })
}
