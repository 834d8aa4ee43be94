/** One request of an authorization endpoint and what comes of it: a page, or the answer to the client. OpenID Connect Core §3.1.2. */
import type { FastifyBaseLogger } from 'fastify'
import type { Context } from '../context.js'
import { declared, OAuthError, shown } from '../errors.js'
import { findFault } from '../faults/doors/find.js'
import type { Parameters } from '../faults/doors/response.js'
import type { Facts } from '../faults/rules.js'
import {
  type Addressed,
  type AuthorizationRequest,
  readAuthorizationRequest,
  readReturnAddress,
} from '../oauth/authorization_request.js'
import { type Params, words } from '../oauth/params.js'
import { type AuthorizationResponse, authorizationResponse, completeParameters } from '../oauth/response_mode.js'
import { createResponseJwt } from '../tokens/authorization_response.js'
import { issueAuthorizationResponse } from '../tokens/issue.js'
import { readAcr } from './acr.js'
import { recordConsent } from './consent.js'
import { consentPage, type Form, logIn, loginPage, logoOf } from './login.js'
import { nextStep, type Step } from './next_step.js'
import { addClient, type BrowserSession, type CookieJar, type Cookies, findSession, sessionState } from './session.js'
import { describeProblem, type Submission } from './submission.js'

/** A request as it came, whoever brings it. */
export interface BrowserRequest {
  /** The authorization request. */
  readonly params: Params
  /** What the end-user said; undefined where nothing was asked yet. */
  readonly answer: Submission | undefined
  readonly cookies: Cookies
  readonly jar: CookieJar
  /** Where the forms of a page go. */
  readonly form: Pick<Form, 'action' | 'hidden'>
}

export type AuthorizationResult =
  | { readonly page: string; readonly has_problem: boolean; readonly has_logo: boolean }
  | AuthorizationResponse

/** OpenID Connect Core §3.1.2.6: what a client reckons with, as it asks by `prompt=none` or leaves the choice to the end-user. */
const END_USERS_ANSWER = /^(?:access_denied|(?:login|consent|interaction|account_selection)_required)$/

/** What this throws is for the end-user to see: there is no one to redirect to. */
export async function authorize(
  ctx: Context,
  visit: BrowserRequest,
  log: FastifyBaseLogger,
): Promise<AuthorizationResult> {
  const addressed = await readReturnAddress(ctx, visit.params, visit.answer !== undefined)
  try {
    return await answerRequest(ctx, addressed, visit, log)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const level = END_USERS_ANSWER.test(error.error) ? 'info' : 'warn'
    log[level]({ client_id: shown(addressed.client.client_id), ...error.toJSON() }, 'authorization request refused')
    return respond(ctx, addressed, { ...error.toJSON() })
  }
}

async function answerRequest(
  ctx: Context,
  addressed: Addressed,
  visit: BrowserRequest,
  log: FastifyBaseLogger,
): Promise<AuthorizationResult> {
  const asked = readAuthorizationRequest(ctx, addressed)
  const scope = addressed.params.find('scope')
  ctx.addFacts({ client_id: asked.client.client_id, ...(scope !== undefined && { scope }) })
  await refuseOnPurpose(ctx, { sub: undefined })
  const acr = readAcr(ctx, asked)
  const before = await findSession(ctx, visit.cookies)
  const next = await nextStep(ctx, asked, before, visit.answer)
  if (next.step === 'ask_login' || next.step === 'ask_consent') return showPage(ctx, asked, next, before, visit)
  ctx.addFacts({ sub: next.step === 'log_in' ? next.sub : next.account.sub })
  await refuseOnPurpose(ctx)
  const { account, found } = next.step === 'log_in' ? await logIn(ctx, visit.jar, before, next.sub) : next
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
  return respond(ctx, addressed, { ...parameters, session_state: sessionStateFor(ctx, asked, found) })
}

/** What is refused on purpose. */
export const FAULTY_REQUESTS = ['authorize.error'] as const

/**
 * The fault `authorize.error`: before anything is asked where it needs no end-user, else as soon as it is known who that is.
 * The requests of one login meet a rule once, so that what skips a login skips all of it.
 */
async function refuseOnPurpose(ctx: Context, facts: Partial<Facts> = {}): Promise<void> {
  const rule = await findFault(ctx, FAULTY_REQUESTS, facts, ctx.exchange.flow_id)
  if (rule === undefined) return
  const { error, error_description = 'the fault authorize.error is in force' } = rule
  throw declared(String(error), error_description)
}

async function showPage(
  ctx: Context,
  asked: AuthorizationRequest,
  next: Extract<Step, { step: `ask_${string}` }>,
  before: BrowserSession | undefined,
  { answer, form }: BrowserRequest,
): Promise<AuthorizationResult> {
  const mispicked = answer?.picked.problem !== undefined
  const problem = answer === undefined || mispicked ? undefined : describeProblem(answer, before)
  const shown = {
    ...form,
    ...(problem !== undefined && { problem }),
    ...(answer !== undefined && { picked: answer.picked }),
  }
  const page =
    next.step === 'ask_login' ? await loginPage(ctx, asked, shown, next) : await consentPage(ctx, asked, shown, next)
  return { page, has_problem: mispicked || problem !== undefined, has_logo: logoOf(asked.client) !== undefined }
}

/** OpenID Connect Session Management §2: where the request is one for a login, the answer says in which state it is. */
function sessionStateFor(ctx: Context, asked: AuthorizationRequest, { session }: BrowserSession) {
  if (!ctx.snapshot.rules.session_state || !words(asked.scope).includes('openid')) return undefined
  return sessionState(asked.client.client_id, asked.redirect_uri, session.browser_state)
}

async function respond(
  ctx: Context,
  { client, return_address }: Addressed,
  parameters: Parameters,
): Promise<AuthorizationResponse> {
  const { fields, twice } = await completeParameters(ctx, return_address, parameters)
  if (!return_address.jwt) return authorizationResponse(return_address, { fields, twice })
  // JARM §2.3: all of it is one parameter, whatever carries it.
  const response = await createResponseJwt(ctx, client, fields)
  ctx.exchange.answer = { ...ctx.exchange.answer, response }
  return authorizationResponse(return_address, { fields: [['response', response]], twice })
}
