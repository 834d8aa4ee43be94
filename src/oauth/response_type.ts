/** The response types and what each asks for. OAuth 2.0 Multiple Response Types: https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html */
import type { Client } from '../directory.js'
import { shown, unauthorizedClient, unsupportedResponseType } from './errors.js'
import type { Params } from './params.js'
import type { ResponseMode } from './response_mode.js'

/** For discovery; and the mode in which each is answered when no other is asked for. */
export const RESPONSE_TYPES = { code: { response_mode: 'query' } } as const satisfies Record<
  string,
  { response_mode: ResponseMode }
>

export type ResponseType = keyof typeof RESPONSE_TYPES

/** RFC 6749 §3.1.1: the response type is required, supported, and one of the client's. */
export function readResponseType(client: Client, params: Params): ResponseType {
  const response_type = params.require('response_type')
  if (!Object.hasOwn(RESPONSE_TYPES, response_type)) {
    throw unsupportedResponseType(
      `response_type is ${shown(response_type)}, expected one of ${Object.keys(RESPONSE_TYPES).join(', ')}`,
    )
  }
  if (!client.response_types.includes(response_type)) {
    throw unauthorizedClient(
      `response_type ${response_type} is not one of the client's response_types: ${client.response_types.join(', ') || 'it has none'}`,
    )
  }
  return response_type as ResponseType
}
