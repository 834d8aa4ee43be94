/** The parameters `prompt` and `display` of an authorization request. OpenID Connect Core §3.1.2.1. */
import type { Context } from '../context.js'
import { invalidRequest, shown } from '../errors.js'
import { type Params, words } from './params.js'
import { enforce } from './rules.js'

/** Known values of `prompt`, as discovery lists them. `create`: Initiating User Registration §4.1. */
export const PROMPTS = ['none', 'login', 'consent', 'select_account', 'create'] as const

export type Prompt = (typeof PROMPTS)[number]

/** Known values of `display`, as discovery lists them. */
export const DISPLAYS = ['page', 'popup', 'touch', 'wap'] as const

export type Display = (typeof DISPLAYS)[number]

/** Reads the values of `prompt`. */
export function readPrompt(ctx: Context, params: Params): Prompt[] {
  const requested = params.find('prompt')
  const given = words(requested)
  const prompt = PROMPTS.filter((one) => given.includes(one))
  const unknown = given.filter((word) => !PROMPTS.some((one) => one === word))
  if (unknown.length > 0) {
    // Initiating User Registration §4.1: unsupported values of prompt are refused.
    const refusal = `prompt has ${shown(unknown.join(' '))}, expected only ${PROMPTS.join(', ')}`
    // Departure: applications send the values of other providers, such as `admin_consent`; without the rule they are ignored.
    enforce(ctx, 'known_prompts', invalidRequest(refusal))
  }
  // OpenID Connect Core §3.1.2.1: `none` must not be combined with other values.
  if (prompt.includes('none') && prompt.length > 1) {
    throw invalidRequest(`prompt is ${shown(requested!)}, expected no other value with none`)
  }
  return prompt
}

/** Reads `display`. Departure: unknown values, for which OpenID Connect Core §3.1.2.1 has no rule, are ignored. */
export function findDisplay(params: Params): Display | undefined {
  const requested = params.find('display')
  return DISPLAYS.find((one) => one === requested)
}
