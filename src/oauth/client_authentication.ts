/** Who calls the token endpoint. RFC 6749 §2.3.1 and OpenID Connect Core §9. */
import type { Context } from '../context.js'
import { type Client, findClient } from '../directory.js'
import { invalidClient, shown } from './errors.js'
import type { Params } from './params.js'

/** For discovery, and for the metadata that clients register. */
export const TOKEN_ENDPOINT_AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const

type Method = (typeof TOKEN_ENDPOINT_AUTH_METHODS)[number]

interface Credentials {
  readonly method: Method
  readonly client_id: string
  readonly client_secret: string | undefined
}

/** The client that calls. A registered one must use its own method and secret; every refusal is `invalid_client`. */
export async function authenticateClient(
  ctx: Context,
  authorization: string | undefined,
  params: Params,
): Promise<Client> {
  const credentials = authorization === undefined ? readForm(params) : readBasic(authorization, params)
  const { method, client_id, client_secret } = credentials
  const scheme = method === 'client_secret_basic' ? 'Basic' : undefined
  const client = await findClient(ctx, client_id)
  if (client === undefined) {
    throw invalidClient(`client_id is ${shown(client_id)}: no such client is configured or registered`, scheme)
  }
  const registered = client.token_endpoint_auth_method
  if (registered === 'any') return client
  if (method !== registered) {
    throw invalidClient(
      `client ${shown(client_id)} used ${method}, expected its token_endpoint_auth_method ${registered}`,
      scheme,
    )
  }
  if (registered !== 'none' && client_secret !== client.client_secret) {
    throw invalidClient(`client_secret is not the one of client ${shown(client_id)}`, scheme)
  }
  return client
}

function readForm(params: Params): Credentials {
  const client_id = params.find('client_id')
  if (client_id === undefined) {
    throw invalidClient('client_id is missing, expected it in the form or in an Authorization header of type Basic')
  }
  const client_secret = params.find('client_secret')
  return { method: client_secret === undefined ? 'none' : 'client_secret_post', client_id, client_secret }
}

/** RFC 7617 §2, with RFC 6749 §2.3.1: both halves are form-urlencoded within. */
function readBasic(authorization: string, params: Params): Credentials {
  const [, encoded] = /^Basic +([A-Za-z0-9+/_-]+=*) *$/i.exec(authorization) ?? []
  const decoded = Buffer.from(encoded ?? '', 'base64').toString()
  const colon = decoded.indexOf(':')
  if (colon < 1) {
    throw invalidClient('the Authorization header is not Basic with client_id:client_secret in base64', 'Basic')
  }
  const client_id = formDecode(decoded.slice(0, colon))
  const inForm = params.find('client_id')
  if (inForm !== undefined && inForm !== client_id) {
    throw invalidClient(
      `client_id is ${shown(inForm)} in the form, but ${shown(client_id)} in the Authorization header`,
      'Basic',
    )
  }
  return { method: 'client_secret_basic', client_id, client_secret: formDecode(decoded.slice(colon + 1)) }
}

// Departure: many clients send the halves as they are; what can't be form-urlencoded is taken literally.
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
