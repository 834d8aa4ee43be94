/** What the end-user sees at the authorization endpoint, and the login that comes of it. OpenID Connect Core §3.1.2.3 and §3.1.2.4. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { findOrCreateUser, findUser, listRecentUsers, recordLogin } from '../directory/users.js'
import type { Picked } from '../faults/picked.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { words } from '../oauth/params.js'
import { type PageUser, renderPage } from '../pages/render.js'
import type { Account } from '../store/records.js'
import { namesOf } from './consent.js'
import { describeUser, listPredefinedUsers } from './listed_users.js'
import type { AskConsent, AskLogin } from './next_step.js'
import { describePicks } from './picks.js'
import { type BrowserSession, beginLogin, type CookieJar } from './session.js'

/** Where the forms of a page go, and what they take along. */
export interface Form {
  /** The query of the authorization request, so that it works under any path. */
  readonly action: string
  readonly hidden: readonly (readonly [string, string])[]
  /** What was wrong with the last answer. */
  readonly problem?: string
  /** What was picked with it to go wrong. */
  readonly picked?: Picked
}

/** The form on which the end-user chooses who to be, or with which login of this browser to go on. */
export async function loginPage(
  ctx: Context,
  asked: AuthorizationRequest,
  form: Form,
  { accounts, prefilled, found }: AskLogin,
): Promise<string> {
  return renderPage('login', {
    ...describeForm(ctx, asked, form),
    ...describeRequest(ctx, asked),
    predefined: await listPredefinedUsers(ctx),
    recent: await listRecentUsers(ctx),
    accounts: await Promise.all(accounts.map((account) => describeAccount(ctx, account))),
    ...(found !== undefined && { browser_state: found.session.browser_state }),
    ...(prefilled !== undefined && { login_hint: prefilled }),
  })
}

/** The form on which an end-user who has logged in agrees. */
export async function consentPage(
  ctx: Context,
  asked: AuthorizationRequest,
  form: Form,
  { account, found }: AskConsent,
): Promise<string> {
  return renderPage('consent', {
    ...describeForm(ctx, asked, form),
    ...describeRequest(ctx, asked),
    account: await describeAccount(ctx, account),
    browser_state: found.session.browser_state,
  })
}

/** The end-user has logged in: who they are from now on in this browser. */
export async function logIn(
  ctx: Context,
  jar: CookieJar,
  before: BrowserSession | undefined,
  sub: string,
): Promise<{ readonly account: Account; readonly found: BrowserSession }> {
  const user = await findOrCreateUser(ctx, sub)
  await recordLogin(ctx, user)
  const { flow_id } = ctx.exchange
  return beginLogin(ctx, jar, before, {
    sub: user.sub,
    auth_time: ctx.now,
    ...(flow_id !== undefined && { flow_id }),
  })
}

/** Where the form goes, what it takes along, and what can be picked on it. */
function describeForm(ctx: Context, asked: AuthorizationRequest, { picked, hidden, ...form }: Form) {
  const { flow_id } = ctx.exchange
  const flow = Object.entries({ flow_id }).filter((field): field is [string, string] => field[1] !== undefined)
  return { ...form, hidden: [...hidden, ...flow], picks: describePicks(asked, picked) }
}

/** Who asks, for what, and where the answer goes. */
function describeRequest(ctx: Context, { client, redirect_uri, scope, claims }: AuthorizationRequest) {
  const links = [
    ['Website', client.client_uri],
    ['Privacy policy', client.policy_uri],
    ['Terms of service', client.tos_uri],
  ] as const
  const logo = logoOf(client)
  return {
    client_id: client.client_id,
    ...(client.client_name !== undefined && { client_name: client.client_name }),
    ...(logo !== undefined && { logo }),
    links: links.flatMap(([name, uri]) => (isWebAddress(uri) ? [{ name, uri }] : [])),
    registered: client.redirect_uris !== 'any',
    redirect_uri,
    scopes: describeScopes(ctx, scope),
    claims: [...new Set([...namesOf(claims, 'id_token'), ...namesOf(claims, 'userinfo')])],
  }
}

/** The picture that stands for the client; the page has to be allowed to load it. OpenID Connect Registration §2. */
export function logoOf({ logo_uri }: Client): string | undefined {
  return isWebAddress(logo_uri) ? logo_uri : undefined
}

/** What a page may point at: no script, and nothing on this machine. */
function isWebAddress(uri: string | undefined): uri is string {
  return uri !== undefined && URL.canParse(uri) && /^https?:$/.test(new URL(uri).protocol)
}

async function describeAccount(ctx: Context, { sub }: Account): Promise<PageUser> {
  return describeUser({ ...(await findUser(ctx, sub)), sub })
}

/** Scopes as a page lists them: with what the configuration says of them. */
export function describeScopes({ snapshot }: Context, scope: string): { name: string; description?: string }[] {
  const { scopes } = snapshot.config
  return words(scope).map((name) => {
    const description = Object.hasOwn(scopes, name) ? scopes[name]!.description : undefined
    return { name, ...(description !== undefined && { description }) }
  })
}
