/** Users and clients as the pages list them: the matches of a filter, one page at a time. */
import { type ChangedTexts, type SearchTexts, search } from '../config/search.js'
import type { Context } from '../context.js'
import { findUser, hideDeletedUsers, readChangedTexts, type User } from '../directory/users.js'
import { hasFilter, type PageClient, type PageList, type PageUser } from '../pages/render.js'
import { SCRIPT_HASHES } from '../pages/scripts.js'

/** A page with the directives that its script or images need. */
export interface Page {
  readonly html: string
  readonly policy: Readonly<Record<string, string>>
}

/** Maximum number of users or clients in a list. */
const MOST = 24
/** Maximum number of subjects that the filter suggests. */
const MOST_SUGGESTIONS = 200

/** The part of a list that the end-user looks for. */
export interface Lookup {
  /** Text to search for. */
  readonly text?: string | undefined
  /** Number of the page, from 1, as the form has it. */
  readonly page?: string | undefined
}

/** Lists the users of the configuration in its order, with changes of run time. */
export async function listPredefinedUsers(ctx: Context, lookup: Lookup = {}): Promise<PageList<PageUser>> {
  const { text = '' } = lookup
  const { user_texts } = ctx.snapshot
  // Without a filter, every user matches, whatever its text is.
  const changed = await (text.trim() === '' ? hideDeletedUsers(ctx) : readChangedTexts(ctx))
  const { keys, ...rest } = await searchPage(user_texts, lookup, changed)
  const users = await Promise.all(keys.map((sub) => findUser(ctx, sub)))
  const list = { items: users.filter((user) => user !== undefined).map(describeUser), ...rest }
  if (rest.pages === 1) return list
  return { ...list, suggestions: (await search(user_texts, text, { most: MOST_SUGGESTIONS }, changed)).keys }
}

/** Lists the clients of the configuration in its order. */
export async function listPredefinedClients({ snapshot }: Context, lookup: Lookup): Promise<PageList<PageClient>> {
  const { keys, ...rest } = await searchPage(snapshot.client_texts, lookup, new Map())
  return { items: keys.map((client_id) => snapshot.clients.get(client_id)!), ...rest }
}

/** Searches for the keys of one page. A number beyond the last page is that of the last page. */
async function searchPage(texts: SearchTexts, { text = '', page }: Lookup, changed: ChangedTexts) {
  const find = async (number: number) => {
    const start = (number - 1) * MOST
    const { keys, total } = await search(texts, text, { start, most: MOST }, changed)
    return { keys, total, page: number, pages: Math.max(1, Math.ceil(total / MOST)), first: start + 1 }
  }
  const found = await find(readPage(page))
  return found.page > found.pages ? find(found.pages) : found
}

/** Returns the number of a page; anything else is the first page. */
const readPage = (page = '1') => (/^[1-9]\d{0,5}$/.test(page) ? Number(page) : 1)

/** Returns the directives of a page to log in, whose filter has a script. */
export function policyFor(predefined: PageList<PageUser>, filter: string | undefined): Page['policy'] {
  return hasFilter(filter, predefined) ? { 'script-src': `'${SCRIPT_HASHES.filter}'` } : {}
}

/** Describes a user with the names of their faults. */
export function describeUser({
  sub,
  display_name,
  description,
  faults = [],
}: Partial<User> & { sub: string }): PageUser {
  return {
    sub,
    ...(display_name !== undefined && { display_name }),
    ...(description !== undefined && { description }),
    ...(faults.length > 0 && { faults: [...new Set(faults.map(({ fault }) => fault))] }),
  }
}
