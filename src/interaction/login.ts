/** The login and consent pages, and the login itself. OpenID Connect Core §3.1.2.3 and §3.1.2.4. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { findOrCreateUser, findUser, listRecentUsers, recordLogin } from '../directory/users.js'
import type { FaultChoice } from '../faults/choice.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { words } from '../oauth/params.js'
import { type PageUser, renderPage } from '../pages/render.js'
import type { Account } from '../store/records.js'
import { namesOf } from './consent.js'
import { describeFaultOptions } from './fault_options.js'
import { describeUser, listPredefinedUsers, type Page, policyFor } from './listed.js'
import { isUsersOnly } from './listed_users.js'
import type { AskConsent, AskLogin } from './next_step.js'
import { type BrowserSession, beginLogin, type CookieJar } from './session.js'
import type { Submission } from './submission.js'

/** The forms of a page. */
export interface Form {
  /** Target: the query of the authorization request, which works under any path. */
  readonly action: string
  readonly hidden: readonly (readonly [string, string])[]
  /** Why the last submission was refused. */
  readonly problem?: string
  /** The fault chosen in the last submission. */
  readonly fault_choice?: FaultChoice
  readonly filter?: NonNullable<Submission['filter']>
}

/** Renders the page on which the end-user logs in, or continues with a login of this browser. */
export async function loginPage(
  ctx: Context,
  request: AuthorizationRequest,
  { filter, ...form }: Form,
  { accounts, prefilled, browserSession }: AskLogin,
): Promise<Page> {
  const predefined = await listPredefinedUsers(ctx, filter)
  const login_hint = filter?.sub ?? prefilled
  const html = renderPage(
    'login',
    {
      ...describeForm(ctx, request, form),
      ...describeRequest(ctx, request),
      // Initiating User Registration §4.1.
      registers: request.prompt.includes('create'),
      predefined,
      // With users_only, none of them may log in.
      recent: isUsersOnly(ctx, request.client) ? [] : await listRecentUsers(ctx),
      accounts: await Promise.all(accounts.map((account) => describeAccount(ctx, account))),
      ...(browserSession !== undefined && { browser_state: browserSession.session.browser_state }),
      ...(login_hint !== undefined && { login_hint }),
      ...(filter !== undefined && { filter: filter.text }),
    },
    ctx.frame(),
  )
  return { html, policy: policyFor(predefined, filter?.text) }
}

/** Renders the page on which a logged-in end-user consents. */
export async function consentPage(
  ctx: Context,
  request: AuthorizationRequest,
  form: Form,
  { account, browserSession }: AskConsent,
): Promise<Page> {
  const html = renderPage(
    'consent',
    {
      ...describeForm(ctx, request, form),
      ...describeRequest(ctx, request),
      account: await describeAccount(ctx, account),
      browser_state: browserSession.session.browser_state,
    },
    ctx.frame(),
  )
  return { html, policy: {} }
}

/** Logs an end-user in: the browser has a session with their account from now on. */
export async function logIn(
  ctx: Context,
  jar: CookieJar,
  before: BrowserSession | undefined,
  sub: string,
): Promise<{ readonly account: Account; readonly browserSession: BrowserSession }> {
  const user = await findOrCreateUser(ctx, sub)
  await recordLogin(ctx, user)
  const { flow_id } = ctx.exchange
  return beginLogin(ctx, jar, before, {
    sub: user.sub,
    auth_time: ctx.now,
    ...(flow_id !== undefined && { flow_id }),
  })
}

/** Describes the form of a page: its target, hidden fields and selectable faults. */
function describeForm(
  ctx: Context,
  request: AuthorizationRequest,
  { fault_choice, hidden, ...form }: Omit<Form, 'filter'>,
) {
  const { flow_id } = ctx.exchange
  const flow = Object.entries({ flow_id }).filter((field): field is [string, string] => field[1] !== undefined)
  return {
    ...form,
    hidden: [...hidden, ...flow],
    fault_options: describeFaultOptions(request, fault_choice, ctx.snapshot.rules),
  }
}

/** Describes the client and the scopes, claims and redirect_uri of its request. */
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

/** Returns the URL of the client's logo, which the page must be allowed to load. OpenID Connect Registration §2. */
export function logoOf({ logo_uri }: Client): string | undefined {
  return isWebAddress(logo_uri) ? logo_uri : undefined
}

/** Whether a page may link to the URI: http or https, so neither a script nor a file. */
function isWebAddress(uri: string | undefined): uri is string {
  return uri !== undefined && URL.canParse(uri) && /^https?:$/.test(new URL(uri).protocol)
}

async function describeAccount(ctx: Context, { sub }: Account): Promise<PageUser> {
  return describeUser({ ...(await findUser(ctx, sub)), sub })
}

/** Lists scopes with their descriptions in the configuration. */
export function describeScopes({ snapshot }: Context, scope: string): { name: string; description?: string }[] {
  const { scopes } = snapshot.config
  return words(scope).map((name) => {
    const description = Object.hasOwn(scopes, name) ? scopes[name]!.description : undefined
    return { name, ...(description !== undefined && { description }) }
  })
}
