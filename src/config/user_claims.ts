/** Names of the claims of the configured users. */
import type { User } from '../generated/types.js'

/** Returns the names of the claims that users have in the ID token or userinfo. */
export function listUserClaims(users: readonly User[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { claims, id_token, userinfo, claim_sources = {} } of users) {
    for (const place of [claims, id_token, userinfo, ...Object.values(claim_sources).map((source) => source.claims)]) {
      for (const name of Object.keys(place)) names.add(name)
    }
  }
  return names
}
