/** The parts of a configuration must fit each other. */
import t from 'tap'
import { load, problemsOf } from './loading.js'

const CLIENT = 'client_id: app, redirect_uris: ["http://localhost/cb"]'
const PUBLIC = `${CLIENT}, token_endpoint_auth_method: none`

const BAD: [string, string, string[]][] = [
  [
    'a sub is unique',
    'users:\n  - sub: alice\n  - sub: bob\n  - sub: alice\n',
    ['config.yaml:4:10 /users/2/sub must be unique, but an earlier entry of users has "alice", too'],
  ],
  [
    'a client_id is unique',
    `clients:\n  - { ${PUBLIC} }\n  - { ${PUBLIC} }\n`,
    ['config.yaml:3:18 /clients/1/client_id must be unique, but an earlier entry of clients has "app", too'],
  ],
  [
    'a kid is unique',
    'keys:\n  - { alg: RS256, kid: one }\n  - { alg: ES256, kid: one }\n',
    ['config.yaml:3:24 /keys/1/kid must be unique, but an earlier entry of keys has "one", too'],
  ],
  [
    'two keys are not kept in one file',
    'keys:\n  - keep_in: key.json\n  - { alg: ES256, keep_in: key.json }\n',
    ['config.yaml:3:28 /keys/1/keep_in must be unique, but an earlier entry of keys has "key.json", too'],
  ],
  [
    'two keys are not kept in one file, whatever they are for',
    'keys: [{ keep_in: key.json }]\nencryption_keys: [{ keep_in: key.json }, { alg: ECDH-ES, pem: a, jwk: {} }]\n',
    [
      'config.yaml:2:30 /encryption_keys/0/keep_in must be unique, but an earlier entry of keys has "key.json", too',
      'config.yaml:2:42 /encryption_keys/1 has pem and jwk, but a key comes from one of them only',
    ],
  ],
  [
    'a key is published before it signs for less time than a key signs',
    'key_rotation:\n  period: 1h\n  publish_ahead: 60m\n',
    ['config.yaml:3:18 /key_rotation/publish_ahead must be less than the period, which is 1h, but is 60m'],
  ],
  [
    'durations are bounded everywhere',
    'key_rotation: { period: 9999w, publish_ahead: 0s }\noutbound: { timeout: 61m }\nlifetimes: { client_secret: 0h }\n',
    [
      'config.yaml:1:25 /key_rotation/period must be from 1 second to 3155760000 seconds (100 years), but "9999w" is 6047395200',
      'config.yaml:1:47 /key_rotation/publish_ahead must be from 1 second to 3155760000 seconds (100 years), but "0s" is 0',
      'config.yaml:2:22 /outbound/timeout must be from 1 second to 3600 seconds (1 hour), but "61m" is 3660',
      'config.yaml:3:29 /lifetimes/client_secret must be from 1 second to 3155760000 seconds (100 years), but "0h" is 0',
    ],
  ],
  [
    'acr_values are unique and have no spaces',
    'acr_values: [a, b c, a]\n',
    [
      'config.yaml:1:17 /acr_values/1 must not have a space, but is "b c"',
      'config.yaml:1:22 /acr_values/2 must be unique, but "a" stands earlier in the list, too',
    ],
  ],
  [
    'a key comes from one place',
    'keys:\n  - { pem: a, file: b }\n',
    ['config.yaml:2:5 /keys/0 has file and pem, but a key comes from one of them only'],
  ],
  [
    'the scope openid is not to be defined',
    'scopes:\n  openid: { claims: [a] }\n  email: { claims: [b] }\n',
    ["config.yaml:2:3 /scopes/openid can't be defined; claims without a scope go to everybody"],
  ],
  [
    'claims have no other sub than the user',
    'users:\n  - sub: alice\n    claims: { sub: bob }\n    id_token: { sub: alice }\n    userinfo: { sub: 1 }\n',
    [
      'config.yaml:3:20 /users/0/claims/sub must not differ from the user\'s sub "alice"',
      'config.yaml:5:22 /users/0/userinfo/sub must not differ from the user\'s sub "alice"',
    ],
  ],
  [
    'a duration is at least a second and at most a century',
    'lifetimes:\n  access_token: 0s\n  id_token: 5300w\n  refresh_token: 60\n',
    [
      'config.yaml:2:17 /lifetimes/access_token must be from 1 second to 3155760000 seconds (100 years), but "0s" is 0',
      'config.yaml:3:13 /lifetimes/id_token must be from 1 second to 3155760000 seconds (100 years), but "5300w" is 3205440000',
    ],
  ],
  [
    'nothing is said twice about what the schema refuses',
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
      'config.yaml:1:9 /users/0 must be an object, but is the number 5',
      'config.yaml:1:19 /users/1/sub must be a text, but is the number 3',
      'config.yaml:1:62 /users/2/claims must be an object, but is the number 1',
      'config.yaml:2:11 /clients/0 must be an object, but is the number 5',
      'config.yaml:2:27 /clients/1/client_id must be a text, but is the number 1',
      'config.yaml:2:45 /clients/1/redirect_uris must be a list, but is the number 5',
      'config.yaml:2:63 /clients/1/client_secret must be a text, but is a number (not shown)',
      'config.yaml:2:118 /clients/2/redirect_uris/0 must be a text, but is the number 5',
      'config.yaml:3:8 /keys/0 must be an object, but is the number 5',
      'config.yaml:3:18 /keys/1/alg must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, but is 7',
      'config.yaml:3:30 /keys/2/pem must be a text, but is a number (not shown)',
      'config.yaml:4:9 /scopes must be an object, but is the number 5',
      'config.yaml:5:12 /lifetimes must be an object, but is the number 5',
      'config.yaml:6:22 /outbound/timeout must be seconds (1 or more) or a duration such as 15m, 1h, 30d; a list is neither',
      'config.yaml:7:25 /key_rotation/period must be seconds (1 or more) or a duration such as 15m, 1h, 30d; an object is neither',
      'config.yaml:8:14 /acr_values/0 must be a text, but is the number 5',
      'config.yaml:9:19 /encryption_keys/0 must be an object, but is the number 5',
    ],
  ],
  [
    'lists that are no lists are not looked into',
    'users: 1\nclients: 2\nkeys: 3\nencryption_keys: 4\n',
    [
      'config.yaml:1:8 /users must be a list, but is the number 1',
      'config.yaml:2:10 /clients must be a list, but is the number 2',
      'config.yaml:3:7 /keys must be a list, but is the number 3',
      'config.yaml:4:18 /encryption_keys must be a list, but is the number 4',
    ],
  ],
]

for (const [rule, text, problems] of BAD) {
  t.test(rule, async (t) => t.strictSame(await problemsOf(t, text), problems))
}

const GOOD: [string, string][] = [
  ['a public client may have a secret', `clients: [{ ${PUBLIC}, client_secret: s }]`],
  [
    'a client may use the scopes that are defined',
    `scopes: { groups: {} }\nclients: [{ ${PUBLIC}, scope: openid groups }]`,
  ],
  ['a standard scope may get more claims', 'scopes: { email: { claims: [mail] } }'],
  [
    'a wildcard for this client',
    `clients: [{ ${PUBLIC.replace('localhost', 'pr-*.a:*')}, wildcard_redirect_uris: true }]`,
  ],
  ['a wildcard for all', `wildcard_redirect_uris: true\nclients: [{ ${PUBLIC.replace('localhost', 'pr-*.a')} }]`],
  [
    'an algorithm with a key',
    `clients: [{ ${PUBLIC}, id_token_signed_response_alg: ES256 }]\nkeys: [{}, { alg: ES256 }]`,
  ],
]

for (const [rule, text] of GOOD) t.test(rule, async (t) => void (await load(t, text)))
