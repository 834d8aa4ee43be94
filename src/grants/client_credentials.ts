/** The client_credentials grant: a client acts on its own behalf. RFC 6749 §4.4: https://www.rfc-editor.org/rfc/rfc6749#section-4.4 */
import { shown, unauthorizedClient } from '../errors.js'
import { createGrant } from '../oauth/grant.js'
import { words } from '../oauth/params.js'
import { grantScope } from '../oauth/scopes.js'
import type { GrantHandler } from './grant.js'

/** Scopes that need an end-user. OpenID Connect Core §3.1.2.1 and §11. */
const END_USER_SCOPES: readonly string[] = ['openid', 'offline_access']

/** Grants a confidential client access without an end-user. */
export const clientCredentials: GrantHandler = async (ctx, { client, scope, resource }) => {
  const { client_id, token_endpoint_auth_method, left_out } = client
  // RFC 6749 §4.4: only confidential clients can use this grant.
  // Departure: an unregistered client, whose type is unknown, can use it as well.
  if (token_endpoint_auth_method === 'none') {
    const isUnset = left_out.includes('token_endpoint_auth_method')
    throw unauthorizedClient(
      isUnset
        ? `client_secret of client ${shown(client_id)} is missing, expected one, because the client has to authenticate`
        : 'token_endpoint_auth_method of the client is none, expected one that authenticates it, such as client_secret_basic',
    )
  }
  // RFC 6749 §3.3: the default of an omitted scope is the registered one.
  const requested = words(scope ?? client.scope)
  const ignored = requested.filter((one) => END_USER_SCOPES.includes(one))
  if (ignored.length > 0) {
    ctx.remark('scope_ignored', `scope ${ignored.join(' ')} is ignored: client_credentials has no end-user`)
  }
  const remaining = requested.filter((one) => !ignored.includes(one)).join(' ')
  const granted = grantScope(ctx, client, remaining, false)
  // RFC 6749 §4.4.3: no refresh token; the client can request another access token at any time.
  return {
    ...(await createGrant(ctx, { client_id, scope: granted })),
    client,
    user: undefined,
    scope: granted,
    resource,
  }
}
