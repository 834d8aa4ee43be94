/** The parameters `prompt` and `display` of an authorization request. OpenID Connect Core §3.1.2.1. */
import { invalidRequest, shown } from '../errors.js'
import { type Params, words } from './params.js'

const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const

export type Prompt = (typeof PROMPTS)[number]

/** Known values of `display`, as discovery lists them. */
export const DISPLAYS = ['page', 'popup', 'touch', 'wap'] as const

export type Display = (typeof DISPLAYS)[number]

/** Reads the values of `prompt`. */
export function readPrompt(params: Params): Prompt[] {
  const requested = params.find('prompt')
  const prompt = words(requested).map((word) => {
    const known = PROMPTS.find((one) => one === word)
    // Initiating User Registration §4.1: unsupported values of prompt are refused.
    if (known === undefined) throw invalidRequest(`prompt has ${shown(word)}, expected one of ${PROMPTS.join(', ')}`)
    return known
  })
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
