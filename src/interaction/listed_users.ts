/** The users who may log in: every user, or with `users_only` only those that are listed. */
import { suggestListed } from '../config/suggest.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { isListed } from '../directory/names.js'
import { findUserRecord } from '../directory/users.js'
import { shown } from '../errors.js'

/** Whether only listed users may log in to the client. The client's key takes precedence. */
export const isUsersOnly = ({ snapshot }: Context, client: Pick<Client, 'users_only'> | undefined): boolean =>
  client?.users_only ?? snapshot.config.users_only

/** Whether a user may log in to the client. */
export async function mayLogIn(
  ctx: Context,
  client: Pick<Client, 'users_only'> | undefined,
  sub: string,
): Promise<boolean> {
  if (!isUsersOnly(ctx, client)) return true
  const user = await findUserRecord(ctx, sub)
  return user !== undefined && isListed(user)
}

/** Says why a user may not log in. */
export const describeUnlisted = (ctx: Context, sub: string): string =>
  `sub is ${shown(sub)}, expected a listed user because users_only is on${similarTo(ctx, sub)}`

/** Suggests the user of the configuration with a similar `sub`, as the end of a sentence. */
export function similarTo({ snapshot: { users } }: Context, sub: string): string {
  const near = suggestListed(sub, users)
  return near === undefined ? '' : `; did you mean ${shown(near)}?`
}
