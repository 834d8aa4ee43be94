/** Proof Key for Code Exchange. RFC 7636: https://www.rfc-editor.org/rfc/rfc7636 */
import { createHash } from 'node:crypto'
import { invalidGrant, invalidRequest, shown } from '../errors.js'
import type { Params } from './params.js'

/** The transformation of each method from verifier to challenge. RFC 7636 §4.2. */
const METHODS = {
  S256: (verifier: string) => createHash('sha256').update(verifier, 'ascii').digest('base64url'),
  plain: (verifier: string) => verifier,
}

export type CodeChallengeMethod = keyof typeof METHODS

/** The supported methods, as discovery lists them. */
export const CODE_CHALLENGE_METHODS = Object.keys(METHODS) as CodeChallengeMethod[]

/** Syntax of a verifier and of a challenge: 43 to 128 unreserved characters. RFC 7636 §4.1 and §4.2. */
const FORM = /^[A-Za-z0-9._~-]{43,128}$/

/** The challenge of an authorization request. */
export interface CodeChallenge {
  readonly code_challenge: string
  readonly code_challenge_method: CodeChallengeMethod
}

/** Reads the challenge of an authorization request. RFC 7636 §4.3: the default method is `plain`. */
export function readCodeChallenge(params: Params): CodeChallenge | undefined {
  const code_challenge = params.find('code_challenge')
  const method = params.find('code_challenge_method')
  if (code_challenge === undefined) {
    if (method !== undefined)
      throw invalidRequest(`code_challenge is missing, but code_challenge_method is ${shown(method)}`)
    return undefined
  }
  const code_challenge_method = CODE_CHALLENGE_METHODS.find((known) => known === (method ?? 'plain'))
  // RFC 7636 §4.4.1: "transform algorithm not supported".
  if (code_challenge_method === undefined) {
    throw invalidRequest(
      `code_challenge_method is ${shown(method!)}: transform algorithm not supported, expected one of ${CODE_CHALLENGE_METHODS.join(', ')}`,
    )
  }
  // A plain challenge equals the verifier, a secret that must not appear in the log.
  if (!FORM.test(code_challenge)) {
    throw invalidRequest(
      `code_challenge has ${code_challenge.length} characters, expected 43 to 128 of A-Z, a-z, 0-9, ., _, ~, -`,
    )
  }
  return { code_challenge, code_challenge_method }
}

/** Verifies that the transformed verifier equals the challenge of the authorization request. RFC 7636 §4.6. */
export function verifyCodeVerifier(code_verifier: string | undefined, expected: Partial<CodeChallenge>): void {
  const { code_challenge, code_challenge_method = 'plain' } = expected
  if (code_challenge === undefined) {
    // RFC 9700 §2.1.1: a verifier without a challenge indicates a downgrade attack.
    if (code_verifier !== undefined) {
      throw invalidGrant('code_verifier is present, expected none: the authorization request had no code_challenge')
    }
    return
  }
  if (code_verifier === undefined) {
    throw invalidGrant('code_verifier is missing, but the authorization request had a code_challenge')
  }
  if (!FORM.test(code_verifier)) {
    throw invalidGrant(
      `code_verifier has ${code_verifier.length} characters, expected 43 to 128 of A-Z, a-z, 0-9, ., _, ~, -`,
    )
  }
  const computed = METHODS[code_challenge_method](code_verifier)
  if (computed === code_challenge) return
  // A plain challenge is the verifier itself, a secret that must not appear in the log.
  if (code_challenge_method === 'plain') {
    throw invalidGrant('code_verifier is wrong, expected the plain code_challenge of the authorization request')
  }
  throw invalidGrant(
    `code_verifier has the ${code_challenge_method} code_challenge ${computed}, expected ${code_challenge} of the authorization request`,
  )
}
