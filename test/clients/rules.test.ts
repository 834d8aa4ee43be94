/** The rules of client metadata, by the problems of a file. RFC 7591 §2, OpenID Connect Registration §2. */
import t, { type Test } from 'tap'
import type { Client } from '../../src/generated/types.js'
import { load, problemsOf } from '../config/loading.js'

type Members = { readonly [M in keyof Client]?: unknown }

/** A file with one client, which is public unless its members say otherwise. */
function fileWith(members: Members, config: object = {}): string {
  const client = { client_id: 'app', redirect_uris: ['https://a.example/cb'], token_endpoint_auth_method: 'none' }
  return JSON.stringify({ ...config, clients: [{ ...client, ...members }] })
}

/** Returns the paths of the problems, below the client. Every message says what is expected. */
async function pathsOf(t: Test, text: string): Promise<string[]> {
  const problems = await problemsOf(t, text)
  for (const problem of problems) t.match(problem, /, expected /)
  return problems.map((problem) => /\/clients\/0\/(\S+)/.exec(problem)?.[1] ?? problem).sort()
}

const NO_KEYS = { keys: [] }

/** A rule, members that break it, and the paths of the problems. */
const BAD: [rule: string, members: Members, paths: string[]][] = [
  ['RFC 7591 §2: jwks and jwks_uri must not both be present', { jwks: NO_KEYS, jwks_uri: 'https://a/' }, ['jwks_uri']],
  ['OpenID Connect Core §9: private_key_jwt needs keys', { token_endpoint_auth_method: 'private_key_jwt' }, ['jwks']],
  [
    'RFC 8705 §2.2: self_signed_tls_client_auth needs keys',
    { token_endpoint_auth_method: 'self_signed_tls_client_auth' },
    ['jwks'],
  ],
  [
    'RFC 7517 §4: the keys of jwks are readable public keys',
    {
      jwks: {
        keys: [
          { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) },
          { kty: 'RSA' },
          { kty: 'EC', d: 'a' },
          { kty: 'oct', k: 'a' },
        ],
      },
    },
    ['jwks/keys/1', 'jwks/keys/2', 'jwks/keys/3'],
  ],
  [
    'RFC 8705 §2.1.2: tls_client_auth needs a name of the certificate',
    { token_endpoint_auth_method: 'tls_client_auth' },
    ['token_endpoint_auth_method'],
  ],
  [
    'RFC 8705 §2.1.2: tls_client_auth needs only one name',
    {
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'a',
      tls_client_auth_san_ip: '10.0.0.1',
    },
    ['token_endpoint_auth_method'],
  ],
  [
    'RFC 6749 §2.3.1: client_secret_basic needs a secret',
    { token_endpoint_auth_method: 'client_secret_basic' },
    ['client_secret'],
  ],
  [
    'OpenID Connect Core §9: client_secret_jwt needs a secret',
    { token_endpoint_auth_method: 'client_secret_jwt' },
    ['client_secret'],
  ],
  ['OpenID Connect Core §10.1: HS256 needs a secret', { id_token_signed_response_alg: 'HS256' }, ['client_secret']],
  ['OpenID Connect Core §10.2: dir needs a secret', { userinfo_encrypted_response_alg: 'dir' }, ['client_secret']],
  ['OpenID Connect Core §10.2: A128KW needs a secret', { request_object_encryption_alg: 'A128KW' }, ['client_secret']],
  [
    'OpenID Connect Registration §2: an assertion is signed',
    { token_endpoint_auth_signing_alg: 'none' },
    ['token_endpoint_auth_signing_alg'],
  ],
  [
    'OpenID Connect Core §9: private_key_jwt signs with a key',
    { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'HS256', jwks: NO_KEYS },
    ['token_endpoint_auth_signing_alg'],
  ],
  [
    'OpenID Connect Core §9: client_secret_jwt signs with the secret',
    { token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'RS256', client_secret: 's' },
    ['token_endpoint_auth_signing_alg'],
  ],
  [
    'a response is signed with a key of the provider, also if the keys are the default ones',
    {
      id_token_signed_response_alg: 'ES256',
      userinfo_signed_response_alg: 'PS256',
      authorization_signed_response_alg: 'ES384',
    },
    ['authorization_signed_response_alg', 'id_token_signed_response_alg', 'userinfo_signed_response_alg'],
  ],
  [
    'a request object is encrypted to a key of the provider',
    { request_object_encryption_alg: 'ECDH-ES' },
    ['request_object_encryption_alg'],
  ],
  [
    'OpenID Connect Registration §2: an ID token that the browser carries is signed',
    { id_token_signed_response_alg: 'none', grant_types: ['implicit'], response_types: ['id_token'] },
    ['id_token_signed_response_alg'],
  ],
  [
    'JARM §3: an authorization response that is a JWT is signed',
    { authorization_signed_response_alg: 'none' },
    ['authorization_signed_response_alg'],
  ],
  [
    'OpenID Connect Registration §2: enc needs alg',
    {
      id_token_encrypted_response_enc: 'A128GCM',
      userinfo_encrypted_response_enc: 'A128GCM',
      authorization_encrypted_response_enc: 'A128GCM',
      request_object_encryption_enc: 'A128GCM',
    },
    [
      'authorization_encrypted_response_enc',
      'id_token_encrypted_response_enc',
      'request_object_encryption_enc',
      'userinfo_encrypted_response_enc',
    ],
  ],
  [
    'OpenID Connect Core §10.2: a response is encrypted to a key of the client',
    { id_token_encrypted_response_alg: 'RSA-OAEP', userinfo_encrypted_response_alg: 'ECDH-ES' },
    ['id_token_encrypted_response_alg', 'userinfo_encrypted_response_alg'],
  ],
  [
    'RFC 7591 §2.1: a response type with a token needs implicit',
    { response_types: ['code', 'code token'], grant_types: ['authorization_code'] },
    ['grant_types'],
  ],
  [
    'RFC 7591 §2.1: a response type with a code needs authorization_code',
    { response_types: ['none', 'code id_token'], grant_types: ['implicit'] },
    ['grant_types'],
  ],
  [
    'a URI that is requested or shown is http or https',
    {
      jwks_uri: 'file:///etc/passwd',
      logo_uri: 'javascript:alert(1)',
      request_uris: ['x', 'https://a.example/r', 'data:,x'],
    },
    ['jwks_uri', 'logo_uri', 'request_uris/0', 'request_uris/2'],
  ],
  [
    'a browser is not redirected to a script',
    { redirect_uris: ['https://a.example/cb', 'javascript:alert(1)'], post_logout_redirect_uris: ['data:,x'] },
    ['post_logout_redirect_uris/0', 'redirect_uris/1'],
  ],
  [
    'RFC 6749 §3.1.2: a redirect URI is absolute and has no fragment',
    { redirect_uris: ['/cb', 'localhost:3000/cb', 'http://a/cb#x', 'com.example:/cb', 'http://[::1]:3000/'] },
    ['redirect_uris/0', 'redirect_uris/1', 'redirect_uris/2'],
  ],
  [
    'a URI that is a script or the content itself is refused, with wildcards too',
    {
      wildcard_redirect_uris: true,
      redirect_uris: ['JavaScript://app.example/*', 'blob:https://a.example/*', 'vbscript:*'],
      post_logout_redirect_uris: ['javascript:alert(1)//*', 'filesystem:https://a.example/temporary/x'],
    },
    [
      'post_logout_redirect_uris/0',
      'post_logout_redirect_uris/1',
      'redirect_uris/0',
      'redirect_uris/1',
      'redirect_uris/2',
    ],
  ],
  [
    'a path can have ** once',
    { wildcard_redirect_uris: true, redirect_uris: ['https://a.example/**/x/**', 'https://**.a.example/**'] },
    ['redirect_uris/0'],
  ],
  ['a wildcard must be enabled', { redirect_uris: ['https://*.a/cb'] }, ['redirect_uris/0']],
  ['RFC 7591 §2: a client that is redirected has redirect_uris', { redirect_uris: [] }, ['redirect_uris']],
  [
    'OpenID Connect Core §4: initiate_login_uri is https',
    { initiate_login_uri: 'http://a.example/login' },
    ['initiate_login_uri'],
  ],
  [
    'Back-Channel Logout §2.2: the URI has no fragment',
    { backchannel_logout_uri: 'https://a.example/out#x' },
    ['backchannel_logout_uri'],
  ],
  [
    'OpenID Connect Core §3.1.2.1: an acr value has no spaces',
    { default_acr_values: ['a', 'b c'] },
    ['default_acr_values/1'],
  ],
  ['a scope is standard or defined under scopes', { scope: 'openid nope  other' }, ['scope', 'scope']],
  [
    'OpenID Connect Core §8.1: pairwise needs a sector_identifier_uri if there are several hosts',
    { subject_type: 'pairwise', redirect_uris: ['https://a.example/cb', 'https://b.example/cb', 'rubbish'] },
    ['redirect_uris/2', 'sector_identifier_uri'],
  ],
  [
    'OpenID Connect Core §8.1: pairwise needs a sector_identifier_uri if there is no host',
    { subject_type: 'pairwise', redirect_uris: ['com.example:/cb'] },
    ['sector_identifier_uri'],
  ],
  [
    'OpenID Connect Core §8.1: pairwise needs a sector_identifier_uri if there is no redirect URI',
    { subject_type: 'pairwise', redirect_uris: [], grant_types: [], response_types: [] },
    ['sector_identifier_uri'],
  ],
]
for (const [rule, members, paths] of BAD) {
  t.test(rule, async (t) => t.strictSame(await pathsOf(t, fileWith(members)), paths))
}

