/** What the provider remembers of a browser: who has logged in there, behind a cookie. OpenID Connect Session Management §2. */
import { createHash } from 'node:crypto'
import type { CookieSerializeOptions } from '@fastify/cookie'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { randomToken } from '../random.js'
import type { Account, Session } from '../store/records.js'

export type Cookies = Readonly<Record<string, string | undefined>>

/** Where cookies are put for the browser, such as a reply. */
export interface CookieJar {
  setCookie(name: string, value: string, options: CookieSerializeOptions): unknown
  clearCookie(name: string, options: CookieSerializeOptions): unknown
}

/** A session and the id that the browser holds. */
export interface BrowserSession {
  readonly id: string
  readonly session: Session
}

/** The session of the browser that sent these cookies; undefined where there is none, or it has expired. */
export async function findSession(ctx: Context, cookies: Cookies): Promise<BrowserSession | undefined> {
  const id = cookies[cookieNames(ctx).session]
  const session = id === undefined ? undefined : await ctx.store.sessions.get(id)
  if (id === undefined || session === undefined || session.expires_at <= ctx.now) return undefined
  return { id, session }
}

/** The session in which this login is, whichever browser it is in. */
export async function findSessionOf(ctx: Context, sid: string): Promise<BrowserSession | undefined> {
  const now = ctx.now
  const all = await ctx.store.sessions.list()
  const found = all.find(([, { accounts, expires_at }]) => expires_at > now && accounts.some((one) => one.sid === sid))
  return found && { id: found[0], session: found[1] }
}

/** Puts the account first among those of the browser, under a new id, so that an id from before the login is worth nothing. */
export async function putAccount(
  ctx: Context,
  jar: CookieJar,
  before: BrowserSession | undefined,
  account: Account,
): Promise<BrowserSession> {
  const others = (before?.session.accounts ?? []).filter(({ sub }) => sub !== account.sub)
  const session: Session = {
    accounts: [account, ...others].slice(0, MOST_ACCOUNTS),
    browser_state: randomToken(),
    expires_at: ctx.now + ctx.snapshot.lifetimes.session,
  }
  if (before !== undefined) await ctx.store.sessions.delete(before.id)
  const id = randomToken()
  await ctx.store.sessions.put(id, session)
  setCookies(ctx, jar, id, session.browser_state)
  return { id, session }
}

/** Remembers that a client got something in this login, to tell it of the logout; nothing that the browser sees changes. */
export async function addClient(ctx: Context, { id }: BrowserSession, sid: string, client: Client): Promise<void> {
  // Nobody knows where to tell a client that is not registered.
  if (client.redirect_uris === 'any') return
  // It may have ended meanwhile, and then it stays ended.
  const session = await ctx.store.sessions.get(id)
  if (session === undefined) return
  const accounts = session.accounts.map((account) => {
    if (account.sid !== sid) return account
    const others = account.client_ids.filter((client_id) => client_id !== client.client_id)
    return { ...account, client_ids: [client.client_id, ...others].slice(0, MOST_CLIENTS) }
  })
  await ctx.store.sessions.put(id, { ...session, accounts })
}

/** Ends a session, with all its accounts. */
export async function endSession(ctx: Context, jar: CookieJar, { id }: BrowserSession): Promise<void> {
  await ctx.store.sessions.delete(id)
  setCookies(ctx, jar, '', randomToken())
}

/** OpenID Connect Session Management §2: what the client's iframe hands to ours, to ask whether anything changed. */
export function sessionState(client_id: string, redirect_uri: string, browser_state: string): string {
  const salt = randomToken().slice(0, 22)
  const { origin } = new URL(redirect_uri)
  const hash = createHash('sha256').update(`${client_id} ${origin} ${browser_state} ${salt}`).digest('base64url')
  return `${hash}.${salt}`
}

/** A browser's cookies don't know of ports, so the names do; and of issuers below the same path as well. */
export function cookieNames({ public_url }: Context): { readonly session: string; readonly browser_state: string } {
  const mark = createHash('sha256').update(public_url).digest('hex').slice(0, 12)
  return { session: `oidc_session_${mark}`, browser_state: `oidc_browser_state_${mark}` }
}

/** Nobody switches between more people than that. */
const MOST_ACCOUNTS = 20
/** Nor uses more applications in one login. */
const MOST_CLIENTS = 100

function setCookies(ctx: Context, jar: CookieJar, id: string, browser_state: string): void {
  const names = cookieNames(ctx)
  const secure = ctx.public_url.startsWith('https:')
  const options = {
    path: ctx.base_path || '/',
    maxAge: ctx.snapshot.lifetimes.session,
    secure,
    // A frame on another site gets only what says `None`, which takes `Secure`; over plain http, ports of one host are
    // the same site, so `Lax` does.
    sameSite: secure ? 'none' : 'lax',
  } as const
  if (id === '') jar.clearCookie(names.session, { ...options, httpOnly: true })
  else jar.setCookie(names.session, id, { ...options, httpOnly: true })
  // The script of the check_session_iframe reads this one.
  jar.setCookie(names.browser_state, browser_state, options)
}
