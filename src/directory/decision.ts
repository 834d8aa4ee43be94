/** The key of the configuration that decided a refusal, for the log. */
import type { Snapshot } from '../config/snapshot.js'
import { type OAuthError, shown } from '../errors.js'

interface Decision {
  /** The key to edit, such as `clients[my-app].redirect_uris`. */
  readonly config_key?: string
  /** Place of the client in the file, such as `config.yaml:14`. */
  readonly place?: string | undefined
}

/** Describes the key that decided a refusal; empty for a refusal that no key decides, and for clients of run time. */
export function describeDecision({ clients, places }: Snapshot, { decided_by = [] }: OAuthError): Decision {
  const [section, client_id, key] = decided_by
  if (section === undefined) return {}
  if (section !== 'clients' || client_id === undefined) return { config_key: decided_by.join('.') }
  const client = clients.get(client_id)
  if (client === undefined) return {}
  return { config_key: `clients[${shown(client_id)}].${key}`, place: places.get(client) }
}
