/** Faults of one login: the error and the fault that a form of the login page names. */
import { FAULT_CATALOGUE, FAULT_NAMES, type FaultName } from './catalogue.js'
import type { FaultRule } from './rules.js'

/** Errors that the login page offers. RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6. */
export const LOGIN_PAGE_ERRORS = [
  'access_denied',
  'server_error',
  'temporarily_unavailable',
  'login_required',
  'consent_required',
  'interaction_required',
  'invalid_scope',
  'unauthorized_client',
  'invalid_request',
  'unsupported_response_type',
] as const

/** Faults that the login page offers. */
export const LOGIN_PAGE_FAULTS = FAULT_NAMES.filter((name) => FAULT_CATALOGUE[name].offered === true)

/** The fields `error` and `fault` of a form. */
export interface FaultChoice {
  readonly error?: string
  readonly fault?: string
  /** Rules in order of precedence. */
  readonly rules: readonly FaultRule[]
  /** Reason why a field is invalid. */
  readonly problem?: string
}

/** Reads the fields of a form. An empty field chooses nothing. */
export function readFaultChoice(form: { readonly error?: unknown; readonly fault?: unknown }): FaultChoice {
  const fields = { error: form.error, fault: form.fault }
  const given = Object.entries(fields).filter(([, value]) => typeof value === 'string' && value !== '')
  const choice = Object.fromEntries(given) as { error?: string; fault?: string }
  const fault = LOGIN_PAGE_FAULTS.find((name) => name === choice.fault)
  const problem = describeProblem(choice, fault)
  if (problem !== undefined) return { ...choice, rules: [], problem }
  const rules: FaultRule[] = []
  if (choice.error !== undefined) rules.push({ fault: 'authorize.error', error: choice.error })
  if (fault !== undefined) rules.push({ fault })
  return { ...choice, rules }
}

function describeProblem({ error, fault }: Pick<FaultChoice, 'error' | 'fault'>, known: FaultName | undefined) {
  if (error !== undefined && !LOGIN_PAGE_ERRORS.some((one) => one === error)) {
    return `error is ${error.slice(0, 100)}, expected one of ${LOGIN_PAGE_ERRORS.join(', ')}`
  }
  if (fault !== undefined && known === undefined) {
    return `fault is ${fault.slice(0, 100)}, expected one of ${LOGIN_PAGE_FAULTS.join(', ')}`
  }
  return undefined
}
