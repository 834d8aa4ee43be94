/** The clients of an issuer, from a test's point of view. */

import type { ClientRecord } from '../directory/clients.js'
import type { Client } from '../generated/input.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** A client as in the config file, without `client_id`. */
export type ClientBody = Omit<Client, 'client_id'>

/** Clients put at run time lie over those of the configuration. Answers show secrets, and say where a client comes from. Every call throws an `AdminError` if it is refused. */
export interface Clients {
  /** Every client there is: those of the configuration, put at run time, and registered by themselves. */
  list(): Promise<readonly ClientRecord[]>
  /** The client. Refused with `not_found` where there is none. */
  get(client_id: string): Promise<ClientRecord>
  /** Puts the whole client, over one with the same `client_id`; answers with what counts from now on. */
  put(client_id: string, client: ClientBody): Promise<ClientRecord>
  /** Changes what counts now by a merge patch (RFC 7396): members replace, objects are merged, null removes. */
  patch(client_id: string, changes: object): Promise<ClientRecord>
  /** Deletes the client. One of the file stays gone until it is put, or clients are reset. */
  delete(client_id: string): Promise<void>
}

export const createClients = ({ call }: Caller): Clients => ({
  list: async () => (await call<{ clients: ClientRecord[] }>('GET', PATHS.admin_clients)).clients,
  get: (client_id) => call('GET', PATHS.admin_client, { params: { client_id } }),
  put: (client_id, client) => call('PUT', PATHS.admin_client, { params: { client_id }, body: client }),
  patch: (client_id, changes) => call('PATCH', PATHS.admin_client, { params: { client_id }, body: changes }),
  delete: (client_id) => call('DELETE', PATHS.admin_client, { params: { client_id } }),
})
