/** Client authentication at back-channel endpoints. RFC 6749 §2.3, OpenID Connect Core §9 and RFC 8705 §2. */
import { isByCertificate, listProvableMethods } from '../../clients/authentication.js'
import { UNBOUND_DEFAULTS } from '../../clients/members.js'
import type { Context } from '../../context.js'
import { type Client, findClient } from '../../directory/clients.js'
import { describeTime } from '../../duration.js'
import { invalidClient, invalidRequest, shown } from '../../errors.js'
import type { ClientAuthMethod } from '../../generated/types.js'
import type { Params } from '../params.js'
import { enforce } from '../rules.js'
import { isSameSecret } from '../secret.js'
import { ASSERTION_TYPE, type ClientAssertion, readAssertion, verifyAssertion } from './assertion.js'
import { type ClientCertificate, verifyCertificate, verifySelfSigned } from './certificate.js'

/** The parts of a request that authenticate a client. */
export interface Caller {
  /** The Authorization header. */
  readonly authorization: string | undefined
  readonly params: Params
  readonly certificate: ClientCertificate | undefined
  /** URLs of the endpoint, which an assertion can have as audience besides the issuer. */
  readonly endpoint: readonly string[]
}

interface Credentials {
  /** Absent if the request has only a client_id: the method is `none`, or follows from the certificate. */
  readonly method?: ClientAuthMethod
  readonly client_id: string
  readonly client_secret?: string
  readonly assertion?: ClientAssertion
}

/** The method by which a client has authenticated; `none` if the request had no proof. */
export interface ClientAuthentication {
  readonly method: ClientAuthMethod
}

/** A client with its authentication. */
export interface AuthenticatedClient {
  readonly client: Client
  readonly authentication: ClientAuthentication
}

/** Authenticates the client by its registered method. Every refusal except for two methods at once is `invalid_client`. */
export async function authenticateClient(ctx: Context, caller: Caller): Promise<AuthenticatedClient> {
  const credentials = readCredentials(ctx, caller)
  const { client_id } = credentials
  const client = await findClient(ctx, client_id)
  if (client === undefined) {
    throw refusal(credentials, `client_id is ${shown(client_id)}, expected a configured or registered client`)
  }
  const registered = client.token_endpoint_auth_method
  if (registered === 'any') return { client, authentication: { method: credentials.method ?? 'none' } }
  const unbound = client.left_out.includes('token_endpoint_auth_method')
  const method = unbound
    ? requireProvable(ctx, client, credentials, caller)
    : requireRegistered(client, registered, credentials, caller)
  await PROOFS[method](ctx, client, credentials, caller)
  return { client, authentication: { method } }
}

/** Returns the method of the request, which must be the registered one. */
function requireRegistered(
  client: Client,
  registered: ClientAuthMethod,
  credentials: Credentials,
  { certificate }: Caller,
): ClientAuthMethod {
  const { method = certificate !== undefined && isByCertificate(registered) ? registered : 'none' } = credentials
  if (method === registered) return method
  const problem = `used ${method}, expected its token_endpoint_auth_method ${registered}`
  const advice = isByCertificate(registered) && certificate === undefined ? NO_CERTIFICATE : ''
  throw refusal(credentials, `client ${shown(client.client_id)} ${problem}${advice}`)
}

/** Returns the method of the request, which must be one that the credentials of the client allow. */
// Departure: RFC 7591 §2 has the default client_secret_basic. Many libraries send the secret in the form.
function requireProvable(
  ctx: Context,
  client: Client,
  credentials: Credentials,
  { certificate }: Caller,
): ClientAuthMethod {
  const provable = listProvableMethods(client)
  const byCertificate = certificate && provable.find(isByCertificate)
  const used = credentials.method ?? byCertificate ?? 'none'
  // A client without a secret cannot send a wrong one.
  const method = provable.includes('none') && credentials.client_secret !== undefined ? 'none' : used
  const { token_endpoint_auth_method: byDefault } = UNBOUND_DEFAULTS
  const name = `client ${shown(client.client_id)}`
  const missing = client.client_secret === undefined ? ', for which it has no client_secret' : ''
  const strict = `${name} used ${used}, expected ${byDefault}, the default of token_endpoint_auth_method${missing}`
  if (!provable.includes(method)) {
    const isOn = ctx.snapshot.rules.default_client_metadata
    throw refusal(credentials, isOn ? strict : `${name} used ${used}, expected ${listOf(provable)}`)
  }
  if (method !== byDefault) enforce(ctx, 'default_client_metadata', refusal(credentials, strict))
  return method
}

const listOf = (values: readonly string[]) =>
  [values.slice(0, -1).join(', '), values.at(-1)].filter(Boolean).join(' or ')

const NO_CERTIFICATE = '; the request has no certificate, which server.tls.client_certificates asks for'

/** The verification of each method, which throws if the proof is invalid. */
const PROOFS: Readonly<
  Record<
    ClientAuthMethod,
    (ctx: Context, client: Client, credentials: Credentials, caller: Caller) => void | Promise<void>
  >
