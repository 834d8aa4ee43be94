/** What a client says of itself when it registers. RFC 7591 §2: https://www.rfc-editor.org/rfc/rfc7591#section-2 */
import type { Context } from '../context.js'
import { CLIENT_DEFAULTS } from '../directory.js'
import type { StoredClient } from '../store/store.js'
import { TOKEN_ENDPOINT_AUTH_METHODS } from './client_authentication.js'
import { invalidClientMetadata, invalidRedirectUri } from './errors.js'
import { redirectUriProblem } from './redirect_uri.js'
import { RESPONSE_TYPES, type ResponseType } from './response_type.js'

/** For discovery: what the token endpoint grants. */
export const GRANT_TYPES = ['authorization_code', 'refresh_token'] as const

/** The metadata without what the provider adds: id, secret and the time of issue. */
export type ClientMetadata = Omit<StoredClient, 'client_id' | 'client_secret' | 'client_id_issued_at'>

type Metadata = Readonly<Record<string, unknown>>

/** Checks a registration request and fills in the defaults. Unknown members are ignored, as RFC 7591 §2 demands. */
export function readClientMetadata(ctx: Context, metadata: Metadata): ClientMetadata {
  const algs = [...new Set(ctx.snapshot.keys.map((key) => key.alg))]
  const client_name = readText(metadata, 'client_name')
  const scope = readText(metadata, 'scope')
  const id_token_signed_response_alg = readOneOf(metadata, 'id_token_signed_response_alg', algs)
  const post_logout_redirect_uris = readUris(metadata, 'post_logout_redirect_uris', invalidClientMetadata)
  return {
    ...CLIENT_DEFAULTS,
    redirect_uris: readRedirectUris(metadata),
    token_endpoint_auth_method:
      readOneOf(metadata, 'token_endpoint_auth_method', TOKEN_ENDPOINT_AUTH_METHODS) ?? 'client_secret_basic',
    grant_types: readListOf(metadata, 'grant_types', GRANT_TYPES) ?? [...GRANT_TYPES],
    response_types: readListOf(metadata, 'response_types', Object.keys(RESPONSE_TYPES) as ResponseType[]) ?? ['code'],
    ...(client_name !== undefined && { client_name }),
    ...(scope !== undefined && { scope }),
    ...(id_token_signed_response_alg !== undefined && { id_token_signed_response_alg }),
    ...(post_logout_redirect_uris !== undefined && { post_logout_redirect_uris }),
  }
}

function readRedirectUris(metadata: Metadata): string[] {
  const redirect_uris = readUris(metadata, 'redirect_uris', invalidRedirectUri)
  if (redirect_uris === undefined)
    throw invalidRedirectUri('redirect_uris is missing, expected a list of absolute URIs')
  if (redirect_uris.length === 0) throw invalidRedirectUri('redirect_uris is empty, expected at least one absolute URI')
  return redirect_uris
}

function readUris(metadata: Metadata, name: string, refuse: typeof invalidRedirectUri) {
  const uris = metadata[name]
  if (uris === undefined) return undefined
  if (!Array.isArray(uris) || uris.length > 100)
    throw refuse(`${name} is ${kind(uris)}, expected a list of up to 100 URIs`)
  return uris.map((uri, index) => {
    if (typeof uri !== 'string') throw refuse(`${name}[${index}] is ${kind(uri)}, expected a text`)
    const problem = redirectUriProblem(uri)
    if (problem !== undefined) throw refuse(`${name}[${index}] ${problem}`)
    return uri
  })
}

function readText(metadata: Metadata, name: string): string | undefined {
  const value = metadata[name]
  if (value !== undefined && typeof value !== 'string') {
    throw invalidClientMetadata(`${name} is ${kind(value)}, expected a text`)
  }
  return value
}

function readOneOf<T extends string>(metadata: Metadata, name: string, known: readonly T[]): T | undefined {
  const value = metadata[name]
  if (value === undefined) return undefined
  return oneOf(name, value, known)
}

function readListOf<T extends string>(metadata: Metadata, name: string, known: readonly T[]): T[] | undefined {
  const values = metadata[name]
  if (values === undefined) return undefined
  if (!Array.isArray(values)) throw invalidClientMetadata(`${name} is ${kind(values)}, expected a list`)
  return [...new Set(values.map((value, index) => oneOf(`${name}[${index}]`, value, known)))]
}

function oneOf<T extends string>(name: string, value: unknown, known: readonly T[]): T {
  const found = known.find((one) => one === value)
  if (found === undefined) throw invalidClientMetadata(`${name} is ${kind(value)}, expected one of ${known.join(', ')}`)
  return found
}

/** A value as a description names it, without its insides. */
function kind(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 200)
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object'
}
