/** Who exists: what was put at run time lies over what the configuration says. Nobody else looks a user or client up. */
import type { DeepReadonly } from './config/snapshot.js'
import type * as config from './config/types.js'
import type { Context } from './context.js'
import { accessDenied, shown } from './oauth/errors.js'
import type { StoredClient, StoredUser } from './store/store.js'

export type User = DeepReadonly<config.User>

/** A client as the protocol sees it. */
export interface Client extends DeepReadonly<Omit<config.Client, 'redirect_uris' | 'token_endpoint_auth_method'>> {
  /** `any` where nobody registered the client: then nothing about it is checked. */
  readonly redirect_uris: readonly string[] | 'any'
  readonly token_endpoint_auth_method: config.Client['token_endpoint_auth_method'] | 'any'
  /** Seconds since the epoch; 0 is never. */
  readonly client_secret_expires_at?: number
}

/** What a client is that says nothing about it. */
export const CLIENT_DEFAULTS = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  subject_type: 'public',
  application_type: 'web',
  require_auth_time: false,
  frontchannel_logout_session_required: false,
  backchannel_logout_session_required: false,
} as const satisfies Partial<DeepReadonly<config.Client>>

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
  if ((await ctx.store.users.get(sub))?.origin === 'deleted') {
    throw accessDenied(`user ${shown(sub)} was deleted; put the user again, or reset users`)
  }
  const created: StoredUser = { sub, claims: { email: sub }, origin: 'login' }
  await ctx.store.users.put(sub, created)
  return asUser(created)
}

/** Puts a user over the configuration's. */
export async function putUser(ctx: Context, user: User): Promise<void> {
  await ctx.store.users.put(user.sub, { ...user, origin: 'put' })
}

/** Puts the claims of a user, who else stays as they are. A `sub` among the claims is left out: the user's own counts. */
export async function putClaims(ctx: Context, sub: string, claims: Readonly<Record<string, unknown>>): Promise<void> {
  const { sub: _, ...rest } = claims
  const before = await findUser(ctx, sub)
  await ctx.store.users.put(sub, { ...before, sub, claims: rest, origin: 'put' })
}

/** Nobody is known by this `sub` any more, whatever the configuration says; their logins and grants end. */
export async function deleteUser(ctx: Context, sub: string): Promise<void> {
  await ctx.store.users.put(sub, { sub, claims: {}, origin: 'deleted' })
  await ctx.store.recent_users.delete(sub)
  await revokeGrants(ctx, sub)
  for (const [id, session] of await ctx.store.sessions.list()) {
    const accounts = session.accounts.filter((account) => account.sub !== sub)
    if (accounts.length === 0) await ctx.store.sessions.delete(id)
    else if (accounts.length < session.accounts.length) await ctx.store.sessions.put(id, { ...session, accounts })
  }
}

/** Ends every grant of the user, and with the grants all their codes and tokens. */
export async function revokeGrants(ctx: Context, sub: string): Promise<void> {
  for (const [grant_id, grant] of await ctx.store.grants.list()) {
    if (grant.sub === sub) await ctx.store.grants.delete(grant_id)
  }
}

/** Those who logged in lately and are not predefined, newest first. */
export async function listRecentUsers(ctx: Context): Promise<string[]> {
  const recent = await ctx.store.recent_users.list()
  return recent
    .map(([sub]) => sub)
    .filter((sub) => !ctx.snapshot.users.has(sub))
    .reverse()
}

/** Remembers a login for the list of recent users. */
export async function recordLogin(ctx: Context, user: User): Promise<void> {
  // A predefined user would push a recent one out of the bounded list without ever being shown.
  if (!ctx.snapshot.users.has(user.sub)) await ctx.store.recent_users.put(user.sub, { sub: user.sub })
}

/** A client, and where it comes from. */
export type ClientRecord = Omit<StoredClient, 'origin' | 'client_id_issued_at'> & {
  readonly client_id_issued_at?: number
  readonly origin: 'file' | 'put' | 'registered'
}

/** The client with this id, if anybody said that there is one. */
export async function findClientRecord(ctx: Context, client_id: string): Promise<ClientRecord | undefined> {
  return resolveClient(ctx, client_id, await ctx.store.clients.get(client_id))
}

/** Every client: those of the configuration in its order, whatever was put over them, then the others. */
export async function listClients(ctx: Context): Promise<ClientRecord[]> {
  const stored = new Map(await ctx.store.clients.list())
  const ids = new Set([...ctx.snapshot.clients.keys(), ...stored.keys()])
  return [...ids].map((id) => resolveClient(ctx, id, stored.get(id))).filter((found) => found !== undefined)
}

function resolveClient(
  { snapshot }: Context,
  client_id: string,
  stored: StoredClient | undefined,
): ClientRecord | undefined {
  if (stored?.origin === 'deleted') return undefined
  if (stored !== undefined) return { ...stored, origin: stored.origin ?? 'registered' }
  const configured = snapshot.clients.get(client_id)
  return configured && { ...configured, origin: 'file' }
}

/** The client with this id. Where registration isn't required, an unknown one is a client that may do anything. */
export async function findClient(ctx: Context, client_id: string): Promise<Client | undefined> {
  const stored = await ctx.store.clients.get(client_id)
  const found = resolveClient(ctx, client_id, stored)
  if (found !== undefined) {
    const { origin: _, wildcard_redirect_uris = false, ...client } = found
    return { ...client, wildcard_redirect_uris: wildcard_redirect_uris || ctx.snapshot.config.wildcard_redirect_uris }
  }
  const refused = stored?.origin === 'deleted' || ctx.snapshot.rules.registered_clients
  return refused ? undefined : unregistered(client_id)
}

/** Keeps a client that registered itself, or was put. */
export async function putClient(ctx: Context, client: StoredClient): Promise<void> {
  await ctx.store.clients.put(client.client_id, client)
}

/** The client with this id, if it registered itself. */
export async function findRegistered(ctx: Context, client_id: string): Promise<StoredClient | undefined> {
  const stored = await ctx.store.clients.get(client_id)
  return stored?.origin === undefined ? stored : undefined
}

/** Nobody is this client any more, whatever the configuration says, and its grants end. */
export async function removeClient(ctx: Context, client_id: string): Promise<void> {
  await deleteClient(ctx, client_id)
  await ctx.store.clients.put(client_id, {
    ...CLIENT_DEFAULTS,
    client_id,
    client_id_issued_at: ctx.clock.now(),
    redirect_uris: [],
    token_endpoint_auth_method: 'none',
    origin: 'deleted',
  })
}

/** Removes a client that registered itself. RFC 7592 §2.3: with it end its grants, and with them all their codes and tokens. */
export async function deleteClient(ctx: Context, client_id: string): Promise<void> {
  await ctx.store.clients.delete(client_id)
  for (const [grant_id, grant] of await ctx.store.grants.list()) {
    if (grant.client_id === client_id) await ctx.store.grants.delete(grant_id)
  }
}

// Departure: RFC 6749 §2 knows no client that isn't registered; a toy needs no registration.
function unregistered(client_id: string): Client {
  return {
    ...CLIENT_DEFAULTS,
    client_id,
    redirect_uris: 'any',
    wildcard_redirect_uris: false,
    token_endpoint_auth_method: 'any',
    grant_types: ['authorization_code', 'implicit', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: [
      'code',
      'id_token',
      'id_token token',
      'code id_token',
      'code token',
      'code id_token token',
      'none',
    ],
  }
}

function asUser({ origin: _, ...user }: StoredUser): User {
  return { id_token: {}, userinfo: {}, access_token: {}, ...user }
}
