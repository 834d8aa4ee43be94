/** The metadata of the provider. OpenID Connect Discovery §3 and §4. */
import { decodeJwt } from 'jose'
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, exchange, jsonOf, logIn, refresh } from '../app.js'

const PATH = '/.well-known/openid-configuration'
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'

t.test('OpenID Connect Discovery §3: the document has every member', async (t) => {
  const test = await createApp(t, {
    keys: [{ alg: 'ES256' }, { alg: 'EdDSA' }, { alg: 'ES256', kid: '2' }],
    acr_values: ['urn:example:gold'],
  })
  const answer = await test.get(PATH, { headers: { host: 'localhost:9400' } })
  const { claims_supported, ...rest } = jsonOf(t, answer)
  const issuer = 'http://localhost:9400'
  const symmetric = ['HS256', 'HS384', 'HS512']
  const clientAlgs = [
    ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
    ...symmetric,
  ]
  const encryptionAlgs = [
    ...['RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'],
    ...['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'],
    ...['A128KW', 'A192KW', 'A256KW', 'dir'],
  ]
  const contentEncryptions = [
    ...['A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512'],
    ...['A128GCM', 'A192GCM', 'A256GCM'],
  ]
  const authMethods = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none']
  t.strictSame(rest, {
    issuer,
    authorization_endpoint: `${issuer}/oauth2/authorize`,
    token_endpoint: `${issuer}/oauth2/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    introspection_endpoint: `${issuer}/oauth2/introspect`,
    revocation_endpoint: `${issuer}/oauth2/revoke`,
    device_authorization_endpoint: `${issuer}/oauth2/device_authorization`,
    registration_endpoint: `${issuer}/oauth2/clients`,
    end_session_endpoint: `${issuer}/oauth2/end_session`,
    response_types_supported: [
      'code',
      'id_token',
      'id_token token',
      'code id_token',
      'code token',
      'code id_token token',
      'none',
    ],
    response_modes_supported: [
      ...['query', 'fragment', 'form_post'],
      ...['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'],
    ],
    code_challenge_methods_supported: ['S256', 'plain'],
    acr_values_supported: ['urn:example:gold'],
    display_values_supported: ['page', 'popup', 'touch', 'wap'],
    prompt_values_supported: ['none', 'login', 'consent', 'select_account', 'create'],
    ui_locales_supported: ['en'],
    claims_parameter_supported: true,
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: false,
    request_object_signing_alg_values_supported: [...clientAlgs, 'none'],
    request_object_encryption_alg_values_supported: ['A128KW', 'A192KW', 'A256KW', 'dir'],
    request_object_encryption_enc_values_supported: contentEncryptions,
    authorization_response_iss_parameter_supported: false,
    grant_types_supported: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials', DEVICE_CODE],
    token_endpoint_auth_methods_supported: authMethods,
    token_endpoint_auth_signing_alg_values_supported: clientAlgs,
    introspection_endpoint_auth_methods_supported: authMethods,
    introspection_endpoint_auth_signing_alg_values_supported: clientAlgs,
    revocation_endpoint_auth_methods_supported: authMethods,
    revocation_endpoint_auth_signing_alg_values_supported: clientAlgs,
    id_token_signing_alg_values_supported: ['ES256', 'EdDSA', ...symmetric, 'none'],
    id_token_encryption_alg_values_supported: encryptionAlgs,
    id_token_encryption_enc_values_supported: contentEncryptions,
    userinfo_signing_alg_values_supported: ['ES256', 'EdDSA', ...symmetric, 'none'],
    userinfo_encryption_alg_values_supported: encryptionAlgs,
    userinfo_encryption_enc_values_supported: contentEncryptions,
    authorization_signing_alg_values_supported: ['ES256', 'EdDSA', ...symmetric],
    authorization_encryption_alg_values_supported: encryptionAlgs,
    authorization_encryption_enc_values_supported: contentEncryptions,
    subject_types_supported: ['public', 'pairwise'],
    scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    claim_types_supported: ['normal', 'aggregated', 'distributed'],
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  })
  const claims = claims_supported as string[]
  const protocol = ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid']
  t.strictSame(claims.slice(0, 10), protocol)
  t.equal(claims.length, 10 + 14 + 2 + 1 + 2)
  t.equal(new Set(claims).size, claims.length)
  t.match(answer.body, '{\n  "issuer"', 'indented, for people')
})

const STRICT: ConfigInput = {
  profile: 'strict',
  issuer: 'https://op.example/auth',
  keys: [{ alg: 'RS256' }, { alg: 'ES256' }],
}

t.test('metadata follows the rules that it describes', async (t) => {
  const test = await createApp(t, STRICT)
  t.match(jsonOf(t, await test.get(PATH)), {
    check_session_iframe: 'https://op.example/auth/oauth2/check_session',
    require_request_uri_registration: true,
    authorization_response_iss_parameter_supported: true,
  })
  const rules = { session_state: false, registered_request_uris: false, iss_parameter: false }
  await test.reload({ ...STRICT, rules })
  const lax = jsonOf(t, await test.get(PATH))
  t.match(lax, { require_request_uri_registration: false, authorization_response_iss_parameter_supported: false })
  t.notOk('check_session_iframe' in lax)
})

/** Checks for the members that specifications define. */
const TYPES = {
  url: (value: unknown) => /^https:\/\/[^?#@]+$/.test(String(value)) && URL.canParse(String(value)),
  boolean: (value: unknown) => typeof value === 'boolean',
  words: (value: unknown) => isList(value) && value.every((word) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word)),
  // RFC 6749 §3.1.1: a response type is a list of words.
  lists: (value: unknown) => isList(value) && value.every((list) => /^[a-z_]+( [a-z_]+)*$/.test(list)),
  locales: (value: unknown) => isList(value) && value.every((locale) => Intl.getCanonicalLocales(locale)[0] === locale),
} as const

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && new Set(value).size === value.length
}

const MEMBERS: Readonly<Record<string, keyof typeof TYPES>> = {
  // OpenID Connect Discovery §3.
  issuer: 'url',
  authorization_endpoint: 'url',
  token_endpoint: 'url',
  userinfo_endpoint: 'url',
  jwks_uri: 'url',
  registration_endpoint: 'url',
  scopes_supported: 'words',
  response_types_supported: 'lists',
  response_modes_supported: 'words',
  grant_types_supported: 'words',
  acr_values_supported: 'words',
  subject_types_supported: 'words',
  id_token_signing_alg_values_supported: 'words',
  id_token_encryption_alg_values_supported: 'words',
  id_token_encryption_enc_values_supported: 'words',
  userinfo_signing_alg_values_supported: 'words',
  userinfo_encryption_alg_values_supported: 'words',
  userinfo_encryption_enc_values_supported: 'words',
  request_object_signing_alg_values_supported: 'words',
  request_object_encryption_alg_values_supported: 'words',
  request_object_encryption_enc_values_supported: 'words',
  token_endpoint_auth_methods_supported: 'words',
  token_endpoint_auth_signing_alg_values_supported: 'words',
  display_values_supported: 'words',
  prompt_values_supported: 'words',
  claim_types_supported: 'words',
  claims_supported: 'words',
  ui_locales_supported: 'locales',
  claims_parameter_supported: 'boolean',
  request_parameter_supported: 'boolean',
  request_uri_parameter_supported: 'boolean',
  require_request_uri_registration: 'boolean',
  // JARM §4.
  authorization_signing_alg_values_supported: 'words',
  authorization_encryption_alg_values_supported: 'words',
  authorization_encryption_enc_values_supported: 'words',
  // RFC 8414 §2, RFC 8628 §4 and RFC 9207 §3.
  introspection_endpoint: 'url',
  introspection_endpoint_auth_methods_supported: 'words',
  introspection_endpoint_auth_signing_alg_values_supported: 'words',
  revocation_endpoint: 'url',
  revocation_endpoint_auth_methods_supported: 'words',
  revocation_endpoint_auth_signing_alg_values_supported: 'words',
  device_authorization_endpoint: 'url',
  code_challenge_methods_supported: 'words',
  authorization_response_iss_parameter_supported: 'boolean',
  // The specifications of logout and of session management.
  end_session_endpoint: 'url',
  check_session_iframe: 'url',
  frontchannel_logout_supported: 'boolean',
  frontchannel_logout_session_supported: 'boolean',
  backchannel_logout_supported: 'boolean',
  backchannel_logout_session_supported: 'boolean',
}

t.test(
  'OpenID Connect Discovery §3: under the strict profile every member is present and has its type, and none is unknown',
  async (t) => {
    const test = await createApp(t, STRICT)
    const metadata = jsonOf(t, await test.get(PATH))
    t.strictSame(Object.keys(metadata).sort(), Object.keys(MEMBERS).sort())
    for (const [name, value] of Object.entries(metadata)) {
      t.ok(TYPES[MEMBERS[name]!](value), `${name}: ${JSON.stringify(value)}`)
    }
    const { id_token_signing_alg_values_supported, request_object_signing_alg_values_supported } = metadata
    t.match(id_token_signing_alg_values_supported, /RS256/)
    t.match(request_object_signing_alg_values_supported, /RS256.*none/)
    t.match(metadata.scopes_supported, ['openid'])
  },
)

t.test(
  'RFC 8414 §3: the same document is served for OAuth clients, also with the well-known part before the path',
  async (t) => {
    const configs: [config: ConfigInput, base: string, headers: Record<string, string>][] = [
      [{}, '', {}],
      [{ server: { base_path: '/auth' } }, '/auth', {}],
      [{ public_url: 'https://op.example/a/b/' }, '/a/b', {}],
      [{}, '/sso', { 'x-forwarded-prefix': '/sso' }],
    ]
    for (const [config, base, headers] of configs) {
      const test = await createApp(t, config)
      const ask = async (path: string) => jsonOf(t, await test.get(path, { headers: { host: 'op', ...headers } }))
      const wanted = await ask(PATH)
      const isolated = await ask(`/issuers/one${PATH}`)
      t.match(isolated.issuer, /\/issuers\/one$/)
      for (const document of [PATH, '/.well-known/oauth-authorization-server']) {
        for (const path of [document, `${base}${document}`, `${document}${base}`, `${document}${base}/`]) {
          t.strictSame(await ask(path), wanted, path)
        }
        for (const path of [
          `/issuers/one${document}`,
          `${base}/issuers/one${document}`,
          `${document}/issuers/one`,
          `${document}${base}/issuers/one`,
          `${document}${base}/issuers/one/?x=y`,
          `/${document}${base}//issuers/one`,
        ]) {
          t.strictSame(await ask(path), isolated, path)
        }
        for (const path of [
          `${document}/other`,
          `${document}x`,
          `${document}${base}/issuers`,
          `${document}/issuers/...`,
        ]) {
          t.equal((await test.get(path, { headers: { host: 'op' } })).statusCode, 404, path)
        }
      }
    }
  },
)