t.test('one mistake is one problem', async (t) => {
  const wrong: Members[] = [
    { response_types: [5] },
    { grant_types: [6] },
    { request_uris: [7] },
    { default_acr_values: [8] },
    { jwks_uri: 9, token_endpoint_auth_method: 'private_key_jwt' },
    { id_token_signed_response_alg: 10 },
    { redirect_uris: 11, subject_type: 'pairwise' },
    { redirect_uris: [12], subject_type: 'pairwise' },
    { redirect_uris: ['rubbish'], subject_type: 'pairwise' },
    { jwks: { keys: [13] } },
    { scope: 14 },
  ]
  for (const members of wrong) t.equal((await problemsOf(t, fileWith(members))).length, 1, JSON.stringify(members))
})

t.test('nothing is said about a client that depends on invalid settings', async (t) => {
  const members = {
    id_token_signed_response_alg: 'ES256',
    authorization_signed_response_alg: 'ES256',
    request_object_encryption_alg: 'ECDH-ES',
    scope: 'groups',
  }
  for (const config of [
    { keys: 5, encryption_keys: 5, scopes: 5 },
    { keys: [{ alg: 5 }], encryption_keys: [{ alg: 5 }], scopes: 5 },
  ]) {
    t.strictSame(
      (await problemsOf(t, fileWith(members, config))).filter((line) => line.includes('/clients')),
      [],
    )
  }
})

