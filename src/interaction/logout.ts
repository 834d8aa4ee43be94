/** The logout page and the logout itself. OpenID Connect RP-Initiated Logout §2 and §3. */
import type { FastifyReply } from 'fastify'
import type { Context } from '../context.js'
import { findClient } from '../directory/clients.js'
import { changeLogoutState } from '../faults/doors/logout.js'
import { type Params, words } from '../oauth/params.js'
import { withQuery } from '../oauth/response_mode.js'
import { renderPage } from '../pages/render.js'
import { randomToken } from '../random.js'
import type { Account } from '../store/records.js'
import { type EndedLogin, type NotificationResult, notifyBackchannels } from './backchannel_logout.js'
import { type Frame, framesFor } from './frontchannel_logout.js'
import { type LogoutRequest, readLogoutRequest } from './logout_request.js'
import { type BrowserSession, clearCookies, findSession, findSessionsOf } from './session.js'

type Cookies = Readonly<Record<string, string | undefined>>

/** A redirect, or a page with frames. */
export type LogoutResult = { readonly location: string } | { readonly page: string; readonly frames: readonly Frame[] }

/** Renders the page that asks whether to log out. RP-Initiated Logout §2: it is shown with and without a hint. */
export async function endSessionPage(ctx: Context, cookies: Cookies, params: Params, action: string): Promise<string> {
  const request = await readLogoutRequest(ctx, params)
  const { id_token_hint, client_id, client_name, sub, location } = request
  const { logout_parameter = 'redirect_uri' } = ctx.snapshot.preset ?? {}
  const carried = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'redirect_uri', logout_parameter, 'state']
  return renderPage(
    'end_session',
    {
      action,
      parameters: params.entries(),
      id_token_hint_missing: id_token_hint === undefined,
      id_token_hint_unknown: id_token_hint !== undefined && sub === undefined,
      hidden: params.entries().filter(([name, value]) => carried.includes(name) && value !== ''),
      ...(await describeSessions(ctx, cookies, request)),
      ...(client_id !== undefined && { client_id }),
      ...(client_name !== undefined && { client_name }),
      ...(location !== undefined && { redirect_uri: location }),
    },
    ctx.frame(),
  )
}

/**
 * Whether the page asks before the logout. Departure: RP-Initiated Logout §2 only recommends it with a hint; without one, it requires the
 * page, which `never` leaves out for tests that press no button.
 */
export async function asksToLogOut(ctx: Context, cookies: Cookies, params: Params): Promise<boolean> {
  const { confirm } = ctx.snapshot.config.logout
  if (confirm !== 'without_hint') return confirm === 'always'
  const { sid } = await readLogoutRequest(ctx, params)
  const sessions = await findSessions(ctx, cookies, sid)
  // §2: the hint must be of the login of this browser, or of one elsewhere if this browser has none.
  return sessions.length === 0 || sessions.some(({ session }) => session.accounts.every((one) => one.sid !== sid))
}

/** Ends the sessions, notifies their clients, and returns to the client or shows a page. */
export async function logOut(
  ctx: Context,
  reply: FastifyReply,
  cookies: Cookies,
  params: Params,
): Promise<LogoutResult> {
  const request = await readLogoutRequest(ctx, params)
  const sessions = await findSessions(ctx, cookies, request.sid)
  addLoginFacts(ctx, sessions, request.sid)
  const ended = await endSessions(ctx, sessions, request.sid)
  if (sessions.length > 0) clearCookies(ctx, reply)
  const logins = await findLogins(ctx, ended)
  await endRefreshTokens(ctx, logins)
  const notifications = await notifyBackchannels(ctx, logins)
  const frames = framesFor(ctx, logins)
  const location = await locationFor(ctx, request)
  if (location !== undefined && frames.length === 0) return { location }
  return {
    page: renderPage(
      'session_ended',
      { notifications, frames, ...(location !== undefined && { location }) },
      ctx.frame(),
    ),
    frames,
  }
}

/** Ends the sessions, and those to which a login at the same time has moved the hinted login. Returns their logins. */
async function endSessions(
  ctx: Context,
  sessions: readonly BrowserSession[],
  sid: string | undefined,
): Promise<Account[]> {
  const ended: Account[] = []
  for (let found = sessions; found.length > 0; found = sid === undefined ? [] : await findSessionsOf(ctx, sid)) {
    for (const { id } of found) {
      // Of two requests at the same time, one gets the session and notifies the clients.
      const session = await ctx.store.sessions.take(id)
      ended.push(...(session?.accounts ?? []))
    }
  }
  return ended
}

/** RP-Initiated Logout §3: returns the URL of the redirect back to the client, with `state` as a fault may change it. */
async function locationFor(ctx: Context, { state, uri }: LogoutRequest): Promise<string | undefined> {
  return uri && withQuery(uri, { state: await changeLogoutState(ctx, state) })
}

