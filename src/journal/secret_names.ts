/** The names of secrets in forms, queries, JSON and headers. */

/** Names of secrets, without the characters in which spellings differ: `client_secret`, `clientSecret`, `client_secret[]`. */
const SECRET_NAMES: ReadonlySet<string> = new Set(
  [
    'access_token',
    'actor_token',
    'assertion',
    'browser_state',
    'client_assertion',
    'client_secret',
    'code',
    'code_verifier',
    'device_code',
    'id_token',
    'id_token_hint',
    'initial_access_token',
    'logout_token',
    'password',
    'refresh_token',
    'registration_access_token',
    'request',
    'response',
    'software_statement',
    'subject_token',
    'token',
  ].map(lettersOf),
)

/** RFC 7518 §6.2.2, §6.3.2 and §6.4.1: private members of a JWK. */
const PRIVATE_MEMBERS: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
/** RFC 7517 §5 and RFC 7591 §2: members whose values are keys. */
const KEY_NAMES: ReadonlySet<string> = new Set(['jwk', 'jwks', 'keys'])
/** JWTs whose claims are secrets. JARM §2.3: the code. RFC 9101 §4: each parameter, such as a plain code_challenge. */
const SECRET_CLAIMS: ReadonlySet<string> = new Set(['request', 'response'])
/** Headers with a secret, besides credentials and cookies. */
const SECRET_HEADER = /(?:^|-)(?:token|key|secret|password)$/

/** Properties of the values beside a name. */
export interface Surroundings {
  /** Whether they are the members of a key. */
  readonly isKey: boolean
  /** Whether a code_challenge is a code_verifier. RFC 7636 §4.2. */
  readonly isPlain: boolean
}

/** Tells whether the value of this name is a secret. */
export function isSecretName(name: string, { isKey, isPlain }: Surroundings): boolean {
  const letters = lettersOf(name)
  return (
    SECRET_NAMES.has(letters) || (isKey && PRIVATE_MEMBERS.has(letters)) || (isPlain && letters === 'codechallenge')
  )
}

export const isSecretHeader = (name: string): boolean => SECRET_HEADER.test(name)
export const isKeyName = (name: string): boolean => KEY_NAMES.has(lettersOf(name))
export const hasSecretClaims = (name: string): boolean => SECRET_CLAIMS.has(lettersOf(name))

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, '')
}
