/** The users of an issuer. Users that were put at run time override users of the configuration. */
import { type ChangedTexts, createUserText } from '../config/search.js'
import type { DeepReadonly } from '../config/snapshot.js'
import type { Context } from '../context.js'
import { accessDenied, shown } from '../errors.js'
import type * as config from '../generated/types.js'
import { expiryOf } from '../store/collections.js'
import type { StoredUser } from '../store/records.js'
import { createEmail } from './email.js'

export type User = DeepReadonly<config.User>

/** Finds a user by `sub`: put at run time, else of the configuration, else created by an earlier login. */
export async function findUser(ctx: Context, sub: string): Promise<User | undefined> {
  return resolve(ctx, sub, await ctx.store.users.get(sub))?.user
}

/** A user with its origin: `login` is a login with an unknown `sub`. */
export type UserRecord = User & { readonly origin: 'file' | 'put' | 'login' }

/** Finds a user and its origin. */
export async function findUserRecord(ctx: Context, sub: string): Promise<UserRecord | undefined> {
  const found = resolve(ctx, sub, await ctx.store.users.get(sub))
  return found && { ...found.user, origin: found.origin }
}

/** Lists all users: first the users of the configuration in its order, as they are now, then the others. */
export async function* listUsers(ctx: Context): AsyncIterable<UserRecord> {
  const configured = ctx.snapshot.users
  for (const sub of configured.keys()) {
    const found = await findUserRecord(ctx, sub)
    if (found !== undefined) yield found
  }
  for await (const [sub, stored] of ctx.store.users.each()) {
    const found = configured.has(sub) ? undefined : resolve(ctx, sub, stored)
    if (found !== undefined) yield { ...found.user, origin: found.origin }
  }
}

/** Lists the users with faults: those of the configuration that are not overridden, then those that were put. */
export async function* listUsersWithFaults(ctx: Context): AsyncIterable<User> {
  for (const { sub, faults } of ctx.snapshot.users.values()) {
    const found = faults === undefined ? undefined : await findUserRecord(ctx, sub)
    if (found?.origin === 'file') yield found
  }
  for (const [, stored] of await ctx.store.users.listBy('faults', 'some')) yield asUser(stored)
}

function resolve(
  { snapshot }: Context,
  sub: string,
  stored: StoredUser | undefined,
): { readonly user: User; readonly origin: UserRecord['origin'] } | undefined {
  if (stored?.origin === 'put') return { user: asUser(stored), origin: 'put' }
  if (stored?.origin === 'deleted') return undefined
  const configured = snapshot.users.get(sub)
  if (configured !== undefined) return { user: configured, origin: 'file' }
  return stored && { user: asUser(stored), origin: 'login' }
}

/** Finds a user. An unknown `sub` becomes a new user with an `email`. */
export async function findOrCreateUser(ctx: Context, sub: string): Promise<User> {
  const user = await findUser(ctx, sub)
  if (user !== undefined) return user
  const created: StoredUser = { ...newUser(ctx, sub), origin: 'login', expires_at: expiryOf('users', ctx) }
  if (await ctx.store.users.add(sub, created)) return asUser(created)
  // The user was deleted, or another request created it in the meantime.
  const found = await findUser(ctx, sub)
  if (found !== undefined) return found
  throw accessDenied(`user ${shown(sub)} was deleted; put the user again, or reset users`)
}

/** Finds a user, or returns the user that `findOrCreateUser` creates for an unknown `sub`. */
export async function findOrDescribeUser(ctx: Context, sub: string): Promise<User> {
  return (await findUser(ctx, sub)) ?? { ...NO_CLAIMS, ...newUser(ctx, sub) }
}

const newUser = ({ snapshot }: Context, sub: string) => ({
  sub,
  claims: { email: createEmail(sub, snapshot.config.default_email_domain) },
})

/** Stores a user, which overrides the user of the configuration. */
export async function putUser(ctx: Context, user: User): Promise<void> {
  await ctx.faults.declare(user.faults)
  await ctx.store.users.put(user.sub, { ...user, origin: 'put', expires_at: expiryOf('users', ctx) })
}

