/** What goes wrong on purpose with an authorization response: state, iss and code. RFC 6749 §4.1.2 and §10.12, RFC 9207. */
import type { Context } from '../../context.js'
import { type Applicable, findFault } from './find.js'

/** The parameters of an authorization response. */
export type Parameters = Readonly<Record<string, string | undefined>>

interface Spoilt {
  readonly parameters: Parameters
  /** Whether the browser brings them twice. */
  readonly twice: boolean
}

type Name =
  | `authorize.${'wrong' | 'missing'}_${'state' | 'iss'}`
  | `authorize.${'missing_code' | 'replayed_code' | 'double_callback'}`

/** What the parameters become; a text says why there is nothing to change. */
type Spoil = (ctx: Context, parameters: Parameters, rule: Applicable<Name>) => Promise<Parameters | string>

/** Each fault of an authorization response, and what it makes of the parameters. */
export const FAULTY_RESPONSES: Readonly<Record<Name, Spoil>> = {
  'authorize.wrong_state': async (_ctx, parameters) => ({ ...parameters, state: altered(parameters.state) }),
  'authorize.missing_state': async (_ctx, parameters) => without(parameters, 'state', 'the request had none'),
  'authorize.wrong_iss': async (_ctx, parameters, { value }) => ({
    ...parameters,
    iss: String(value ?? ANOTHER_ISSUER),
  }),
  'authorize.missing_iss': async (_ctx, parameters) => without(parameters, 'iss', 'the rule iss_parameter is off'),
  'authorize.missing_code': async (_ctx, parameters) => without(parameters, 'code', NO_CODE),
  'authorize.replayed_code': spend,
  'authorize.double_callback': async (_ctx, parameters) => parameters,
}

const NAMES = Object.keys(FAULTY_RESPONSES) as Name[]
const ANOTHER_ISSUER = 'https://another-issuer.example'
const NO_CODE = 'the response_type has none'

/** The parameters as a fault has them, or as they are. */
export async function spoil(ctx: Context, parameters: Parameters): Promise<Spoilt> {
  // A refusal has no code that could be missing.
  const names = parameters.error === undefined ? NAMES : NAMES.filter((name) => !name.endsWith('_code'))
  const rule = await findFault(ctx, names)
  if (rule === undefined) return { parameters, twice: false }
  const spoilt = await FAULTY_RESPONSES[rule.fault](ctx, parameters, rule)
  if (typeof spoilt !== 'string') return { parameters: spoilt, twice: rule.fault === 'authorize.double_callback' }
  ctx.remark('decision', `${rule.fault} changes nothing: ${spoilt}`)
  return { parameters, twice: false }
}

/** Another `state` than the client sent, also where it sent none. */
export function altered(state = ''): string {
  return `${state}_altered`
}

function without(parameters: Parameters, name: string, unless: string): Parameters | string {
  return parameters[name] === undefined ? unless : { ...parameters, [name]: undefined }
}

/** RFC 6749 §4.1.2: a code buys tokens once; this one has done so. */
async function spend({ store }: Context, parameters: Parameters): Promise<Parameters | string> {
  const { code } = parameters
  if (code === undefined) return NO_CODE
  await store.authorization_codes.update(code, (record) => record && { ...record, redeemed: true })
  return parameters
}
