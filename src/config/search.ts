/** The search for users and clients of the configuration by a part of their names. */
import { setImmediate } from 'node:timers/promises'
import type { Client, User } from '../generated/types.js'

/** Texts that are searched, by `sub` or `client_id`, in the order of the configuration. */
export type SearchTexts = ReadonlyMap<string, string>

/** The first matches, and the number of all. */
export interface Matches {
  readonly keys: readonly string[]
  readonly total: number
}

/** Number of texts that are searched before other requests have their turn. */
const AT_ONCE = 5_000

/** Returns the texts of users: what the pages show of them, and the claims that name them. */
export function createUserTexts(users: readonly User[]): SearchTexts {
  return new Map(
    users.map(({ sub, display_name, description, claims: { name, email, preferred_username } }) => [
      sub,
      join([sub, display_name, description, name, email, preferred_username]),
    ]),
  )
}

export function createClientTexts(clients: readonly Client[]): SearchTexts {
  return new Map(clients.map(({ client_id, client_name }) => [client_id, join([client_id, client_name])]))
}

/**
 * Searches for a part of the texts, in any case. The empty filter matches every text.
 * @param most maximum number of returned keys.
 * @param hidden keys that match no filter.
 */
export async function search(
  texts: SearchTexts,
  filter: string,
  most: number,
  hidden: ReadonlySet<string>,
): Promise<Matches> {
  const part = fold(filter.trim())
  const keys: string[] = []
  let [total, visited] = [0, 0]
  for (const [key, text] of texts) {
    visited += 1
    if (visited % AT_ONCE === 0) await setImmediate()
    if (!text.includes(part) || hidden.has(key)) continue
    total += 1
    if (keys.length < most) keys.push(key)
    // A page without a filter need not visit every text.
    else if (part === '') return { keys, total: texts.size - countKeys(texts, hidden) }
  }
  return { keys, total }
}

function countKeys(texts: SearchTexts, keys: ReadonlySet<string>): number {
  let count = 0
  for (const key of keys) if (texts.has(key)) count += 1
  return count
}

/** A line break separates the names, so that no filter matches across two of them. */
const join = (names: readonly unknown[]) =>
  fold(names.filter((name): name is string => typeof name === 'string').join('\n'))

/** Returns a text without the differences of case and of Unicode's forms of the same character. */
const fold = (text: string) => text.normalize('NFKC').toLowerCase()
