/** The search for users and clients of the configuration by a part of their names. */
import { setImmediate } from 'node:timers/promises'
import type { Client, User } from '../generated/types.js'

/** Texts that are searched, by `sub` or `client_id`, in the order of the configuration. */
export type SearchTexts = ReadonlyMap<string, string>

/** Texts that replace texts of the configuration; undefined hides one from every filter. */
export type ChangedTexts = ReadonlyMap<string, string | undefined>

/** Some of the matches, and the number of all. */
export interface Matches {
  readonly keys: readonly string[]
  readonly total: number
}

/** Number of texts that are searched before other requests have their turn. */
const AT_ONCE = 5_000

/** Returns the text of a user: what the pages show, and the claims that name the user. */
export function createUserText({ sub, display_name, description, claims }: UserNames): string {
  return join([sub, display_name, description, claims.name, claims.email, claims.preferred_username])
}

type UserNames = Pick<User, 'sub' | 'display_name' | 'description'> & {
  readonly claims: Readonly<Record<string, unknown>>
}

export const createUserTexts = (users: readonly User[]): SearchTexts =>
  new Map(users.map((user) => [user.sub, createUserText(user)]))

export function createClientTexts(clients: readonly Client[]): SearchTexts {
  return new Map(clients.map(({ client_id, client_name }) => [client_id, join([client_id, client_name])]))
}

/**
 * Searches for a part of the texts, in any case. The empty filter matches every text.
 * @param start number of matches before the first returned one.
 * @param most maximum number of returned keys.
 */
export async function search(
  texts: SearchTexts,
  filter: string,
  { start = 0, most }: { readonly start?: number; readonly most: number },
  changed: ChangedTexts,
): Promise<Matches> {
  const part = fold(filter.trim())
  const keys: string[] = []
  let [total, visited] = [0, 0]
  for (const [key, configured] of texts) {
    visited += 1
    if (visited % AT_ONCE === 0) await setImmediate()
    const text = changed.has(key) ? changed.get(key) : configured
    if (text === undefined || !text.includes(part)) continue
    total += 1
    if (total <= start) continue
    if (keys.length < most) keys.push(key)
    // A page without a filter need not visit every text.
    else if (part === '') return { keys, total: texts.size - countHidden(texts, changed) }
  }
  return { keys, total }
}

function countHidden(texts: SearchTexts, changed: ChangedTexts): number {
  let count = 0
  for (const [key, text] of changed) if (text === undefined && texts.has(key)) count += 1
  return count
}

/** A line break separates the names, so that no filter matches across two of them. */
const join = (names: readonly unknown[]) =>
  fold(names.filter((name): name is string => typeof name === 'string').join('\n'))

/** Returns a text without the differences of case and of Unicode's forms of the same character. */
export const fold = (text: string) => text.normalize('NFKC').toLowerCase()
