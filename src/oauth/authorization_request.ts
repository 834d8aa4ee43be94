/**
 * The authorization request, in two steps. Until the first is done nobody may be redirected; after it, every refusal
 * goes to the client. RFC 6749 §4.1.2.1: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
 */
import type { Context } from '../context.js'
import { type Client, findClient } from '../directory.js'
import { invalidRequest, shown, unsupportedParameter, untrustedClient } from './errors.js'
import type { Params } from './params.js'
import { type CodeChallenge, readCodeChallenge } from './pkce.js'
import { isRegistered, redirectUriProblem } from './redirect_uri.js'
import { type ReturnAddress, readResponseMode } from './response_mode.js'
import { RESPONSE_TYPES, readResponseType } from './response_type.js'
import { grantScope } from './scopes.js'

export interface AuthorizationRequest {
  readonly client: Client
  readonly redirect_uri: string
  readonly scope: string
  readonly nonce: string | undefined
  readonly login_hint: string | undefined
  readonly code_challenge: CodeChallenge | undefined
}

/** Step one. What this throws is shown to the end-user: there is no one to redirect to. */
export async function readReturnAddress(
  ctx: Context,
  params: Params,
): Promise<{ client: Client; return_address: ReturnAddress }> {
  const client_id = params.find('client_id')
  if (client_id === undefined) throw untrustedClient('client_id is missing')
  const client = await findClient(ctx, client_id)
  if (client === undefined) {
    throw untrustedClient(`client_id is ${shown(client_id)}: no such client is configured or registered`)
  }
  // Departure: OpenID Connect Core §3.1.2.1 and the reference agree that redirect_uri is required, though RFC 6749 would
  // take the only registered one.
  const redirect_uri = params.require('redirect_uri')
  const problem = redirectUriProblem(redirect_uri)
  if (problem !== undefined) throw untrustedClient(`redirect_uri ${problem}`)
  if (!isRegistered(client, redirect_uri)) {
    throw untrustedClient(
      `redirect_uri is ${shown(redirect_uri)}, expected one of the client's: ${shown([client.redirect_uris].flat().join(', '))}`,
    )
  }
  const response_mode = readResponseMode(params.find('response_mode')) ?? RESPONSE_TYPES.code.response_mode
  return { client, return_address: { redirect_uri, response_mode, state: params.find('state') } }
}

/** Step two. What this throws is sent to the return address. */
export function readAuthorizationRequest(
  ctx: Context,
  client: Client,
  redirect_uri: string,
  params: Params,
): AuthorizationRequest {
  const { require_nonce, require_pkce } = ctx.snapshot.config
  // OpenID Connect Core §6: whoever takes no request objects says so by these codes.
  for (const name of ['request', 'request_uri', 'registration'] as const) {
    if (params.find(name) !== undefined) throw unsupportedParameter(name)
  }
  readResponseType(client, params)
  const nonce = params.find('nonce')
  if (require_nonce && nonce === undefined) throw invalidRequest('nonce is missing, and require_nonce is on')
  const code_challenge = readCodeChallenge(params)
  if (require_pkce && code_challenge === undefined) {
    throw invalidRequest('code_challenge is missing, and require_pkce is on')
  }
  const scope = grantScope(client, params.find('scope'))
  return { client, redirect_uri, scope, nonce, login_hint: params.find('login_hint'), code_challenge }
}
