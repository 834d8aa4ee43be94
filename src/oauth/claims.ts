/** Selection of the claims of a user for the ID token and for userinfo. OpenID Connect Core §5.4 and §5.5. */
import { isDeepStrictEqual } from 'node:util'
import type { Snapshot } from '../config/snapshot.js'
import type { User } from '../directory/users.js'
import type { ClaimRequest, ClaimsRequest } from '../store/records.js'
import { words } from './params.js'
import { listScopes } from './scopes.js'

export type Claims = Readonly<Record<string, unknown>>

/** The granted access and the place where claims are returned. */
export interface Release {
  readonly scope: string
  /** The parameter `claims` of the authorization request. */
  readonly claims: ClaimsRequest | undefined
  readonly place: 'id_token' | 'userinfo'
  /** Whether the client gets an access token as well, and so can request claims from userinfo. */
  readonly has_userinfo: boolean
}

/**
 * Returns the user's claims for one place: individually requested claims, claims of granted scopes, and claims that belong
 * to no scope. Claims that are configured for this place only are always added.
 */
export function releaseClaims(snapshot: Snapshot, user: User, release: Release): Claims {
  return { ...selectClaims(snapshot, user.claims, release), ...user[release.place] }
}

/** Returns the released part of the claims. */
export function selectClaims(snapshot: Snapshot, claims: Claims, release: Release): Claims {
  const { rules } = snapshot
  const scopes = listScopes(snapshot)
  const governed = new Set([...scopes.values()].flat())
  const granted = new Set(words(release.scope).flatMap((name) => scopes.get(name) ?? []))
  // OpenID Connect Core §5.4: if an access token is issued, userinfo returns the claims of scopes.
  // Departure: if the rule is off, the ID token has them as well, for clients that read only the ID token.
  const here = release.place === 'userinfo' || !release.has_userinfo || !rules.scope_claims_at_userinfo
  const requested = release.claims?.[release.place] ?? {}
  const isReleased = ([name, value]: [string, unknown]) => {
    // OpenID Connect Core §5.3.2: a claim without a value is left out.
    if (rules.requested_claims_only && isEmpty(value)) return false
    // OpenID Connect Core §5.5: an individually requested claim is requested for one place.
    if (Object.hasOwn(requested, name)) return hasRequestedValue(requested[name] ?? {}, value)
    // OpenID Connect Core §5.2: `name#de` is the claim `name` in another language.
    const names = [name, name.split('#')[0]!]
    if (!names.some((one) => governed.has(one))) return !rules.requested_claims_only
    return here && names.some((one) => granted.has(one))
  }
  // Object.fromEntries defines members, so a claim named __proto__ is only a claim.
  return Object.fromEntries(Object.entries(claims).filter(isReleased))
}

/** Tells whether a claim has a requested value. OpenID Connect Core §5.5.1: `value` and `values` restrict the claim. */
function hasRequestedValue(
  { value, values = value === undefined ? undefined : [value] }: ClaimRequest,
  actual: unknown,
) {
  return values?.some((one) => isDeepStrictEqual(one, actual)) ?? true
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'string' && value.trim() === '')
}
