/** Client authentication at back-channel endpoints. RFC 6749 §2.3, OpenID Connect Core §9 and RFC 8705 §2. */
import { isByCertificate, listProvableMethods } from '../../clients/authentication.js'
import { UNBOUND_DEFAULTS } from '../../clients/members.js'
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { describeTime } from '../../duration.js'
import { decidedBy, invalidClient, shown } from '../../errors.js'
import type { ClientAuthMethod } from '../../generated/types.js'
import type { Params } from '../params.js'
import { enforce } from '../rules.js'
import { isSameSecret } from '../secret.js'
import { verifyAssertion } from './assertion.js'
import { chooseReading, hasGrant } from './basic.js'
import { verifyCertificate, verifySelfSigned } from './certificate.js'
import { type Caller, type Credentials, invalidBasic, readCredentials } from './credentials.js'

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
  const { reading, client } = await chooseReading(ctx, readCredentials(ctx, caller))
  const { client_id } = reading
  const credentials = await simplify(ctx, reading, client, caller)
  if (client === undefined) {
    const problem = `client_id is ${shown(client_id)}, expected a configured or registered client`
    throw decidedBy(refusal(credentials, problem), 'clients')
  }
  if (credentials.doubtful !== true) ctx.addFacts({ client_id })
  const registered = client.token_endpoint_auth_method
  if (registered === 'any') {
    requireBasic(ctx, credentials)
    return { client, authentication: { method: credentials.method ?? 'none' } }
  }
  const unbound = client.left_out.includes('token_endpoint_auth_method')
  const method = unbound
    ? requireProvable(ctx, client, credentials, caller)
    : requireRegistered(client, registered, credentials, caller)
  await PROOFS[method](ctx, client, credentials, caller)
  requireBasic(ctx, credentials)
  return { client, authentication: { method } }
}

/** Enforces the form of a Basic header. RFC 6749 §2.3.1. The credentials are valid, so that a wrong secret has its own refusal. */
function requireBasic(ctx: Context, credentials: Credentials): void {
  if (credentials.form_encoded !== false) return
  const problem = `client ${shown(credentials.client_id)} authenticates with client_id and client_secret as they are`
  const expected = 'expected both form-encoded before base64 (RFC 6749 section 2.3.1), such as %2B for + and %25 for %'
  enforce(ctx, 'basic_credentials', refusal(credentials, `${problem}, ${expected}`))
}

/** Reduces a Basic header that only names a public client to its client_id. */
// Departure: RFC 6749 §2.3.1 is for clients with a secret. Some libraries send the header without a colon, or with an empty secret.
async function simplify(
  ctx: Context,
  credentials: Credentials,
  client: Client | undefined,
  { params, changes_nothing = false }: Caller,
): Promise<Credentials> {
  const { client_id, client_secret, form_encoded } = credentials
  const method = client?.token_endpoint_auth_method
  if (method === 'none' && client_secret?.length === 0) {
    const problem = `client ${shown(client_id)} used client_secret_basic with an empty client_secret, expected none`
    enforce(ctx, 'basic_credentials', refusal(credentials, problem))
    return { client_id }
  }
  if (form_encoded !== false || client_secret !== undefined) return credentials
  const problem = invalidBasic('the decoded text has no colon')
  if (method !== 'none' && method !== 'any') throw problem
  // An unknown text without a colon can be a secret, so that a grant or the form has to show that it names a client.
  const isNamed = method === 'none' || params.find('client_id') !== undefined || (await hasGrant(ctx, client_id))
  if (!isNamed && !changes_nothing) throw problem
  enforce(ctx, 'basic_credentials', problem)
  return isNamed ? { client_id } : { client_id, doubtful: true }
}

/** Returns the method of the request, which must be the registered one. */
function requireRegistered(
  client: Client,
  registered: ClientAuthMethod,
  credentials: Credentials,
  { certificate, params }: Caller,
): ClientAuthMethod {
  const { method = certificate !== undefined && isByCertificate(registered) ? registered : 'none' } = credentials
  if (method === registered) return method
  const problem = `used ${method}, expected its token_endpoint_auth_method ${registered}`
  const advice =
    isByCertificate(registered) && certificate === undefined
      ? NO_CERTIFICATE
      : adviseSecret(method, [registered], params)
  const description = `client ${shown(client.client_id)} ${problem}${advice}`
  throw decidedBy(refusal(credentials, description), 'clients', client.client_id, 'token_endpoint_auth_method')
}

/** Returns the method of the request, which must be one that the credentials of the client allow. */
// Departure: RFC 7591 §2 has the default client_secret_basic. Many libraries send the secret in the form.
function requireProvable(
  ctx: Context,
  client: Client,
  credentials: Credentials,
  { certificate, params }: Caller,
): ClientAuthMethod {
  const provable = listProvableMethods(client)
  const byCertificate = certificate && provable.find(isByCertificate)
  const used = credentials.method ?? byCertificate ?? 'none'
  // A client without a secret cannot send a wrong one.
  const method = provable.includes('none') && credentials.client_secret !== undefined ? 'none' : used
  const { token_endpoint_auth_method: byDefault } = UNBOUND_DEFAULTS
  const name = `client ${shown(client.client_id)}`
  const strict =
    client.client_secret === undefined
      ? `${name} has no client_secret, expected one for ${byDefault}, the default of token_endpoint_auth_method`
      : `${name} used ${used}, expected ${byDefault}, the default of token_endpoint_auth_method`
  if (!provable.includes(method)) {
    const isOn = ctx.snapshot.rules.default_client_metadata
    const problem = isOn ? strict : `${name} used ${used}, expected ${listOf(provable)}`
    const description = `${problem}${adviseSecret(used, isOn ? [byDefault] : provable, params)}`
    throw decidedBy(refusal(credentials, description), 'clients', client.client_id, 'token_endpoint_auth_method')
  }
  if (method !== byDefault) enforce(ctx, 'default_client_metadata', refusal(credentials, strict))
  return method
}

const listOf = (values: readonly string[]) =>
  [values.slice(0, -1).join(', '), values.at(-1)].filter(Boolean).join(' or ')

const NO_CERTIFICATE = '; the request has no certificate, which server.tls.client_certificates asks for'

/** The places of a client_secret in a request. */
const PLACES: Readonly<Partial<Record<ClientAuthMethod, string>>> = {
  client_secret_basic: 'in a Basic header',
  client_secret_post: 'in the form',
}

/** Returns the end of a refusal of a request without proof: the problem of its client_secret, and where to send it. */
function adviseSecret(used: ClientAuthMethod, expected: readonly ClientAuthMethod[], params: Params): string {
  const places = expected.flatMap((method) => PLACES[method] ?? [])
  if (used !== 'none' || places.length === 0) return ''
  const isEmpty = params.entries().some(([name]) => name === 'client_secret')
  return `; client_secret is ${isEmpty ? 'empty' : 'missing'}, send it ${listOf(places)}`
}

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
    const problem = `client_secret is wrong, expected that of client ${shown(client.client_id)}`
    throw decidedBy(refusal(credentials, problem), 'clients', client.client_id, 'client_secret')
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
