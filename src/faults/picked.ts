/** What a person picks on the page of a login to go wrong with this login: an error to answer with, and a fault. */
import { FAULT_CATALOGUE } from './catalogue.js'
import type { FaultName } from './row.js'
import type { FaultRule } from './rules.js'

/** RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6: what an authorization endpoint refuses with. */
export const PICKABLE_ERRORS = [
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

/** What can happen in a login or with what comes of it. */
const IN_A_LOGIN = /^(?:id_token|access_token|authorize|token|userinfo)\./
/** RFC 8628 §3.5: the device flow has no login page that could pick these. */
const OF_THE_DEVICE_FLOW = /^token\.(?:authorization_pending|slow_down|expired_token|access_denied)$/

/** The faults that need no more than their name, each with what it does. */
export const PICKABLE_FAULTS = (Object.keys(FAULT_CATALOGUE) as FaultName[])
  .filter((name) => IN_A_LOGIN.test(name) && !OF_THE_DEVICE_FLOW.test(name))
  .filter((name) => FAULT_CATALOGUE[name].needs === undefined)
  .map((name) => ({ name, effect: FAULT_CATALOGUE[name].effect }))

export interface Picked {
  readonly error?: string
  readonly fault?: string
  /** In the order in which they count. */
  readonly rules: readonly FaultRule[]
  /** What of it can't be. */
  readonly problem?: string
}

/** What the fields of a form say; what is empty picks nothing. */
export function readPicked({ error, fault }: { readonly error?: unknown; readonly fault?: unknown }): Picked {
  const fields = Object.entries({ error, fault }).filter(([, value]) => typeof value === 'string' && value !== '')
  const picked = Object.fromEntries(fields) as { error?: string; fault?: string }
  const known = PICKABLE_FAULTS.find(({ name }) => name === picked.fault)?.name
  const problem = problemWith(picked, known)
  if (problem !== undefined) return { ...picked, rules: [], problem }
  const rules: FaultRule[] = []
  if (picked.error !== undefined) rules.push({ fault: 'authorize.error', error: picked.error })
  if (known !== undefined) rules.push({ fault: known })
  return { ...picked, rules }
}

function problemWith({ error, fault }: Pick<Picked, 'error' | 'fault'>, known: FaultName | undefined) {
  if (error !== undefined && !PICKABLE_ERRORS.some((one) => one === error)) {
    return `error is ${error.slice(0, 100)}, expected one of ${PICKABLE_ERRORS.join(', ')}`
  }
  if (fault !== undefined && known === undefined) {
    return `fault is ${fault.slice(0, 100)}, expected one of ${PICKABLE_FAULTS.map(({ name }) => name).join(', ')}`
  }
  return undefined
}
