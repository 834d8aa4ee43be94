/** Whether the members of a client fit each other and the rest of the configuration. RFC 7591 §2, OpenID Connect Registration §2. */

import type { Client, Config } from '../generated/types.js'
import { checkJwks } from './check_jwks.js'
import { listKeys } from './default_keys.js'
import type { Complaint } from './errors.js'
import type { Pruned } from './schema.js'

/** OpenID Connect Core §5.4 and §11; these need no entry under `scopes`. */
const STANDARD_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']

type PrunedClient = Pruned<Client>
/** What is wrong: with which member, or with the client where none is named. */
type Finding = readonly [member: keyof Client | undefined, message: string, index?: number]

/** Everything about one client. What the schema refused is missing, and nothing is said about it. */
export function* checkClient(
  path: readonly string[],
  client: PrunedClient,
  config: Pruned<Config>,
): Iterable<Complaint> {
  const findings = [
    ...checkAuthentication(client),
    ...checkSecret(client),
    ...checkSigning(client, config),
    ...checkEncryption(client),
    ...checkResponseTypes(client),
    ...checkScope(client, config),
    ...checkRedirectUris(client, config),
    ...checkUris(client),
    ...checkAcrValues(client),
  ]
  for (const [member, message, index] of findings) {
    const place = [member, index].filter((part) => part !== undefined).map(String)
    yield { path: [...path, ...place], at: 'value', message }
  }
  yield* checkJwks(path, client.jwks?.keys ?? [])
}

const TLS_SUBJECTS = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const satisfies readonly (keyof Client)[]

const has = (client: PrunedClient, member: keyof Client) => Object.hasOwn(client, member)
const hasKeys = (client: PrunedClient) => has(client, 'jwks') || has(client, 'jwks_uri')

function* checkAuthentication(client: PrunedClient): Iterable<Finding> {
  const method = client.token_endpoint_auth_method
  // RFC 7591 §2: jwks and jwks_uri must not both be present.
  if (has(client, 'jwks') && has(client, 'jwks_uri')) {
    yield ['jwks_uri', 'stands beside jwks, but the keys of a client are in one place']
  }
  // OpenID Connect Core §9 and RFC 8705 §2.2: what the client has is recognised by the keys that it registered.
  if ((method === 'private_key_jwt' || method === 'self_signed_tls_client_auth') && !hasKeys(client)) {
    yield [undefined, `lacks jwks or jwks_uri, which ${method} needs`]
  }
  // RFC 8705 §2.1.2: a client that uses tls_client_auth must have exactly one of these.
  const subjects = TLS_SUBJECTS.filter((member) => has(client, member))
  if (method === 'tls_client_auth' && subjects.length !== 1) {
    const found = subjects.length === 0 ? 'none' : subjects.join(' and ')
    yield [undefined, `has ${found} of ${TLS_SUBJECTS.join(', ')}, but tls_client_auth needs exactly one of them`]
  }
  const alg = client.token_endpoint_auth_signing_alg
  const symmetric = alg?.startsWith('HS') === true
  // OpenID Connect Registration §2: none must not be used, and each of the two methods has its own kind.
  if (alg === 'none' || (method === 'private_key_jwt' && symmetric)) {
    yield ['token_endpoint_auth_signing_alg', `is ${alg}, but an assertion is signed by a key, such as with RS256`]
  } else if (method === 'client_secret_jwt' && alg !== undefined && !symmetric) {
    yield ['token_endpoint_auth_signing_alg', `is ${alg}, but client_secret_jwt signs with HS256, HS384 or HS512`]
  }
}

const SIGNING = [
  'id_token_signed_response_alg',
  'userinfo_signed_response_alg',
  'authorization_signed_response_alg',
  'request_object_signing_alg',
  'token_endpoint_auth_signing_alg',
] as const satisfies readonly (keyof Client)[]

/** Signed by the provider. */
const RESPONSES = [
  'id_token_signed_response_alg',
  'userinfo_signed_response_alg',
  'authorization_signed_response_alg',
] as const

