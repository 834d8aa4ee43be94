/** What the end-user answered on the page of the authorization endpoint. OpenID Connect Core §3.1.2.3 and §3.1.2.4. */
import { invalidRequest } from '../errors.js'
import { type Picked, readPicked } from '../faults/picked.js'
import type { Params } from '../oauth/params.js'
import type { BrowserSession } from './session.js'

export interface Submission {
  /** Who to log in as. */
  readonly sub: string | undefined
  readonly action: string | undefined
  /** Whose login in this browser is meant; it takes the session's `browser_state` along. */
  readonly account: string | undefined
  readonly browser_state: string | undefined
  /** What is to go wrong with this login. */
  readonly picked: Picked
}

/** `as` is that of a button with somebody's name, beside the field that has another's. */
const FIELDS = ['sub', 'as', 'action', 'account', 'browser_state', 'flow_id', 'error', 'fault'] as const

/** The answer in a form; undefined where the form is an authorization request and nothing else. */
export function readSubmission(form: Params): Submission | undefined {
  const came = new Set(form.entries().map(([name]) => name))
  if (came.has('client_id') && !FIELDS.some((name) => came.has(name))) return undefined
  const [action, account, browser_state] = [form.find('action'), form.find('account'), form.find('browser_state')]
  // The button that was pressed counts more than what stands in the field.
  const typed = account === undefined ? form.find('sub') : undefined
  const sub = form.find('as') ?? typed
  // OpenID Connect Core §2: at most 255 ASCII characters. Departure: any characters, as the reference takes them.
  if (sub !== undefined && sub.length > 255) {
    throw invalidRequest(`sub has ${sub.length} characters, expected 255 at most`)
  }
  const picked = readPicked({ error: form.find('error'), fault: form.find('fault') })
  return { sub, action, account, browser_state, picked }
}

/** What came besides the answer: an authorization request that was posted, to be posted again with the next answer. */
export function readRequestFields(form: Params): [string, string][] {
  const answered: readonly string[] = FIELDS
  return form.entries().filter(([name]) => !answered.includes(name))
}

/** Why an answer brings a page again, for the end-user to read; undefined where it has led on. */
export function describeProblem(answer: Submission, before: BrowserSession | undefined): string | undefined {
  if (answer.account === undefined && answer.action !== 'switch') {
    return 'Error: invalid_request: sub is missing, expected the subject to log in as'
  }
  if (before !== undefined && isFromPage(answer, before)) return undefined
  return 'Error: invalid_request: who is logged in here has changed since the page was shown'
}

/** Whether the answer is to a page that this session was shown, and not to one that another site made up. */
export function isFromPage(answer: Submission, { session }: BrowserSession): boolean {
  return answer.browser_state === session.browser_state
}
