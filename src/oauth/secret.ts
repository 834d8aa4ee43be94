/** Comparison of secrets: those of clients, and the tokens of the configuration and of registrations. */
import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Tells whether a request has the expected secret. RFC 6749 §10.10: the time of the comparison must not depend on the number of
 * correct characters; hashes of equal length hide the length as well.
 */
export const isSameSecret = (found: string, expected: string): boolean => timingSafeEqual(hash(found), hash(expected))

const hash = (text: string) => createHash('sha256').update(text).digest()
