/** Users and clients as the pages list them: the first matches of a filter. */
import { search } from '../config/search.js'
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
const MOST = 50

/** Lists the users of the configuration in its order, with changes of run time. */
export async function listPredefinedUsers(ctx: Context, filter = ''): Promise<PageList<PageUser>> {
  // Without a filter, every user matches, whatever its text is.
  const changed = await (filter.trim() === '' ? hideDeletedUsers(ctx) : readChangedTexts(ctx))
  const { keys, total } = await search(ctx.snapshot.user_texts, filter, MOST, changed)
  const users = await Promise.all(keys.map((sub) => findUser(ctx, sub)))
  return { items: users.filter((user) => user !== undefined).map(describeUser), total }
}

/** Lists the clients of the configuration in its order. */
export async function listPredefinedClients({ snapshot }: Context, filter = ''): Promise<PageList<PageClient>> {
  const { keys, total } = await search(snapshot.client_texts, filter, MOST, new Map())
  return { items: keys.map((client_id) => snapshot.clients.get(client_id)!), total }
}

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
