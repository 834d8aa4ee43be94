/** The users of an issuer: those put at run time lie over those of the configuration. */
import type { DeepReadonly } from '../config/snapshot.js'
import type { Context } from '../context.js'
import { accessDenied, shown } from '../errors.js'
import type * as config from '../generated/types.js'
import { NEVER } from '../store/collections.js'
import type { StoredUser } from '../store/records.js'

export type User = DeepReadonly<config.User>

/** The user with this `sub`: put at run time, else of the configuration, else known from an earlier login. */
export async function findUser(ctx: Context, sub: string): Promise<User | undefined> {
  return resolve(ctx, sub, await ctx.store.users.get(sub))?.user
}

/** A user, and where it comes from: `login` is a login with an unknown `sub`. */
export type UserRecord = User & { readonly origin: 'file' | 'put' | 'login' }

/** As `findUser`, with where the user comes from. */
export async function findUserRecord(ctx: Context, sub: string): Promise<UserRecord | undefined> {
  const found = resolve(ctx, sub, await ctx.store.users.get(sub))
  return found && { ...found.user, origin: found.origin }
}

/** Every user there is: those of the configuration in its order, whatever was put over them, then the others. */
export async function listUsers(ctx: Context): Promise<UserRecord[]> {
  const stored = new Map(await ctx.store.users.list())
  return [...new Set([...ctx.snapshot.users.keys(), ...stored.keys()])].flatMap((sub) => {
    const found = resolve(ctx, sub, stored.get(sub))
    return found === undefined ? [] : [{ ...found.user, origin: found.origin }]
  })
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

/** As `findUser`, but an unknown `sub` becomes a user whose `email` it is. */
export async function findOrCreateUser(ctx: Context, sub: string): Promise<User> {
  const user = await findUser(ctx, sub)
  if (user !== undefined) return user
  const created: StoredUser = { sub, claims: { email: sub }, origin: 'login', expires_at: NEVER }
  if (await ctx.store.users.add(sub, created)) return asUser(created)
  // The user was deleted, or another request created it in the meantime.
  const found = await findUser(ctx, sub)
  if (found !== undefined) return found
  throw accessDenied(`user ${shown(sub)} was deleted; put the user again, or reset users`)
}

/** Puts a user over the configuration's. */
export async function putUser(ctx: Context, user: User): Promise<void> {
  await ctx.faults.declare(user.faults)
  await ctx.store.users.put(user.sub, { ...user, origin: 'put', expires_at: NEVER })
}

/** Puts the claims of a user, who else stays as they are. A `sub` among the claims is left out: the user's own counts. */
export async function putClaims(ctx: Context, sub: string, claims: Readonly<Record<string, unknown>>): Promise<void> {
  const { sub: _, ...rest } = claims
  const before = await findUser(ctx, sub)
  await ctx.faults.declare(before?.faults)
  await ctx.store.users.put(sub, { ...before, sub, claims: rest, origin: 'put', expires_at: NEVER })
}

/** Nobody is known by this `sub` any more, whatever the configuration says; their logins and grants end. */
export async function deleteUser(ctx: Context, sub: string): Promise<void> {
  const { users, recent_users, sessions } = ctx.store
  await users.put(sub, { sub, claims: {}, origin: 'deleted', expires_at: NEVER })
  await recent_users.update(LATEST, (recent) => recent && { ...recent, subs: recent.subs.filter((one) => one !== sub) })
  await revokeGrants(ctx, sub)
  for (const [id] of await sessions.listBy('sub', sub)) {
    await sessions.update(id, (session) => {
      const accounts = session?.accounts.filter((account) => account.sub !== sub) ?? []
      return session === undefined || accounts.length === 0 ? undefined : { ...session, accounts }
    })
  }
}

/** Ends every grant of the user, and with the grants all their codes and tokens. */
export async function revokeGrants(ctx: Context, sub: string): Promise<void> {
  for (const [grant_id] of await ctx.store.grants.listBy('sub', sub)) await ctx.store.grants.delete(grant_id)
}

/** Those who logged in lately and are not predefined, newest first. */
export async function listRecentUsers(ctx: Context): Promise<string[]> {
  const { subs = [] } = (await ctx.store.recent_users.get(LATEST)) ?? {}
  return subs.filter((sub) => !ctx.snapshot.users.has(sub))
}

/** Key of the only record of recent users. */
const LATEST = 'latest'
const MOST_RECENT_USERS = 20

/** Remembers a login for the list of recent users. */
export async function recordLogin(ctx: Context, user: User): Promise<void> {
  // A predefined user would push a recent one out of the bounded list without ever being shown.
  if (ctx.snapshot.users.has(user.sub)) return
  await ctx.store.recent_users.update(LATEST, (recent) => {
    const others = (recent?.subs ?? []).filter((sub) => sub !== user.sub)
    return { subs: [user.sub, ...others].slice(0, MOST_RECENT_USERS), expires_at: NEVER }
  })
}

function asUser({ origin: _, expires_at: __, ...user }: StoredUser): User {
  return { id_token: {}, userinfo: {}, access_token: {}, ...user }
}
