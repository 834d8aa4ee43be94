/** The clients of an issuer. A client of run time, put or registered, replaces one of the configuration. */
import { listProvableMethods } from '../clients/authentication.js'
import { CLIENT_DEFAULTS, UNBOUND_DEFAULTS, type UnboundMember } from '../clients/members.js'
import type { DeepReadonly } from '../config/snapshot.js'
import type { Context } from '../context.js'
import type * as config from '../generated/types.js'
import { VALUES } from '../generated/values.js'
import { PATHS } from '../routes.js'
import { expiryOf } from '../store/collections.js'
import type { StoredClient } from '../store/records.js'

/** A client of a request, registered or not. */
export interface Client extends DeepReadonly<Omit<config.Client, 'redirect_uris' | UnboundMember>> {
  /** `any` for an unregistered client, whose redirect URI and authentication are not checked. */
  readonly redirect_uris: readonly string[] | 'any'
  readonly token_endpoint_auth_method: config.ClientAuthMethod | 'any'
  readonly grant_types: readonly config.GrantType[]
  readonly response_types: readonly config.ResponseType[]
  /** Members that the client leaves out. Only the rule default_client_metadata binds it to their defaults. */
  readonly left_out: readonly UnboundMember[]
  /** Seconds since the epoch; 0 is never. */
  readonly client_secret_expires_at?: number
  /** Whether the client has registered itself. */
  readonly dynamic?: boolean
}

/** A client of run time. */
export type RuntimeClient = Omit<StoredClient, 'expires_at'>

/** A client with its origin. */
export type ClientRecord = Omit<RuntimeClient, 'origin' | 'client_id_issued_at'> & {
  readonly client_id_issued_at?: number
  readonly origin: 'file' | 'put' | 'registered'
}

/** Returns the client of the configuration or of run time, or undefined. */
export async function findClientRecord(ctx: Context, client_id: string): Promise<ClientRecord | undefined> {
  return resolveClient(ctx, client_id, await ctx.store.clients.get(client_id))
}

/** Returns all clients: those of the configuration in its order, each replaced by one of run time if there is one, then the others. */
export async function* listClients(ctx: Context): AsyncIterable<ClientRecord> {
  const configured = ctx.snapshot.clients
  for (const client_id of configured.keys()) {
    const found = await findClientRecord(ctx, client_id)
    if (found !== undefined) yield found
  }
  for await (const [client_id, stored] of ctx.store.clients.each()) {
    const found = configured.has(client_id) ? undefined : resolveClient(ctx, client_id, stored)
    if (found !== undefined) yield found
  }
}

/** Lists the clients with faults: those of the configuration that are not overridden, then those that were put. */
export async function* listClientsWithFaults(ctx: Context): AsyncIterable<Pick<ClientRecord, 'client_id' | 'faults'>> {
  for (const { client_id, faults } of ctx.snapshot.clients.values()) {
    const found = faults === undefined ? undefined : await findClientRecord(ctx, client_id)
    if (found?.origin === 'file') yield found
  }
  for (const [, stored] of await ctx.store.clients.listBy('faults', 'some')) yield stored
}

function resolveClient(
  { snapshot }: Context,
  client_id: string,
  stored: StoredClient | undefined,
): ClientRecord | undefined {
  if (stored?.origin === 'deleted') return undefined
  if (stored !== undefined) {
    const { expires_at: _, origin = 'registered', ...client } = stored
    return { ...client, origin }
  }
  const configured = snapshot.clients.get(client_id)
  return configured && { ...configured, origin: 'file' }
}

/** client_id of the built-in relying party. */
export const SELF_LOGIN = 'oidc-provider-mock-self-login'

/**
 * Returns the client of a request. Unless the rule registered_clients is on, an unknown client is allowed everything. The
 * built-in relying party is always known; a client with its client_id takes precedence.
 */
