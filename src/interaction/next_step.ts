/** Decides the next step of an authorization request: login, choice of account, consent, or the response. OpenID Connect Core §3.1.2.3 and §3.1.2.4. */
import type { Context } from '../context.js'
import { resolveSub } from '../directory/names.js'
import { findUser } from '../directory/users.js'
import { accessDenied, consentRequired, loginRequired, shown } from '../errors.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import type { Account } from '../store/records.js'
import { findAutoLogin } from './auto_login.js'
import { hasConsented } from './consent.js'
import { describeUnlisted, mayLogIn } from './listed_users.js'
import { filterByLoginHint, type IsRequested, readRequestedUser } from './requested_user.js'
import type { BrowserSession } from './session.js'
import { isFromPage, type Submission } from './submission.js'

/** The content of the login page. */
export interface AskLogin {
  /** Logins of this browser that the end-user may continue with. */
  readonly accounts: readonly Account[]
  readonly prefilled: string | undefined
  /** Why the submitted user may not log in. */
  readonly problem?: string
  readonly browserSession: BrowserSession | undefined
}

/** The content of the consent page. */
export interface AskConsent {
  readonly account: Account
  readonly browserSession: BrowserSession
}

export type Step =
  /** Show the login page. */
  | ({ readonly step: 'ask_login' } & AskLogin)
  /** Show the consent page. */
  | ({ readonly step: 'ask_consent' } & AskConsent)
  /** Log the end-user in, who has consented by the same form. */
  | { readonly step: 'log_in'; readonly sub: string }
  | {
      readonly step: 'answer'
      readonly account: Account
      readonly browserSession: BrowserSession
      readonly consented: boolean
    }

/** @param submission the form that the end-user submitted; undefined before the first page. */
export async function nextStep(
  ctx: Context,
  request: AuthorizationRequest,
  browserSession: BrowserSession | undefined,
  submission: Submission | undefined,
): Promise<Step> {
  if (submission?.action === 'deny') throw accessDenied('the end-user denied access')
  if (submission?.fault_choice.problem !== undefined) {
    return askLogin(ctx, request, browserSession, [], 'the chosen fault is unknown', submission.sub)
  }
  const isRequested = await readRequestedUser(ctx, request)
  if (submission?.sub !== undefined) {
    const sub = await resolveSub(ctx, submission.sub)
    if (!isRequested(sub)) throw otherUser()
    if (!(await mayLogIn(ctx, request.client, sub))) return refuseUser(ctx, sub, browserSession)
    const typed = sub === submission.sub ? '' : `, where ${shown(submission.sub)} names the user`
    ctx.remark('decision', `${shown(sub)} is logged in by the submitted form${typed}`)
    return { step: 'log_in', sub }
  }
  const accounts = await listAccounts(ctx, request, browserSession)
  const isFirstVisit = submission?.account === undefined && submission?.action === undefined
  const silent = isFirstVisit
    ? await logInAutomatically(ctx, request, browserSession, accounts, isRequested)
    : undefined
  if (silent !== undefined) return silent
  if (request.prompt.includes('none')) return answerSilently(ctx, request, browserSession, accounts, isRequested)
  if (browserSession === undefined)
    return askLogin(ctx, request, browserSession, [], 'there is no session in this browser')
  if (!ctx.snapshot.single_sign_on) return askLogin(ctx, request, browserSession, [], 'sessions.single_sign_on is off')
  return interact(ctx, request, browserSession, accounts, isRequested, submission)
}

/**
 * Logs a user in without a page, if the configuration names one. `prompt=none` succeeds as well, since no page is shown.
 * Departure: no page is shown for `prompt=login`, `consent`, `select_account` or `create` either.
 */
async function logInAutomatically(
  ctx: Context,
  request: AuthorizationRequest,
  browserSession: BrowserSession | undefined,
  accounts: readonly Account[],
  isRequested: IsRequested,
): Promise<Step | undefined> {
  const auto = await findAutoLogin(ctx, request)
  if (auto === undefined) return undefined
  const { sub, reason } = auto
  if (!isRequested(sub)) {
    ctx.remark(
      'decision',
      `${shown(sub)} is not logged in without a page although ${reason}: the request names another user`,
    )
    return undefined
  }
  if (!(await mayLogIn(ctx, request.client, sub))) {
    ctx.remark(
      'decision',
      `${shown(sub)} is not logged in without a page although ${reason}: ${describeUnlisted(ctx, sub)}`,
    )
    return undefined
  }
  ctx.remark('decision', `${shown(sub)} is logged in without a page: ${reason}`)
  // An existing login is kept: a new one would change the session of other applications in the browser.
  const account = accounts.find((one) => one.sub === sub)
  if (
    browserSession === undefined ||
    account === undefined ||
    request.prompt.includes('login') ||
    isTooOld(ctx, request, account)
  ) {
    return { step: 'log_in', sub }
  }
  return { step: 'answer', account, browserSession, consented: true }
}

