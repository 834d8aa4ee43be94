/** The interface of a grant: from a token request to a grant, or an OAuthError. RFC 6749 §4. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { invalidGrant, shown } from '../errors.js'
import type { ClientAuthentication } from '../oauth/client/authentication.js'
import type { Params } from '../oauth/params.js'
import type { Granted } from '../tokens/issue.js'

/** A token request after client authentication. RFC 6749 §3.2. */
export interface TokenRequest {
  readonly client: Client
  readonly authentication: ClientAuthentication
  /** The confirmation of a proof of possession (RFC 7800 §3.1); absent for bearer tokens. */
  readonly binding?: Readonly<Record<string, string>>
  readonly params: Params
  /** RFC 8707 §2.2: the resources that the client requests a token for. */
  readonly resource: readonly string[]
  /** The requested scope; absent if the request has none. */
  readonly scope: string | undefined
  /** Time of the request in seconds since the epoch. */
  readonly now: number
}

/** Verifies a token request of one grant_type and returns the grant that tokens are issued for. */
export type GrantHandler = (ctx: Context, request: TokenRequest) => Promise<Granted>

/**
 * Refuses a code or token that was issued to another client. RFC 6749 §5.2.
 * @param name the parameter, for the message.
 * @param issued_to the client_id that it was issued to.
 */
export function requireIssuedTo({ client_id }: Client, name: string, issued_to: string): void {
  if (issued_to === client_id) return
  throw invalidGrant(`${name} belongs to client ${shown(issued_to)}, expected one of client ${shown(client_id)}`)
}
