/** The members of a client must fit each other. RFC 7591 §2, OpenID Connect Registration §2. */
import t from 'tap'
import { load, problemsOf } from './loading.js'

const TLS =
  'tls_client_auth_subject_dn, tls_client_auth_san_dns, tls_client_auth_san_uri, tls_client_auth_san_ip, tls_client_auth_san_email'
const BASE = 'client_id: app, redirect_uris: ["https://a.example/cb"]'
const clientOf = (members: string, method = 'none') =>
  `clients:\n  - { ${BASE}, token_endpoint_auth_method: ${method}${members && `, ${members}`} }`

/** The members, the method, and the problems without file, line and column. */
const BAD: [string, string, string | undefined, string[]][] = [
  [
    'RFC 7591 §2: jwks and jwks_uri are not both there',
    'jwks: { keys: [] }, jwks_uri: "https://a.example/jwks"',
    undefined,
    ['/clients/0/jwks_uri stands beside jwks, but the keys of a client are in one place'],
  ],
  [
    'OpenID Connect Core §9: private_key_jwt needs keys',
    '',
    'private_key_jwt',
    ['/clients/0 lacks jwks or jwks_uri, which private_key_jwt needs'],
  ],
  [
    'RFC 7517 §4: the keys of jwks are public keys that can be read',
    `jwks: { keys: [{ kty: OKP, crv: Ed25519, x: ${'A'.repeat(43)} }, { kty: RSA }, { kty: EC, d: a }, { kty: oct, k: a }] }`,
    'private_key_jwt',
    [
      '/clients/0/jwks/keys/1 is no public key that can be read; a JWK has kty, and n and e for RSA, crv, x and y for EC, crv and x for OKP',
      '/clients/0/jwks/keys/2 has d, as only a private or secret key has; the public one is needed here',
      '/clients/0/jwks/keys/3 has k, as only a private or secret key has; the public one is needed here',
    ],
  ],
  [
    'what is no object is complained about once',
    'jwks: { keys: [1] }',
    'private_key_jwt',
    ['/clients/0/jwks/keys/0 must be an object, but is the number 1'],
  ],
  [
    'RFC 8705 §2.2: self_signed_tls_client_auth needs keys',
    '',
    'self_signed_tls_client_auth',
    ['/clients/0 lacks jwks or jwks_uri, which self_signed_tls_client_auth needs'],
  ],
  [
    'RFC 8705 §2.1.2: tls_client_auth needs a subject',
    '',
    'tls_client_auth',
    [`/clients/0 has none of ${TLS}, but tls_client_auth needs exactly one of them`],
  ],
  [
    'RFC 8705 §2.1.2: tls_client_auth needs one subject only',
    'tls_client_auth_san_dns: a, tls_client_auth_san_ip: 10.0.0.1',
    'tls_client_auth',
    [
      `/clients/0 has tls_client_auth_san_dns and tls_client_auth_san_ip of ${TLS}, but tls_client_auth needs exactly one of them`,
    ],
  ],
  [
    'client_secret_jwt needs a secret',
    '',
    'client_secret_jwt',
    [
      '/clients/0 lacks the client_secret that client_secret_jwt needs; add one, or make it a public client with token_endpoint_auth_method: none',
    ],
  ],
  [
    'OpenID Connect Core §10.1: HS256 needs a secret',
    'id_token_signed_response_alg: HS256',
    undefined,
    ['/clients/0 lacks the client_secret that id_token_signed_response_alg: HS256 needs'],
  ],
  [
    'OpenID Connect Core §10.2: dir needs a secret',
    'userinfo_encrypted_response_alg: dir',
    undefined,
    ['/clients/0 lacks the client_secret that userinfo_encrypted_response_alg: dir needs'],
  ],
  [
    'OpenID Connect Core §10.2: A128KW needs a secret',
    'request_object_encryption_alg: A128KW',
    undefined,
    ['/clients/0 lacks the client_secret that request_object_encryption_alg: A128KW needs'],
  ],
  [
    'OpenID Connect Registration §2: an assertion is signed',
    'token_endpoint_auth_signing_alg: none, client_secret: s',
    'client_secret_jwt',
    ['/clients/0/token_endpoint_auth_signing_alg is none, but an assertion is signed by a key, such as with RS256'],
  ],
  [
    'OpenID Connect Core §9: private_key_jwt is not signed by a secret',
    'token_endpoint_auth_signing_alg: HS256, client_secret: s, jwks: { keys: [] }',
    'private_key_jwt',
    ['/clients/0/token_endpoint_auth_signing_alg is HS256, but an assertion is signed by a key, such as with RS256'],
  ],
  [
    'OpenID Connect Core §9: client_secret_jwt is signed by a secret',
    'token_endpoint_auth_signing_alg: RS256, client_secret: s',
    'client_secret_jwt',
    ['/clients/0/token_endpoint_auth_signing_alg is RS256, but client_secret_jwt signs with HS256, HS384 or HS512'],
  ],
  [
    'an algorithm has a key, also where the keys are left out',
    'id_token_signed_response_alg: ES256, userinfo_signed_response_alg: PS256',
    undefined,
    [
      '/clients/0/id_token_signed_response_alg is ES256, but the keys are for RS256; add a key with alg: ES256 under keys',
      '/clients/0/userinfo_signed_response_alg is PS256, but the keys are for RS256; add a key with alg: PS256 under keys',
    ],
  ],
  [
    'OpenID Connect Registration §2: an ID token that comes through the browser is signed',
    'id_token_signed_response_alg: none, grant_types: [implicit], response_types: [id_token]',
    undefined,
    [
      '/clients/0/id_token_signed_response_alg is none, but the response type "id_token" sends ID tokens through the browser, which have to be signed',
    ],
  ],
  [
    'JARM §3: an authorization response that is a JWT is signed',
    'authorization_signed_response_alg: none, authorization_encrypted_response_enc: A128GCM',
    undefined,
    [
      '/clients/0/authorization_encrypted_response_enc needs authorization_encrypted_response_alg beside it',
      '/clients/0/authorization_signed_response_alg is none, but such a response has to be signed',
    ],
  ],
  [
    'OpenID Connect Registration §2: enc needs alg',
    'id_token_encrypted_response_enc: A128GCM, userinfo_encrypted_response_enc: A128GCM, request_object_encryption_enc: A128GCM',
    undefined,
    [
      '/clients/0/id_token_encrypted_response_enc needs id_token_encrypted_response_alg beside it',
      '/clients/0/userinfo_encrypted_response_enc needs userinfo_encrypted_response_alg beside it',
      '/clients/0/request_object_encryption_enc needs request_object_encryption_alg beside it',
    ],
  ],
  [
    'OpenID Connect Core §10.2: encryption to the client needs its keys',
    'id_token_encrypted_response_alg: RSA-OAEP, userinfo_encrypted_response_alg: ECDH-ES',
    undefined,
    [
      '/clients/0/id_token_encrypted_response_alg is RSA-OAEP, which needs a key in jwks or at jwks_uri',
      '/clients/0/userinfo_encrypted_response_alg is ECDH-ES, which needs a key in jwks or at jwks_uri',
    ],
  ],
  [
    'RFC 7591 §2.1: a response type with a token takes implicit',
    'response_types: [code, code token]',
    undefined,
    [
      '/clients/0/grant_types lacks implicit, which the response type "code token" takes; set grant_types: [authorization_code, refresh_token, implicit]',
    ],
  ],
  [
    'RFC 7591 §2.1: a response type with a code takes authorization_code',
    'response_types: [none, code id_token], grant_types: [implicit]',
    undefined,
    [
      '/clients/0/grant_types lacks authorization_code, which the response type "code id_token" takes; set grant_types: [implicit, authorization_code]',
    ],
  ],
  [
    'URIs that are fetched or shown are of the web',
    'jwks_uri: "file:///etc/passwd", logo_uri: "javascript:alert(1)", request_uris: ["x", "https://a.example/r", "data:,x"]',
    undefined,
    [
      '/clients/0/jwks_uri must be an http or https URL, but is "file:///etc/passwd"',
      '/clients/0/logo_uri must be an http or https URL, but is "javascript:alert(1)"',
      '/clients/0/request_uris/0 must be an http or https URL, but is "x"',
      '/clients/0/request_uris/2 must be an http or https URL, but is "data:,x"',
    ],
  ],
  [
    'OpenID Connect Core §4: initiate_login_uri is https',
    'initiate_login_uri: "http://a.example/login"',
    undefined,
    ['/clients/0/initiate_login_uri must be an https URL, but is "http://a.example/login"'],
  ],
  [
    'Back-Channel Logout §2.2: the URI has no fragment',
    'backchannel_logout_uri: "https://a.example/out#x"',
    undefined,
    ['/clients/0/backchannel_logout_uri must not have a fragment, but is "https://a.example/out#x"'],
  ],
  [
    'OpenID Connect Core §3.1.2.1: acr values have no spaces',
    'default_acr_values: [a, b c]',
    undefined,
    ['/clients/0/default_acr_values/1 must not have a space, but is "b c"'],
  ],
]

