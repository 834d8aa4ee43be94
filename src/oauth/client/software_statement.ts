/** Metadata that somebody else vouches for: a JWT within a registration request. RFC 7591 §2.3 and §3.1.1. */
import { decodeJwt } from 'jose'
import { invalidSoftwareStatement } from '../../errors.js'
import { isTooDeep, MAX_DEPTH } from '../params.js'
import { readHeader } from './keys.js'

type Metadata = Readonly<Record<string, unknown>>

/** RFC 7591 §3.1.1: what the statement says goes before what the request says. */
// Departure: RFC 7591 §2.3 leaves it to the provider whom it trusts; this one knows no issuers of statements and believes
// whatever is well-formed.
export function unfoldSoftwareStatement(request: Metadata): Metadata {
  const { software_statement } = request
  if (software_statement === undefined) return request
  if (typeof software_statement !== 'string') {
    throw invalidSoftwareStatement(`software_statement is ${JSON.stringify(software_statement)}, expected a JWT`)
  }
  const { alg, claims } = decode(software_statement)
  if (isTooDeep(claims)) throw invalidSoftwareStatement(`software_statement nests more than ${MAX_DEPTH} levels deep`)
  // RFC 7591 §2.3: it is signed or MACed, and says who attests.
  if (alg === undefined || alg === 'none') {
    throw invalidSoftwareStatement(`software_statement has the alg ${alg ?? 'missing'}, expected a signature`)
  }
  if (typeof claims.iss !== 'string') throw invalidSoftwareStatement('software_statement has no iss, expected one')
  return { ...request, ...claims, software_statement }
}

function decode(jwt: string): { alg: string | undefined; claims: Metadata } {
  try {
    return { alg: readHeader(jwt).alg, claims: decodeJwt(jwt) }
  } catch {
    throw invalidSoftwareStatement('software_statement is no JWT')
  }
}
