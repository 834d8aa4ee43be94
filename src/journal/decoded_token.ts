/** Tokens as far as they can be read without a key, for people to look at. RFC 7515 §7.1 and RFC 7519 §3. */

/** A token of an exchange. */
export interface DecodedToken {
  /** Which token it is, such as `id_token`. */
  readonly name: string
  readonly header: Readonly<Record<string, unknown>>
  /** Left out where it is encrypted. */
  readonly payload?: Readonly<Record<string, unknown>>
}

/** Longer ones are nobody's token. */
const MAX_LENGTH = 65_536

/**
 * The members that are JWTs, decoded; whether they are good is not asked.
 * @param max how many characters a token may have.
 */
export function decodeTokens(members: Readonly<Record<string, unknown>>, max = MAX_LENGTH): DecodedToken[] {
  return Object.entries(members).flatMap(([name, value]) =>
    typeof value === 'string' && value.length <= max ? decode(name, value) : [],
  )
}

function decode(name: string, token: string): DecodedToken[] {
  const parts = token.split('.', 6)
  if (parts.length !== 3 && parts.length !== 5) return []
  const [header, payload] = parts.map(decodePart)
  if (header === undefined) return []
  // RFC 7516 §3.1: with five parts the second is a key.
  if (parts.length === 5) return [{ name, header }]
  return payload === undefined ? [] : [{ name, header, payload }]
}

function decodePart(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