for (const [rule, members, method, expected] of BAD) {
  t.test(rule, async (t) => {
    const problems = await problemsOf(t, clientOf(members, method))
    t.strictSame(problems.map((line) => line.replace(/^config.yaml:\d+:\d+ /, '')).sort(), expected.toSorted())
  })
}

t.test('OpenID Connect Core §8.1: pairwise with several hosts needs a sector_identifier_uri', async (t) => {
  const text = (members: string) =>
    `clients: [{ client_id: app, token_endpoint_auth_method: none, subject_type: pairwise, ${members} }]`
  const hosts = 'redirect_uris: ["https://a.example/cb", "https://b.example/cb", "https://a.example/other", "rubbish"]'
  t.match(await problemsOf(t, text(hosts)), [
    /\/clients\/0 lacks the sector_identifier_uri that pairwise needs .* a.example and b.example$/,
    /rubbish/,
  ])
  const sector = 'sector_identifier_uri: "https://a.example/sector.json"'
  await load(t, text(`${hosts.replace(', "rubbish"', '')}, ${sector}`))
  await load(t, text('redirect_uris: ["https://a.example/cb", "https://a.example:8443/cb"]'))
})

t.test('nothing is said twice about what the schema refuses', async (t) => {
  const text = clientOf(
    'response_types: [5], grant_types: [6], request_uris: [7], default_acr_values: [8], jwks_uri: 9, id_token_signed_response_alg: 10, redirect_uris_: 11',
  )
  t.equal((await problemsOf(t, text)).length, 7)
  t.equal((await problemsOf(t, clientOf('response_types: [5], initiate_login_uri: 6'))).length, 2)
  t.equal((await problemsOf(t, `${clientOf('id_token_signed_response_alg: ES256')}\nkeys: 5`)).length, 1)
})

