/** What pages show of the users whom somebody can be. */
import type { Context } from '../context.js'
import { findUser, type User } from '../directory/users.js'
import type { PageUser } from '../pages/render.js'

/** Those of the configuration, as they are now, in its order. */
export async function listPredefinedUsers(ctx: Context): Promise<PageUser[]> {
  const users = await Promise.all([...ctx.snapshot.users.keys()].map((sub) => findUser(ctx, sub)))
  return users.filter((user) => user !== undefined).map(describeUser)
}

/** Who it is, and what goes wrong for them on purpose. */
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
