/** Whether what is written as a client's public keys are such. RFC 7517 §4 and RFC 7518 §6. */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { Complaint } from './errors.js'

/** Departure: RFC 7517 §5 ignores a key that can't be read; in a file that somebody wrote by hand it is a mistake. */
export function* checkJwks(
  path: readonly string[],
  keys: readonly (Readonly<Record<string, unknown>> | undefined)[],
): Iterable<Complaint> {
  for (const [index, jwk] of keys.entries()) {
    const message = jwk && findFault(jwk)
    if (message !== undefined) yield { path: [...path, 'jwks', 'keys', String(index)], at: 'value', message }
  }
}

function findFault(jwk: JsonWebKey): string | undefined {
  // RFC 7518 §6.2.2, §6.3.2 and §6.4.1: the members of private and symmetric keys.
  const secret = ['d', 'k'].find((member) => Object.hasOwn(jwk, member))
  if (secret !== undefined) return `has ${secret}, as only a private or secret key has; the public one is needed here`
  try {
    createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return 'is no public key that can be read; a JWK has kty, and n and e for RSA, crv, x and y for EC, crv and x for OKP'
  }
}