t.test('the configuration overrides a member, and null removes it', async (t) => {
  const discovery = {
    token_endpoint: 'https://elsewhere.example/token',
    claims_parameter_supported: null,
    response_modes_supported: [],
    service_documentation: 'https://op.example/docs',
    ['__proto__']: { polluted: true },
  }
  const test = await createApp(t, { discovery })
  const metadata = jsonOf(t, await test.get(PATH))
  t.match(metadata, { token_endpoint: discovery.token_endpoint, service_documentation: 'https://op.example/docs' })
  t.notOk('claims_parameter_supported' in metadata)
  t.strictSame(metadata.response_modes_supported, [], 'a list that is said to be empty is')
  t.notOk('polluted' in metadata)
  t.match(metadata.jwks_uri, /\/jwks$/, 'the rest stays')
})

t.test('RFC 8414 §3.2: empty lists are omitted', async (t) => {
  const test = await createApp(t, { acr_values: [] })
  t.notOk('acr_values_supported' in jsonOf(t, await test.get(PATH)))
})

t.test('refresh tokens are not advertised if none are issued', async (t) => {
  const test = await createApp(t, { issue_refresh_token: false })
  const { grant_types_supported, scopes_supported } = jsonOf(t, await test.get(PATH))
  t.strictSame(grant_types_supported, ['authorization_code', 'implicit', 'client_credentials', DEVICE_CODE])
  t.notMatch(scopes_supported, /offline_access/)
})