const ENCRYPTION = [
  ['id_token_encrypted_response_alg', 'id_token_encrypted_response_enc'],
  ['userinfo_encrypted_response_alg', 'userinfo_encrypted_response_enc'],
  ['authorization_encrypted_response_alg', 'authorization_encrypted_response_enc'],
  ['request_object_encryption_alg', 'request_object_encryption_enc'],
] as const satisfies readonly (readonly (keyof Client)[])[]

/** RFC 7518 §4.1: those that encrypt with a key that both sides have. */
const isShared = (alg: string | undefined) => alg === 'dir' || /^A\d+KW$/.test(alg ?? '')

/** OpenID Connect Core §10.1 and §10.2: what both sides do with one key, they do with the client_secret. */
function* checkSecret(client: PrunedClient): Iterable<Finding> {
  if (has(client, 'client_secret')) return
  const method = client.token_endpoint_auth_method
  if (method?.startsWith('client_secret')) {
    const way = 'add one, or make it a public client with token_endpoint_auth_method: none'
    yield [undefined, `lacks the client_secret that ${method} needs; ${way}`]
    return
  }
  const signing = SIGNING.find((member) => client[member]?.startsWith('HS'))
  const encryption = ENCRYPTION.map(([member]) => member).find((member) => isShared(client[member]))
  const member = signing ?? encryption
  if (member !== undefined) yield [undefined, `lacks the client_secret that ${member}: ${client[member]} needs`]
}

function* checkSigning(client: PrunedClient, config: Pruned<Config>): Iterable<Finding> {
  const algs = listKeys(config).keys.map((key) => key?.alg)
  for (const member of RESPONSES) {
    const alg = client[member]
    const byKey = alg !== undefined && alg !== 'none' && !alg.startsWith('HS')
    // Of a key that the schema refused nobody knows what it was for.
    if (!byKey || algs.length === 0 || algs.some((one) => one === alg || one === undefined)) continue
    yield [member, `is ${alg}, but the keys are for ${algs.join(', ')}; add a key with alg: ${alg} under keys`]
  }
  // JARM §3: none is not allowed.
  if (client.authorization_signed_response_alg === 'none') {
    yield ['authorization_signed_response_alg', 'is none, but such a response has to be signed']
  }
  // OpenID Connect Registration §2: none must not be used where an ID token comes from the authorization endpoint.
  const type = client.response_types?.find((one) => one?.split(' ').includes('id_token'))
  if (client.id_token_signed_response_alg === 'none' && type !== undefined) {
    const message = `is none, but the response type "${type}" sends ID tokens through the browser, which have to be signed`
    yield ['id_token_signed_response_alg', message]
  }
}

function* checkEncryption(client: PrunedClient): Iterable<Finding> {
  for (const [alg, enc] of ENCRYPTION) {
    // OpenID Connect Registration §2: when an enc is included, its alg must be, too.
    if (has(client, enc) && !has(client, alg)) yield [enc, `needs ${alg} beside it`]
    // A request object is encrypted to the provider's keys.
    const toClient = client[alg] !== undefined && !isShared(client[alg]) && alg !== 'request_object_encryption_alg'
    if (toClient && !hasKeys(client)) yield [alg, `is ${client[alg]}, which needs a key in jwks or at jwks_uri`]
  }
}

/** RFC 7591 §2.1: which grant types a response type takes. */
function* checkResponseTypes({ response_types = [], grant_types }: PrunedClient): Iterable<Finding> {
  if (grant_types === undefined || grant_types.includes(undefined)) return
  for (const type of response_types) {
    const parts = type?.split(' ') ?? []
    const needed = [
      ...(parts.includes('code') ? ['authorization_code' as const] : []),
      ...(parts.includes('token') || parts.includes('id_token') ? ['implicit' as const] : []),
    ]
    const missing = needed.find((grant) => !grant_types.includes(grant))
    if (missing === undefined) continue
    const way = `set grant_types: [${[...grant_types, missing].join(', ')}]`
    yield ['grant_types', `lacks ${missing}, which the response type "${type}" takes; ${way}`]
    return
  }
}

