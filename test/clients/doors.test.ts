/** The same client metadata gets the same verdict from the file, the admin API and registration. */
import { exportJWK, generateKeyPair } from 'jose'
import t from 'tap'
import { type Metadata, openDoors } from './doors.js'

const RSA = await exportJWK((await generateKeyPair('RS256')).publicKey)
const EC = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)
const { d: _, ...EC_PUBLIC } = EC
const redirect_uris = ['https://rp.example/cb']
const jwks = { keys: [RSA, EC_PUBLIC] }
const LONG = `https://rp.example/${'x'.repeat(494)}`

/** Metadata that every door accepts. */
const GOOD: Metadata[] = [
  {},
  { redirect_uris: ['com.example:/cb', 'http://[::1]:3000/', 'urn:ietf:wg:oauth:2.0:oob', 'https://rp.example/?a=b'] },
  { post_logout_redirect_uris: ['https://rp.example/bye', 'com.example:/bye'] },
  { client_name: '', scope: '', contacts: ['a@b'], software_id: 'a', software_version: '1' },
  {
    client_uri: 'http://rp.example/#top',
    logo_uri: 'https://rp.example/a{b}',
    policy_uri: 'https://a',
    tos_uri: 'HTTPS://A',
  },
  { token_endpoint_auth_method: 'none' },
  { token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'HS256' },
  { token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'HS512' },
  { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'PS256', jwks },
  { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://rp.example/jwks' },
  { jwks: { keys: [] } },
  { id_token_signed_response_alg: 'ES256', userinfo_signed_response_alg: 'none' },
  { authorization_signed_response_alg: 'HS384' },
  { id_token_encrypted_response_alg: 'RSA-OAEP', id_token_encrypted_response_enc: 'A256GCM', jwks },
  { userinfo_encrypted_response_alg: 'dir', authorization_encrypted_response_alg: 'A128KW' },
  { request_object_encryption_alg: 'ECDH-ES+A128KW', request_object_signing_alg: 'none' },
  {
    id_token_signed_response_alg: 'none',
    response_types: ['code', 'code token'],
    grant_types: ['authorization_code', 'implicit'],
  },
  { response_types: ['none'], grant_types: [] },
  { subject_type: 'pairwise', redirect_uris: ['https://rp.example/a', 'https://rp.example:8443/b'] },
  { request_uris: ['https://rp.example/request#hash', 'http://rp.example/'] },
  { default_max_age: 0, require_auth_time: true, default_acr_values: ['1', '2'] },
  { initiate_login_uri: 'https://rp.example/login' },
  { frontchannel_logout_uri: 'http://rp.example/out?a=b', backchannel_logout_uri: 'http://rp.example/out' },
  { tls_client_auth_subject_dn: 'CN=rp,O=Example', tls_client_auth_san_ip: '::1' },
]

/** Metadata that every door refuses, with the member at fault. */
const BAD: [member: string, metadata: Metadata][] = [
  ['redirect_uris', { redirect_uris: ['javascript:alert(1)'] }],
  ['redirect_uris', { redirect_uris: ['JavaScript:alert(1)'] }],
  ['redirect_uris', { redirect_uris: ['data:text/html,x'] }],
  ['redirect_uris', { redirect_uris: ['vbscript:x'] }],
  ['redirect_uris', { redirect_uris: ['https://rp.example/größe'] }],
  ['redirect_uris', { redirect_uris: ['https://rp.example/a b'] }],
  ['redirect_uris', { redirect_uris: ['https://rp.example/#a'] }],
  ['redirect_uris', { redirect_uris: ['/cb'] }],
  ['redirect_uris', { redirect_uris: ['localhost:3000/cb'] }],
  ['redirect_uris', { redirect_uris: ['https://*.example/cb'] }],
  ['redirect_uris', { redirect_uris: [''] }],
  ['redirect_uris', { redirect_uris: [] }],
  ['redirect_uris', { redirect_uris: undefined }],
  ['redirect_uris', { redirect_uris: null }],
  ['redirect_uris', { redirect_uris: 'https://rp.example/cb' }],
  ['post_logout_redirect_uris', { post_logout_redirect_uris: ['javascript:alert(1)'] }],
  ['post_logout_redirect_uris', { post_logout_redirect_uris: ['/bye'] }],
  ['post_logout_redirect_uris', { post_logout_redirect_uris: ['https://rp.example/#a'] }],
  ['client_name', { client_name: 5 }],
  ['contacts', { contacts: [''] }],
  ['contacts', { contacts: 'a@b' }],
  ['software_id', { software_id: '' }],
  ['client_uri', { client_uri: 'javascript:alert(1)' }],
  ['logo_uri', { logo_uri: 'https://rp.example/a b' }],
  ['policy_uri', { policy_uri: '/policy' }],
  ['tos_uri', { tos_uri: '' }],
  ['token_endpoint_auth_method', { token_endpoint_auth_method: 'basic' }],
  ['token_endpoint_auth_signing_alg', { token_endpoint_auth_signing_alg: 'none' }],
  [
    'token_endpoint_auth_signing_alg',
    { token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'ES256' },
  ],
  [
    'token_endpoint_auth_signing_alg',
    { token_endpoint_auth_method: 'private_key_jwt', jwks, token_endpoint_auth_signing_alg: 'HS256' },
  ],
  ['jwks', { token_endpoint_auth_method: 'private_key_jwt' }],
  ['jwks', { jwks, jwks_uri: 'https://rp.example/jwks' }],
  ['jwks', { jwks: {} }],
  ['jwks', { jwks: { keys: [5] } }],
  ['jwks', { jwks: { keys: [{ kty: 'RSA' }] } }],
  ['jwks', { jwks: { keys: [{ kty: 'RSA', n: RSA.n }] } }],
  ['jwks', { jwks: { keys: [RSA, EC] } }],
  ['jwks', { jwks: { keys: [{ kty: 'oct', k: 'abc' }] } }],
  ['jwks', { jwks: { keys: [{}] } }],
  ['jwks', { jwks: { keys: Array(101).fill(RSA) } }],
  ['jwks_uri', { jwks_uri: 'https://rp.example/#a' }],
  ['jwks_uri', { jwks_uri: 'file:///etc/passwd' }],
  ['jwks_uri', { jwks_uri: 'https://me:hush@rp.example/' }],
  ['sector_identifier_uri', { sector_identifier_uri: 'https://rp.example/#a' }],
  ['sector_identifier_uri', { subject_type: 'pairwise', redirect_uris: ['https://a.example/', 'https://b.example/'] }],
  ['sector_identifier_uri', { subject_type: 'pairwise', redirect_uris: ['com.example:/cb'] }],
  ['id_token_signed_response_alg', { id_token_signed_response_alg: 'PS256' }],
  [
    'id_token_signed_response_alg',
    {
      id_token_signed_response_alg: 'none',
      response_types: ['code id_token'],
      grant_types: ['authorization_code', 'implicit'],
    },
  ],
  ['userinfo_signed_response_alg', { userinfo_signed_response_alg: 'EdDSA' }],
  ['authorization_signed_response_alg', { authorization_signed_response_alg: 'none' }],
  ['id_token_encrypted_response_enc', { id_token_encrypted_response_enc: 'A128GCM' }],
  ['userinfo_encrypted_response_enc', { userinfo_encrypted_response_enc: 'A128GCM' }],
  ['authorization_encrypted_response_enc', { authorization_encrypted_response_enc: 'A128GCM' }],
  ['request_object_encryption_enc', { request_object_encryption_enc: 'A128GCM' }],
  ['id_token_encrypted_response_alg', { id_token_encrypted_response_alg: 'RSA-OAEP' }],
  ['userinfo_encrypted_response_alg', { userinfo_encrypted_response_alg: 'RSA1_5' }],
  ['request_object_encryption_alg', { request_object_encryption_alg: 'RSA-OAEP' }],
  ['grant_types', { grant_types: ['password'] }],
  ['response_types', { response_types: ['token'] }],
  ['request_uris', { request_uris: ['file:///etc/passwd'] }],
  ['request_uris', { request_uris: ['https://me@rp.example/'] }],
  ['request_uris', { request_uris: [LONG] }],
  ['default_max_age', { default_max_age: -1 }],
  ['default_max_age', { default_max_age: 1e300 }],
  ['default_acr_values', { default_acr_values: ['a b'] }],
  ['default_acr_values', { default_acr_values: [''] }],
  ['require_auth_time', { require_auth_time: 'true' }],
  ['initiate_login_uri', { initiate_login_uri: 'http://rp.example/login' }],
  ['initiate_login_uri', { initiate_login_uri: 'https://rp.example/#a' }],
  ['frontchannel_logout_uri', { frontchannel_logout_uri: 'https://rp.example/#a' }],
  ['backchannel_logout_uri', { backchannel_logout_uri: 'https://rp.example/#a' }],
  ['subject_type', { subject_type: 'private' }],
  ['application_type', { application_type: 'app' }],
  ['tls_client_auth_subject_dn', { tls_client_auth_subject_dn: 'client' }],
  ['tls_client_auth_san_ip', { tls_client_auth_san_ip: 'localhost' }],
  ['tls_client_auth_san_dns', { tls_client_auth_san_dns: '' }],
]

const doors = await openDoors(t, { rules: { valid_metadata: true } })

for (const [name, door] of Object.entries(doors)) {
  for (const metadata of GOOD) {
    t.test(`${name}: ${titleOf(metadata)} is accepted`, async (t) => {
      t.equal(await door({ redirect_uris, ...metadata }), undefined)
    })
  }
  for (const [member, metadata] of BAD) {
    t.test(`${name}: ${titleOf(metadata)} is refused because of ${member}`, async (t) => {
      t.match(await door({ redirect_uris, ...metadata }), new RegExp(`\\b${member}\\b`))
    })
  }
}

function titleOf(metadata: Metadata): string {
  return JSON.stringify(metadata).slice(0, 120)
}
