/** Who exists: what was put at run time lies over what the configuration says. Nobody else looks a user or client up. */
import type { DeepReadonly } from './config/snapshot.js'
import type * as config from './config/types.js'
import type { Context } from './context.js'
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
  const stored = await ctx.store.users.get(sub)
  if (stored?.origin === 'put') return asUser(stored)
  if (stored?.origin === 'deleted') return undefined
  return ctx.snapshot.users.get(sub) ?? (stored && asUser(stored))
}

/** As `findUser`, but an unknown `sub` becomes a user whose `email` it is. */
export async function findOrCreateUser(ctx: Context, sub: string): Promise<User> {
  const user = await findUser(ctx, sub)
  if (user !== undefined) return user
  const created: StoredUser = { sub, claims: { email: sub }, origin: 'login' }
  await ctx.store.users.put(sub, created)
  return asUser(created)
}

/** Puts a user over the configuration's. A `sub` among the claims is left out: the user's own counts. */
export async function putUser(ctx: Context, sub: string, claims: Readonly<Record<string, unknown>>): Promise<void> {
  const { sub: _, ...rest } = claims
  await ctx.store.users.put(sub, { sub, claims: rest, origin: 'put' })
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

/** The client with this id. Where registration isn't required, an unknown one is a client that may do anything. */
export async function findClient(ctx: Context, client_id: string): Promise<Client | undefined> {
  const stored = await ctx.store.clients.get(client_id)
  if (stored?.origin === 'deleted') return undefined
  if (stored !== undefined) return { wildcard_redirect_uris: ctx.snapshot.config.wildcard_redirect_uris, ...stored }
  const configured = ctx.snapshot.clients.get(client_id)
  if (configured !== undefined) {
    const wildcard_redirect_uris = configured.wildcard_redirect_uris || ctx.snapshot.config.wildcard_redirect_uris
    return { ...configured, wildcard_redirect_uris }
  }
  return ctx.snapshot.rules.registered_clients ? undefined : unregistered(client_id)
}

/** Keeps a client that registered itself. */
export async function putClient(ctx: Context, client: StoredClient): Promise<void> {
  await ctx.store.clients.put(client.client_id, client)
}

/** The client with this id, if it registered itself. */
export async function findRegistered(ctx: Context, client_id: string): Promise<StoredClient | undefined> {
  return ctx.store.clients.get(client_id)
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
    grant_types: ['authorization_code', 'implicit', 'refresh_token'],
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