export async function findClient(ctx: Context, client_id: string): Promise<Client | undefined> {
  const stored = await ctx.store.clients.get(client_id)
  const found = resolveClient(ctx, client_id, stored)
  if (found !== undefined) {
    const { origin, wildcard_redirect_uris = false, ...client } = found
    return {
      ...fillLeftOut(client),
      dynamic: origin === 'registered',
      wildcard_redirect_uris: wildcard_redirect_uris || ctx.snapshot.config.wildcard_redirect_uris,
    }
  }
  if (client_id === SELF_LOGIN) return describeSelfLogin(ctx)
  const refused = stored?.origin === 'deleted' || ctx.snapshot.rules.registered_clients
  return refused ? undefined : unregistered(client_id)
}

const UNBOUND = Object.keys(UNBOUND_DEFAULTS) as UnboundMember[]

/** Fills in the defaults of the members that a client leaves out. Without credentials, it is a public client. */
function fillLeftOut(client: Omit<ClientRecord, 'origin' | 'wildcard_redirect_uris'>) {
  const left_out = UNBOUND.filter((member) => client[member] === undefined)
  const isPublic = listProvableMethods(client).includes('none')
  const { token_endpoint_auth_method } = UNBOUND_DEFAULTS
  return {
    ...UNBOUND_DEFAULTS,
    token_endpoint_auth_method: isPublic ? ('none' as const) : token_endpoint_auth_method,
    ...client,
    left_out,
  }
}

/** Stores a client of run time. */
export async function putClient(ctx: Context, client: RuntimeClient): Promise<void> {
  await ctx.faults.declare(client.faults)
  await ctx.store.clients.put(client.client_id, { ...client, expires_at: expiryOf('clients', ctx) })
}

/** Replaces the metadata of a client that is still registered. Returns false if it is not, such as after its deletion. */
export async function replaceRegistered(ctx: Context, client: RuntimeClient): Promise<boolean> {
  const kept = await ctx.store.clients.update(client.client_id, (stored) =>
    isRegistered(stored) ? { ...client, expires_at: expiryOf('clients', ctx) } : stored,
  )
  return isRegistered(kept)
}

const isRegistered = (stored: StoredClient | undefined) => stored !== undefined && stored.origin === undefined

/** Returns the client if it has registered itself. */
export async function findRegistered(ctx: Context, client_id: string): Promise<RuntimeClient | undefined> {
  const stored = await ctx.store.clients.get(client_id)
  if (stored === undefined || stored.origin !== undefined) return undefined
  const { expires_at: _, ...client } = stored
  return client
}

/** Deletes a client and its grants, and hides a client of the configuration with the same client_id. */
export async function removeClient(ctx: Context, client_id: string): Promise<void> {
  await deleteClient(ctx, client_id)
  await ctx.store.clients.put(client_id, {
    ...CLIENT_DEFAULTS,
    client_id,
    client_id_issued_at: ctx.now,
    redirect_uris: [],
    token_endpoint_auth_method: 'none',
    origin: 'deleted',
    expires_at: expiryOf('clients', ctx),
  })
}

/** Deletes a client of run time and its grants, which end all their codes and tokens. RFC 7592 §2.3. */
export async function deleteClient(ctx: Context, client_id: string): Promise<void> {
  await ctx.store.clients.delete(client_id)
  for (const [grant_id] of await ctx.store.grants.listBy('client_id', client_id)) {
    await ctx.store.grants.delete(grant_id)
  }
}

/** Describes the built-in relying party. It has no redirect_uris of its own: each browser has that of its login in progress. */
function describeSelfLogin({ public_url }: Context): Client {
  return {
    ...CLIENT_DEFAULTS,
    client_id: SELF_LOGIN,
    client_name: 'Self-login',
    redirect_uris: [],
    wildcard_redirect_uris: false,
    post_logout_redirect_uris: [public_url + PATHS.self_login],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'implicit'],
    response_types: VALUES.ResponseType,
    left_out: [],
  }
}

// Departure: RFC 6749 §2 requires registration. An application under test needs none.
function unregistered(client_id: string): Client {
  return {
    ...CLIENT_DEFAULTS,
    client_id,
    redirect_uris: 'any',
    wildcard_redirect_uris: false,
    token_endpoint_auth_method: 'any',
    grant_types: VALUES.GrantType,
    response_types: VALUES.ResponseType,
    left_out: [],
  }
}
