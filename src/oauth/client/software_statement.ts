/** The software statement of a registration request: a JWT with client metadata. RFC 7591 §2.3 and §3.1.1. */
import { isBlank } from '../../clients/findings.js'
import type { Context } from '../../context.js'
import { invalidSoftwareStatement } from '../../errors.js'
import { readClaims, readHeader } from '../jwt_parts.js'
import { enforce } from '../rules.js'

type Metadata = Readonly<Record<string, unknown>>

/** Returns the metadata of the request, in which the members of the statement take precedence. RFC 7591 §3.1.1. */
// Departure: RFC 7591 §2.3 lets the provider decide which issuers it trusts. This provider trusts every well-formed statement.
export function unfoldSoftwareStatement(ctx: Context, request: Metadata): Metadata {
  const { software_statement, ...others } = request
  if (software_statement === undefined) return request
  if (isBlank(software_statement)) {
    enforce(ctx, 'valid_metadata', notJwt(software_statement))
    return others
  }
  if (typeof software_statement !== 'string') throw notJwt(software_statement)
  const { alg, claims } = decode(software_statement)
  // RFC 7591 §2.3: the statement must have a signature or MAC, and an iss.
  if (alg === undefined || alg === 'none') {
    throw invalidSoftwareStatement(`software_statement has the alg ${alg ?? 'missing'}, expected a signature`)
  }
  if (typeof claims.iss !== 'string')
    throw invalidSoftwareStatement('software_statement has no iss, expected the issuer')
  return { ...request, ...claims, software_statement }
}

const notJwt = (value: unknown) =>
  invalidSoftwareStatement(`software_statement is ${JSON.stringify(value)}, expected a JWT`)

function decode(jwt: string): { alg: string | undefined; claims: Metadata } {
  try {
    return { alg: readHeader(jwt).alg, claims: readClaims(jwt) }
  } catch (error) {
    throw invalidSoftwareStatement(`software_statement ${(error as Error).message}`)
  }
}
