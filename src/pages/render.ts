/** Renders the HTML pages. Each is a complete document that needs no script and loads no other URL. */
import { Eta } from 'eta'
import type { PageFrame, PageList, Pages, PageUser } from './data.js'
import { hashOf, readInline, SCRIPTS } from './scripts.js'

export type { FaultOptions, PageClient, PageFrame, PageList, PageRequest, Pages, PageUser } from './data.js'

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
  isFocused,
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

/** Number of users above the text field that a phone shows together with it. */
const MOST_ABOVE = 6

/** Whether the text field has the focus: a phone, which shows the users above it, would scroll past them to a field further down. */
function isFocused(filter: string | undefined, ...lists: readonly (readonly unknown[])[]): boolean {
  return filter === undefined && lists.flat().length <= MOST_ABOVE
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