t.test('request objects can be encrypted to the configured keys, and by the client_secret', async (t) => {
  const algsWith = async (encryption_keys: ConfigInput['encryption_keys'] = []) => {
    const test = await createApp(t, { encryption_keys })
    return jsonOf(t, await test.get(PATH)).request_object_encryption_alg_values_supported
  }
  const symmetric = ['A128KW', 'A192KW', 'A256KW', 'dir']
  const elliptic = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW']
  t.strictSame(await algsWith(), symmetric)
  t.strictSame(await algsWith([{ alg: 'RSA-OAEP-256' }]), ['RSA-OAEP-256', ...symmetric])
  t.strictSame(await algsWith([{ alg: 'ECDH-ES+A128KW' }, { alg: 'RSA-OAEP' }]), [
    'RSA-OAEP',
    ...elliptic,
    ...symmetric,
  ])
})

t.test('RFC 8705 §2: client certificates are advertised if the server requests them', async (t) => {
  const tls = { self_signed: true, client_certificates: true }
  const test = await createApp(t, { server: { tls } })
  const { token_endpoint_auth_methods_supported } = jsonOf(t, await test.get(PATH))
  t.match(token_endpoint_auth_methods_supported, /,tls_client_auth,self_signed_tls_client_auth,/)
})

t.test('custom scopes and their claims are advertised', async (t) => {
  const test = await createApp(t, { scopes: { groups: { claims: ['groups', 'email'] }, email: { claims: ['alias'] } } })
  const metadata = (await test.get(PATH)).json<{ scopes_supported: string[]; claims_supported: string[] }>()
  t.strictSame(metadata.scopes_supported.slice(-1), ['groups'])
  t.strictSame(
    metadata.claims_supported.filter((claim) => ['groups', 'alias', 'email'].includes(claim)),
    ['email', 'alias', 'groups'],
  )
})

