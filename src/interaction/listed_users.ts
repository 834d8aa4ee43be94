/** Users as the pages list them. */
import type { Context } from '../context.js'
import { findUser, type User } from '../directory/users.js'
import type { PageUser } from '../pages/render.js'

/** Lists the users of the configuration in its order, with changes of run time. */
export async function listPredefinedUsers(ctx: Context): Promise<PageUser[]> {
  const users = await Promise.all([...ctx.snapshot.users.keys()].map((sub) => findUser(ctx, sub)))
  return users.filter((user) => user !== undefined).map(describeUser)
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
