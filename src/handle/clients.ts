/** Reads and changes the clients of an issuer. */

import type { ClientRecord } from '../directory/clients.js'
import type { Client } from '../generated/input.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** A client as in the configuration file, without `client_id`. */
export type ClientBody = Omit<Client, 'client_id'>

/**
 * Clients put at run time take precedence over clients of the configuration. Every returned client has its secrets and its
 * `origin`. A refused call throws an `AdminError`.
 */
export interface Clients {
  /** Lists the clients of the configuration, clients put at run time, and registered clients. */
  list(): Promise<readonly ClientRecord[]>
  /** Returns the client. An unknown `client_id` is refused with `not_found`. */
  get(client_id: string): Promise<ClientRecord>
  /** Creates or replaces the client and returns it. */
  put(client_id: string, client: ClientBody): Promise<ClientRecord>
  /** Applies a merge patch (RFC 7396) to the client: members replace, objects are merged, null removes a member. */
  patch(client_id: string, changes: object): Promise<ClientRecord>
  /** Deletes the client. A client of the file stays deleted until it is put again or clients are reset. */
  delete(client_id: string): Promise<void>
}

export const createClients = ({ call }: Caller): Clients => ({
  list: async () => (await call<{ clients: ClientRecord[] }>('GET', PATHS.admin_clients)).clients,
  get: (client_id) => call('GET', PATHS.admin_client, { params: { client_id } }),
  put: (client_id, client) => call('PUT', PATHS.admin_client, { params: { client_id }, body: client }),
  patch: (client_id, changes) => call('PATCH', PATHS.admin_client, { params: { client_id }, body: changes }),
  delete: (client_id) => call('DELETE', PATHS.admin_client, { params: { client_id } }),
})
