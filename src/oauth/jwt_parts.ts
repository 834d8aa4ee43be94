/** Reads the parts of JWTs of clients, which are JSON objects within bounds. Verifies nothing. RFC 7519 §7.2. */
import { base64url, type ProtectedHeaderParameters } from 'jose'
import { JsonBoundError, parseJson } from '../store/json.js'

type Claims = Readonly<Record<string, unknown>>

/**
 * Reads the header of a JWT.
 * @throws an Error whose message continues a sentence that begins with the name of the JWT, like the other functions here.
 */
export function readHeader(jwt: string): ProtectedHeaderParameters {
  const parts = jwt.split('.', 6)
  const header = decodeObject('header', parts.length === 3 || parts.length === 5 ? parts[0] : undefined)
  // RFC 7515 §4.1.1 and §4.1.4, RFC 7516 §4.1.2: the values are strings.
  for (const name of ['alg', 'enc', 'kid'] as const) {
    if (!['string', 'undefined'].includes(typeof header[name])) {
      throw new Error(`is not a JWT: the ${name} in its header is not a text`)
    }
  }
  return header
}

/** Reads the claims of a JWT that is not encrypted. */
export function readClaims(jwt: string): Claims {
  const parts = jwt.split('.', 4)
  return decodeObject('payload', parts.length === 3 ? parts[1] : undefined)
}

/** Reads the claims of a decoded payload. */
export const parseClaims = (text: string): Claims => parseObject('payload', text)

function decodeObject(part: 'header' | 'payload', encoded: string | undefined): Claims {
  return parseObject(part, encoded === undefined ? undefined : decode(encoded))
}

function decode(encoded: string): string | undefined {
  try {
    return new TextDecoder().decode(base64url.decode(encoded))
  } catch {
    return undefined
  }
}

function parseObject(part: 'header' | 'payload', text = ''): Claims {
  const value = parse(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new Error(`is not a JWT: its ${part} is not a JSON object`)
}

function parse(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonBoundError) throw error
    return undefined
  }
}
