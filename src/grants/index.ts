/** The table of grants: the handler of each grant_type. RFC 6749 §4. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { decidedBy, shown, unauthorizedClient, unsupportedGrantType } from '../errors.js'
import type { GrantType } from '../generated/types.js'
import type { Params } from '../oauth/params.js'
import { enforce } from '../oauth/rules.js'
import { issueTokens, type TokenResponse } from '../tokens/issue.js'
import { authorizationCode } from './authorization_code.js'
import { clientCredentials } from './client_credentials.js'
import { deviceCode } from './device_code.js'
import type { GrantHandler, TokenRequest } from './grant.js'
import { refreshToken } from './refresh_token.js'

/** The implicit grant is a response_type of the authorization endpoint. */
type TokenGrantType = Exclude<GrantType, 'implicit'>

const GRANTS: Readonly<Record<TokenGrantType, GrantHandler>> = {
  authorization_code: authorizationCode,
  client_credentials: clientCredentials,
  refresh_token: refreshToken,
  'urn:ietf:params:oauth:grant-type:device_code': deviceCode,
}

/** Verifies a token request and issues its tokens. */
export async function handleTokenRequest(
  ctx: Context,
  grant_type: TokenGrantType,
  request: TokenRequest,
): Promise<TokenResponse> {
  requireGrantType(ctx, request.client, grant_type)
  return issueTokens(ctx, await GRANTS[grant_type](ctx, request))
}

/** Reads the grant_type. RFC 6749 §5.2: an unsupported one is refused before client authentication. */
export function readGrantType(params: Params): TokenGrantType {
  const grant_type = params.require('grant_type')
  if (!Object.hasOwn(GRANTS, grant_type)) {
    throw unsupportedGrantType(`grant_type is ${shown(grant_type)}, expected one of ${Object.keys(GRANTS).join(', ')}`)
  }
  return grant_type as TokenGrantType
}

/** Refuses a grant_type that is not registered for the client. RFC 6749 §5.2. */
export function requireGrantType(ctx: Context, client: Client, grant_type: GrantType): void {
  if (client.grant_types.includes(grant_type)) return
  const problem = `grant_type is ${grant_type}, expected one of the client's grant_types: ${client.grant_types.join(', ') || 'it has none'}`
  const refusal = decidedBy(unauthorizedClient(problem), 'clients', client.client_id, 'grant_types')
  if (!client.left_out.includes('grant_types')) throw refusal
  enforce(ctx, 'default_client_metadata', refusal)
}
