/** Consistency of the parts of a configuration. */
import t from 'tap'
import { load, problemsOf } from '../loading.js'

const CLIENT = 'client_id: app, redirect_uris: ["http://localhost/cb"]'
const PUBLIC = `${CLIENT}, token_endpoint_auth_method: none`

const EXPECTED_DOMAIN = 'expected a domain name such as example.com, or an empty text'

const BAD: [string, string, string[]][] = [
  [
    'a sub is unique',
    'users:\n  - sub: alice\n  - sub: bob\n  - sub: alice\n',
    ['config.yaml:4:10 /users/2/sub is "alice", expected a value that no earlier entry of users has'],
  ],
  [
    'a client_id is unique',
    `clients:\n  - { ${PUBLIC} }\n  - { ${PUBLIC} }\n`,
    ['config.yaml:3:18 /clients/1/client_id is "app", expected a value that no earlier entry of clients has'],
  ],
  [
    'a kid is unique',
    'keys:\n  - { alg: RS256, kid: one }\n  - { alg: ES256, kid: one }\n',
    ['config.yaml:3:24 /keys/1/kid is "one", expected a value that no earlier entry of keys has'],
  ],
  [
    'two keys cannot be kept in one file',
    'keys:\n  - keep_in: key.json\n  - { alg: ES256, keep_in: key.json }\n',
    ['config.yaml:3:28 /keys/1/keep_in is "key.json", expected a value that no earlier entry of keys has'],
  ],
  [
    'a signing key and an encryption key cannot be kept in one file',
    'keys: [{ keep_in: key.json }]\nencryption_keys: [{ keep_in: key.json }, { alg: ECDH-ES, pem: a, jwk: {} }]\n',
    [
      'config.yaml:2:30 /encryption_keys/0/keep_in is "key.json", expected a value that no earlier entry of keys has',
      'config.yaml:2:42 /encryption_keys/1 has pem and jwk, expected one of them',
    ],
  ],
  [
    'publish_ahead is less than the period',
    'key_rotation:\n  period: 1h\n  publish_ahead: 60m\n',
    ['config.yaml:3:18 /key_rotation/publish_ahead is 60m, expected less than the period, which is 1h'],
  ],
  [
    'a destination of outbound calls is a host, an address or a range',
    'outbound: { allow: ["*.example.com", "app:3000", "http://app", 10.0.0.0/33, "*"] }\n',
    ['"http://app"', '"10.0.0.0/33"', '"*"'].map(
      (text, index) =>
        `config.yaml:1:${[50, 64, 77][index]} /outbound/allow/${index + 2} is ${text}, expected a host such as app, app:3000 or *.example.com, an IP address, or a range such as 10.0.0.0/8`,
    ),
  ],
  [
    'all durations are bounded',
    'key_rotation: { period: 9999w, publish_ahead: 0s }\noutbound: { timeout: 61m }\nlifetimes: { client_secret: 0h }\n',
    [
      'config.yaml:1:25 /key_rotation/period is "9999w" (6047395200 seconds), expected from 1 second to 3155760000 seconds (100 years)',
      'config.yaml:1:47 /key_rotation/publish_ahead is "0s" (0 seconds), expected from 1 second to 3155760000 seconds (100 years)',
      'config.yaml:2:22 /outbound/timeout is "61m" (3660 seconds), expected from 1 second to 3600 seconds (1 hour)',
      'config.yaml:3:29 /lifetimes/client_secret is "0h" (0 seconds), expected from 1 second to 3155760000 seconds (100 years)',
    ],
  ],
  [
    'acr_values are unique and have no spaces',
    'acr_values: [a, b c, a]\n',
    [
      'config.yaml:1:17 /acr_values/1 is "b c", expected a value without spaces',
      'config.yaml:1:22 /acr_values/2 is "a", expected a value that no earlier entry has',
    ],
  ],
  [
    'default_email_domain is a domain name',
    'default_email_domain: "@example.com"\n',
    [`config.yaml:1:23 /default_email_domain is "@example.com", ${EXPECTED_DOMAIN}; write example.com`],
  ],
  ...[
    ['https://corp.example:443/x?y#z', 'corp.example'],
    ['alice@corp.example', 'corp.example'],
    [' corp.example. ', 'corp.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['exa mple', undefined],
    ['exa_mple.com', undefined],
    ['*.example.com', undefined],
    ['127.0.0.1', undefined],
    ['[::1]', undefined],
    ['a..b', undefined],
    ['-a.example', undefined],
    ['@', undefined],
  ].map(([value, meant]): [string, string, string[]] => [
    `default_email_domain is not ${value}`,
    `default_email_domain: '${value}'\n`,
    [
      `config.yaml:1:23 /default_email_domain is "${value}", ${EXPECTED_DOMAIN}${meant === undefined ? '' : `; write ${meant}`}`,
    ],
  ]),
  [
    'default_email_domain is a short text',
    `default_email_domain: ${'a.'.repeat(94)}ab\n`,
    [`config.yaml:1:23 /default_email_domain is "${'a.'.repeat(30)}…", expected at most 189 characters`],
  ],
  [
    'default_email_domain is a text',
    'default_email_domain: 7\n',
    ['config.yaml:1:23 /default_email_domain is the number 7, expected a text; write "7"'],
  ],
  [
    'a key has one source',
    'keys:\n  - { pem: a, file: b }\n',
    ['config.yaml:2:5 /keys/0 has file and pem, expected one of them'],
  ],
  [
    'the scope openid cannot be defined',
    'scopes:\n  openid: { claims: [a] }\n  email: { claims: [b] }\n',
    ['config.yaml:2:3 /scopes/openid cannot be defined; claims without a scope are released to every client'],
  ],
  [
    'the sub in claims is the sub of the user',
    'users:\n  - sub: alice\n    claims: { sub: bob }\n    id_token: { sub: alice }\n    userinfo: { sub: 1 }\n',
    [
      'config.yaml:3:20 /users/0/claims/sub is "bob", expected the user\'s sub "alice"',
      'config.yaml:5:22 /users/0/userinfo/sub is 1, expected the user\'s sub "alice"; for another one, use the fault userinfo.wrong_sub',
    ],
  ],
  [
    'claims that the provider sets are refused under access_token, with the ways to change them',
    `users:
  - sub: alice
    access_token:
      iss: http://elsewhere
      sub: bob
      aud: []
      client_id: other
      iat: 5
      exp: 2030
      auth_time: 1
      jti: x
      scope: admin
      nbf: 5
      azp: app
`,
    [
      'config.yaml:4:12 /users/0/access_token/iss is "http://elsewhere", expected no value, because the provider sets iss; to change it, use the fault access_token.wrong_iss, or mint the token by POST /admin/tokens with claims',
      'config.yaml:5:12 /users/0/access_token/sub is "bob", expected the user\'s sub "alice"; for another one, mint the token by POST /admin/tokens with claims',
      'config.yaml:6:12 /users/0/access_token/aud is a list, expected a text or a list of texts, such as https://api.example.com; for no aud, use the fault access_token.missing_aud',
      'config.yaml:7:18 /users/0/access_token/client_id is "other", expected no value, because the provider sets client_id; to change it, mint the token by POST /admin/tokens with claims',
      'config.yaml:8:12 /users/0/access_token/iat is 5, expected no value, because the provider sets iat; to change it, use the fault access_token.stale_iat, or mint the token by POST /admin/tokens with claims',
      'config.yaml:9:12 /users/0/access_token/exp is 2030, expected no value, because the provider sets exp; to change it, set lifetimes.access_token, use the fault access_token.expired, or mint the token by POST /admin/tokens with claims',
      'config.yaml:10:18 /users/0/access_token/auth_time is 1, expected no value, because the provider sets auth_time; to change it, mint the token by POST /admin/tokens with claims',
      'config.yaml:11:12 /users/0/access_token/jti is "x", expected no value, because the provider sets jti; to change it, mint the token by POST /admin/tokens with claims',
      'config.yaml:12:14 /users/0/access_token/scope is "admin", expected no value, because the provider sets scope; to change it, use the fault access_token.insufficient_scope, or mint the token by POST /admin/tokens with claims',
    ],
  ],
  [
    'claims that the provider sets are refused under id_token, but not acr, amr and azp',
    `users:
  - sub: alice
    claims: { iss: a, aud: 5, exp: 1 }
    userinfo: { iss: a, aud: 5, exp: 1 }
    id_token:
      iss: a
      aud: [a, 5]
      iat: 1
      exp: 1
      auth_time: 1
      nonce: n
      sid: s
      at_hash: h
      c_hash: h
      s_hash: h
      acr: a
      amr: [pwd]
      azp: a
`,
    [
      'config.yaml:6:12 /users/0/id_token/iss is "a", expected no value, because the provider sets iss; to change it, use the fault id_token.wrong_iss, or mint the token by POST /admin/tokens with claims',
      'config.yaml:7:12 /users/0/id_token/aud is a list, expected a text or a list of texts, such as https://api.example.com; for no aud, use the fault id_token.missing_aud',
      'config.yaml:8:12 /users/0/id_token/iat is 1, expected no value, because the provider sets iat; to change it, use the fault id_token.stale_iat, or mint the token by POST /admin/tokens with claims',
      'config.yaml:9:12 /users/0/id_token/exp is 1, expected no value, because the provider sets exp; to change it, set lifetimes.id_token, use the fault id_token.expired, or mint the token by POST /admin/tokens with claims',
      'config.yaml:10:18 /users/0/id_token/auth_time is 1, expected no value, because the provider sets auth_time; to change it, mint the token by POST /admin/tokens with claims',
      'config.yaml:11:14 /users/0/id_token/nonce is "n", expected no value, because the provider sets nonce; to change it, use the fault id_token.wrong_nonce, or mint the token by POST /admin/tokens with claims',
      'config.yaml:12:12 /users/0/id_token/sid is "s", expected no value, because the provider sets sid; to change it, mint the token by POST /admin/tokens with claims',
      'config.yaml:13:16 /users/0/id_token/at_hash is "h", expected no value, because the provider sets at_hash; to change it, use the fault id_token.wrong_at_hash, or mint the token by POST /admin/tokens with claims',
      'config.yaml:14:15 /users/0/id_token/c_hash is "h", expected no value, because the provider sets c_hash; to change it, use the fault id_token.wrong_c_hash, or mint the token by POST /admin/tokens with claims',
      'config.yaml:15:15 /users/0/id_token/s_hash is "h", expected no value, because the provider sets s_hash; to change it, use the fault id_token.wrong_s_hash, or mint the token by POST /admin/tokens with claims',
    ],
  ],
  [
    'claims that the provider sets are refused under access_tokens of the configuration and of a client',
    `access_tokens: { claims: { iss: a, sub: b, aud: api, plan: pro } }\nclients: [{ ${PUBLIC}, access_tokens: { claims: { exp: 5, aud: "" } } }]\n`,
    [
      'config.yaml:1:33 /access_tokens/claims/iss is "a", expected no value, because the provider sets iss; to change it, use the fault access_token.wrong_iss, or mint the token by POST /admin/tokens with claims',
      'config.yaml:1:41 /access_tokens/claims/sub is "b", expected no value, because the provider sets sub; to change it, mint the token by POST /admin/tokens with claims',
      'config.yaml:2:135 /clients/0/access_tokens/claims/exp is 5, expected no value, because the provider sets exp; to change it, set lifetimes.access_token, use the fault access_token.expired, or mint the token by POST /admin/tokens with claims',
      'config.yaml:2:143 /clients/0/access_tokens/claims/aud is "", expected a text or a list of texts, such as https://api.example.com; for no aud, use the fault access_token.missing_aud',
    ],
  ],
  [
    'the typ of access tokens is a media type or null',
    `access_tokens: { typ: none }\nclients: [{ ${PUBLIC}, access_tokens: { typ: "", format: jwe, claim: {} } }]\n`,
    [
      'config.yaml:1:23 /access_tokens/typ is "none", expected a media type such as `at+jwt` or `JWT`, or null for none',
      'config.yaml:2:125 /clients/0/access_tokens/typ is "", expected a media type such as `at+jwt` or `JWT`, or null for none',
      'config.yaml:2:137 /clients/0/access_tokens/format is "jwe", expected one of jwt, opaque; did you mean jwt?',
      'config.yaml:2:142 /clients/0/access_tokens/claim is not a known key; did you mean claims?',
    ],
  ],
  [
    'the members of claim_sources are not written by hand beside them',
    'users:\n  - sub: alice\n    claim_sources: { bank: { claims: { a: 1 } } }\n    userinfo: { _claim_names: {} }\n  - { sub: bob, claim_sources: {}, id_token: { _claim_sources: {} } }\n',
    [
      'config.yaml:4:31 /users/0/userinfo/_claim_names is an object, expected no value, because claim_sources sets it; write the source under claim_sources',
    ],
  ],
  [
    'a duration is at least a second and at most a century',
    'lifetimes:\n  access_token: 0s\n  id_token: 5300w\n  refresh_token: 60\n',
    [
      'config.yaml:2:17 /lifetimes/access_token is "0s" (0 seconds), expected from 1 second to 3155760000 seconds (100 years)',
      'config.yaml:3:13 /lifetimes/id_token is "5300w" (3205440000 seconds), expected from 1 second to 3155760000 seconds (100 years)',
    ],
  ],
  [
    'a reuse_interval is at most a century and can be 0',
    'refresh_token: { reuse_interval: 0s }\nlifetimes: { id_token: 0 }\n',
    ['config.yaml:2:24 /lifetimes/id_token is 0, expected seconds (1 or more) or a duration such as 15m, 1h, 30d'],
  ],
  [
    'a reuse_interval is at most a century',
    'refresh_token:\n  reuse_interval: 5300w\n',
    [
      'config.yaml:2:19 /refresh_token/reuse_interval is "5300w" (3205440000 seconds), expected from 0 seconds to 3155760000 seconds (100 years)',
    ],
  ],
  [
    'a reuse_interval is seconds or a duration',
    'refresh_token: { reuse_interval: -1, reuse_intervall: 5 }\n',
    [
      'config.yaml:1:34 /refresh_token/reuse_interval is -1, expected seconds (0 or more) or a duration such as 10s, 1m',
      'config.yaml:1:38 /refresh_token/reuse_intervall is not a known key; did you mean reuse_interval?',
    ],
  ],
  [
    'a value that the schema refuses has one problem',
    `users: [5, { sub: 3, claims: { sub: 4 } }, { sub: a, claims: 1 }]
clients: [5, { client_id: 1, redirect_uris: 5, client_secret: 5 }, { client_id: b, client_secret: s, redirect_uris: [5], scope: x, id_token_signed_response_alg: ES256 }]
keys: [5, { alg: 7 }, { pem: 3 }]
scopes: 5
lifetimes: 5
outbound: { timeout: [] }
key_rotation: { period: {} }
acr_values: [5]
encryption_keys: [5]
`,
    [
      'config.yaml:1:9 /users/0 is a number (not shown), expected an object',
      'config.yaml:1:19 /users/1/sub is the number 3, expected a text; write "3"',
      'config.yaml:1:62 /users/2/claims is the number 1, expected an object',
      'config.yaml:2:11 /clients/0 is a number (not shown), expected an object',
      'config.yaml:2:27 /clients/1/client_id is the number 1, expected a text; write "1"',
      'config.yaml:2:45 /clients/1/redirect_uris is the number 5, expected a list',
      'config.yaml:2:63 /clients/1/client_secret is a number (not shown), expected a text; put it in quotes',
      'config.yaml:2:118 /clients/2/redirect_uris/0 is the number 5, expected a text; write "5"',
      'config.yaml:3:8 /keys/0 is a number (not shown), expected an object',
      'config.yaml:3:18 /keys/1/alg is 7, expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA',
      'config.yaml:3:30 /keys/2/pem is a number (not shown), expected a text; put it in quotes',
      'config.yaml:4:9 /scopes is the number 5, expected an object',
      'config.yaml:5:12 /lifetimes is the number 5, expected an object',
      'config.yaml:6:22 /outbound/timeout is a list, expected seconds (1 or more) or a duration such as 15m, 1h, 30d',
      'config.yaml:7:25 /key_rotation/period is an object, expected seconds (1 or more) or a duration such as 15m, 1h, 30d',
      'config.yaml:8:14 /acr_values/0 is the number 5, expected a text; write "5"',
      'config.yaml:9:19 /encryption_keys/0 is a number (not shown), expected an object',
    ],
  ],
  [
    'a list of another type has one problem',
    'users: 1\nclients: 2\nkeys: 3\nencryption_keys: 4\n',
    [
      'config.yaml:1:8 /users is a number (not shown), expected a list',
      'config.yaml:2:10 /clients is a number (not shown), expected a list',
      'config.yaml:3:7 /keys is a number (not shown), expected a list',
      'config.yaml:4:18 /encryption_keys is a number (not shown), expected a list',
    ],
  ],
]

for (const [rule, text, problems] of BAD) {
  t.test(rule, async (t) => t.strictSame(await problemsOf(t, text), problems))
}

const GOOD: [string, string][] = [
  ['a public client may have a secret', `clients: [{ ${PUBLIC}, client_secret: s }]`],
  ['a client can use defined scopes', `scopes: { groups: {} }\nclients: [{ ${PUBLIC}, scope: openid groups }]`],
  ['a standard scope may get more claims', 'scopes: { email: { claims: [mail] } }'],
  [
    'a client can have wildcards of its own',
    `clients: [{ ${PUBLIC.replace('localhost', 'pr-*.a:*')}, wildcard_redirect_uris: true }]`,
  ],
  ['a wildcard for all', `wildcard_redirect_uris: true\nclients: [{ ${PUBLIC.replace('localhost', 'pr-*.a')} }]`],
  [
    'a client can use an algorithm with a key',
    `clients: [{ ${PUBLIC}, id_token_signed_response_alg: ES256 }]\nkeys: [{}, { alg: ES256 }]`,
  ],
]

for (const [rule, text] of GOOD) t.test(rule, async (t) => void (await load(t, text)))
