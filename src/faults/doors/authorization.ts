/** Doors for faults of authorization requests and responses. RFC 6749 §4.1.2 and §10.12, RFC 9207. */
import type { Context } from '../../context.js'
import { declaredError } from '../../errors.js'
import type { FaultAt } from '../catalogue.js'
import type { Facts } from '../rules.js'
import { ANOTHER_ISSUER, anotherValue } from './claims.js'
import { type Applicable, findFault } from './find.js'

/**
 * Throws the error of the fault `authorize.error`, if it happens. The requests of one login count as one match, so that a
 * rule that skips a login skips all of its requests.
 */
export async function refuseAuthorization(ctx: Context, facts: Partial<Facts> = {}): Promise<void> {
  const rule = await findFault(ctx, 'authorization_request', { facts, turn: ctx.exchange.flow_id })
  if (rule === undefined) return
  const { error, error_description = `the fault ${rule.fault} is in force` } = rule
  throw declaredError(String(error), error_description)
}

/** Parameters of an authorization response. */
export type Parameters = Readonly<Record<string, string | undefined>>

interface Change {
  /** Set for faults that need a successful response: a refusal has no code. */
  readonly success?: true
  /** Returns the changed parameters, or the reason why there is nothing to change. */
  change(
    parameters: Parameters,
    rule: Applicable<FaultAt<'authorization_response'>>,
    ctx: Context,
  ): Parameters | string | Promise<Parameters | string>
}

const NO_CODE = 'the response_type has none'

const RESPONSE_CHANGES: Readonly<Record<FaultAt<'authorization_response'>, Change>> = {
  'authorize.wrong_state': { change: (parameters) => ({ ...parameters, state: alterState(parameters.state) }) },
  'authorize.missing_state': missing('state', 'the request had none'),
  'authorize.wrong_iss': {
    change: (parameters, { value = ANOTHER_ISSUER }) => ({ ...parameters, iss: String(value) }),
  },
  'authorize.missing_iss': missing('iss', 'the rule iss_parameter is off'),
  'authorize.missing_code': { success: true, ...missing('code', NO_CODE) },
  'authorize.replayed_code': { success: true, change: (parameters, _rule, ctx) => redeemCode(ctx, parameters) },
  'authorize.double_callback': { change: (parameters) => parameters },
}

/** Parameters to send. */
export interface Changed {
  readonly parameters: Parameters
  /** Whether the browser sends them twice. */
  readonly twice: boolean
}

/** Applies the fault that happens to an authorization response. */
export async function changeResponse(ctx: Context, parameters: Parameters): Promise<Changed> {
  const isSuccess = parameters.error === undefined
  const rule = await findFault(ctx, 'authorization_response', {
    fits: (name) => isSuccess || RESPONSE_CHANGES[name].success !== true,
  })
  if (rule === undefined) return { parameters, twice: false }
  const changed = await RESPONSE_CHANGES[rule.fault].change(parameters, rule, ctx)
  if (typeof changed !== 'string') return { parameters: changed, twice: rule.fault === 'authorize.double_callback' }
  ctx.remark('decision', `${rule.fault} changes nothing: ${changed}`)
  return { parameters, twice: false }
}

/** Returns another `state` than that of the request. */
export const alterState = (state: string | undefined) => anotherValue('state', state)

/** @param reason why the response may not have the parameter. */
function missing(name: string, reason: string): Change {
  return {
    change: (parameters) => (parameters[name] === undefined ? reason : { ...parameters, [name]: undefined }),
  }
}

/** RFC 6749 §4.1.2: a code can be redeemed once, so it is marked as redeemed. */
async function redeemCode({ store, now }: Context, parameters: Parameters): Promise<Parameters | string> {
  const { code } = parameters
  if (code === undefined) return NO_CODE
  const redeemed = { at: now, by: 'the fault authorize.replayed_code' }
  await store.authorization_codes.update(code, (record) => record && { ...record, redeemed })
  return parameters
}
