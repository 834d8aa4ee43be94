/** Discovery, and logins that a third party starts. OpenID Connect Discovery §3 and §4, Core §4. */
import type { RelyingParty } from '../relying_party.js'
import { readJwks, type Values, verifyAll, verifyJsonRefusal } from '../verify.js'
import type { Module } from './module.js'

/** Members of Discovery §3, RFC 8414 §2, RFC 9207 §3 and the logout specifications, by type. */
const URLS =
  'authorization_endpoint token_endpoint userinfo_endpoint jwks_uri registration_endpoint end_session_endpoint check_session_iframe introspection_endpoint revocation_endpoint device_authorization_endpoint service_documentation op_policy_uri op_tos_uri'
const LISTS =
  'scopes_supported response_types_supported response_modes_supported grant_types_supported acr_values_supported subject_types_supported id_token_signing_alg_values_supported id_token_encryption_alg_values_supported id_token_encryption_enc_values_supported userinfo_signing_alg_values_supported userinfo_encryption_alg_values_supported userinfo_encryption_enc_values_supported request_object_signing_alg_values_supported request_object_encryption_alg_values_supported request_object_encryption_enc_values_supported token_endpoint_auth_methods_supported token_endpoint_auth_signing_alg_values_supported display_values_supported prompt_values_supported claim_types_supported claims_supported claims_locales_supported ui_locales_supported code_challenge_methods_supported introspection_endpoint_auth_methods_supported introspection_endpoint_auth_signing_alg_values_supported revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported authorization_signing_alg_values_supported authorization_encryption_alg_values_supported authorization_encryption_enc_values_supported'
const BOOLEANS =
  'claims_parameter_supported request_parameter_supported request_uri_parameter_supported require_request_uri_registration frontchannel_logout_supported frontchannel_logout_session_supported backchannel_logout_supported backchannel_logout_session_supported authorization_response_iss_parameter_supported tls_client_certificate_bound_access_tokens'

const isList = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')
const isUrl = (value: unknown) => URL.canParse(String(value)) && new URL(String(value)).protocol === 'https:'

const KINDS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['issuer', isUrl] as const,
  ...URLS.split(' ').map((name) => [name, isUrl] as const),
  ...LISTS.split(' ').map((name) => [name, isList] as const),
  ...BOOLEANS.split(' ').map((name) => [name, (value: unknown) => typeof value === 'boolean'] as const),
])

function verifyMembers({ t }: RelyingParty, metadata: Values): void {
  const fits = (name: string, value: unknown) => KINDS.get(name)?.(value) === true
  const rules = Object.entries(metadata).map(([name, value]) => [name, fits(name, value)] as const)
  verifyAll(t, 'members that the specifications know, each of its type', Object.fromEntries(rules))
  const expected: Readonly<Record<string, readonly string[]>> = {
    response_types_supported: ['code', 'id_token'],
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: ['RS256', 'none'],
    userinfo_signing_alg_values_supported: ['RS256'],
    request_object_signing_alg_values_supported: ['RS256', 'none'],
    grant_types_supported: ['authorization_code', 'implicit', 'refresh_token'],
    scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    claims_supported: ['sub', 'name', 'email'],
    code_challenge_methods_supported: ['S256'],
  }
  for (const [name, values] of Object.entries(expected)) {
    const missing = values.filter((value) => !(metadata[name] as string[]).includes(value))
    t.strictSame(missing, [], `${name} has the required values`)
  }
  const types = metadata.response_types_supported as string[]
  t.ok(
    types.includes('id_token token') || types.includes('token id_token'),
    'the response type id_token token is supported',
  )
  for (const scope of metadata.scopes_supported as string[])
    t.match(scope, /^[\x21\x23-\x5b\x5d-\x7e]+$/, 'legal scope')
  const locales = [metadata.ui_locales_supported ?? [], metadata.claims_locales_supported ?? []].flat() as string[]
  t.strictSame(
    locales,
    locales.flatMap((locale) => Intl.getCanonicalLocales(locale)),
    'canonical locales',
  )
}

const CONFIGURATION = '/.well-known/openid-configuration'

export const discovery: readonly Module[] = [
  {
    name: 'discovery-endpoint-verification',
    section: 'OpenID Connect Discovery §3',
    rule: 'the document has only specified members with their types, and those that certification requires',
    async run(rp) {
      const { t, world } = rp
      const answer = await world.fetch(world.issuer + CONFIGURATION)
      t.equal(answer.status, 200)
      t.match(answer.headers.get('content-type'), /^application\/json\b/)
      const metadata = (await answer.json()) as Values
      t.equal(metadata.issuer, world.issuer)
      const { protocol, search, hash, username } = new URL(world.issuer)
      t.strictSame({ protocol, search, hash, username }, { protocol: 'https:', search: '', hash: '', username: '' })
      verifyMembers(rp, metadata)
      await readJwks(t, world)
    },
  },
  {
    name: 'session-management-discovery-endpoint-verification',
    section: 'OpenID Connect Session Management §3.3',
    rule: 'the document has check_session_iframe and end_session_endpoint',
    async run(rp) {
      for (const name of ['check_session_iframe', 'end_session_endpoint']) rp.t.ok(isUrl(rp.world.metadata[name]), name)
    },
  },
  {
    name: '3rd-party-init-login',
    section: 'OpenID Connect Core §4',
    rule: 'the initiate_login_uri of a client is stored and returned with the registration access token',
    async run(rp) {
      const { t, world } = rp
      const initiate_login_uri = 'https://rp.example.com/begin'
      const client = await rp.register({ initiate_login_uri })
      t.equal(client.initiate_login_uri, initiate_login_uri)
      const headers = { authorization: `Bearer ${client.registration_access_token}` }
      const answer = await world.fetch(String(client.registration_client_uri), { headers })
      t.equal(answer.status, 200)
      t.match(answer.headers.get('content-type'), /^application\/json\b/)
      t.match(await answer.json(), { initiate_login_uri, client_id: client.client_id })
    },
  },
  {
    name: '3rd-party-init-login-nohttps',
    section: 'OpenID Connect Registration §2',
    rule: 'an initiate_login_uri without TLS is refused at registration',
    async run(rp) {
      const answer = await rp.tryToRegister({ initiate_login_uri: 'http://rp.example.com/begin' })
      await verifyJsonRefusal(rp.t, answer, ['invalid_client_metadata'])
    },
  },
]
