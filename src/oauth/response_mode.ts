/** How an authorization response travels to the client. OAuth 2.0 Multiple Response Types §2.1 and Form Post Response Mode §2. */
import type { Context } from '../context.js'
import { invalidRequest, shown } from './errors.js'
import { type Parameters, spoil } from './response_fault.js'
import { findResponseType, RESPONSE_TYPES, type ResponseType } from './response_type.js'

/** Each mode that is a redirect, and how it puts the parameters on the redirect_uri. */
const REDIRECTS = {
  // RFC 6749 §4.1.2: the query of the redirect_uri is kept.
  query: (redirect_uri: string, query: string) =>
    query === '' ? redirect_uri : `${redirect_uri}${redirect_uri.includes('?') ? '&' : '?'}${query}`,
  fragment: (redirect_uri: string, query: string) => `${redirect_uri}#${query}`,
}

export type ResponseMode = keyof typeof REDIRECTS | 'form_post'

/** For discovery. */
export const RESPONSE_MODES = ['query', 'fragment', 'form_post'] as const satisfies readonly ResponseMode[]

/** Where an answer goes, success or refusal. */
export interface ReturnAddress {
  readonly redirect_uri: string
  readonly response_mode: ResponseMode
  readonly state: string | undefined
}

/** A redirect, or a form that the browser has to post; `twice` where a fault wants it to come back twice. */
export type AuthorizationResponse = { readonly twice: boolean } & (
  | { readonly location: string }
  | { readonly action: string; readonly fields: readonly (readonly [string, string])[] }
)

/**
 * The mode in which to answer: the one asked for, else the one of the response type.
 * @throws invalid_request where the mode isn't one.
 */
export function readResponseMode(response_mode: string | undefined, response_type: string | undefined): ResponseMode {
  const known = RESPONSE_MODES.find((mode) => mode === response_mode)
  if (known === undefined && response_mode !== undefined) {
    throw invalidRequest(`response_mode is ${shown(response_mode)}, expected one of ${RESPONSE_MODES.join(', ')}`)
  }
  const inFragment = travelsInFragment(findResponseType(response_type))
  // Where the query is asked for and can't be had, the refusal travels as the answer would have.
  if (known === undefined || (known === 'query' && inFragment)) return inFragment ? 'fragment' : 'query'
  return known
}

/** OAuth 2.0 Multiple Response Types §3 and §5: what has a token travels in the fragment, never in the query. */
export function requireFittingMode(response_mode: string | undefined, response_type: ResponseType): void {
  if (response_mode === 'query' && travelsInFragment(response_type)) {
    throw invalidRequest(`response_mode is query, expected fragment or form_post for response_type ${response_type}`)
  }
}

function travelsInFragment(response_type: ResponseType | undefined): boolean {
  if (response_type === undefined) return false
  const { token, id_token } = RESPONSE_TYPES[response_type]
  return token || id_token
}

/** The parameters of an answer as they travel, with `state` as it came. */
export interface Carried {
  readonly fields: readonly (readonly [string, string])[]
  readonly twice: boolean
}

/** The parameters with what every answer has, as they are or as a fault has them. Undefined ones are left out. */
export async function completeParameters(ctx: Context, to: ReturnAddress, parameters: Parameters): Promise<Carried> {
  // RFC 9207 §2: the client learns who answers, in refusals as well.
  const iss = ctx.snapshot.rules.iss_parameter ? ctx.issuer : undefined
  const spoilt = await spoil(ctx, { ...parameters, state: to.state, iss })
  const fields = definedOf(spoilt.parameters)
  ctx.exchange.answer = Object.fromEntries(fields)
  return { fields, twice: spoilt.twice }
}

/** What carries the parameters to the return address. */
export function authorizationResponse(to: ReturnAddress, { fields, twice }: Carried): AuthorizationResponse {
  if (to.response_mode === 'form_post') return { action: to.redirect_uri, fields, twice }
  const query = new URLSearchParams(fields.map(([name, value]) => [name, value])).toString()
  return { location: REDIRECTS[to.response_mode](to.redirect_uri, query), twice }
}

/** The URI with the parameters in its query. Undefined ones are left out. */
export function withQuery(uri: string, parameters: Parameters): string {
  return REDIRECTS.query(uri, new URLSearchParams(definedOf(parameters)).toString())
}

function definedOf(parameters: Parameters): [string, string][] {
  return Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
}
