/**
 * The authorization request, read in two steps. Errors of the first step must not redirect the browser; errors of the
 * second step are sent to the client. RFC 6749 §4.1.2.1: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
 */

import { expectRedirectUri } from '../clients/redirect_uris.js'
import { RESPONSE_TYPES } from '../clients/response_types.js'
import type { Context } from '../context.js'
import { type Client, findClient, SELF_LOGIN } from '../directory/clients.js'
import {
  decidedBy,
  invalidRequest,
  invalidScope,
  OAuthError,
  shown,
  unsupportedParameter,
  untrustedClient,
} from '../errors.js'
import type { ResponseType } from '../generated/types.js'
import { PATHS } from '../routes.js'
import type { ClaimsRequest } from '../store/records.js'
import type { SelfLogin } from '../store/self_login.js'
import { readClaimsRequest } from './claims_request.js'
import { type Params, words } from './params.js'
import { type CodeChallenge, readCodeChallenge } from './pkce.js'
import { type Display, findDisplay, type Prompt, readPrompt } from './prompt.js'
import { differsInPort, fitsPattern, isRegistered } from './redirect_uri.js'
import { readRequestObject } from './request_object.js'
import { readResources } from './resource.js'
import { type ReturnAddress, readResponseMode, requireFittingMode } from './response_mode.js'
import { readResponseType } from './response_type.js'
import { enforce } from './rules.js'
import { grantScope } from './scopes.js'

export type { Prompt }

/** A verified authorization request. OpenID Connect Core §3.1.2.1. */
export interface AuthorizationRequest {
  readonly client: Client
  readonly redirect_uri: string
  readonly response_type: ResponseType
  readonly scope: string
  readonly nonce: string | undefined
  readonly code_challenge: CodeChallenge | undefined
  readonly prompt: readonly Prompt[]
  /** Maximum seconds since the login. Default: the client's default_max_age. */
  readonly max_age: number | undefined
  /** Requested acr values in order of preference. Default: the client's default_acr_values. */
  readonly acr_values: readonly string[]
  /** The hint, unverified; the interaction verifies it. */
  readonly id_token_hint: string | undefined
  readonly login_hint: string | undefined
  readonly display: Display | undefined
  readonly ui_locales: readonly string[]
  readonly claims_locales: readonly string[]
  readonly claims: ClaimsRequest | undefined
  /** Resources that access tokens are requested for. RFC 8707 §2.1. */
  readonly resource: readonly string[]
}

/** An authorization request with a verified client and return address. */
export interface AddressedRequest {
  readonly client: Client
  readonly return_address: ReturnAddress
  /** The parameters of the request; those of a request object override the others. */
  readonly params: Params
  /** Error in the request object, to be sent to the return address. */
  readonly failure: OAuthError | undefined
}

/**
 * Step one: verifies the client and the return address. Errors are shown to the end-user as a page.
 * @param answering whether the request is repeated with an end-user's answer to a page.
 * @param self_login the self-login in progress in this browser.
 */
export async function readReturnAddress(
  ctx: Context,
  outer: Params,
  answering = false,
  self_login?: Pick<SelfLogin, 'client_id' | 'redirect_uri'>,
): Promise<AddressedRequest> {
  const client = await requireClient(ctx, outer.find('client_id'))
  const read = await readRequestObject(ctx, client, outer, answering).catch((error: unknown) => {
    if (error instanceof OAuthError) return error
    throw error
  })
  const failure = read instanceof OAuthError ? read : undefined
  const params = read instanceof OAuthError ? outer : read
  // Departure: redirect_uri is required, as in OpenID Connect Core §3.1.2.1 and the reference. RFC 6749 §3.1.2.3 allows
  // requests without it if the client has registered only one.
  const redirect_uri = params.find('redirect_uri')
  if (redirect_uri === undefined) throw failure ?? invalidRequest('redirect_uri is missing')
  requireRedirectUri(ctx, client, redirect_uri, self_login)
  const mode = readResponseMode(client, params.find('response_mode'), params.find('response_type'))
  return { client, return_address: { redirect_uri, ...mode, state: params.find('state') }, params, failure }
}

/** Returns the origin of the redirect_uri if the client has that URI; undefined also for a scheme of an application. */
export async function findReturnOrigin(ctx: Context, params: Params): Promise<string | undefined> {
  const { client_id = '', redirect_uri = '' } = Object.fromEntries(params.entries())
  const client = await findClient(ctx, client_id)
  if (client === undefined || expectRedirectUri(redirect_uri) !== undefined) return undefined
  if (!isRegistered(client, redirect_uri) && !fitsPattern(client, redirect_uri)) return undefined
  const { origin } = new URL(redirect_uri)
  return origin === 'null' ? undefined : origin
}

async function requireClient(ctx: Context, client_id: string | undefined): Promise<Client> {
  if (client_id === undefined) throw untrustedClient('client_id is missing')
  const client = await findClient(ctx, client_id)
  const unknown = untrustedClient(`client_id is ${shown(client_id)}, expected a configured or registered client`)
  if (client === undefined) throw decidedBy(unknown, 'clients')
  // RFC 6749 §2: unregistered clients are accepted only if the rule is off.
  if (client.redirect_uris === 'any') enforce(ctx, 'registered_clients', unknown)
  return client
}

