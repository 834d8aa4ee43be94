/** The parameter `claims`: claims that are asked for one by one. OpenID Connect Core §5.5. */

import { invalidRequest, shown } from '../errors.js'
import { isTooDeep, MAX_DEPTH } from '../journal/depth.js'
import type { ClaimRequest, ClaimsRequest } from '../store/records.js'
import type { Params } from './params.js'

/** More in one place is nobody's; the list is kept with the grant, and shown to the end-user. */
const MOST_CLAIMS = 100

const PLACES = ['userinfo', 'id_token'] as const

type Members = Readonly<Record<string, unknown>>

export function readClaimsRequest(params: Params): ClaimsRequest | undefined {
  const text = params.find('claims')
  if (text === undefined) return undefined
  const asked = requireObject('claims', parse(text))
  if (isTooDeep(asked)) throw invalidRequest(`claims nests more than ${MAX_DEPTH} levels deep`)
  // OpenID Connect Core §5.5: another member is ignored; one that is null asks for nothing.
  const places = PLACES.filter((place) => Object.hasOwn(asked, place) && asked[place] !== null)
  return Object.fromEntries(places.map((place) => [place, readPlace(`claims.${place}`, asked[place])]))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidRequest(`claims is ${shown(text)}, expected a JSON object`)
  }
}

function readPlace(place: string, value: unknown): Readonly<Record<string, ClaimRequest | null>> {
  const claims = Object.entries(requireObject(place, value))
  if (claims.length > MOST_CLAIMS) {
    throw invalidRequest(`${place} has ${claims.length} claims, expected ${MOST_CLAIMS} at most`)
  }
  // Object.fromEntries defines members, so a claim named __proto__ is only a claim.
  return Object.fromEntries(
    claims.map(([name, request]) => [name, request === null ? null : readClaim(`${place}.${shown(name)}`, request)]),
  )
}

/** OpenID Connect Core §5.5.1: three members are known, and others are ignored. */
function readClaim(claim: string, value: unknown): ClaimRequest {
  const request = requireObject(claim, value)
  const [essential, values] = ['essential', 'values'].map((name) => own(request, name))
  if (essential !== undefined && typeof essential !== 'boolean') {
    throw invalidRequest(`${claim}.essential is ${kind(essential)}, expected true or false`)
  }
  if (values !== undefined && !Array.isArray(values)) {
    throw invalidRequest(`${claim}.values is ${kind(values)}, expected a list`)
  }
  return {
    ...(essential !== undefined && { essential }),
    ...(Object.hasOwn(request, 'value') && { value: request.value }),
    ...(values !== undefined && { values }),
  }
}

function requireObject(name: string, value: unknown): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidRequest(`${name} is ${kind(value)}, expected a JSON object`)
  }
  return value as Members
}

const own = (members: Members, name: string) => (Object.hasOwn(members, name) ? members[name] : undefined)

/** A value as a description names it, without its insides. */
function kind(value: unknown): string {
  if (typeof value !== 'object' || value === null) return shown(String(value))
  return Array.isArray(value) ? 'a list' : 'an object'
}
