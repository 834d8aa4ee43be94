/** The HTML pages: each a whole document that needs no script and asks no other URL for anything. */
import { Eta } from 'eta'
import type { Config } from '../generated/types.js'
import { hashOf, readInline, SCRIPTS } from './scripts.js'

/** A user that a page offers or lists. */
export interface PageUser {
  sub: string
  display_name?: string
  description?: string
  /** The names of what goes wrong for them on purpose. */
  faults?: readonly string[]
}

/** What can be picked to go wrong with a login. */
export interface PagePicks {
  errors: readonly string[]
  groups: readonly { label: string; faults: readonly { name: string; effect: string }[] }[]
  /** What was picked before. */
  error?: string
  fault?: string
  problem?: string
}

/** An authorization request as the pages show it. */
export interface PageRequest {
  /** Where the forms post to: the query of the request. */
  action: string
  /** What the forms hand on, as pairs of name and value. */
  hidden: readonly (readonly [string, string])[]
  client_id: string
  client_name?: string
  /** An http or https URL, as are the links. */
  logo?: string
  links: readonly { name: string; uri: string }[]
  registered: boolean
  redirect_uri: string
  scopes: readonly { name: string; description?: string }[]
  /** The names of the claims that are asked for one by one. */
  claims: readonly string[]
  /** Why the answer before was refused. */
  problem?: string
  picks: PagePicks
}

/** What each page shows, by the name of its template. */
export interface Pages {
  home: {
    issuer: string
    base_path: string
    discovery: string
    authorization_endpoint: string
    self_login: string
    users: readonly PageUser[]
    clients: readonly { client_id: string; client_name?: string }[]
    /** Whether this is one of the issuers below `/issuers/`. */
    isolated: boolean
    profile: Config['profile']
    /** Whether each rule is on. */
    rules: readonly boolean[]
  }
  login: PageRequest & {
    /** What the field is filled with. */
    login_hint?: string
    predefined: readonly PageUser[]
    recent: readonly string[]
    /** Who is logged in in this browser and may go on as that. */
    accounts: readonly PageUser[]
    /** What shows that the answer about an account comes from this page. */
    browser_state?: string
  }
  consent: PageRequest & { account: PageUser; browser_state: string }
  /** The form that carries an authorization response; a script posts it, else the button does. */
  form_post: { action: string; fields: readonly (readonly [string, string])[] }
  /** Where the end-user of a device types in its code. */
  device: { action: string; user_code?: string; problem?: string }
  device_confirm: Pick<PageRequest, 'action' | 'hidden' | 'client_id' | 'client_name' | 'scopes' | 'problem'> & {
    user_code: string
    predefined: readonly PageUser[]
    recent: readonly string[]
  }
  /** Without a `sub`, the end-user refused. */
  device_done: { client_id: string; client_name?: string; sub?: string }
  /** An answer that comes back twice, as a redirect or as a form: in a frame, and then in the place of this page. */
  double_callback: { location: string } | { action: string; fields: readonly (readonly [string, string])[] }
  error: { error: string; description: string; status: number }
  end_session: {
    action: string
    /** What the request said, as pairs of name and value. */
    parameters: readonly [string, string][]
    id_token_hint_missing: boolean
    id_token_hint_unknown: boolean
    client_id?: string
    client_name?: string
    sub?: string
    /** Who else is logged out with them. */
    others: readonly string[]
    /** Whether the hint is of a login that isn't one of this browser, where there are such. */
    other_login: boolean
    redirect_uri?: string
    /** What the form hands on, as pairs of name and value. */
    hidden: readonly [string, string][]
  }
  session_ended: {
    /** Results of the back-channel notifications. */
    notifications: readonly { client_id: string; attempts: number; status?: number; reason?: string }[]
    /** Frames of the front-channel notifications. */
    frames: readonly { client_id: string; url: string }[]
    /** Where it goes on to; a script does so once the frames have loaded. */
    location?: string
  }
  check_session: {
    /** The name of the cookie with the browser's state. */
    cookie: string
  }
  self_login: { action: string; issuer: string }
  self_login_success: {
    sub: string
    again: string
    end_session: string
    id_token_claims: Record<string, unknown>
    userinfo: Record<string, unknown>
    /** Long strings come shortened. */
    token_response: Record<string, unknown>
  }
  self_login_error: { error: string; description: string; again: string }
}

const STYLE = readInline('style.css')

/** The inline style as a source for the Content-Security-Policy, without its quotes. */
export const STYLE_HASH = hashOf(STYLE)

const TEMPLATES = new Eta({ views: import.meta.dirname, cache: true })
const SHARED = { style: STYLE, scripts: SCRIPTS, initial, asJson, asTime }

/** The page as a whole HTML document. */
export function renderPage<N extends keyof Pages>(name: N, data: Pages[N]): string {
  return TEMPLATES.render(name, { ...data, ...SHARED })
}

/** The letter or digit that stands for a user. */
function initial(user: PageUser): string {
  const [first = '·'] = /[\p{L}\p{N}]/u.exec(user.display_name ?? '') ?? /[\p{L}\p{N}]/u.exec(user.sub) ?? []
  return first.toUpperCase()
}

function asJson(value: unknown): string {
  return JSON.stringify(value, null, 2)
}

const TIMES: ReadonlySet<string> = new Set(['auth_time', 'exp', 'iat', 'nbf', 'updated_at'])
const LAST_SECOND = 8.64e12

/** A claim's seconds since 1970 as a date for people; undefined for a claim that is no time. */
function asTime(claim: string, value: unknown): string | undefined {
  if (!TIMES.has(claim) || typeof value !== 'number' || !(Math.abs(value) <= LAST_SECOND)) return undefined
  return new Date(value * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
}
