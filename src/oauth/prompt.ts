/** How an authorization request wants the end-user to be asked: `prompt` and `display`. OpenID Connect Core §3.1.2.1. */
import { invalidRequest, shown } from '../errors.js'
import { type Params, words } from './params.js'

const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const

export type Prompt = (typeof PROMPTS)[number]

/** For discovery. */
export const DISPLAYS = ['page', 'popup', 'touch', 'wap'] as const

export type Display = (typeof DISPLAYS)[number]

export function readPrompt(params: Params): Prompt[] {
  const asked = params.find('prompt')
  const prompt = words(asked).map((word) => {
    const known = PROMPTS.find((one) => one === word)
    // Initiating User Registration §4.1 says for all of them: a value that isn't supported is refused.
    if (known === undefined) throw invalidRequest(`prompt has ${shown(word)}, expected ${PROMPTS.join(', ')}`)
    return known
  })
  // OpenID Connect Core §3.1.2.1: `none` comes alone.
  if (prompt.includes('none') && prompt.length > 1) {
    throw invalidRequest(`prompt is ${shown(asked!)}, expected no other value beside none`)
  }
  return prompt
}

/** Departure: OpenID Connect Core §3.1.2.1 leaves open what becomes of another value; it is as good as none. */
export function findDisplay(params: Params): Display | undefined {
  const asked = params.find('display')
  return DISPLAYS.find((one) => one === asked)
}
