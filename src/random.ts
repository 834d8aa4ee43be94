/** The only source of randomness: codes, tokens and identifiers that must not be guessable. */
import { randomBytes, randomInt } from 'node:crypto'

/** Returns random bytes as base64url: 43 characters by default. RFC 6749 §10.10: the probability of a guess is at most 2^-128. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** Returns a seed for repeatable pseudo-random decisions: an integer from 0 below 2^32. */
export function randomSeed(): number {
  return randomInt(2 ** 32)
}

/** Returns a random text of this length from the characters of the alphabet. */
export function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}
