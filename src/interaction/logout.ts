/** What the end-user sees on the way out, and what ends with it. OpenID Connect RP-Initiated Logout §2 and §3. */
import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import type { Context } from '../context.js'
import { findClient } from '../directory/clients.js'
import { findFault } from '../faults/doors/find.js'
import { altered } from '../faults/doors/response.js'
import { type Params, words } from '../oauth/params.js'
import { withQuery } from '../oauth/response_mode.js'
import { renderPage } from '../pages/render.js'
import { randomToken } from '../random.js'
import { type EndedLogin, type NotificationResult, notifyBackchannels } from './backchannel_logout.js'
import { type Frame, framesFor } from './frontchannel_logout.js'
import { type LogoutRequest, readLogoutRequest } from './logout_request.js'
import { type BrowserSession, endSession, findSession, findSessionOf } from './session.js'

type Cookies = Readonly<Record<string, string | undefined>>

/** The browser goes on at once, or stays for a page, with these frames on it. */
export type LogoutResult = { readonly location: string } | { readonly page: string; readonly frames: readonly Frame[] }

/** The page that asks whether to end the session. RP-Initiated Logout §2: with or without a hint, the end-user is asked. */
export async function endSessionPage(ctx: Context, cookies: Cookies, params: Params, action: string): Promise<string> {
  const asked = await readLogoutRequest(ctx, params)
  const { id_token_hint, client_id, client_name, sub, location } = asked
  const carried = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'redirect_uri', 'state']
  return renderPage('end_session', {
    action,
    parameters: params.entries(),
    id_token_hint_missing: id_token_hint === undefined,
    id_token_hint_unknown: id_token_hint !== undefined && sub === undefined,
    hidden: params.entries().filter(([name, value]) => carried.includes(name) && value !== ''),
    ...(await describeSessions(ctx, cookies, asked)),
    ...(client_id !== undefined && { client_id }),
    ...(client_name !== undefined && { client_name }),
    ...(location !== undefined && { redirect_uri: location }),
  })
}

/** The end-user has agreed: the sessions end, their clients are told, and the browser goes back or stays for a page. */
export async function logOut(
  ctx: Context,
  reply: FastifyReply,
  cookies: Cookies,
  params: Params,
): Promise<LogoutResult> {
  const asked = await readLogoutRequest(ctx, params)
  const sessions = await findSessions(ctx, cookies, asked.sid)
  addLoginFacts(ctx, sessions, asked.sid)
  const ended: BrowserSession[] = []
  for (const found of sessions) {
    // Of two buttons pressed at once only one tells the clients.
    if ((await ctx.store.sessions.take(found.id)) !== undefined) ended.push(found)
    await endSession(ctx, reply, found)
  }
  const logins = await findLogins(ctx, ended)
  await endRefreshTokens(ctx, logins)
  const told = await notifyBackchannels(ctx, logins, reply.log)
  const frames = framesFor(ctx, logins)
  const location = await locationFor(ctx, asked)
  if (location !== undefined && frames.length === 0) return { location }
  return { page: renderPage('session_ended', { told, frames, ...(location !== undefined && { location }) }), frames }
}

/** What can be wrong on the way back from a logout. */
export const FAULTY_RETURNS = ['end_session.missing_state', 'end_session.wrong_state'] as const

/** RP-Initiated Logout §3: where the browser goes on, with `state` as it came, or as a fault has it. */
async function locationFor(ctx: Context, { location, state, uri }: LogoutRequest): Promise<string | undefined> {
  if (uri === undefined) return undefined
  const rule = await findFault(ctx, FAULTY_RETURNS)
  if (rule?.fault === 'end_session.wrong_state') return withQuery(uri, { state: altered(state) })
  if (rule === undefined) return location
  if (state === undefined) ctx.remark('decision', `${rule.fault} changes nothing: the request had none`)
  return uri
}

/** Says whose login ends, where no hint has said it. */
function addLoginFacts(ctx: Context, sessions: readonly BrowserSession[], sid: string | undefined): void {
  const accounts = sessions.flatMap(({ session }) => session.accounts)
  const account = accounts.find((one) => one.sid === sid) ?? accounts[0]
  if (account === undefined) return
  const { exchange } = ctx
  ctx.addFacts({ sub: exchange.facts.sub ?? account.sub, flow_id: exchange.flow_id ?? account.flow_id })
}

