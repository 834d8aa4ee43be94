/** Sessions of browsers: their logins, identified by a cookie. OpenID Connect Session Management §2. */
import { createHash } from 'node:crypto'
import type { CookieSerializeOptions } from '@fastify/cookie'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { randomToken } from '../random.js'
import { expiryOf } from '../store/collections.js'
import type { Account, Session } from '../store/records.js'

export type Cookies = Readonly<Record<string, string | undefined>>

/** Sets cookies in the browser, such as a reply. */
export interface CookieJar {
  setCookie(name: string, value: string, options: CookieSerializeOptions): unknown
  clearCookie(name: string, options: CookieSerializeOptions): unknown
}

/** A session and the id that the browser holds. */
export interface BrowserSession {
  readonly id: string
  readonly session: Session
}

/** Returns the session of the browser that sent these cookies, unless it has expired. */
export async function findSession(ctx: Context, cookies: Cookies): Promise<BrowserSession | undefined> {
  const id = cookies[cookieNames(ctx).session]
  const session = id === undefined ? undefined : await ctx.store.sessions.get(id)
  if (id === undefined || session === undefined || session.expires_at <= ctx.now) return undefined
  return { id, session }
}

/** Returns the sessions that include this login, in whichever browser. There is one, or two while a browser logs in again. */
export async function findSessionsOf(ctx: Context, sid: string): Promise<BrowserSession[]> {
  const found = await ctx.store.sessions.listBy('sid', sid)
  return found.map(([id, session]) => ({ id, session })).filter(({ session }) => session.expires_at > ctx.now)
}

/** A login of an end-user that begins now. */
type Login = Omit<Account, 'sid' | 'client_ids'>

/**
 * Adds a login to the session of the browser, under a new id, so that an id from before the login is worthless. An end-user who
 * logs in again keeps the `sid` that the clients know, so that the logout reaches them all.
 */
export async function beginLogin(
  ctx: Context,
  jar: CookieJar,
  before: BrowserSession | undefined,
  login: Login,
): Promise<{ readonly account: Account; readonly browserSession: BrowserSession }> {
  const { sessions } = ctx.store
  const id = randomToken()
  const fresh = { sid: randomToken(), client_ids: [], browser_state: randomToken() }
  let session = addLogin(ctx, before?.session, login, fresh)
  await sessions.put(id, session)
  if (before !== undefined) {
    // The new session is kept before the old one is removed, so that a logout in the meantime finds one of them.
    const current = await sessions.take(before.id)
    session = addLogin(ctx, current, login, fresh)
    // A logout has ended the earlier logins, but not this one.
    if (current === undefined) await sessions.put(id, session)
    else await sessions.update(id, (kept) => kept && session)
  }
  setCookies(ctx, jar, id, session.browser_state + describeLogins(ctx, session))
  return { account: session.accounts[0]!, browserSession: { id, session } }
}

function addLogin(
  ctx: Context,
  before: Session | undefined,
  login: Login,
  fresh: { readonly sid: string; readonly client_ids: readonly string[]; readonly browser_state: string },
): Session {
  const accounts = before?.accounts ?? []
  const { sid, client_ids } = accounts.find(({ sub }) => sub === login.sub) ?? fresh
  const others = accounts.filter(({ sub }) => sub !== login.sub)
  return {
    accounts: [{ ...login, sid, client_ids }, ...others].slice(0, MOST_ACCOUNTS),
    browser_state: fresh.browser_state,
    expires_at: expiryOf('sessions', ctx),
  }
}

/** Records that a client got a response in this login, so that it is notified of the logout. The browser sees no change. */
export async function addClient(ctx: Context, { id }: BrowserSession, sid: string, client: Client): Promise<void> {
  // An unregistered client has no address for notifications.
  if (client.redirect_uris === 'any') return
  if (await addTo(ctx, id, sid, client.client_id)) return
  // Either the session has ended and stays so, or another login has moved it to another id.
  for (const moved of await findSessionsOf(ctx, sid)) await addTo(ctx, moved.id, sid, client.client_id)
}

async function addTo({ store }: Context, id: string, sid: string, client_id: string): Promise<boolean> {
  const kept = await store.sessions.update(id, (session) => {
    const accounts = session?.accounts.map((account) => {
      if (account.sid !== sid) return account
      const others = account.client_ids.filter((one) => one !== client_id)
      return { ...account, client_ids: [client_id, ...others].slice(0, MOST_CLIENTS) }
    })
    return session && { ...session, accounts: accounts! }
  })
  return kept !== undefined
}

/**
 * Returns hashes of the sids of the logins, each after a dot, for the script of a login status frame, which gets a sid instead of
 * a session_state; empty without such a frame.
 */
function describeLogins({ snapshot }: Context, { accounts }: Session): string {
  if (!snapshot.preset?.login_status_frame) return ''
  const hashes = accounts.map(({ sid }) => createHash('sha256').update(sid).digest('base64url'))
  return hashes.map((hash) => `.${hash}`).join('')
}

/** Removes the session's cookie from the browser. */
export function clearCookies(ctx: Context, jar: CookieJar): void {
  setCookies(ctx, jar, '', randomToken())
}

/** OpenID Connect Session Management §2: the value that the client's iframe passes to the check_session_iframe. */
export function sessionState(client_id: string, redirect_uri: string, browser_state: string): string {
  const salt = randomToken().slice(0, 22)
  const { origin } = new URL(redirect_uri)
  const hash = createHash('sha256').update(`${client_id} ${origin} ${browser_state} ${salt}`).digest('base64url')
  return `${hash}.${salt}`
}

/** RFC 6265 §8.5: cookies are shared by all ports of a host, so the names differ by port and by issuer. */
export function cookieNames({ public_url }: Context): { readonly session: string; readonly browser_state: string } {
  const mark = createHash('sha256').update(public_url).digest('hex').slice(0, 12)
  return { session: `oidc_session_${mark}`, browser_state: `oidc_browser_state_${mark}` }
}

/** Largest number of accounts that a browser can switch between. */
const MOST_ACCOUNTS = 20
/** Largest number of clients that are notified of the logout of one login. */
const MOST_CLIENTS = 100

function setCookies(ctx: Context, jar: CookieJar, id: string, browser_state: string): void {
  const names = cookieNames(ctx)
  const secure = ctx.public_url.startsWith('https:')
  const options = {
    path: ctx.base_path || '/',
    maxAge: ctx.snapshot.lifetimes.session,
    secure,
    // A frame on another site gets only cookies with `None`, which requires `Secure`. Over plain http, ports of one host are
    // the same site, so `Lax` is enough.
    sameSite: secure ? 'none' : 'lax',
  } as const
  if (id === '') jar.clearCookie(names.session, { ...options, httpOnly: true })
  else jar.setCookie(names.session, id, { ...options, httpOnly: true })
  // The script of the check_session_iframe reads this one.
  jar.setCookie(names.browser_state, browser_state, options)
}
