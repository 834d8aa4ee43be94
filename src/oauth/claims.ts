/** Which of a user's claims a scope releases. OpenID Connect Core §5.4 and §5.1. */
import type { Snapshot } from '../config/snapshot.js'
import type { User } from '../directory.js'
import { words } from './params.js'
import { listScopes } from './scopes.js'

export type Claims = Readonly<Record<string, unknown>>

/**
 * The claims for the ID token or userinfo: those that a granted scope releases, and those that no scope governs.
 * What the configuration gives for this place only is added, whatever the scope. `sub` is the user's, always.
 */
// Departure: OpenID Connect Core §5.4 leaves scope claims to userinfo where there is an access token; here the ID token
// has them too, so that a client that reads only the ID token can be tested.
export function releaseClaims(snapshot: Snapshot, user: User, scope: string, place: 'id_token' | 'userinfo'): Claims {
  const scopes = listScopes(snapshot)
  const governed = new Set([...scopes.values()].flat())
  const released = new Set(words(scope).flatMap((name) => scopes.get(name) ?? []))
  const visible = Object.entries(user.claims).filter(([name]) => !governed.has(name) || released.has(name))
  // Object.fromEntries defines members, so a claim named __proto__ is only a claim.
  return Object.fromEntries([...visible, ...Object.entries(user[place]), ['sub', user.sub]])
}
