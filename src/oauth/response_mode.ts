/** How an authorization response travels to the client. OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2 and JARM §2.3. */

import { RESPONSE_TYPES } from '../clients/response_types.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { invalidRequest, shown } from '../errors.js'
import { changeResponse, type Parameters } from '../faults/doors/authorization.js'
import type { ResponseType } from '../generated/types.js'
import { findResponseType } from './response_type.js'

/** Each mode that is a redirect, and how it puts the parameters on the redirect_uri. */
const REDIRECTS = {
  // RFC 6749 §4.1.2: the query of the redirect_uri is kept.
  query: (redirect_uri: string, query: string) =>
    query === '' ? redirect_uri : `${redirect_uri}${redirect_uri.includes('?') ? '&' : '?'}${query}`,
  fragment: (redirect_uri: string, query: string) => `${redirect_uri}#${query}`,
}

/** What carries the parameters to the client. */
type Carrier = keyof typeof REDIRECTS | 'form_post'

interface Mode {
  /** Left out, that of the response type. */
  readonly carrier?: Carrier
  /** Whether they travel as one JWT. */
  readonly jwt: boolean
}

/** For discovery; those with `jwt` are of JARM §2.3. */
export const RESPONSE_MODES = {
  query: { carrier: 'query', jwt: false },
  fragment: { carrier: 'fragment', jwt: false },
  form_post: { carrier: 'form_post', jwt: false },
  jwt: { jwt: true },
  'query.jwt': { carrier: 'query', jwt: true },
  'fragment.jwt': { carrier: 'fragment', jwt: true },
  'form_post.jwt': { carrier: 'form_post', jwt: true },
} as const satisfies Readonly<Record<string, Mode>>

/** Where an answer goes, success or refusal. */
export interface ReturnAddress {
  readonly redirect_uri: string
  readonly carrier: Carrier
  /** Whether the parameters travel as one JWT. */
  readonly jwt: boolean
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
export function readResponseMode(
  client: Client,
  response_mode: string | undefined,
  response_type: string | undefined,
): Pick<ReturnAddress, 'carrier' | 'jwt'> {
  const { carrier, jwt } = findMode(response_mode)
  const inFragment = travelsInFragment(findResponseType(response_type))
  // Where the query is asked for and can't be had, the refusal travels as the answer would have.
  const fits = carrier !== undefined && (carrier !== 'query' || !inFragment || isUnreadable(client, jwt))
  return { carrier: fits ? carrier : inFragment ? 'fragment' : 'query', jwt }
}

function findMode(response_mode: string | undefined): Mode {
  if (response_mode === undefined) return { jwt: false }
  if (Object.hasOwn(RESPONSE_MODES, response_mode)) return RESPONSE_MODES[response_mode as keyof typeof RESPONSE_MODES]
  const known = Object.keys(RESPONSE_MODES).join(', ')
  throw invalidRequest(`response_mode is ${shown(response_mode)}, expected one of ${known}`)
}

/** JARM §2.3.1: what is encrypted may be in the query, whatever it is. */
const isUnreadable = (client: Client, jwt: boolean) => jwt && client.authorization_encrypted_response_alg !== undefined

/** OAuth 2.0 Multiple Response Types §3 and §5: what has a token travels in the fragment, never in the query. */
export function requireFittingMode(
  client: Client,
  response_mode: string | undefined,
  response_type: ResponseType,
): void {
  const { carrier, jwt } = findMode(response_mode)
  if (carrier !== 'query' || !travelsInFragment(response_type) || isUnreadable(client, jwt)) return
  const others = jwt ? 'fragment.jwt or form_post.jwt' : 'fragment or form_post'
  throw invalidRequest(`response_mode is ${response_mode}, expected ${others} for response_type ${response_type}`)
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
  // RFC 9207 §2 and JARM §2.1: the client learns who answers, in refusals as well.
  const iss = ctx.snapshot.rules.iss_parameter || to.jwt ? ctx.issuer : undefined
  const changed = await changeResponse(ctx, { ...parameters, state: to.state, iss })
  const fields = definedOf(changed.parameters)
  ctx.exchange.answer = Object.fromEntries(fields)
  return { fields, twice: changed.twice }
}

/** What carries the parameters to the return address. */
export function authorizationResponse(to: ReturnAddress, { fields, twice }: Carried): AuthorizationResponse {
  if (to.carrier === 'form_post') return { action: to.redirect_uri, fields, twice }
  const query = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString()
  return { location: REDIRECTS[to.carrier](to.redirect_uri, query), twice }
}

/** The URI with the parameters in its query. Undefined ones are left out. */
export function withQuery(uri: string, parameters: Parameters): string {
  return REDIRECTS.query(uri, new URLSearchParams(definedOf(parameters)).toString())
}

function definedOf(parameters: Parameters): [string, string][] {
  return Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
}
