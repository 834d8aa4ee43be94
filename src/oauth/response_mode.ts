/** How an authorization response travels to the client. OAuth 2.0 Multiple Response Types §2.1. */
import { invalidRequest, shown } from './errors.js'

/** Each mode, and how it puts the parameters on the redirect_uri. */
const MODES = {
  // RFC 6749 §4.1.2: the query of the redirect_uri is kept.
  query: (redirect_uri: string, query: string) =>
    query === '' ? redirect_uri : `${redirect_uri}${redirect_uri.includes('?') ? '&' : '?'}${query}`,
  fragment: (redirect_uri: string, query: string) => `${redirect_uri}#${query}`,
}

export type ResponseMode = keyof typeof MODES

/** For discovery. */
export const RESPONSE_MODES = Object.keys(MODES) as ResponseMode[]

/** Where an answer goes, success or refusal. */
export interface ReturnAddress {
  readonly redirect_uri: string
  readonly response_mode: ResponseMode
  readonly state: string | undefined
}

/** The mode asked for; undefined where none is. */
export function readResponseMode(response_mode: string | undefined): ResponseMode | undefined {
  const known = RESPONSE_MODES.find((mode) => mode === response_mode)
  if (known === undefined && response_mode !== undefined) {
    throw invalidRequest(`response_mode is ${shown(response_mode)}, expected one of ${RESPONSE_MODES.join(', ')}`)
  }
  return known
}

/** The URL that carries the parameters, and `state` as it came, to the return address. Undefined ones are left out. */
export function responseUrl(to: ReturnAddress, parameters: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries({ ...parameters, state: to.state }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return MODES[to.response_mode](to.redirect_uri, new URLSearchParams(entries).toString())
}
