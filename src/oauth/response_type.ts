/** The response types and what each asks for. OAuth 2.0 Multiple Response Types: https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html */
import type { Client } from '../directory/clients.js'
import { shown, unauthorizedClient, unsupportedResponseType } from '../errors.js'
import { type Params, words } from './params.js'

/** What an authorization response of a type is made of. */
interface Parts {
  readonly code: boolean
  readonly token: boolean
  readonly id_token: boolean
}

const partsOf = (name: string): Parts => ({
  code: words(name).includes('code'),
  token: words(name).includes('token'),
  id_token: words(name).includes('id_token'),
})

/** For discovery; each with what it is made of. */
export const RESPONSE_TYPES = {
  code: partsOf('code'),
  id_token: partsOf('id_token'),
  'id_token token': partsOf('id_token token'),
  'code id_token': partsOf('code id_token'),
  'code token': partsOf('code token'),
  'code id_token token': partsOf('code id_token token'),
  none: partsOf('none'),
} as const satisfies Record<string, Parts>

export type ResponseType = keyof typeof RESPONSE_TYPES

/** The type with these words; RFC 6749 §3.1.1: their order does not matter. Undefined for what isn't one. */
export function findResponseType(response_type: string | undefined): ResponseType | undefined {
  const wanted = words(response_type).sort().join(' ')
  return (Object.keys(RESPONSE_TYPES) as ResponseType[]).find((name) => words(name).sort().join(' ') === wanted)
}

/** RFC 6749 §3.1.1: the response type is required, supported, and one of the client's. */
export function readResponseType(client: Client, params: Params): ResponseType {
  const asked = params.require('response_type')
  const response_type = findResponseType(asked)
  if (response_type === undefined) {
    throw unsupportedResponseType(
      `response_type is ${shown(asked)}, expected one of ${Object.keys(RESPONSE_TYPES).join(', ')}`,
    )
  }
  if (!client.response_types.includes(response_type)) {
    throw unauthorizedClient(
      `response_type ${response_type} is not one of the client's response_types: ${client.response_types.join(', ') || 'it has none'}`,
    )
  }
  return response_type
}