const GOOD: [rule: string, members: Members, config?: object][] = [
  [
    'every response type with its grants',
    {
      grant_types: ['authorization_code', 'implicit'],
      response_types: [
        'code',
        'id_token',
        'id_token token',
        'code id_token',
        'code token',
        'code id_token token',
        'none',
      ],
    },
  ],
  [
    'keys by value',
    {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: NO_KEYS,
      id_token_encrypted_response_alg: 'RSA-OAEP',
      id_token_encrypted_response_enc: 'A128GCM',
    },
  ],
  [
    'keys by reference',
    {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'http://localhost:3000/jwks',
      token_endpoint_auth_signing_alg: 'ES512',
    },
  ],
  ['a name of a certificate', { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'a.example' }],
  [
    'the secret signs and encrypts',
    {
      token_endpoint_auth_method: 'client_secret_jwt',
      client_secret: 's',
      id_token_signed_response_alg: 'HS512',
      userinfo_encrypted_response_alg: 'A256KW',
      token_endpoint_auth_signing_alg: 'HS256',
    },
  ],
  [
    'a request object is encrypted to the provider',
    { request_object_encryption_alg: 'RSA-OAEP', request_object_signing_alg: 'ES256' },
    { encryption_keys: [{}] },
  ],
  ['unsigned ID tokens', { id_token_signed_response_alg: 'none', userinfo_signed_response_alg: 'RS256' }],
  [
    'http and https URLs',
    {
      initiate_login_uri: 'https://a.example/login',
      client_uri: 'http://a.example',
      backchannel_logout_uri: 'http://rp/out',
      default_acr_values: ['1'],
    },
  ],
  ['a scope of the configuration', { scope: 'openid groups' }, { scopes: { groups: {} } }],
  ['a wildcard for one client', { redirect_uris: ['https://*.a/cb'], wildcard_redirect_uris: true }],
  [
    'wildcards of a port, a path and a logout',
    {
      wildcard_redirect_uris: true,
      redirect_uris: ['http://localhost:*/cb', 'https://*.a.example:*/**', 'com.example.app:/**'],
      post_logout_redirect_uris: ['http://localhost:*/bye', 'https://*.a.example/**'],
    },
  ],
  ['a * in a logout is a character without wildcards', { post_logout_redirect_uris: ['https://a.example/*'] }],
  ['a wildcard for all clients', { redirect_uris: ['https://a:*/cb'] }, { wildcard_redirect_uris: true }],
  [
    'RFC 7591 §2: no redirect URI without a grant that redirects',
    { redirect_uris: undefined, grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], response_types: [] },
  ],
  [
    'RFC 7591 §2: no response_types without a grant that redirects',
    { redirect_uris: undefined, grant_types: ['client_credentials'] },
  ],
  [
    'OpenID Connect Core §8.1: the sector of several hosts',
    {
      subject_type: 'pairwise',
      redirect_uris: ['https://a.example/cb', 'https://b.example/cb'],
      sector_identifier_uri: 'https://a.example/sector.json',
    },
  ],
  [
    'OpenID Connect Core §8.1: one host with several ports',
    { subject_type: 'pairwise', redirect_uris: ['https://a.example/cb', 'https://a.example:8443/cb'] },
  ],
]
for (const [rule, members, config] of GOOD) {
  t.test(`${rule}: accepted`, async (t) => t.equal((await load(t, fileWith(members, config))).clients.size, 1))
}

t.test('an algorithm fits the default keys of the profile strict', async (t) => {
  for (const alg of ['RS256', 'PS256', 'ES256']) {
    await load(t, fileWith({ id_token_signed_response_alg: alg }, { profile: 'strict' }))
  }
  for (const alg of ['ES384', 'EdDSA']) {
    t.match(await problemsOf(t, fileWith({ id_token_signed_response_alg: alg }, { profile: 'strict' })), [
      new RegExp(
        `is "${alg}", expected one of RS256, PS256, ES256, HS256, .*; for another algorithm add a key under keys$`,
      ),
    ])
  }
})
