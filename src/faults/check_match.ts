/** Whether what a rule of a fault has to match can ever be so: what is known of an exchange depends on its endpoint. */

import type { Pruned } from '../config/schema.js'
import { suggest } from '../config/suggest.js'
import type { FaultMatch } from '../generated/types.js'
import { isIssuerName } from '../routes.js'
import { FAULT_CATALOGUE } from './catalogue.js'
import { FAULT_ENDPOINTS, type FaultEndpoint, type FaultName, PUBLIC_ENDPOINTS } from './row.js'

type Match = Pruned<FaultMatch>
type Finding = readonly [place: readonly string[], message: string]

/** The user or the client that a rule belongs to. */
export interface FaultOwner {
  readonly sub?: string | undefined
  readonly client_id?: string | undefined
}

const WITH_CLIENT = FAULT_ENDPOINTS.filter((endpoint) => !PUBLIC_ENDPOINTS.includes(endpoint))

/** Where each fact can be known. */
const KNOWN_AT: Readonly<Record<Exclude<keyof FaultMatch, 'endpoint' | 'issuer'>, readonly FaultEndpoint[]>> = {
  client_id: WITH_CLIENT,
  sub: WITH_CLIENT.filter((endpoint) => endpoint !== 'registration' && endpoint !== 'device_authorization'),
  grant_type: ['token'],
  scope: WITH_CLIENT,
  // RFC 8707 §2: it is said where tokens are asked for.
  resource: ['authorization', 'token', 'device_authorization'],
}

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
/** The grants that a fault of the token endpoint needs; the others need none, since they are there before it is looked at. */
const GRANTS: readonly (readonly [faults: RegExp, grant_types: readonly string[]])[] = [
  [/^token\.refresh_/, ['refresh_token']],
  [/^token\.(authorization_pending|slow_down|expired_token|access_denied)$/, [DEVICE_CODE]],
  [
    /^(token\.(?!error$)|id_token\.|access_token\.|jwks\.rotated)/,
    ['authorization_code', 'refresh_token', DEVICE_CODE],
  ],
]

export function* checkMatch(fault: FaultName, match: Match, owner: FaultOwner): Iterable<Finding> {
  const at = listOf(match.endpoint)
  yield* checkEndpoints(fault, match)
  const known = at.length === 0 ? FAULT_CATALOGUE[fault].endpoints : at
  for (const [name, places] of Object.entries(KNOWN_AT)) {
    const isKnown = (endpoint: string) => places.some((place) => place === endpoint)
    // Of endpoints that were asked for each has to know it; of all that the fault has, one.
    const strange = known.filter((endpoint) => !isKnown(endpoint))
    const isOff = at.length === 0 ? strange.length === known.length : strange.some(isEndpoint)
    if (!isOff) continue
    const where = strange.filter(isEndpoint).join(', ')
    if (name in match) yield [['match', name], `can never match, since no ${name} is known at ${where}`]
    else if (owner[name as keyof FaultOwner] !== undefined) {
      const whose = name === 'sub' ? 'a user' : 'a client'
      yield [['fault'], `can't be of ${whose}, since no ${name} is known at ${where}`]
    }
  }
  yield* checkGrants(fault, match)
  yield* checkNames(match)
  yield* checkOwner(match, owner)
}

function* checkEndpoints(fault: FaultName, { endpoint }: Match): Iterable<Finding> {
  const { endpoints } = FAULT_CATALOGUE[fault]
  for (const [place, one] of placesOf('endpoint', endpoint)) {
    if (!isEndpoint(one)) {
      const meant = suggest(one.replace(/_(endpoint|uri|iframe)$/, ''), FAULT_ENDPOINTS)
      const hint = meant === undefined ? `known here: ${FAULT_ENDPOINTS.join(', ')}` : `did you mean ${meant}?`
      yield [place, `must be the name of an endpoint, but is "${one}"; ${hint}`]
    } else if (!endpoints.includes(one)) {
      yield [place, `must be ${endpoints.join(' or ')}, where ${fault} can happen, but is "${one}"`]
    }
  }
}

function* checkGrants(fault: FaultName, { grant_type }: Match): Iterable<Finding> {
  const [, grants] = GRANTS.find(([faults]) => faults.test(fault)) ?? []
  for (const [place, one] of placesOf('grant_type', grant_type)) {
    if (grants === undefined || grants.includes(one)) continue
    yield [place, `must be ${grants.join(' or ')}, with which ${fault} can happen, but is "${one}"`]
  }
}

function* checkNames({ issuer, scope }: Match): Iterable<Finding> {
  for (const [place, name] of placesOf('issuer', issuer)) {
    if (isIssuerName(name)) continue
    yield [place, `must be 1 to 64 letters, digits and ._~- as in /issuers/NAME, or default, but is "${name}"`]
  }
  for (const [place, one] of placesOf('scope', scope)) {
    // RFC 6749 §3.3: scopes are separated by spaces.
    if (one.includes(' ')) yield [place, `must be one scope, so without spaces, but is "${one}"; several go in a list`]
  }
}

function* checkOwner(match: Match, owner: FaultOwner): Iterable<Finding> {
  for (const name of ['sub', 'client_id'] as const) {
    const own = owner[name]
    for (const [place, one] of placesOf(name, match[name])) {
      if (own !== undefined && one !== own)
        yield [place, `must be left out, or be "${own}", whose fault it is, but is "${one}"`]
    }
  }
}

const isEndpoint = (name: string): name is FaultEndpoint => FAULT_ENDPOINTS.some((one) => one === name)

const listOf = (value: string | readonly (string | undefined)[] | undefined): readonly string[] =>
  [value].flat().filter((one) => one !== undefined)

/** Each value of a match, with its place below the rule. */
function placesOf(name: keyof Match, value: Match[keyof Match]): (readonly [readonly string[], string])[] {
  if (typeof value === 'string') return [[['match', name], value]]
  return (value ?? []).flatMap((one, index) =>
    one === undefined ? [] : [[['match', name, String(index)], one] as const],
  )
}
