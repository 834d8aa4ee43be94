/** The one door to randomness: every code, token and identifier that must not be guessed comes from here. */
import { randomBytes, randomInt } from 'node:crypto'

/** 256 random bits, base64url: 43 characters. RFC 6749 §10.10 asks for a guessing chance of at most 2^-128. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}

/** A number to begin a repeatable run of chance with: whole, from 0 below 2^32. */
export function randomSeed(): number {
  return randomInt(2 ** 32)
}

/** So many characters of the alphabet. */
export function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}
