/** Proof Key for Code Exchange. RFC 7636: https://www.rfc-editor.org/rfc/rfc7636 */
import { createHash } from 'node:crypto'
import { invalidGrant, invalidRequest, shown } from '../errors.js'
import type { Params } from './params.js'

/** RFC 7636 §4.3: each method, and how it makes the challenge of a verifier. */
const METHODS = {
  S256: (verifier: string) => createHash('sha256').update(verifier, 'ascii').digest('base64url'),
  plain: (verifier: string) => verifier,
}

export type CodeChallengeMethod = keyof typeof METHODS

/** For discovery. */
export const CODE_CHALLENGE_METHODS = Object.keys(METHODS) as CodeChallengeMethod[]

/** RFC 7636 §4.1 and §4.2: 43 to 128 unreserved characters, for the verifier and the challenge alike. */
const FORM = /^[A-Za-z0-9._~-]{43,128}$/

export interface CodeChallenge {
  readonly code_challenge: string
  readonly code_challenge_method: CodeChallengeMethod
}

/** RFC 7636 §4.3: the challenge of an authorization request, `plain` where no method is named. */
export function readCodeChallenge(params: Params): CodeChallenge | undefined {
  const code_challenge = params.find('code_challenge')
  const method = params.find('code_challenge_method')
  if (code_challenge === undefined) {
    if (method !== undefined)
      throw invalidRequest(`code_challenge is missing, code_challenge_method is ${shown(method)}`)
    return undefined
  }
  const code_challenge_method = CODE_CHALLENGE_METHODS.find((known) => known === (method ?? 'plain'))
  // RFC 7636 §4.4.1: "transform algorithm not supported".
  if (code_challenge_method === undefined) {
    throw invalidRequest(
      `code_challenge_method is ${shown(method!)}: transform algorithm not supported, expected one of ${CODE_CHALLENGE_METHODS.join(', ')}`,
    )
  }
  // With `plain` the challenge is the verifier, a secret that stays out of the log.
  if (!FORM.test(code_challenge)) {
    throw invalidRequest(
      `code_challenge has ${code_challenge.length} characters, expected 43 to 128 of A-Z, a-z, 0-9, ., _, ~, -`,
    )
  }
  return { code_challenge, code_challenge_method }
}

/** RFC 7636 §4.6: the verifier, transformed, must equal the challenge of the authorization request. */
export function verifyCodeVerifier(code_verifier: string | undefined, expected: Partial<CodeChallenge>): void {
  const { code_challenge, code_challenge_method = 'plain' } = expected
  if (code_challenge === undefined) {
    // RFC 9700 §2.1.1: a verifier without a challenge is the mark of a downgrade.
    if (code_verifier !== undefined) {
      throw invalidGrant('code_verifier came, but the authorization request had no code_challenge')
    }
    return
  }
  if (code_verifier === undefined) {
    throw invalidGrant('code_verifier is missing, the authorization request had a code_challenge')
  }
  if (!FORM.test(code_verifier)) {
    throw invalidGrant(
      `code_verifier has ${code_verifier.length} characters, expected 43 to 128 of A-Z, a-z, 0-9, ., _, ~, -`,
    )
  }
  const computed = METHODS[code_challenge_method](code_verifier)
  if (computed === code_challenge) return
  // A plain challenge is the verifier itself, a secret that stays out of the log.
  if (code_challenge_method === 'plain') {
    throw invalidGrant('code_verifier is not the plain code_challenge of the authorization request')
  }
  throw invalidGrant(
    `code_verifier gives the ${code_challenge_method} challenge ${computed}, the authorization request had ${code_challenge}`,
  )
}