function requireRedirectUri(
  ctx: Context,
  client: Client,
  redirect_uri: string,
  self_login: Pick<SelfLogin, 'client_id' | 'redirect_uri'> | undefined,
): void {
  const expected = expectRedirectUri(redirect_uri)
  if (expected !== undefined) throw untrustedClient(`redirect_uri is ${shown(redirect_uri)}, expected ${expected}`)
  if (isRegistered(client, redirect_uri)) return
  // The provider itself receives the response, in the browser that asked for it.
  if (self_login?.client_id === client.client_id && self_login.redirect_uri === redirect_uri) return
  if (client.client_id === SELF_LOGIN) {
    const refusal = `redirect_uri is ${shown(redirect_uri)}, expected the redirect_uri of a self-login in progress in this browser`
    throw untrustedClient(`${refusal}; start one at ${ctx.public_url}${PATHS.self_login}`)
  }
  const known = [client.redirect_uris].flat()
  if (known.length === 0) {
    const refusal = `redirect_uri is ${shown(redirect_uri)}, but client ${shown(client.client_id)} has no redirect_uris; add the URI to them`
    throw decidedBy(untrustedClient(refusal), 'clients', client.client_id, 'redirect_uris')
  }
  const mismatch = `redirect_uri is ${shown(redirect_uri)}, expected one of the client's redirect_uris: ${shown(known.join(', '))}`
  if (!fitsPattern(client, redirect_uri)) {
    const hint = '; application_type: native allows any port of the loopback interface'
    const refusal = untrustedClient(differsInPort(known, redirect_uri) ? mismatch + hint : mismatch)
    throw decidedBy(refusal, 'clients', client.client_id, 'redirect_uris')
  }
  enforce(ctx, 'exact_redirect_uris', untrustedClient(`${mismatch}, in which * is not a wildcard`))
}

/** Step two: verifies all other parameters. Errors are sent to the return address. */
export function readAuthorizationRequest(
  ctx: Context,
  { client, return_address, params, failure }: AddressedRequest,
): AuthorizationRequest {
  if (failure !== undefined) throw failure
  // OpenID Connect Core §7.2.1: a provider without support for the parameter answers with registration_not_supported.
  if (params.find('registration') !== undefined) throw unsupportedParameter('registration')
  const response_type = readResponseType(ctx, client, params)
  requireFittingMode(client, params.find('response_mode'), response_type)
  const prompt = readPrompt(ctx, params)
  const offline = prompt.includes('consent') && RESPONSE_TYPES[response_type].code
  const scope = grantScope(ctx, client, params.find('scope'), offline)
  // OpenID Connect Core §3.1.2.1: only an OpenID Connect request, which has the scope `openid`, gets an ID token.
  if (RESPONSE_TYPES[response_type].id_token && !words(scope).includes('openid')) {
    const requested = params.find('scope')
    const state =
      requested === undefined
        ? 'is missing'
        : `is ${shown(requested)}, of which ${shown(scope) || 'nothing'} is granted`
    enforce(ctx, 'openid_scope', invalidScope(`scope ${state}, expected openid for response_type ${response_type}`))
  }
  return {
    client,
    redirect_uri: return_address.redirect_uri,
    response_type,
    scope,
    nonce: readNonce(ctx, response_type, params),
    code_challenge: readChallenge(ctx, client, response_type, params),
    prompt,
    max_age: readMaxAge(params) ?? client.default_max_age,
    acr_values: readList(params, 'acr_values') ?? client.default_acr_values ?? [],
    id_token_hint: params.find('id_token_hint'),
    login_hint: params.find('login_hint'),
    display: findDisplay(params),
    ui_locales: readList(params, 'ui_locales') ?? [],
    claims_locales: readList(params, 'claims_locales') ?? [],
    claims: readClaimsRequest(params),
    resource: readResources(ctx, params),
  }
}

function readNonce(ctx: Context, response_type: ResponseType, params: Params): string | undefined {
  const nonce = params.find('nonce')
  if (nonce !== undefined) return nonce
  if (ctx.snapshot.config.require_nonce) {
    throw decidedBy(invalidRequest('nonce is missing, but require_nonce is on'), 'require_nonce')
  }
  // OpenID Connect Core §3.2.2.1 and §3.3.2.11: an ID token from the authorization endpoint requires a nonce.
  if (RESPONSE_TYPES[response_type].id_token) {
    const refusal = invalidRequest(`nonce is missing, expected one for response_type ${response_type}`)
    enforce(ctx, 'nonce_in_front_channel', refusal)
  }
  return undefined
}

function readChallenge(
  ctx: Context,
  client: Client,
  response_type: ResponseType,
  params: Params,
): CodeChallenge | undefined {
  const code_challenge = readCodeChallenge(params)
  // RFC 7636 §1: PKCE protects codes; response types without a code need none.
  if (code_challenge !== undefined || !RESPONSE_TYPES[response_type].code) return code_challenge
  if (ctx.snapshot.config.require_pkce) {
    throw decidedBy(invalidRequest('code_challenge is missing, but require_pkce is on'), 'require_pkce')
  }
  // RFC 9700 §2.1.1: public clients must use PKCE.
  if (client.token_endpoint_auth_method === 'none') {
    const refusal = invalidRequest('code_challenge is missing, expected one from a client without authentication')
    enforce(ctx, 'pkce_for_public_clients', refusal)
  }
  return undefined
}

/** Reads the maximum seconds since the login. OpenID Connect Core §3.1.2.1; 0 always requires a new login. */
function readMaxAge(params: Params): number | undefined {
  const max_age = params.find('max_age')
  if (max_age === undefined) return undefined
  if (!/^\d{1,15}$/.test(max_age)) {
    throw invalidRequest(`max_age is ${shown(max_age)}, expected a whole number of seconds, 0 or more`)
  }
  return Number(max_age)
}

function readList(params: Params, name: string): string[] | undefined {
  const list = params.find(name)
  return list === undefined ? undefined : words(list)
}