/** OpenID Connect Core §3.1.2.1: with `prompt=none` no page is shown; a required page is an error. */
async function answerSilently(
  ctx: Context,
  request: AuthorizationRequest,
  browserSession: BrowserSession | undefined,
  accounts: readonly Account[],
  isRequested: IsRequested,
): Promise<Step> {
  const fitting = accounts.filter(({ sub, sid }) => isRequested(sub, sid))
  const account = (await filterByLoginHint(ctx, request, fitting))[0] ?? fitting[0]
  if (browserSession === undefined || account === undefined) {
    throw loginRequired(
      accounts.length === 0
        ? 'no end-user is logged in in this browser'
        : 'another end-user is logged in in this browser',
    )
  }
  if (isTooOld(ctx, request, account)) {
    throw loginRequired(`max_age is ${request.max_age}, and the login was ${ctx.now - account.auth_time} s ago`)
  }
  if (!(await hasConsented(ctx, request, account.sub))) {
    throw consentRequired(`the end-user has not consented to the request of the client ${request.client.client_id}`)
  }
  ctx.remark('decision', `${shown(account.sub)} is logged in and has consented earlier, as prompt=none requires`)
  return { step: 'answer', account, browserSession, consented: false }
}

/** Decides the step for a browser with a session, if pages may be shown. */
async function interact(
  ctx: Context,
  request: AuthorizationRequest,
  browserSession: BrowserSession,
  accounts: readonly Account[],
  isRequested: IsRequested,
  submission: Submission | undefined,
): Promise<Step> {
  const confirmed = submission !== undefined && isFromPage(submission, browserSession) ? submission : undefined
  if (confirmed?.action === 'switch')
    return askLogin(ctx, request, browserSession, accounts, 'the end-user chose to use another account')
  // Only a page with these accounts has the browser_state in its filter.
  if (confirmed?.filter !== undefined)
    return askLogin(ctx, request, browserSession, accounts, 'the end-user looks for a user')
  const chosen = accounts.find(({ sub }) => sub === confirmed?.account)
  const { prompt } = request
  const fitting = await filterByLoginHint(
    ctx,
    request,
    accounts.filter(({ sub, sid }) => isRequested(sub, sid)),
  )
  const account = chosen ?? fitting[0]
  // Initiating User Registration §4.1: the end-user is to create an account, whether or not there are logins.
  if (prompt.includes('create')) return askLogin(ctx, request, browserSession, [], 'prompt is create')
  if (account === undefined) return askLogin(ctx, request, browserSession, [], 'the requested user is not logged in')
  // OpenID Connect Core §3.1.2.1: prompt=login and an exceeded max_age require a new login.
  if (prompt.includes('login')) return askLogin(ctx, request, browserSession, [], 'prompt is login', account.sub)
  if (isTooOld(ctx, request, account)) {
    return askLogin(
      ctx,
      request,
      browserSession,
      [],
      `the login is older than max_age (${request.max_age} s)`,
      account.sub,
    )
  }
  // OpenID Connect Core §3.1.2.1: prompt=select_account lets the end-user choose among the logins of the browser.
  if (prompt.includes('select_account') && chosen === undefined) {
    return askLogin(ctx, request, browserSession, accounts, 'prompt is select_account')
  }
  if (!isRequested(account.sub, account.sid)) throw otherUser()
  return askConsent(ctx, request, browserSession, account, confirmed?.action === 'consent' && chosen !== undefined)
}

/** @param consented whether the end-user has consented in this request. */
async function askConsent(
  ctx: Context,
  request: AuthorizationRequest,
  browserSession: BrowserSession,
  account: Account,
  consented: boolean,
): Promise<Step> {
  const sub = shown(account.sub)
  const before = await hasConsented(ctx, request, account.sub)
  if (!consented && (request.prompt.includes('consent') || !before)) {
    const reason = before ? 'prompt is consent' : `${sub} has not consented to the whole request`
    ctx.remark('decision', `the consent page is shown: ${reason}`)
    return { step: 'ask_consent', account, browserSession }
  }
  ctx.remark('decision', `${sub} is logged in and ${consented ? 'consents' : 'has consented earlier'}`)
  return { step: 'answer', account, browserSession, consented }
}

/** Shows the login page again, with the reason why the user may not log in. */
function refuseUser(ctx: Context, sub: string, browserSession: BrowserSession | undefined): Step {
  const problem = describeUnlisted(ctx, sub)
  ctx.remark('decision', `the login page is shown: ${problem}`)
  return { step: 'ask_login', browserSession, accounts: [], prefilled: sub, problem }
}

/** @param prefilled value of the text field without a login_hint. */
function askLogin(
  ctx: Context,
  { login_hint }: AuthorizationRequest,
  browserSession: BrowserSession | undefined,
  accounts: readonly Account[],
  reason: string,
  prefilled?: string,
): Step {
  ctx.remark('decision', `the login page is shown: ${reason}`)
  return { step: 'ask_login', browserSession, accounts, prefilled: login_hint ?? prefilled }
}

/** Lists the logins of the browser whose users still exist and may log in to the client, the latest first. */
async function listAccounts(
  ctx: Context,
  { client }: AuthorizationRequest,
  browserSession: BrowserSession | undefined,
): Promise<readonly Account[]> {
  const accounts = browserSession?.session.accounts ?? []
  const users = await Promise.all(accounts.map(({ sub }) => findUser(ctx, sub)))
  const allowed = await Promise.all(accounts.map(({ sub }) => mayLogIn(ctx, client, sub)))
  return accounts.filter((_, index) => users[index] !== undefined && allowed[index])
}

/** OpenID Connect Core §3.1.2.1: whether the login is older than max_age; 0 is the same as prompt=login. */
function isTooOld(ctx: Context, { max_age }: AuthorizationRequest, { auth_time }: Account): boolean {
  return max_age !== undefined && (max_age === 0 || ctx.now - auth_time > max_age)
}

// OpenID Connect Core §3.1.2.1 and §3.1.2.2: a response for a user that the client did not request is an error.
const otherUser = () => loginRequired('the end-user is not the user that id_token_hint or claims requires')
