/** The table of grants: each grant_type and who handles it. RFC 6749 §4. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { shown, unauthorizedClient, unsupportedGrantType } from '../errors.js'
import type { GrantType } from '../generated/types.js'
import type { Params } from '../oauth/params.js'
import type { TokenResponse } from '../tokens/issue.js'
import { authorizationCode } from './authorization_code.js'
import { deviceCode } from './device_code.js'
import type { GrantHandler } from './grant.js'
import { refreshToken } from './refresh_token.js'

/** The implicit grant happens at the authorization endpoint. */
const GRANTS: Readonly<Record<Exclude<GrantType, 'implicit'>, GrantHandler>> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  'urn:ietf:params:oauth:grant-type:device_code': deviceCode,
}

/** RFC 6749 §5.2: the grant type is supported, and the client may use it. */
export async function handleGrant(ctx: Context, client: Client, params: Params): Promise<TokenResponse> {
  const grant_type = requireGrantType(params)
  requireGrantOf(client, grant_type)
  return GRANTS[grant_type](ctx, client, params)
}

/** RFC 6749 §5.2: a grant type that nobody handles is refused whoever asks. */
export function requireGrantType(params: Params): keyof typeof GRANTS {
  const grant_type = params.require('grant_type')
  if (!Object.hasOwn(GRANTS, grant_type)) {
    throw unsupportedGrantType(`grant_type is ${shown(grant_type)}, expected one of ${Object.keys(GRANTS).join(', ')}`)
  }
  return grant_type as keyof typeof GRANTS
}

/** RFC 6749 §5.2: a client may use the grant types that it has. */
export function requireGrantOf(client: Client, grant_type: GrantType): void {
  if (client.grant_types.includes(grant_type)) return
  throw unauthorizedClient(
    `grant_type ${grant_type} is not one of the client's grant_types: ${client.grant_types.join(', ') || 'it has none'}`,
  )
}
