/** What comes next at the authorization endpoint: login, choice of account, consent, or the answer. OpenID Connect Core §3.1.2.3 and §3.1.2.4. */
import type { Context } from '../context.js'
import { findUser } from '../directory.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { accessDenied, consentRequired, loginRequired } from '../oauth/errors.js'
import type { Account } from '../store/store.js'
import { type Answer, isOf } from './answer.js'
import { hasConsented } from './consent.js'
import type { BrowserSession } from './session.js'
import { type Fits, hintedAmong, readWanted } from './wanted.js'

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
  answer: Answer | undefined,
): Promise<Step> {
  if (answer?.action === 'deny') throw accessDenied('the end-user denied access')
  const fits = await readWanted(ctx, asked)
  if (answer?.sub !== undefined) {
    if (!fits(answer.sub)) throw otherUser()
    return { step: 'log_in', sub: answer.sub }
  }
  const accounts = await listAccounts(ctx, found)
  if (asked.prompt.includes('none')) return answerSilently(ctx, asked, found, accounts, fits)
  if (!ctx.snapshot.single_sign_on || found === undefined) return askLogin(asked, found, [])
  return interact(ctx, asked, found, accounts, fits, answer)
}

/** OpenID Connect Core §3.1.2.1: under `prompt=none` nothing is shown; what would have to be shown is an error. */
async function answerSilently(
  ctx: Context,
  asked: AuthorizationRequest,
  found: BrowserSession | undefined,
  accounts: readonly Account[],
  fits: Fits,
): Promise<Step> {
  const fitting = accounts.filter(({ sub, sid }) => fits(sub, sid))
  const account = (await hintedAmong(ctx, asked, fitting))[0] ?? fitting[0]
  if (found === undefined || account === undefined) {
    throw loginRequired(
      accounts.length === 0 ? 'nobody is logged in in this browser' : 'another end-user is logged in in this browser',
    )
  }
  if (isTooOld(ctx, asked, account)) {
    throw loginRequired(`max_age is ${asked.max_age}, and the login was ${ctx.clock.now() - account.auth_time} s ago`)
  }
  if (!(await hasConsented(ctx, asked, account.sub))) {
    throw consentRequired(`the end-user has not yet agreed to what the client ${asked.client.client_id} asks for`)
  }
  return { step: 'answer', account, found, agreed: false }
}

/** There is a session, and the end-user may be asked. */
async function interact(
  ctx: Context,
  asked: AuthorizationRequest,
  found: BrowserSession,
  accounts: readonly Account[],
  fits: Fits,
  answer: Answer | undefined,
): Promise<Step> {
  const said = answer !== undefined && isOf(answer, found) ? answer : undefined
  if (said?.action === 'switch') return askLogin(asked, found, accounts)
  const chosen = accounts.find(({ sub }) => sub === said?.account)
  const { prompt } = asked
  const fitting = await hintedAmong(
    ctx,
    asked,
    accounts.filter(({ sub, sid }) => fits(sub, sid)),
  )
  const account = chosen ?? fitting[0]
  // OpenID Connect Core §3.1.2.1: prompt=login and a max_age that has passed take a new login.
  if (account === undefined || prompt.includes('login') || isTooOld(ctx, asked, account)) {
    return askLogin(asked, found, [], account)
  }
  // OpenID Connect Core §3.1.2.1: prompt=select_account lets the end-user choose among those who are logged in.
  if (prompt.includes('select_account') && chosen === undefined) return askLogin(asked, found, accounts)
  if (!fits(account.sub, account.sid)) throw otherUser()
  const agreed = said?.action === 'consent' && chosen !== undefined
  if (!agreed && (prompt.includes('consent') || !(await hasConsented(ctx, asked, account.sub)))) {
    return { step: 'ask_consent', account, found }
  }
  return { step: 'answer', account, found, agreed }
}

function askLogin(
  { login_hint }: AuthorizationRequest,
  found: BrowserSession | undefined,
  accounts: readonly Account[],
  account?: Account,
): Step {
  return { step: 'ask_login', found, accounts, prefilled: login_hint ?? account?.sub }
}

/** Those who are logged in in the browser, the latest first, and still exist. */
async function listAccounts(ctx: Context, found: BrowserSession | undefined): Promise<readonly Account[]> {
  const accounts = found?.session.accounts ?? []
  const users = await Promise.all(accounts.map(({ sub }) => findUser(ctx, sub)))
  return accounts.filter((_, index) => users[index] !== undefined)
}

/** OpenID Connect Core §3.1.2.1: more than max_age seconds ago; 0 is the same as prompt=login. */
function isTooOld(ctx: Context, { max_age }: AuthorizationRequest, { auth_time }: Account): boolean {
  return max_age !== undefined && (max_age === 0 || ctx.clock.now() - auth_time > max_age)
}

// OpenID Connect Core §3.1.2.1 and §3.1.2.2: an answer for another end-user than the one that the client named is an error.
const otherUser = () => loginRequired('the end-user is not the one that id_token_hint or claims names')
