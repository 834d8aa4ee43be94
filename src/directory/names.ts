/** The names by which a user is found besides the `sub`: in another case, the `email` or the `preferred_username`. */
import { fold } from '../config/search.js'
import { namesOf } from '../config/user_names.js'
import type { Context } from '../context.js'
import { findUserRecord, type UserRecord } from './users.js'

/** Whether the user is listed: in the configuration, or put at run time. */
export const isListed = ({ origin }: UserRecord) => origin !== 'login'

/**
 * Returns the `sub` of the user that a text names: by `sub`, else by another name of a listed user in any case. A name in the same
 * case precedes the others; otherwise the first user counts, those of run time first. An `email` that an earlier login has created
 * names its user as well, since clients send it as `login_hint`. Spaces around a name do not count. Without such a user, the text is a
 * new `sub`.
 */
export async function resolveSub(ctx: Context, text: string): Promise<string> {
  const trimmed = text.trim()
  const named = (await findSub(ctx, text)) ?? (trimmed === text ? undefined : await findSub(ctx, trimmed))
  return named ?? text
}

async function findSub(ctx: Context, text: string): Promise<string | undefined> {
  if ((await findUserRecord(ctx, text)) !== undefined) return text
  const name = fold(text)
  const put = (await ctx.store.users.listBy('name', name)).map(([sub]) => sub)
  const subs = [...new Set([...put, ...(ctx.snapshot.subs_by_name.get(name) ?? [])])]
  const users = await Promise.all(subs.map((sub) => findUserRecord(ctx, sub)))
  const named = users.filter((user) => user !== undefined).filter((user) => isListed(user) && isNamed(user, text))
  const listed = named.find((user) => namesOf(user).includes(text)) ?? named[0]
  return listed?.sub ?? (await findSubByCreatedEmail(ctx, text))
}

/** Finds the user whom an earlier login has created with this `email`. */
async function findSubByCreatedEmail(ctx: Context, email: string): Promise<string | undefined> {
  // Without an @, an email is the sub itself.
  if (!email.includes('@')) return undefined
  const subs = (await ctx.store.users.listBy('created_email', email)).map(([sub]) => sub)
  const users = await Promise.all(subs.map((sub) => findUserRecord(ctx, sub)))
  return users.find((user) => user !== undefined && !isListed(user))?.sub
}

/** Whether a text is a name of the user, in any case. */
export const isNamed = (user: Pick<UserRecord, 'sub' | 'claims'>, text: string) =>
  namesOf(user).map(fold).includes(fold(text))
