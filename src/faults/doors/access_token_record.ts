/** Effects of faults of an access token on its record, which introspection and userinfo read. RFC 7662 §2.2. */
import type { AccessToken } from '../../store/records.js'
import type { FaultAt } from '../catalogue.js'
import type { Draft } from './draft.js'
import type { Drafted } from './jwt.js'

type AccessTokenFault = FaultAt<'access_token'>

/**
 * Faults after which introspection says `active: false`. RFC 7662 §4: the provider checks the signature, the kind and the
 * times of a token. It accepts a token without a `kid`.
 */
const INACTIVE: ReadonlySet<AccessTokenFault> = new Set<AccessTokenFault>([
  'access_token.bad_signature',
  'access_token.alg_none',
  'access_token.wrong_alg',
  'access_token.hs256_with_public_key',
  'access_token.unknown_kid',
  'access_token.unpublished_key',
  'access_token.malformed',
  'access_token.wrong_typ',
  'access_token.not_yet_valid',
])

/** Returns the members of the record that the fault changes. If only the JWT is faulty, the record has the claims without the fault. */
export function describeFaultyRecord(
  before: Draft,
  { draft, rule }: Drafted<'access_token'>,
): Partial<Pick<AccessToken, 'scope' | 'expires_at' | 'claims' | 'introspection'>> {
  if (rule === undefined) return {}
  if (rule.jwt_only) return { claims: before.claims }
  const { fault } = rule
  if (INACTIVE.has(fault)) return { introspection: 'inactive' }
  const introspection = {
    ...changedClaims(before.claims, draft.claims),
    // Some presets have `scp` in the token; introspection has `scope` with every preset.
    ...(fault === 'access_token.missing_scope' && { scope: null }),
  }
  return {
    introspection,
    ...(fault === 'access_token.insufficient_scope' && { scope: rule.scope ?? '' }),
    ...(fault === 'access_token.expired' && { expires_at: Number(draft.claims.exp) }),
  }
}

/** Returns the claims with another value, and null for those that are missing. */
function changedClaims(before: Draft['claims'], after: Draft['claims']): Readonly<Record<string, unknown>> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  return Object.fromEntries(changed.map((name) => [name, after[name] ?? null]))
}
