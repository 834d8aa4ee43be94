/** What comes next at the authorization endpoint: login, choice of account, consent, or the answer. OpenID Connect Core §3.1.2.3 and §3.1.2.4. */
import type { Context } from '../context.js'
import { findUser } from '../directory/users.js'
import { accessDenied, consentRequired, loginRequired, shown } from '../errors.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import type { Account } from '../store/records.js'
import { findAutoLogin } from './auto_login.js'
import { hasConsented } from './consent.js'
import { filterByLoginHint, type IsRequested, readRequestedUser } from './requested_user.js'
import type { BrowserSession } from './session.js'
import { isFromPage, type Submission } from './submission.js'

export interface AskLogin {
  readonly accounts: readonly Account[]
  readonly prefilled: string | undefined
  readonly found: BrowserSession | undefined
}

export interface AskConsent {
  readonly account: Account
  readonly found: BrowserSession
}

export type Step =
  /** The form on which the end-user chooses who to be; of these logins one may be gone on with. */
  | ({ readonly step: 'ask_login' } & AskLogin)
  | ({ readonly step: 'ask_consent' } & AskConsent)
  /** The end-user has answered the form, which is consent as well. */
  | { readonly step: 'log_in'; readonly sub: string }
  | { readonly step: 'answer'; readonly account: Account; readonly found: BrowserSession; readonly agreed: boolean }

/** @param answer what the end-user said last; undefined where nothing was asked yet. */
export async function nextStep(
  ctx: Context,
  asked: AuthorizationRequest,
  found: BrowserSession | undefined,
  answer: Submission | undefined,
): Promise<Step> {
  if (answer?.action === 'deny') throw accessDenied('the end-user denied access')
  if (answer?.picked.problem !== undefined) {
    return askLogin(ctx, asked, found, [], 'what was picked to go wrong is not known', answer.sub)
  }
  const fits = await readRequestedUser(ctx, asked)
  if (answer?.sub !== undefined) {
    if (!fits(answer.sub)) throw otherUser()
    ctx.remark('decision', `${shown(answer.sub)} is logged in, since the form says so`)
    return { step: 'log_in', sub: answer.sub }
  }
  const accounts = await listAccounts(ctx, found)
  const nobodySaid = answer?.account === undefined && answer?.action === undefined
  const silent = nobodySaid ? await logInUnasked(ctx, asked, found, accounts, fits) : undefined
  if (silent !== undefined) return silent
  if (asked.prompt.includes('none')) return answerSilently(ctx, asked, found, accounts, fits)
  if (found === undefined) return askLogin(ctx, asked, found, [], 'there is no session in this browser')
  if (!ctx.snapshot.single_sign_on) return askLogin(ctx, asked, found, [], 'sessions.single_sign_on is off')
  return interact(ctx, asked, found, accounts, fits, answer)
}

/**
 * The configuration says who logs in. `prompt=none` is answered as well: nobody is asked anything, which is all that it
 * demands. Departure: with `prompt=login`, `consent` or `select_account` nobody is asked either.
 */
async function logInUnasked(
  ctx: Context,
  asked: AuthorizationRequest,
  found: BrowserSession | undefined,
  accounts: readonly Account[],
  fits: IsRequested,
): Promise<Step | undefined> {
  const auto = await findAutoLogin(ctx, asked)
  if (auto === undefined) return undefined
  const { sub, why } = auto
  if (!fits(sub)) {
    ctx.remark('decision', `${shown(sub)} is not logged in without a page, though ${why}: the request names another`)
    return undefined
  }
  ctx.remark('decision', `${shown(sub)} is logged in without a page, since ${why}`)
  // Who is logged in already stays so: a new login would change the session under the other applications of the browser.
  const account = accounts.find((one) => one.sub === sub)
  if (found === undefined || account === undefined || asked.prompt.includes('login') || isTooOld(ctx, asked, account)) {
    return { step: 'log_in', sub }
  }
  return { step: 'answer', account, found, agreed: true }
}

