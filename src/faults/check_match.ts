/** Checks whether the match of a fault rule is possible: which facts are known depends on the endpoint. */
import { VALUES } from '../generated/values.js'
import { isIssuerName } from '../routes.js'
import { FAULT_CATALOGUE, type FaultName } from './catalogue.js'
import { FAULT_ENDPOINTS, type FaultEndpoint, PUBLIC_ENDPOINTS } from './rows/row.js'
import type { FaultRule, Pruned } from './rules.js'

type MatchName = keyof NonNullable<FaultRule['match']>
type Match = Pruned<NonNullable<FaultRule['match']>>
type MatchFinding = readonly [place: readonly string[], message: string]

/** Returns the candidate that a misspelled word stands for. */
export type Suggest = (word: string, candidates: readonly string[]) => string | undefined

/** The user or the client that a rule belongs to. */
export interface FaultOwner {
  readonly sub?: string | undefined
  readonly client_id?: string | undefined
}

const WITH_CLIENT = FAULT_ENDPOINTS.filter((endpoint) => !PUBLIC_ENDPOINTS.includes(endpoint))

/** Endpoints at which each fact can be known. */
const KNOWN_AT: Readonly<Record<Exclude<MatchName, 'endpoint' | 'issuer'>, readonly FaultEndpoint[]>> = {
  client_id: WITH_CLIENT,
  sub: WITH_CLIENT.filter((endpoint) => endpoint !== 'registration' && endpoint !== 'device_authorization'),
  grant_type: ['token'],
  scope: WITH_CLIENT,
  // RFC 8707 §2: the parameter resource is part of requests for tokens.
  resource: ['authorization', 'token', 'device_authorization'],
}

/** Grant types of the token endpoint. RFC 6749 §4.2: the implicit grant does not use it. */
const GRANT_TYPES: readonly string[] = VALUES.GrantType.filter((grant_type) => grant_type !== 'implicit')

export function* checkMatch(
  fault: FaultName,
  match: Match,
  owner: FaultOwner,
  suggest: Suggest,
): Iterable<MatchFinding> {
  const at = listOf(match.endpoint)
  yield* checkEndpoints(fault, match, suggest)
  const known = at.length === 0 ? FAULT_CATALOGUE[fault].endpoints : at
  for (const [name, places] of Object.entries(KNOWN_AT)) {
    const isKnown = (endpoint: string) => places.some((place) => place === endpoint)
    // Each endpoint of the match must know the fact; without such a match one endpoint of the fault must.
    const strange = known.filter((endpoint) => !isKnown(endpoint))
    const isOff = at.length === 0 ? strange.length === known.length : strange.some(isEndpoint)
    if (!isOff) continue
    const where = strange.filter(isEndpoint).join(', ')
    if (name in match) yield [['match', name], `can never match, because no ${name} is known at ${where}`]
    else if (owner[name as keyof FaultOwner] !== undefined) {
      const whose = name === 'sub' ? 'a user' : 'a client'
      yield [['fault'], `cannot belong to ${whose}, because no ${name} is known at ${where}`]
    }
  }
  yield* checkGrants(fault, match)
  yield* checkNames(match)
  yield* checkOwner(match, owner)
}

function* checkEndpoints(fault: FaultName, { endpoint }: Match, suggest: Suggest): Iterable<MatchFinding> {
  const { endpoints } = FAULT_CATALOGUE[fault]
  for (const [place, one] of placesOf('endpoint', endpoint)) {
    if (!isEndpoint(one)) {
      const meant = suggest(one.replace(/_(endpoint|uri|iframe)$/, ''), FAULT_ENDPOINTS)
      const hint =
        meant === undefined
          ? `expected one of ${FAULT_ENDPOINTS.join(', ')}`
          : `expected the name of an endpoint; did you mean ${meant}?`
      yield [place, `is "${one}", ${hint}`]
    } else if (!endpoints.includes(one)) {
      yield [place, `is "${one}", expected ${endpoints.join(' or ')}, where ${fault} can happen`]
    }
  }
}

function* checkGrants(fault: FaultName, { grant_type }: Match): Iterable<MatchFinding> {
  const { grant_types } = FAULT_CATALOGUE[fault]
  if (grant_types === undefined) return
  const possible = grant_types === 'every' ? GRANT_TYPES : grant_types
  for (const [place, one] of placesOf('grant_type', grant_type)) {
    if (possible.includes(one)) continue
    yield [place, `is "${one}", expected ${possible.join(' or ')}, with which ${fault} can happen`]
  }
}

function* checkNames({ issuer, scope }: Match): Iterable<MatchFinding> {
  for (const [place, name] of placesOf('issuer', issuer)) {
    if (isIssuerName(name)) continue
    yield [place, `is "${name}", expected 1 to 64 letters, digits and ._~- as in /issuers/NAME, or default`]
  }
  for (const [place, one] of placesOf('scope', scope)) {
    // RFC 6749 §3.3: scopes are separated by spaces.
    if (one.includes(' ')) yield [place, `is "${one}", expected one scope, without spaces; write several as a list`]
  }
}

function* checkOwner(match: Match, owner: FaultOwner): Iterable<MatchFinding> {
  for (const name of ['sub', 'client_id'] as const) {
    const own = owner[name]
    for (const [place, one] of placesOf(name, match[name])) {
      if (own !== undefined && one !== own)
        yield [place, `is "${one}", expected "${own}", which the rule belongs to, or no ${name}`]
    }
  }
}

const isEndpoint = (name: string): name is FaultEndpoint => FAULT_ENDPOINTS.some((one) => one === name)

const listOf = (value: string | readonly (string | undefined)[] | undefined): readonly string[] =>
  [value].flat().filter((one) => one !== undefined)

/** Returns each value of a match with its place below the rule. */
function placesOf(name: MatchName, value: Match[keyof Match]): (readonly [readonly string[], string])[] {
  if (typeof value === 'string') return [[['match', name], value]]
  return (value ?? []).flatMap((one, index) =>
    one === undefined ? [] : [[['match', name, String(index)], one] as const],
  )
}
