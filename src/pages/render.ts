/** Renders the HTML pages. Each is a complete document that needs no script and loads no other URL. */
import { Eta } from 'eta'
import type { Config } from '../generated/types.js'
import { hashOf, readInline, SCRIPTS } from './scripts.js'

/** A user on a page. */
export interface PageUser {
  sub: string
  display_name?: string
  description?: string
  /** Names of the user's faults. */
  faults?: readonly string[]
}

/** A client on a page. */
export interface PageClient {
  client_id: string
  client_name?: string
}

/** The items of a list on one page, and the number of all. */
export interface PageList<T> {
  items: readonly T[]
  total: number
  /** Number of the page, from 1. */
  page: number
  pages: number
  /** Number of the first item, from 1. */
  first: number
  /** Texts that the fields suggest, if the list is not shown whole. */
  suggestions?: readonly string[]
}

/** Errors and faults that the pages of a login offer. */
export interface FaultOptions {
  errors: readonly string[]
  groups: readonly { label: string; faults: readonly { name: string; effect: string }[] }[]
  /** Values of the previous submission. */
  error?: string
  fault?: string
  problem?: string
}

/** An authorization request as the pages show it. */
export interface PageRequest {
  /** Target of the forms: the query of the request. */
  action: string
  /** Hidden fields of the forms. */
  hidden: readonly (readonly [string, string])[]
  client_id: string
  client_name?: string
  /** An http or https URL, like the links. */
  logo?: string
  links: readonly { name: string; uri: string }[]
  registered: boolean
  redirect_uri: string
  scopes: readonly { name: string; description?: string }[]
  /** Names of the individually requested claims. */
  claims: readonly string[]
  /** Reason why the last submission was refused. */
  problem?: string
  fault_options: FaultOptions
}

/** The parts around every page, which depend on the browser and on the files of the configuration. */
export interface PageFrame {
  /** URL of the home page. */
  home?: string
  /** URL of the journal; absent if the browser may not read it. */
  journal?: string
  /** Set if changed files have problems, so that the earlier configuration is in force. */
  stale?: {
    /** Number of all problems. */
    count: number
    /** The first problems; none if the browser may not read them. */
    problems: readonly { place: string; text: string }[]
  }
}

/** Data of each page, by the name of its template. */
export interface Pages {
  home: {
    issuer: string
    base_path: string
    /** Pages and documents that open without parameters. */
    links: readonly { name: string; url: string; about: string }[]
    /** Endpoints for clients, which need parameters. */
    endpoints: readonly { name: string; methods: string; url: string }[]
    users: PageList<PageUser>
    clients: PageList<PageClient>
    /** The text that the users and clients were searched for. */
    filter?: string
    /** Whether the issuer lies below `/issuers/`. */
    isolated: boolean
    profile: Config['profile']
    /** Whether each rule is enabled. */
    rules: readonly boolean[]
  }
  login: PageRequest & {
    /** Whether the request asks for the registration of the end-user. */
    registers: boolean
    /** Initial value of the text field. */
    login_hint?: string
    predefined: PageList<PageUser>
    /** The text that the predefined users were searched for. */
    filter?: string
    recent: readonly string[]
    /** Logins of this browser that the end-user may continue with. */
    accounts: readonly PageUser[]
    /** Proof that the submission comes from this page. */
    browser_state?: string
  }
  consent: PageRequest & { account: PageUser; browser_state: string }
  /** The form of an authorization response, posted by a script or by its button. */
  form_post: { action: string; fields: readonly (readonly [string, string])[] }
  /** The form for the user_code of a device. */
  device: { action: string; user_code?: string; problem?: string }
  device_confirm: Pick<PageRequest, 'action' | 'hidden' | 'client_id' | 'client_name' | 'scopes' | 'problem'> & {
    user_code: string
    /** Initial value of the text field. */
    sub?: string
    predefined: PageList<PageUser>
    filter?: string
    recent: readonly string[]
  }
  /** Without a `sub`, the end-user has denied access. */
  device_done: { client_id: string; client_name?: string; sub?: string }
  /** An authorization response that the browser delivers twice: in a frame, and then in place of this page. */
  double_callback: { location: string } | { action: string; fields: readonly (readonly [string, string])[] }
  error: {
    error: string
    description: string
    status: number
    /** The entry of the request in the journal; without `url` if the browser may not read it. */
    entry?: { url?: string; flow_id?: string }
    /** A message as JSON for the page that has opened or framed this one, and the origin that may receive it. */
    message?: { text: string; target: string }
  }
  end_session: {
    action: string
    /** Parameters of the request. */
    parameters: readonly [string, string][]
    id_token_hint_missing: boolean
    id_token_hint_unknown: boolean
    client_id?: string
    client_name?: string
    sub?: string
    /** Other users that are logged out. */
    others: readonly string[]
    /** Whether this browser has logins, but not the one of the hint. */
    other_login: boolean
    redirect_uri?: string
    /** Hidden fields of the form. */
    hidden: readonly [string, string][]
  }
  session_ended: {
    /** Results of the back-channel notifications. The page shows no reason: it would describe the provider's network. */
    notifications: readonly { client_id: string; attempts: number; status?: number; reason?: string }[]
    /** Frames of the front-channel notifications. */
    frames: readonly { client_id: string; url: string }[]
    /** URL that a script opens after the frames have loaded. */
    location?: string
  }
  check_session: {
    /** Name of the cookie with the browser state. */
    cookie: string
  }
  self_login: { action: string; issuer: string }
  self_login_success: {
    sub: string
    again: string
    end_session: string
    id_token_claims: Record<string, unknown>
    userinfo: Record<string, unknown>
    /** Long strings are shortened. */
    token_response: Record<string, unknown>
  }
  self_login_error: { error: string; description: string; again: string }
}