const GOOD: [string, string, string?][] = [
  [
    'every response type with its grants',
    'grant_types: [authorization_code, implicit], response_types: [code, id_token, id_token token, code id_token, code token, code id_token token, none]',
  ],
  [
    'keys by value',
    'jwks: { keys: [] }, id_token_encrypted_response_alg: RSA-OAEP, id_token_encrypted_response_enc: A128GCM',
    'private_key_jwt',
  ],
  [
    'keys by reference',
    'jwks_uri: "http://localhost:3000/jwks", token_endpoint_auth_signing_alg: ES512',
    'private_key_jwt',
  ],
  ['a subject of a certificate', 'tls_client_auth_san_dns: a.example', 'tls_client_auth'],
  [
    'the secret signs and encrypts',
    'client_secret: s, id_token_signed_response_alg: HS512, userinfo_encrypted_response_alg: A256KW, token_endpoint_auth_signing_alg: HS256',
    'client_secret_jwt',
  ],
  [
    'request objects are encrypted to the provider',
    'request_object_encryption_alg: RSA-OAEP, request_object_signing_alg: ES256',
  ],
  ['nothing is signed with none', 'id_token_signed_response_alg: none, userinfo_signed_response_alg: RS256'],
  [
    'URIs of the web',
    'initiate_login_uri: "https://a.example/login", client_uri: "http://a.example", backchannel_logout_uri: "http://rp/out", default_acr_values: ["1"]',
  ],
]
for (const [rule, members, method] of GOOD) {
  t.test(rule, async (t) => t.equal((await load(t, clientOf(members, method))).clients.size, 1))
}

t.test('an algorithm fits the keys that strict has where they are left out', async (t) => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    await load(t, `profile: strict\n${clientOf(`id_token_signed_response_alg: ${alg}`)}`)
  }
  t.match(await problemsOf(t, `profile: strict\n${clientOf('id_token_signed_response_alg: ES384')}`), [
    /is ES384, but the keys are for RS256, PS256, ES256, EdDSA; add/,
  ])
})