function* checkScope({ scope = '' }: PrunedClient, { scopes }: Pruned<Config>): Iterable<Finding> {
  if (scopes === undefined) return
  for (const name of scope.split(' ')) {
    if (name === '' || STANDARD_SCOPES.includes(name) || Object.hasOwn(scopes, name)) continue
    yield ['scope', `names the scope ${name}, which is neither a standard one nor under scopes`]
  }
}

function* checkRedirectUris(client: PrunedClient, config: Pruned<Config>): Iterable<Finding> {
  const { redirect_uris = [], subject_type } = client
  const wildcards = client.wildcard_redirect_uris === true || config.wildcard_redirect_uris === true
  for (const [index, uri] of redirect_uris.entries()) {
    const message = uri && redirectUriProblem(uri, wildcards)
    if (message) yield ['redirect_uris', message, index]
  }
  // OpenID Connect Core §8.1: with several hosts the client must register a sector_identifier_uri.
  const urls = redirect_uris.flatMap((uri) => uri?.replaceAll('*', '1') ?? []).filter((uri) => URL.canParse(uri))
  const hosts = [...new Set(urls.map((uri) => new URL(uri).hostname))]
  if (subject_type === 'pairwise' && hosts.length > 1 && !has(client, 'sector_identifier_uri')) {
    const message = `lacks the sector_identifier_uri that pairwise needs where redirect_uris have several hosts, here`
    yield [undefined, `${message} ${hosts.join(' and ')}`]
  }
}

function redirectUriProblem(uri: string, wildcards: boolean): string | undefined {
  if (uri.includes('*') && !wildcards) {
    return 'has a *, which stands for itself unless wildcard_redirect_uris: true is set, for this client or for all'
  }
  // `localhost:3000/callback` would be an absolute URI of the scheme `localhost`, but nobody means that.
  if (!URL.canParse(uri.replaceAll('*', '1')) || /^[^/]*:\d/.test(uri)) {
    return `must be an absolute URI such as http://localhost:3000/callback, but is "${uri}"`
  }
  // RFC 6749 §3.1.2: the redirection endpoint URI must not include a fragment.
  return uri.includes('#') ? `must not have a fragment, but is "${uri}"` : undefined
}

const WEB_URIS = [
  'jwks_uri',
  'sector_identifier_uri',
  'client_uri',
  'logo_uri',
  'policy_uri',
  'tos_uri',
  'frontchannel_logout_uri',
  'backchannel_logout_uri',
] as const satisfies readonly (keyof Client)[]

function* checkUris(client: PrunedClient): Iterable<Finding> {
  for (const member of WEB_URIS) {
    const uri = client[member]
    if (uri !== undefined && !isWebUri(uri)) yield [member, `must be an http or https URL, but is "${uri}"`]
  }
  for (const [index, uri] of (client.request_uris ?? []).entries()) {
    if (uri !== undefined && !isWebUri(uri)) {
      yield ['request_uris', `must be an http or https URL, but is "${uri}"`, index]
    }
  }
  // OpenID Connect Core §4: the initiate_login_uri must use https.
  const initiate = client.initiate_login_uri
  if (initiate !== undefined && !/^https:/i.test(initiate)) {
    yield ['initiate_login_uri', `must be an https URL, but is "${initiate}"`]
  }
  // OpenID Connect Back-Channel Logout §2.2: the URI must not have a fragment.
  const logout = client.backchannel_logout_uri
  if (logout?.includes('#')) yield ['backchannel_logout_uri', `must not have a fragment, but is "${logout}"`]
}

const isWebUri = (uri: string) => URL.canParse(uri) && /^https?:$/.test(new URL(uri).protocol)

/** OpenID Connect Core §3.1.2.1: the values of acr_values are separated by spaces. */
function* checkAcrValues({ default_acr_values = [] }: PrunedClient): Iterable<Finding> {
  for (const [index, value] of default_acr_values.entries()) {
    if (value?.includes(' ')) yield ['default_acr_values', `must not have a space, but is "${value}"`, index]
  }
}
