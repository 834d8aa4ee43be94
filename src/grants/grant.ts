/** What every grant is: an authenticated client and the parameters in, a token response out, or an OAuthError. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { invalidGrant, shown } from '../errors.js'
import type { Params } from '../oauth/params.js'
import type { TokenResponse } from '../tokens/issue.js'

export type GrantHandler = (ctx: Context, client: Client, params: Params) => Promise<TokenResponse>

/**
 * RFC 6749 §5.2: what was issued to one client buys tokens for no other.
 * @param what its parameter; the refusal names it.
 * @param issued_to the client_id that it was issued to.
 */
export function requireIssuedTo({ client_id }: Client, what: string, issued_to: string): void {
  if (issued_to === client_id) return
  throw invalidGrant(`${what} was issued to client ${shown(issued_to)}, but client ${shown(client_id)} presents it`)
}
