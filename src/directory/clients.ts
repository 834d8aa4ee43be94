/** The clients of an issuer: those put or registered at run time lie over those of the configuration. */
import { CLIENT_DEFAULTS } from '../clients/members.js'
import type { DeepReadonly } from '../config/snapshot.js'
import type { Context } from '../context.js'
import type * as config from '../generated/types.js'
import { VALUES } from '../generated/values.js'
import { NEVER } from '../store/collections.js'
import type { StoredClient } from '../store/records.js'

/** A client as the protocol sees it. */
export interface Client extends DeepReadonly<Omit<config.Client, 'redirect_uris' | 'token_endpoint_auth_method'>> {
  /** `any` where nobody registered the client: then nothing about it is checked. */
  readonly redirect_uris: readonly string[] | 'any'
  readonly token_endpoint_auth_method: config.Client['token_endpoint_auth_method'] | 'any'
  /** Seconds since the epoch; 0 is never. */
  readonly client_secret_expires_at?: number
}

/** A client of run time. */
export type RuntimeClient = Omit<StoredClient, 'expires_at'>

/** A client, and where it comes from. */
export type ClientRecord = Omit<RuntimeClient, 'origin' | 'client_id_issued_at'> & {
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
  if (stored !== undefined) {
    const { expires_at: _, origin = 'registered', ...client } = stored
    return { ...client, origin }
  }
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
export async function putClient(ctx: Context, client: RuntimeClient): Promise<void> {
  await ctx.faults.declare(client.faults)
  await ctx.store.clients.put(client.client_id, { ...client, expires_at: NEVER })
}

/** Replaces the metadata of a client that is still registered. Returns false if it is not, such as after its deletion. */
export async function replaceRegistered(ctx: Context, client: RuntimeClient): Promise<boolean> {
  const kept = await ctx.store.clients.update(client.client_id, (stored) =>
    isRegistered(stored) ? { ...client, expires_at: NEVER } : stored,
  )
  return isRegistered(kept)
}

const isRegistered = (stored: StoredClient | undefined) => stored !== undefined && stored.origin === undefined

/** The client with this id, if it registered itself. */
export async function findRegistered(ctx: Context, client_id: string): Promise<RuntimeClient | undefined> {
  const stored = await ctx.store.clients.get(client_id)
  if (stored === undefined || stored.origin !== undefined) return undefined
  const { expires_at: _, ...client } = stored
  return client
}

/** Nobody is this client any more, whatever the configuration says, and its grants end. */
export async function removeClient(ctx: Context, client_id: string): Promise<void> {
  await deleteClient(ctx, client_id)
  await ctx.store.clients.put(client_id, {
    ...CLIENT_DEFAULTS,
    client_id,
    client_id_issued_at: ctx.now,
    redirect_uris: [],
    token_endpoint_auth_method: 'none',
    origin: 'deleted',
    expires_at: NEVER,
  })
}

/** Removes a client that registered itself. RFC 7592 §2.3: with it end its grants, and with them all their codes and tokens. */
export async function deleteClient(ctx: Context, client_id: string): Promise<void> {
  await ctx.store.clients.delete(client_id)
  for (const [grant_id] of await ctx.store.grants.listBy('client_id', client_id)) {
    await ctx.store.grants.delete(grant_id)
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
    grant_types: VALUES.GrantType,
    response_types: VALUES.ResponseType,
  }
}