/**
 * One login ends without its browser, which others may go on using.
 * @param log of the request; left out, no client is told.
 */
export async function endLogin(
  ctx: Context,
  { id, session }: BrowserSession,
  sid: string,
  log?: FastifyBaseLogger,
): Promise<readonly NotificationResult[]> {
  const [ended, others] = [true, false].map((wanted) => session.accounts.filter((one) => (one.sid === sid) === wanted))
  if (others!.length === 0) await ctx.store.sessions.delete(id)
  else await ctx.store.sessions.put(id, { ...session, accounts: others!, browser_state: randomToken() })
  if (log === undefined) return []
  const logins = await findLogins(ctx, [{ id, session: { ...session, accounts: ended! } }])
  await endRefreshTokens(ctx, logins)
  return notifyBackchannels(ctx, logins, log)
}

/**
 * RP-Initiated Logout §2: the session of this browser ends, and the login that the hint is of, wherever that is: the
 * client that holds its ID token may end it, so a call without cookies ends it as well.
 */
async function findSessions(ctx: Context, cookies: Cookies, sid: string | undefined): Promise<BrowserSession[]> {
  const here = await findSession(ctx, cookies)
  const hinted = sid === undefined ? undefined : await findSessionOf(ctx, sid)
  return [here, hinted?.id === here?.id ? undefined : hinted].filter((found) => found !== undefined)
}

/** Who is logged out, as the page says it. */
async function describeSessions(ctx: Context, cookies: Cookies, { sub, sid }: LogoutRequest) {
  const here = (await findSession(ctx, cookies))?.session.accounts
  const sessions = await findSessions(ctx, cookies, sid)
  addLoginFacts(ctx, sessions, sid)
  const accounts = sessions.flatMap(({ session }) => session.accounts)
  // A pairwise `sub` says nothing to people, the account's own does.
  const who = accounts.find((account) => account.sid === sid)?.sub ?? sub ?? accounts[0]?.sub
  return {
    ...(who !== undefined && { sub: who }),
    others: [...new Set(accounts.map((account) => account.sub))].filter((one) => one !== who),
    other_login: here !== undefined && sid !== undefined && here.every((account) => account.sid !== sid),
  }
}

/** Every client that wants to be told, with the login that it knows. */
async function findLogins(ctx: Context, sessions: readonly BrowserSession[]): Promise<EndedLogin[]> {
  const accounts = sessions.flatMap(({ session }) => session.accounts)
  const pairs = accounts.flatMap((account) => account.client_ids.map((client_id) => ({ account, client_id })))
  const logins: EndedLogin[] = []
  for (const { account, client_id } of pairs) {
    const client = await findClient(ctx, client_id)
    if (client?.backchannel_logout_uri !== undefined || client?.frontchannel_logout_uri !== undefined)
      logins.push({ client, account })
  }
  return logins.slice(0, MOST_LOGINS)
}

/** So many are told at a time; nobody has more applications open. */
const MOST_LOGINS = 100

/** Back-Channel Logout §2.7: refresh tokens without offline_access end with the session, those of clients that learn of it. */
async function endRefreshTokens(ctx: Context, logins: readonly EndedLogin[]): Promise<void> {
  const ended = new Set(
    logins
      .filter(({ client }) => client.backchannel_logout_uri !== undefined)
      .map(({ client, account }) => JSON.stringify([client.client_id, account.sid])),
  )
  if (ended.size === 0) return
  const grants = await ctx.store.grants.list()
  const over = new Set(
    grants
      .filter(([, { client_id, sid, scope }]) => {
        return ended.has(JSON.stringify([client_id, sid])) && !words(scope).includes('offline_access')
      })
      .map(([grant_id]) => grant_id),
  )
  for (const [token, { grant_id }] of await ctx.store.refresh_tokens.list()) {
    if (over.has(grant_id)) await ctx.store.refresh_tokens.delete(token)
  }
}