/** OpenID Connect Core §3.1.2.1: under `prompt=none` nothing is shown; what would have to be shown is an error. */
async function answerSilently(
  ctx: Context,
  asked: AuthorizationRequest,
  found: BrowserSession | undefined,
  accounts: readonly Account[],
  fits: IsRequested,
): Promise<Step> {
  const fitting = accounts.filter(({ sub, sid }) => fits(sub, sid))
  const account = (await filterByLoginHint(ctx, asked, fitting))[0] ?? fitting[0]
  if (found === undefined || account === undefined) {
    throw loginRequired(
      accounts.length === 0 ? 'nobody is logged in in this browser' : 'another end-user is logged in in this browser',
    )
  }
  if (isTooOld(ctx, asked, account)) {
    throw loginRequired(`max_age is ${asked.max_age}, and the login was ${ctx.now - account.auth_time} s ago`)
  }
  if (!(await hasConsented(ctx, asked, account.sub))) {
    throw consentRequired(`the end-user has not yet agreed to what the client ${asked.client.client_id} asks for`)
  }
  ctx.remark('decision', `${shown(account.sub)} is logged in and has agreed before, which answers prompt=none`)
  return { step: 'answer', account, found, agreed: false }
}

/** There is a session, and the end-user may be asked. */
async function interact(
  ctx: Context,
  asked: AuthorizationRequest,
  found: BrowserSession,
  accounts: readonly Account[],
  fits: IsRequested,
  answer: Submission | undefined,
): Promise<Step> {
  const said = answer !== undefined && isFromPage(answer, found) ? answer : undefined
  if (said?.action === 'switch') return askLogin(ctx, asked, found, accounts, 'the end-user wants another account')
  const chosen = accounts.find(({ sub }) => sub === said?.account)
  const { prompt } = asked
  const fitting = await filterByLoginHint(
    ctx,
    asked,
    accounts.filter(({ sub, sid }) => fits(sub, sid)),
  )
  const account = chosen ?? fitting[0]
  if (account === undefined) return askLogin(ctx, asked, found, [], 'nobody whom the request wants is logged in')
  // OpenID Connect Core §3.1.2.1: prompt=login and a max_age that has passed take a new login.
  if (prompt.includes('login')) return askLogin(ctx, asked, found, [], 'prompt is login', account.sub)
  if (isTooOld(ctx, asked, account)) {
    return askLogin(ctx, asked, found, [], `the login is older than max_age, ${asked.max_age} s`, account.sub)
  }
  // OpenID Connect Core §3.1.2.1: prompt=select_account lets the end-user choose among those who are logged in.
  if (prompt.includes('select_account') && chosen === undefined) {
    return askLogin(ctx, asked, found, accounts, 'prompt is select_account')
  }
  if (!fits(account.sub, account.sid)) throw otherUser()
  return askConsent(ctx, asked, found, account, said?.action === 'consent' && chosen !== undefined)
}

/** @param agreed whether the end-user has just done so. */
async function askConsent(
  ctx: Context,
  asked: AuthorizationRequest,
  found: BrowserSession,
  account: Account,
  agreed: boolean,
): Promise<Step> {
  const sub = shown(account.sub)
  const before = await hasConsented(ctx, asked, account.sub)
  if (!agreed && (asked.prompt.includes('consent') || !before)) {
    const why = before ? 'prompt is consent' : `${sub} has not yet agreed to all that is asked for`
    ctx.remark('decision', `the consent page is shown, since ${why}`)
    return { step: 'ask_consent', account, found }
  }
  ctx.remark('decision', `${sub} is logged in, and ${agreed ? 'agrees' : 'has agreed before'}`)
  return { step: 'answer', account, found, agreed }
}

/** @param prefilled who stands in the field, unless the client hints at somebody. */
function askLogin(
  ctx: Context,
  { login_hint }: AuthorizationRequest,
  found: BrowserSession | undefined,
  accounts: readonly Account[],
  why: string,
  prefilled?: string,
): Step {
  ctx.remark('decision', `the login page is shown, since ${why}`)
  return { step: 'ask_login', found, accounts, prefilled: login_hint ?? prefilled }
}

/** Those who are logged in in the browser, the latest first, and still exist. */
async function listAccounts(ctx: Context, found: BrowserSession | undefined): Promise<readonly Account[]> {
  const accounts = found?.session.accounts ?? []
  const users = await Promise.all(accounts.map(({ sub }) => findUser(ctx, sub)))
  return accounts.filter((_, index) => users[index] !== undefined)
}

/** OpenID Connect Core §3.1.2.1: more than max_age seconds ago; 0 is the same as prompt=login. */
function isTooOld(ctx: Context, { max_age }: AuthorizationRequest, { auth_time }: Account): boolean {
  return max_age !== undefined && (max_age === 0 || ctx.now - auth_time > max_age)
}

// OpenID Connect Core §3.1.2.1 and §3.1.2.2: an answer for another end-user than the one that the client named is an error.
const otherUser = () => loginRequired('the end-user is not the one that id_token_hint or claims names')