t.test('claims of configured users are advertised', async (t) => {
  const users = [
    { sub: 'a', claims: { department: 1, email: 'a@b' }, id_token: { badge: 1 } },
    { sub: 'b', userinfo: { badge: 2 }, claim_sources: { bank: { claims: { credit: 1 } } }, access_token: { role: 1 } },
  ]
  const test = await createApp(t, { users })
  const { claims_supported } = (await test.get(PATH)).json<{ claims_supported: string[] }>()
  t.strictSame(claims_supported.slice(-3), ['department', 'badge', 'credit'])
})

t.test('an isolated issuer lists only its own URLs', async (t) => {
  const test = await createApp(t)
  const metadata = (await test.get(`/issuers/one${PATH}`, { headers: { host: 'h:1' } })).json<Record<string, unknown>>()
  t.equal(metadata.issuer, 'http://h:1/issuers/one')
  const urls = Object.entries(metadata).filter(([name]) => /_endpoint$|_uri$/.test(name))
  t.equal(urls.length, 9)
  for (const [name, url] of urls) t.match(url, /^http:\/\/h:1\/issuers\/one\/\w/, name)
})

const ISSUERS: [string, Parameters<typeof createApp>[1], Record<string, string>, string, string][] = [
  ['Host', {}, { host: 'idp:8080' }, 'http://idp:8080', 'http://idp:8080'],
  ['X-Forwarded', {}, { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.b' }, 'https://a.b', 'https://a.b'],
  ['X-Forwarded-Port', {}, { host: 'a', 'x-forwarded-port': '81' }, 'http://a:81', 'http://a:81'],
  [
    'X-Forwarded that is not trusted',
    { server: { trust_forwarded: false } },
    { host: 'a', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil', 'x-forwarded-port': '1' },
    'http://a',
    'http://a',
  ],
  ['a fixed issuer', { issuer: 'https://idp.example' }, { host: 'a' }, 'https://idp.example', 'https://idp.example'],
  ['a fixed issuer with slash', { issuer: 'https://idp.example/' }, {}, 'https://idp.example/', 'https://idp.example'],
  ['a fixed issuer with path', { issuer: 'https://a.b/c/' }, {}, 'https://a.b/c/', 'https://a.b/c'],
  [
    'a fixed issuer, whatever X-Forwarded-Host',
    { issuer: 'https://a.b' },
    { 'x-forwarded-host': '<x>' },
    'https://a.b',
    'https://a.b',
  ],
]
for (const [title, config, headers, issuer, base] of ISSUERS) {
  t.test(`OpenID Connect Discovery §4.3: the issuer by ${title} is the iss of tokens`, async (t) => {
    const test = await createApp(t, config)
    const metadata = jsonOf(t, await test.get(PATH, { headers }))
    t.equal(metadata.issuer, issuer)
    t.equal(metadata.token_endpoint, `${base}/oauth2/token`)
    const code = (await logIn(test)).get('code')!
    const tokens = (await exchange(test, { code }, '', headers)).json<{ id_token: string; refresh_token: string }>()
    t.equal(decodeJwt(tokens.id_token).iss, issuer)
    t.equal((await refresh(test, tokens.refresh_token)).statusCode, 200)
    const isolated = (await test.get(`/issuers/x${PATH}`, { headers })).json<{ issuer: string }>()
    t.equal(isolated.issuer, `${base}/issuers/x`)
  })
}

t.test('an invalid Host is 400', async (t) => {
  for (const config of [{}, { issuer: 'https://idp.example' }]) {
    const test = await createApp(t, config)
    for (const url of [PATH, '/jwks', '/issuers/x/jwks', '/healthz', '/nothing']) {
      const refusal = jsonOf(t, await test.get(url, { headers: { host: 'evil"><script>' } }), 400)
      t.match(refusal, { error: 'invalid_request', error_description: /^the host is evil'><script>, exp/ })
    }
  }
})
