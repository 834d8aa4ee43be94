/** The one door to randomness: every code, token and identifier that must not be guessed comes from here. */
import { randomBytes } from 'node:crypto'

/** 256 random bits, base64url: 43 characters. RFC 6749 §10.10 asks for a guessing chance of at most 2^-128. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}
