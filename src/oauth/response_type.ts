/** The response type of an authorization request. OAuth 2.0 Multiple Response Types: https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html */
import { isRedirected } from '../clients/response_types.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { decidedBy, shown, unauthorizedClient, unsupportedResponseType } from '../errors.js'
import type { ResponseType } from '../generated/types.js'
import { VALUES } from '../generated/values.js'
import { type Params, words } from './params.js'
import { enforce } from './rules.js'

/** Returns the response type with these words in any order, or undefined if there is none. RFC 6749 §3.1.1. */
export function findResponseType(response_type: string | undefined): ResponseType | undefined {
  const sorted = words(response_type).sort().join(' ')
  return VALUES.ResponseType.find((name) => words(name).sort().join(' ') === sorted)
}

/** Returns the response type, which is required and must be one of the client's. RFC 6749 §3.1.1. */
export function readResponseType(ctx: Context, client: Client, params: Params): ResponseType {
  const requested = params.require('response_type')
  const response_type = findResponseType(requested)
  if (response_type === undefined) {
    throw unsupportedResponseType(
      `response_type is ${shown(requested)}, expected one of ${VALUES.ResponseType.join(', ')}`,
    )
  }
  const redirected = isRedirected(client)
  const registered = redirected ? client.response_types : []
  if (!registered.includes(response_type)) {
    const problem = `response_type is ${response_type}, expected one of the client's response_types: ${registered.join(', ') || 'it has none'}`
    const refusal = decidedBy(unauthorizedClient(problem), 'clients', client.client_id, 'response_types')
    if (!redirected || !client.left_out.includes('response_types')) throw refusal
    enforce(ctx, 'default_client_metadata', refusal)
  }
  return response_type
}
