/** The parameter `claims`, which requests individual claims. OpenID Connect Core §5.5. */

import { invalidRequest, shown } from '../errors.js'
import { JsonBoundError, parseJson } from '../store/json.js'
import type { ClaimRequest, ClaimsRequest } from '../store/records.js'
import type { Params } from './params.js'

/** Maximum claims for one place. The grant stores the list, and the consent page shows it. */
const MAX_CLAIMS = 100

const PLACES = ['userinfo', 'id_token'] as const

type Members = Readonly<Record<string, unknown>>

/** Reads the parameter `claims`; undefined if the request has none. */
export function readClaimsRequest(params: Params): ClaimsRequest | undefined {
  const text = params.find('claims')
  if (text === undefined) return undefined
  const request = requireObject('claims', parse(text))
  // OpenID Connect Core §5.5: other members are ignored; null requests no claims.
  const places = PLACES.filter((place) => Object.hasOwn(request, place) && request[place] !== null)
  return Object.fromEntries(places.map((place) => [place, readPlace(`claims.${place}`, request[place])]))
}

function parse(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonBoundError) throw invalidRequest(`claims ${error.message}`)
    throw invalidRequest(`claims is ${shown(text)}, expected a JSON object`)
  }
}

function readPlace(place: string, value: unknown): Readonly<Record<string, ClaimRequest | null>> {
  const claims = Object.entries(requireObject(place, value))
  if (claims.length > MAX_CLAIMS) {
    throw invalidRequest(`${place} has ${claims.length} claims, expected at most ${MAX_CLAIMS}`)
  }
  // Object.fromEntries defines members, so a claim named __proto__ is only a claim.
  return Object.fromEntries(
    claims.map(([name, request]) => [name, request === null ? null : readClaim(`${place}.${shown(name)}`, request)]),
  )
}

/** Reads the request for one claim. OpenID Connect Core §5.5.1: `essential`, `value`, `values`; other members are ignored. */
function readClaim(claim: string, value: unknown): ClaimRequest {
  const request = requireObject(claim, value)
  const [essential, values] = ['essential', 'values'].map((name) => own(request, name))
  if (essential !== undefined && typeof essential !== 'boolean') {
    throw invalidRequest(`${claim}.essential is ${describeValue(essential)}, expected true or false`)
  }
  if (values !== undefined && !Array.isArray(values)) {
    throw invalidRequest(`${claim}.values is ${describeValue(values)}, expected a list`)
  }
  return {
    ...(essential !== undefined && { essential }),
    ...(Object.hasOwn(request, 'value') && { value: request.value }),
    ...(values !== undefined && { values }),
  }
}

function requireObject(name: string, value: unknown): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidRequest(`${name} is ${describeValue(value)}, expected a JSON object`)
  }
  return value as Members
}

const own = (members: Members, name: string) => (Object.hasOwn(members, name) ? members[name] : undefined)

/** Describes a value for a message, without the members of lists and objects. */
function describeValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return shown(String(value))
  return Array.isArray(value) ? 'a list' : 'an object'
}