> = {
  client_secret_basic: verifySecret,
  client_secret_post: verifySecret,
  client_secret_jwt: (ctx, client, credentials, caller) => {
    verifyExpiry(ctx, client, credentials)
    return verifyAssertion(ctx, client, credentials.assertion!, [ctx.issuer, ...caller.endpoint])
  },
  private_key_jwt: (ctx, client, { assertion }, { endpoint }) =>
    verifyAssertion(ctx, client, assertion!, [ctx.issuer, ...endpoint]),
  tls_client_auth: (_ctx, client, _credentials, { certificate }) => verifyCertificate(client, certificate!),
  self_signed_tls_client_auth: (ctx, client, _credentials, { certificate }) =>
    verifySelfSigned(ctx, client, certificate!),
  none: () => undefined,
}

function verifySecret(ctx: Context, client: Client, credentials: Credentials): void {
  if (!isSameSecret(credentials.client_secret!, client.client_secret!)) {
    throw refusal(credentials, `client_secret is wrong, expected that of client ${shown(client.client_id)}`)
  }
  verifyExpiry(ctx, client, credentials)
}

/** Throws if the client_secret has expired. RFC 7591 §3.2.1: 0 is never. */
function verifyExpiry(ctx: Context, client: Client, credentials: Credentials): void {
  const { client_id, client_secret_expires_at = 0 } = client
  const now = ctx.now
  if (client_secret_expires_at === 0 || client_secret_expires_at > now) return
  const problem = `expired ${describeTime(client_secret_expires_at, now)}`
  throw refusal(credentials, `the client_secret of client ${shown(client_id)} ${problem}`)
}

/** Returns the refusal, with a challenge if the client used the Authorization header. RFC 6749 §5.2. */
const refusal = ({ method }: Credentials, description: string) =>
  invalidClient(description, method === 'client_secret_basic' ? 'Basic' : undefined)

function readCredentials(ctx: Context, { authorization, params }: Caller): Credentials {
  const client_secret = params.find('client_secret')
  const client_assertion = params.find('client_assertion')
  const used = [
    ...(authorization === undefined ? [] : ['the Authorization header']),
    ...(client_secret === undefined ? [] : ['client_secret']),
    ...(client_assertion === undefined ? [] : ['client_assertion']),
  ]
  // RFC 6749 §2.3: the client must not use more than one authentication method in each request.
  if (used.length > 1) {
    const refusal = invalidRequest(`the client authenticates by ${used.join(' and ')}, expected one of them`)
    enforce(ctx, 'one_client_authentication', refusal)
  }
  if (authorization !== undefined) return readBasic(authorization, params)
  if (client_assertion !== undefined) return readAssertionOf(client_assertion, params)
  const client_id = params.find('client_id')
  if (client_id === undefined) {
    throw invalidClient(
      'client_id is missing, expected it in the form, in an Authorization header of type Basic, or in a client_assertion',
    )
  }
  return { client_id, ...(client_secret !== undefined && { method: 'client_secret_post', client_secret }) }
}

function readAssertionOf(jwt: string, params: Params): Credentials {
  const type = params.find('client_assertion_type')
  // RFC 7523 §2.2: the only type of an assertion that is a JWT.
  if (type !== ASSERTION_TYPE) {
    throw invalidClient(`client_assertion_type is ${shown(type ?? 'missing')}, expected ${ASSERTION_TYPE}`)
  }
  const assertion = readAssertion(jwt)
  const inForm = params.find('client_id')
  // RFC 7521 §4.2: a client_id beside the assertion identifies the same client.
  if (inForm !== undefined && inForm !== assertion.client_id) {
    throw invalidClient(
      `client_id is ${shown(inForm)} in the form, expected ${shown(assertion.client_id)} as in client_assertion`,
    )
  }
  return { method: assertion.method, client_id: assertion.client_id, assertion }
}

/** Reads Basic credentials, of which both halves are form-urlencoded. RFC 7617 §2 and RFC 6749 §2.3.1. */
function readBasic(authorization: string, params: Params): Credentials {
  const [, encoded] = /^Basic +([A-Za-z0-9+/_-]+=*) *$/i.exec(authorization) ?? []
  const decoded = Buffer.from(encoded ?? '', 'base64').toString()
  const colon = decoded.indexOf(':')
  if (colon < 1) {
    throw invalidClient(
      'the Authorization header is invalid, expected Basic with client_id:client_secret in base64',
      'Basic',
    )
  }
  const client_id = formDecode(decoded.slice(0, colon))
  const inForm = params.find('client_id')
  if (inForm !== undefined && inForm !== client_id) {
    throw invalidClient(
      `client_id is ${shown(inForm)} in the form, expected ${shown(client_id)} as in the Authorization header`,
      'Basic',
    )
  }
  return { method: 'client_secret_basic', client_id, client_secret: formDecode(decoded.slice(colon + 1)) }
}

// Departure: RFC 6749 §2.3.1 requires the encoding. Many clients omit it, so a value with an invalid escape is literal.
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