/** Adds the ended login to the facts of the request, if no hint has identified it. */
function addLoginFacts(ctx: Context, sessions: readonly BrowserSession[], sid: string | undefined): void {
  const accounts = sessions.flatMap(({ session }) => session.accounts)
  const account = accounts.find((one) => one.sid === sid) ?? accounts[0]
  if (account === undefined) return
  const { exchange } = ctx
  ctx.addFacts({ sub: exchange.facts.sub ?? account.sub, flow_id: exchange.flow_id ?? account.flow_id })
}

/**
 * Ends one login without its browser. Other logins of the browser continue.
 * @param notify whether clients are notified.
 * @returns the notifications; undefined if there is no such login.
 */
export async function endLogin(
  ctx: Context,
  sid: string,
  notify: boolean,
): Promise<readonly NotificationResult[] | undefined> {
  const found = await findSessionsOf(ctx, sid)
  const ended = await Promise.all(found.map(({ id }) => removeAccount(ctx, id, sid)))
  const accounts = ended.filter((account) => account !== undefined)
  if (accounts.length === 0) return undefined
  if (!notify) return []
  const logins = await findLogins(ctx, accounts)
  await endRefreshTokens(ctx, logins)
  return notifyBackchannels(ctx, logins)
}

/** Removes a login from a session, and the session with the last one. Returns the login to one caller only. */
async function removeAccount({ store }: Context, id: string, sid: string): Promise<Account | undefined> {
  const browser_state = randomToken()
  let removed: Account | undefined
  await store.sessions.update(id, (session) => {
    removed = session?.accounts.find((account) => account.sid === sid)
    if (session === undefined || removed === undefined) return session
    const accounts = session.accounts.filter((account) => account !== removed)
    return accounts.length === 0 ? undefined : { ...session, accounts, browser_state }
  })
  return removed
}

/**
 * RP-Initiated Logout §2: the session of this browser and the session of the hinted login end. A client that holds the ID
 * token may end its login, so a request without cookies ends it as well.
 */
async function findSessions(ctx: Context, cookies: Cookies, sid: string | undefined): Promise<BrowserSession[]> {
  const here = await findSession(ctx, cookies)
  const hinted = sid === undefined ? [] : await findSessionsOf(ctx, sid)
  const elsewhere = hinted.filter(({ id }) => id !== here?.id)
  return here === undefined ? elsewhere : [here, ...elsewhere]
}

/** Describes for the page who is logged out. */
async function describeSessions(ctx: Context, cookies: Cookies, { sub, sid }: LogoutRequest) {
  const here = (await findSession(ctx, cookies))?.session.accounts
  const sessions = await findSessions(ctx, cookies, sid)
  addLoginFacts(ctx, sessions, sid)
  const accounts = sessions.flatMap(({ session }) => session.accounts)
  // The sub of the account is readable, a pairwise sub is not.
  const who = accounts.find((account) => account.sid === sid)?.sub ?? sub ?? accounts[0]?.sub
  return {
    ...(who !== undefined && { sub: who }),
    others: [...new Set(accounts.map((account) => account.sub))].filter((one) => one !== who),
    other_login: here !== undefined && sid !== undefined && here.every((account) => account.sid !== sid),
  }
}

/** Returns the clients that want to be notified, each with its login. */
async function findLogins(ctx: Context, accounts: readonly Account[]): Promise<EndedLogin[]> {
  const pairs = accounts.flatMap((account) => account.client_ids.map((client_id) => ({ account, client_id })))
  const logins: EndedLogin[] = []
  for (const { account, client_id } of pairs) {
    const client = await findClient(ctx, client_id)
    if (client?.backchannel_logout_uri !== undefined || client?.frontchannel_logout_uri !== undefined)
      logins.push({ client, account })
  }
  return logins.slice(0, MOST_LOGINS)
}

/** Largest number of clients that one logout notifies. */
const MOST_LOGINS = 100

/** Back-Channel Logout §2.7: with the session end the refresh tokens without offline_access, of clients that are notified. */
async function endRefreshTokens({ store }: Context, logins: readonly EndedLogin[]): Promise<void> {
  for (const { client, account } of logins) {
    if (client.backchannel_logout_uri === undefined) continue
    for (const [grant_id, { client_id, scope }] of await store.grants.listBy('sid', account.sid)) {
      if (client_id !== client.client_id || words(scope).includes('offline_access')) continue
      // The grant says so, and not the token alone: a refresh at the same time can be about to replace the token.
      await store.grants.update(grant_id, (grant) => grant && { ...grant, refresh_ended: true })
    }
  }
}
