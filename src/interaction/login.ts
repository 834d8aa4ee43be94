/** What the end-user sees at the authorization endpoint, and the login that comes of it. OpenID Connect Core §3.1.2.3 and §3.1.2.4. */
import type { FastifyReply } from 'fastify'
import type { Context } from '../context.js'
import { type Client, findOrCreateUser, listRecentUsers, recordLogin } from '../directory.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { words } from '../oauth/params.js'
import { type PageUser, renderPage } from '../pages/render.js'
import { randomToken } from '../random.js'
import type { Account } from '../store/store.js'
import { namesOf } from './consent.js'
import type { AskConsent, AskLogin } from './next_step.js'
import { type BrowserSession, putAccount } from './session.js'

/** Where the forms of a page go, and what they take along. */
export interface Form {
  /** The query of the authorization request, so that it works under any path. */
  readonly action: string
  readonly hidden: readonly (readonly [string, string])[]
  /** What was wrong with the last answer. */
  readonly problem?: string
}

/** The form on which the end-user chooses who to be, or with which login of this browser to go on. */
export async function loginPage(
  ctx: Context,
  asked: AuthorizationRequest,
  form: Form,
  { accounts, prefilled, found }: AskLogin,
): Promise<string> {
  return renderPage('login', {
    ...form,
    ...describeRequest(ctx, asked),
    predefined: [...ctx.snapshot.users.values()],
    recent: await listRecentUsers(ctx),
    accounts: accounts.map((account) => describeAccount(ctx, account)),
    ...(found !== undefined && { browser_state: found.session.browser_state }),
    ...(prefilled !== undefined && { login_hint: prefilled }),
  })
}

/** The form on which an end-user who has logged in agrees. */
export function consentPage(
  ctx: Context,
  asked: AuthorizationRequest,
  form: Form,
  { account, found }: AskConsent,
): string {
  return renderPage('consent', {
    ...form,
    ...describeRequest(ctx, asked),
    account: describeAccount(ctx, account),
    browser_state: found.session.browser_state,
  })
}

/** The end-user has logged in: who they are from now on in this browser. */
export async function logIn(
  ctx: Context,
  reply: FastifyReply,
  before: BrowserSession | undefined,
  sub: string,
): Promise<{ readonly account: Account; readonly found: BrowserSession }> {
  const user = await findOrCreateUser(ctx, sub)
  await recordLogin(ctx, user)
  // Who logs in again goes on with the session that their clients know, so that its end reaches them all.
  const known = before?.session.accounts.find((one) => one.sub === user.sub)
  const { sid, client_ids } = known ?? { sid: randomToken(), client_ids: [] }
  const account = { sub: user.sub, sid, auth_time: ctx.clock.now(), client_ids }
  return { account, found: await putAccount(ctx, reply, before, account) }
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

function describeAccount({ snapshot }: Context, { sub }: Account): PageUser {
  const { display_name, description } = snapshot.users.get(sub) ?? {}
  return {
    sub,
    ...(display_name !== undefined && { display_name }),
    ...(description !== undefined && { description }),
  }
}

/** Scopes as a page lists them: with what the configuration says of them. */
export function describeScopes({ snapshot }: Context, scope: string): { name: string; description?: string }[] {
  const { scopes } = snapshot.config
  return words(scope).map((name) => {
    const description = Object.hasOwn(scopes, name) ? scopes[name]!.description : undefined
    return { name, ...(description !== undefined && { description }) }
  })
}
