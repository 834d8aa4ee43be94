/** The clients of an issuer: those put or registered at run time lie over those of the configuration. */
import type { DeepReadonly } from '../config/snapshot.js'
import type { Context } from '../context.js'
import type * as config from '../generated/types.js'
import type { StoredClient } from '../store/store.js'

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

/** Whether the client is still registered, although this request has read its record before. */
export async function isStillRegistered(ctx: Context, client_id: string): Promise<boolean> {
  const clients = await ctx.store.clients.list()
  return clients.some(([id, { origin }]) => id === client_id && origin === undefined)
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