/**
 * Changes a user in one step, so that changes at the same time are all kept.
 * @param change returns the new user; it is called several times, and can throw.
 */
export async function changeUser(ctx: Context, sub: string, change: (before: User | undefined) => User): Promise<void> {
  await ctx.faults.declare(change(await findUser(ctx, sub)).faults)
  await ctx.store.users.update(sub, (stored) => {
    return { ...change(resolve(ctx, sub, stored)?.user), origin: 'put', expires_at: expiryOf('users', ctx) }
  })
}

/** Replaces the claims of a user and keeps all other members. A `sub` among the claims is ignored. */
export async function putClaims(ctx: Context, sub: string, claims: Readonly<Record<string, unknown>>): Promise<void> {
  const { sub: _, ...rest } = claims
  await changeUser(ctx, sub, (before) => ({ ...NO_CLAIMS, ...before, sub, claims: rest }))
}

/** Hides the texts of deleted users. */
export async function hideDeletedUsers(ctx: Context): Promise<ChangedTexts> {
  return new Map((await ctx.store.users.listBy('origin', 'deleted')).map(([sub]) => [sub, undefined]))
}

/** Hides the texts of deleted users, and returns the present texts of users of the configuration that were put. */
export async function readChangedTexts(ctx: Context): Promise<ChangedTexts> {
  const changed = new Map<string, string | undefined>()
  for await (const [sub, stored] of ctx.store.users.each()) {
    if (stored.origin === 'login' || !ctx.snapshot.users.has(sub)) continue
    changed.set(sub, stored.origin === 'put' ? createUserText(stored) : undefined)
  }
  return changed
}

/** Deletes a user, also one of the configuration, and ends all logins and grants of the user. */
export async function deleteUser(ctx: Context, sub: string): Promise<void> {
  const { users, recent_users, sessions } = ctx.store
  await users.put(sub, { sub, claims: {}, origin: 'deleted', expires_at: expiryOf('users', ctx) })
  await recent_users.update(LATEST, (recent) => recent && { ...recent, subs: recent.subs.filter((one) => one !== sub) })
  await revokeGrants(ctx, sub)
  for (const [id] of await sessions.listBy('sub', sub)) {
    await sessions.update(id, (session) => {
      const accounts = session?.accounts.filter((account) => account.sub !== sub)
      return accounts?.length ? { ...session!, accounts } : undefined
    })
  }
}

/** Ends all grants of a user, and with the grants their codes and tokens. */
export async function revokeGrants(ctx: Context, sub: string): Promise<void> {
  for (const [grant_id] of await ctx.store.grants.listBy('sub', sub)) await ctx.store.grants.delete(grant_id)
}

/** Lists the subs of the latest logins of users who are not in the configuration, the latest first. */
export async function listRecentUsers(ctx: Context): Promise<string[]> {
  const { subs = [] } = (await ctx.store.recent_users.get(LATEST)) ?? {}
  return subs.filter((sub) => !ctx.snapshot.users.has(sub))
}

/** Key of the only record of recent users. */
const LATEST = 'latest'
const MOST_RECENT_USERS = 20

/** Adds a user to the list of recent users. */
export async function recordLogin(ctx: Context, user: User): Promise<void> {
  // The page lists users of the configuration elsewhere.
  if (ctx.snapshot.users.has(user.sub)) return
  await ctx.store.recent_users.update(LATEST, (recent) => {
    const others = (recent?.subs ?? []).filter((sub) => sub !== user.sub)
    return { subs: [user.sub, ...others].slice(0, MOST_RECENT_USERS), expires_at: expiryOf('recent_users', ctx) }
  })
}

function asUser({ origin: _, expires_at: __, ...user }: StoredUser): User {
  return { ...NO_CLAIMS, ...user }
}

/** Additional claims of a user who has none. */
const NO_CLAIMS = { id_token: {}, userinfo: {}, access_token: {} }
