/** The names of users, by which a login finds them. */
import type { User } from '../generated/types.js'
import { fold } from './search.js'

interface Named {
  readonly sub: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** Returns the names of a user: `sub`, `email` and `preferred_username`. */
export function namesOf({ sub, claims: { email, preferred_username } }: Named): string[] {
  return [sub, email, preferred_username].filter((name): name is string => typeof name === 'string')
}

/** Indexes users by their names without differences of case. The users of a name are in the order of the configuration. */
export function indexNames(users: readonly User[]): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>()
  for (const user of users) {
    for (const name of new Set(namesOf(user).map(fold))) {
      const subs = index.get(name)
      if (subs === undefined) index.set(name, [user.sub])
      else subs.push(user.sub)
    }
  }
  return index
}