const STYLE = readInline('style.css')

/** The inline style as a source for the Content-Security-Policy, without its quotes. */
export const STYLE_HASH = hashOf(STYLE)

/** Maximum number of scopes, claims or parameters in a list. */
const MOST_NAMES = 100
/** Maximum number of characters of a name. */
const MOST_CHARACTERS = 160

const TEMPLATES = new Eta({ views: import.meta.dirname, cache: true })
const SHARED = {
  style: STYLE,
  scripts: SCRIPTS,
  initial,
  asText,
  asJson,
  asTime,
  cut,
  describeCount,
  hasFilter,
  MOST_NAMES,
}

/** Returns the page as a complete HTML document. */
export function renderPage<N extends keyof Pages>(name: N, data: Pages[N], frame: PageFrame = {}): string {
  return TEMPLATES.render(name, { ...data, ...SHARED, frame })
}

/** Returns the letter or digit that represents a user. */
function initial(user: PageUser): string {
  const [first = '·'] = /[\p{L}\p{N}]/u.exec(user.display_name ?? '') ?? /[\p{L}\p{N}]/u.exec(user.sub) ?? []
  return first.toUpperCase()
}

/** Whether a page has the form that filters its lists: if it does not show them whole. */
export function hasFilter(filter: string | undefined, ...lists: readonly PageList<unknown>[]): boolean {
  return filter !== undefined || lists.some(({ items, total }) => items.length < total)
}

/** Says how many items there are or match, and how many of them the page shows. */
function describeCount({ items, total, first }: PageList<unknown>, noun: string, filter: string | undefined): string {
  if (total === 0) return filter === undefined ? `No ${noun}s.` : `No ${noun} matches.`
  const match = total === 1 ? ' matches' : ' match'
  const count = `${total.toLocaleString('en')} ${noun}${total === 1 ? '' : 's'}${filter === undefined ? '' : match}.`
  if (items.length === total) return count
  return first === 1
    ? `${count} The first ${items.length} are shown.`
    : `${count} ${first.toLocaleString('en')} to ${(first + items.length - 1).toLocaleString('en')} are shown.`
}

/** Cuts a text, which a user, a client or a request can have of any length. */
function cut(text: string, most = MOST_CHARACTERS): string {
  // A surrogate without its other half is not valid UTF-8.
  return text.length > most ? `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')}…` : text
}

/** Formats the value of a claim. */
function asText(value: unknown): string {
  return cut(typeof value === 'string' ? value : JSON.stringify(value, null, 2), 2000)
}

function asJson(value: unknown): string {
  return cut(JSON.stringify(value, null, 2), 20_000)
}

const TIMES: ReadonlySet<string> = new Set(['auth_time', 'exp', 'iat', 'nbf', 'updated_at'])
const LAST_SECOND = 8.64e12

/** Formats a claim with seconds since 1970 as a date; undefined for other claims. */
function asTime(claim: string, value: unknown): string | undefined {
  if (!TIMES.has(claim) || typeof value !== 'number' || !(Math.abs(value) <= LAST_SECOND)) return undefined
  return new Date(value * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
}
