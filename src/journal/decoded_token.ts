/** Tokens as far as they can be read without a key, for people to look at. RFC 7515 §7.1 and RFC 7519 §3. */

import { parseJson } from '../store/json.js'

/** A token of an exchange. */
export interface DecodedToken {
  /** Which token it is, such as `id_token`. */
  readonly name: string
  readonly header: Readonly<Record<string, unknown>>
  /** Left out where it is encrypted. */
  readonly payload?: Readonly<Record<string, unknown>>
}

/** Largest number of characters of a token that is decoded. */
const MAX_LENGTH = 65_536
/** Largest number of members that are decoded: those with as many dots as a token. */
const MOST_TOKENS = 50

/**
 * Decodes the members that are JWTs, valid or not.
 * @param max largest number of characters of a token.
 */
export function decodeTokens(members: Readonly<Record<string, unknown>>, max = MAX_LENGTH): DecodedToken[] {
  return Object.entries(members)
    .flatMap(([name, value]) => (typeof value === 'string' && value.length <= max ? [splitToken(name, value)] : []))
    .filter(({ parts }) => parts.length === 3 || parts.length === 5)
    .slice(0, MOST_TOKENS)
    .flatMap(decode)
}

const splitToken = (name: string, token: string) => ({ name, parts: token.split('.', 6) })

function decode({ name, parts }: ReturnType<typeof splitToken>): DecodedToken[] {
  const [header, payload] = parts.map(decodePart)
  if (header === undefined) return []
  // RFC 7516 §3.1: with five parts the second is a key.
  if (parts.length === 5) return [{ name, header }]
  return payload === undefined ? [] : [{ name, header, payload }]
}

/** Decodes the header or the payload of a token. Undefined if it is no JSON object within the bounds. */
export function decodePart(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = parseJson(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
