/** Forms that the end-user submits on a page of the authorization endpoint. OpenID Connect Core §3.1.2.3 and §3.1.2.4. */
import { invalidRequest } from '../errors.js'
import { type FaultChoice, readFaultChoice } from '../faults/choice.js'
import type { Params } from '../oauth/params.js'
import { isSameSecret } from '../oauth/secret.js'
import type { BrowserSession } from './session.js'

/** A submitted form. */
export interface Submission {
  /** Subject to log in as. */
  readonly sub: string | undefined
  readonly action: string | undefined
  /** Subject of a login in this browser to continue with; needs the `browser_state` of the session. */
  readonly account: string | undefined
  readonly browser_state: string | undefined
  /** Fault chosen for this login. */
  readonly fault_choice: FaultChoice
  /** Set if the end-user only looks for a user: the text to search for, and the typed subject, which the page keeps. */
  readonly filter?: { readonly text: string; readonly page: string | undefined; readonly sub: string | undefined }
}

/** `as` is the button of a listed user; `sub` is the text field beside it. */
const FIELDS = [
  'sub',
  'as',
  'action',
  'account',
  'browser_state',
  'flow_id',
  'error',
  'fault',
  'filter',
  'page',
] as const
/** Fields that are parameters of the request unless the form has `action=filter`. */
const LOOKUP: readonly string[] = ['filter', 'page']

/** Maximum number of fields that a page repeats: an authorization request has some dozen parameters. */
const MOST_FIELDS = 100

/** Reads the submission in a form; undefined if the form is only an authorization request. */
export function readSubmission(form: Params): Submission | undefined {
  const names = new Set(form.entries().map(([name]) => name))
  const isSubmission = FIELDS.some((name) => !LOOKUP.includes(name) && names.has(name))
  if (names.has('client_id') && !isSubmission) return undefined
  const [action, account, browser_state] = [form.find('action'), form.find('account'), form.find('browser_state')]
  // A pressed button takes precedence over the text field.
  const typed = account === undefined ? form.find('sub') : undefined
  const sub = form.find('as') ?? typed
  // OpenID Connect Core §2: at most 255 ASCII characters. Departure: any characters are accepted, as by the reference.
  if (sub !== undefined && sub.length > 255) {
    throw invalidRequest(`sub has ${sub.length} characters, expected at most 255`)
  }
  const fault_choice = readFaultChoice({ error: form.find('error'), fault: form.find('fault') })
  if (action === 'filter') {
    const filter = { text: form.find('filter') ?? '', page: form.find('page'), sub }
    return { sub: undefined, action, account, browser_state, fault_choice, filter }
  }
  return { sub, action, account, browser_state, fault_choice }
}

/** Returns the other fields of a form: a posted authorization request, to be posted again with the next submission. */
export function readRequestFields(form: Params): [string, string][] {
  const own: readonly string[] = FIELDS
  const fields = form.entries().filter(([name]) => !own.includes(name))
  if (fields.length <= MOST_FIELDS) return fields
  throw invalidRequest(`the form has ${fields.length} parameters, expected at most ${MOST_FIELDS}`)
}

/** Explains to the end-user why a page is shown again after a submission; undefined if nothing was wrong with it. */
export function describeProblem(submission: Submission, before: BrowserSession | undefined): string | undefined {
  if (submission.filter !== undefined) return undefined
  if (submission.account === undefined && submission.action !== 'switch') {
    return 'Error: invalid_request: sub is missing, expected the subject to log in as'
  }
  if (before !== undefined && isFromPage(submission, before)) return undefined
  return 'Error: invalid_request: the login of this browser has changed since the page was shown'
}

/** Whether the submission comes from a page that this session was shown, and not from a page of another site. */
export function isFromPage(submission: Submission, { session }: BrowserSession): boolean {
  return submission.browser_state !== undefined && isSameSecret(submission.browser_state, session.browser_state)
}
