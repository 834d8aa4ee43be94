/**
 * The authorization request, in two steps. Until the first is done nobody may be redirected; after it, every refusal
 * goes to the client. RFC 6749 §4.1.2.1: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
 */
import type { Context } from '../context.js'
import { type Client, findClient } from '../directory.js'
import type { ClaimsRequest } from '../store/store.js'
import { invalidRequest, OAuthError, shown, unsupportedParameter, untrustedClient } from './errors.js'
import type { Params } from './params.js'
import { type CodeChallenge, readCodeChallenge } from './pkce.js'
import { isRegistered, redirectUriProblem } from './redirect_uri.js'
import { readRequestObject } from './request_object.js'
import { type ReturnAddress, readResponseMode } from './response_mode.js'
import { type ResponseType, readResponseType } from './response_type.js'
import { grantScope } from './scopes.js'

/** OpenID Connect Core §3.1.2.1. */
export type Prompt = 'none' | 'login' | 'consent' | 'select_account'

export interface AuthorizationRequest {
  readonly client: Client
  readonly redirect_uri: string
  readonly response_type: ResponseType
  readonly scope: string
  readonly nonce: string | undefined
  readonly code_challenge: CodeChallenge | undefined
  readonly prompt: readonly Prompt[]
  /** Seconds; of the request, else the client's default_max_age. */
  readonly max_age: number | undefined
  /** In the order of preference; of the request, else the client's default_acr_values. */
  readonly acr_values: readonly string[]
  /** As it came; the interaction verifies it. */
  readonly id_token_hint: string | undefined
  readonly login_hint: string | undefined
  readonly display: string | undefined
  readonly ui_locales: readonly string[]
  readonly claims_locales: readonly string[]
  readonly claims: ClaimsRequest | undefined
}

/** What step one found. */
export interface Addressed {
  readonly client: Client
  readonly return_address: ReturnAddress
  /** The parameters of the request, with those of a request object over them. */
  readonly params: Params
  /** What is wrong with the request object; it goes to the return address. */
  readonly failure: OAuthError | undefined
}

/** Step one. What this throws is shown to the end-user: there is no one to redirect to. */
export async function readReturnAddress(ctx: Context, outer: Params): Promise<Addressed> {
  const client_id = outer.find('client_id')
  if (client_id === undefined) throw untrustedClient('client_id is missing')
  const client = await findClient(ctx, client_id)
  if (client === undefined) {
    throw untrustedClient(`client_id is ${shown(client_id)}: no such client is configured or registered`)
  }
  const read = await readRequestObject(ctx, client, outer).catch((error: unknown) => {
    if (error instanceof OAuthError) return error
    throw error
  })
  const failure = read instanceof OAuthError ? read : undefined
  const params = read instanceof OAuthError ? outer : read
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
  const response_mode = readResponseMode(params.find('response_mode'), params.find('response_type'))
  return { client, return_address: { redirect_uri, response_mode, state: params.find('state') }, params, failure }
}

/** Step two. What this throws is sent to the return address. */
export function readAuthorizationRequest(
  ctx: Context,
  { client, return_address, params, failure }: Addressed,
): AuthorizationRequest {
  if (failure !== undefined) throw failure
  const { require_nonce, require_pkce } = ctx.snapshot.config
  // OpenID Connect Core §7.2.1: whoever takes no registration in a request says so by this code.
  if (params.find('registration') !== undefined) throw unsupportedParameter('registration')
  const response_type = readResponseType(client, params)
  const nonce = params.find('nonce')
  if (require_nonce && nonce === undefined) throw invalidRequest('nonce is missing, and require_nonce is on')
  const code_challenge = readCodeChallenge(params)
  if (require_pkce && code_challenge === undefined) {
    throw invalidRequest('code_challenge is missing, and require_pkce is on')
  }
  const scope = grantScope(client, params.find('scope'))
  return {
    client,
    redirect_uri: return_address.redirect_uri,
    response_type,
    scope,
    nonce,
    code_challenge,
    prompt: [],
    max_age: undefined,
    acr_values: [],
    id_token_hint: params.find('id_token_hint'),
    login_hint: params.find('login_hint'),
    display: params.find('display'),
    ui_locales: [],
    claims_locales: [],
    claims: undefined,
  }
}
