/** Which of a user's claims are released where. OpenID Connect Core §5.4 and §5.5. */
import { isDeepStrictEqual } from 'node:util'
import type { Snapshot } from '../config/snapshot.js'
import type { User } from '../directory/users.js'
import type { ClaimRequest, ClaimsRequest } from '../store/records.js'
import { words } from './params.js'
import { listScopes } from './scopes.js'

export type Claims = Readonly<Record<string, unknown>>

/** What was granted, and where claims go. */
export interface Release {
  readonly scope: string
  /** The parameter `claims` of the authorization request. */
  readonly claims: ClaimsRequest | undefined
  readonly place: 'id_token' | 'userinfo'
  /** Whether the client gets an access token as well, and with it what userinfo says. */
  readonly has_userinfo: boolean
}

/**
 * The user's claims for one place: those that the request asks for one by one, those that a granted scope releases, and
 * those that no scope governs. What the configuration gives for this place only is added, whatever was asked for.
 */
export function releaseClaims(snapshot: Snapshot, user: User, release: Release): Claims {
  return { ...selectClaims(snapshot, user.claims, release), ...user[release.place] }
}

/** Those of some claims that are released. */
export function selectClaims(snapshot: Snapshot, claims: Claims, release: Release): Claims {
  const { rules } = snapshot
  const scopes = listScopes(snapshot)
  const governed = new Set([...scopes.values()].flat())
  const granted = new Set(words(release.scope).flatMap((name) => scopes.get(name) ?? []))
  // OpenID Connect Core §5.4: where there is an access token, the claims of scopes come from userinfo.
  // Departure: where the rule is off the ID token has them too, so that a client that reads only that can be tested.
  const here = release.place === 'userinfo' || !release.has_userinfo || !rules.scope_claims_at_userinfo
  const requested = release.claims?.[release.place] ?? {}
  const isReleased = ([name, value]: [string, unknown]) => {
    // OpenID Connect Core §5.3.2: a claim without a value is left out.
    if (rules.requested_claims_only && isEmpty(value)) return false
    // OpenID Connect Core §5.5: what is asked for by its name is asked for at this place.
    if (Object.hasOwn(requested, name)) return isWanted(requested[name] ?? {}, value)
    // OpenID Connect Core §5.2: `name#de` is the claim `name` in another language.
    const names = [name, name.split('#')[0]!]
    if (!names.some((one) => governed.has(one))) return !rules.requested_claims_only
    return here && names.some((one) => granted.has(one))
  }
  // Object.fromEntries defines members, so a claim named __proto__ is only a claim.
  return Object.fromEntries(Object.entries(claims).filter(isReleased))
}

/** OpenID Connect Core §5.5.1: a claim that is wanted with certain values only is left out with any other. */
function isWanted({ value, values = value === undefined ? undefined : [value] }: ClaimRequest, actual: unknown) {
  return values?.some((one) => isDeepStrictEqual(one, actual)) ?? true
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'string' && value.trim() === '')
}
