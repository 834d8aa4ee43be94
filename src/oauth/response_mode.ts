/** Response modes of authorization responses. OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2 and JARM §2.3. */

import { RESPONSE_TYPES } from '../clients/response_types.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { invalidRequest, shown } from '../errors.js'
import { changeResponse, type Parameters } from '../faults/doors/authorization.js'
import type { ResponseType } from '../generated/types.js'
import { findResponseType } from './response_type.js'

/** The modes that redirect, with the functions that add the encoded parameters to the redirect_uri. */
const REDIRECTS = {
  // RFC 6749 §3.1.2: the query of the redirect_uri is retained.
  query: (redirect_uri: string, query: string) =>
    query === '' ? redirect_uri : `${redirect_uri}${redirect_uri.includes('?') ? '&' : '?'}${query}`,
  fragment: (redirect_uri: string, query: string) => `${redirect_uri}#${query}`,
}

/** The part of the response that has the parameters. */
type Carrier = keyof typeof REDIRECTS | 'form_post'

interface Mode {
  /** Default: the carrier of the response type. */
  readonly carrier?: Carrier
  /** Whether the parameters are encoded as one JWT. */
  readonly jwt: boolean
}

/** The supported response modes, as discovery lists them. Modes with `jwt`: JARM §2.3. */
export const RESPONSE_MODES = {
  query: { carrier: 'query', jwt: false },
  fragment: { carrier: 'fragment', jwt: false },
  form_post: { carrier: 'form_post', jwt: false },
  jwt: { jwt: true },
  'query.jwt': { carrier: 'query', jwt: true },
  'fragment.jwt': { carrier: 'fragment', jwt: true },
  'form_post.jwt': { carrier: 'form_post', jwt: true },
} as const satisfies Readonly<Record<string, Mode>>

/** The address of an authorization response, successful or not. */
export interface ReturnAddress {
  readonly redirect_uri: string
  readonly carrier: Carrier
  /** Whether the parameters are encoded as one JWT. */
  readonly jwt: boolean
  readonly state: string | undefined
}

/** A redirect, or a form that the browser posts. With `twice`, a fault sends the response twice. */
export type AuthorizationResponse = { readonly twice: boolean } & (
  | { readonly location: string }
  | { readonly action: string; readonly fields: readonly (readonly [string, string])[] }
)

/**
 * Returns the requested response mode; default: the mode of the response type.
 * @throws invalid_request if the requested mode is unknown.
 */
export function readResponseMode(
  client: Client,
  response_mode: string | undefined,
  response_type: string | undefined,
): Pick<ReturnAddress, 'carrier' | 'jwt'> {
  const { carrier, jwt } = findMode(response_mode)
  const inFragment = needsFragment(findResponseType(response_type))
  // If the requested query is not allowed, the error is sent in the default mode of the response type.
  const fits = carrier !== undefined && (carrier !== 'query' || !inFragment || isEncrypted(client, jwt))
  return { carrier: fits ? carrier : inFragment ? 'fragment' : 'query', jwt }
}

function findMode(response_mode: string | undefined): Mode {
  if (response_mode === undefined) return { jwt: false }
  if (Object.hasOwn(RESPONSE_MODES, response_mode)) return RESPONSE_MODES[response_mode as keyof typeof RESPONSE_MODES]
  const known = Object.keys(RESPONSE_MODES).join(', ')
  throw invalidRequest(`response_mode is ${shown(response_mode)}, expected one of ${known}`)
}

/** Tells whether the response is encrypted. JARM §2.3.1: only then a token can be in the query. */
const isEncrypted = (client: Client, jwt: boolean) => jwt && client.authorization_encrypted_response_alg !== undefined

/** Refuses the query for responses with a token. OAuth 2.0 Multiple Response Types §3 and §5. */
export function requireFittingMode(
  client: Client,
  response_mode: string | undefined,
  response_type: ResponseType,
): void {
  const { carrier, jwt } = findMode(response_mode)
  if (carrier !== 'query' || !needsFragment(response_type) || isEncrypted(client, jwt)) return
  const allowed = jwt ? 'fragment.jwt or form_post.jwt' : 'fragment or form_post'
  throw invalidRequest(`response_mode is ${response_mode}, expected ${allowed} for response_type ${response_type}`)
}

function needsFragment(response_type: ResponseType | undefined): boolean {
  if (response_type === undefined) return false
  const { token, id_token } = RESPONSE_TYPES[response_type]
  return token || id_token
}

/** The complete parameters of an authorization response. */
export interface ResponseParameters {
  readonly fields: readonly (readonly [string, string])[]
  readonly twice: boolean
}

/** Adds `state` and `iss` and applies faults. Omits undefined parameters. */
export async function completeParameters(
  ctx: Context,
  to: ReturnAddress,
  parameters: Parameters,
): Promise<ResponseParameters> {
  // RFC 9207 §2 and JARM §2.1: every response, including errors, identifies the issuer.
  const iss = ctx.snapshot.rules.iss_parameter || to.jwt ? ctx.issuer : undefined
  const changed = await changeResponse(ctx, { ...parameters, state: to.state, iss })
  const fields = definedOf(changed.parameters)
  ctx.exchange.answer = Object.fromEntries(fields)
  return { fields, twice: changed.twice }
}

/** Returns the redirect or the form that sends the parameters to the return address. */
export function createAuthorizationResponse(
  to: ReturnAddress,
  { fields, twice }: ResponseParameters,
): AuthorizationResponse {
  if (to.carrier === 'form_post') return { action: to.redirect_uri, fields, twice }
  const query = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString()
  return { location: REDIRECTS[to.carrier](to.redirect_uri, query), twice }
}

/** Adds parameters to the query of a URI. Omits undefined parameters. */
export function withQuery(uri: string, parameters: Parameters): string {
  return REDIRECTS.query(uri, new URLSearchParams(definedOf(parameters)).toString())
}

function definedOf(parameters: Parameters): [string, string][] {
  return Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
}
