/** Errors of a validator as sentences. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { explain } from '../../src/config/explain.js'
import { problemsOf } from './loading.js'

const CASES: [string, string, string[]][] = [
  [
    'an unknown key is reported with a similar known key',
    'clients:\n  - clientId: a\n    client_id: a\n    redirect_url: b\n    redirect_uris: ["http://a"]\n    client_secret: s\n',
    [
      'config.yaml:2:5 /clients/0/clientId is not a known key; did you mean client_id?',
      'config.yaml:4:5 /clients/0/redirect_url is not a known key; did you mean redirect_uris?',
    ],
  ],
  [
    'a key at the wrong depth is reported with the right path',
    'port: 9400\naccess_token: 1h\n',
    [
      'config.yaml:1:1 /port is not a known key; did you mean server.port?',
      'config.yaml:2:1 /access_token is not a known key; did you mean lifetimes.access_token?',
    ],
  ],
  [
    'a claim beside `sub` is reported with its place',
    'users:\n  - sub: alice\n    email: a@example.com\n',
    ['config.yaml:3:5 /users/0/email is not a known key; put claims under claims'],
  ],
  [
    'keys of users of other tools are reported with the key of this one',
    'users: [{ sub: a, username: a, password: secret }]\n',
    [
      'config.yaml:1:19 /users/0/username is not a known key; write sub',
      'config.yaml:1:32 /users/0/password is not a known key; remove it, since every login is without a password',
    ],
  ],
  [
    'a key of a client beside the clients is reported with its place',
    'client_secret: s\nredirect_uris: []\nscope: a\n',
    [
      'config.yaml:1:1 /client_secret is not a known key; did you mean clients[].client_secret?',
      'config.yaml:2:1 /redirect_uris is not a known key; did you mean clients[].redirect_uris?',
      'config.yaml:3:1 /scope is not a known key; did you mean scopes?',
    ],
  ],
  [
    'a text for true or false is reported with the value to write',
    'require_nonce: off\nrequire_pkce: maybe\n',
    [
      'config.yaml:1:16 /require_nonce is the text "off", expected a boolean; write false',
      'config.yaml:2:15 /require_pkce is the text "maybe", expected a boolean',
    ],
  ],
  [
    'claims of one place that are no object are reported',
    'users: [{ sub: a, access_token: 5 }]\n',
    ['config.yaml:1:33 /users/0/access_token is the number 5, expected an object'],
  ],
  ['an unknown key without a similar one is reported', 'x: 1\n', ['config.yaml:1:1 /x is not a known key']],
  [
    'an unknown key is reported with the known keys if they are few',
    'sessions: { sso: true }\n',
    ['config.yaml:1:13 /sessions/sso is not a known key; known here: single_sign_on'],
  ],
  [
    'a part of a name is reported with the full name',
    'rules: { nonce: true }\n',
    ['config.yaml:1:10 /rules/nonce is not a known key; did you mean nonce_in_front_channel?'],
  ],
  [
    'a relative URL is refused where an absolute one is expected',
    'users: [{ sub: a, claim_sources: { bank: { claims: {}, endpoint: /claims } } }]\n',
    ['config.yaml:1:66 /users/0/claim_sources/bank/endpoint is "/claims", expected an absolute URL'],
  ],
  [
    'missing keys are reported',
    'users:\n  - claims: {}\nclients:\n  - client_secret: s\n',
    [
      'config.yaml:2:5 /users/0 lacks the required key sub',
      'config.yaml:4:5 /clients/0 lacks the required key client_id',
      'config.yaml:4:5 /clients/0/redirect_uris is missing or empty, expected at least one absolute URI',
    ],
  ],
  [
    'values of a wrong type are reported',
    'require_nonce: yes\nrequire_pkce: 1\nusers: {}\nserver:\nissuer: [1]\nwildcard_redirect_uris: "true"\nlog: true\n',
    [
      'config.yaml:1:16 /require_nonce is the text "yes", expected a boolean; write true',
      'config.yaml:2:15 /require_pkce is the number 1, expected a boolean',
      'config.yaml:3:8 /users is an object, expected a list',
      'config.yaml:4:8 /server is empty, expected an object',
      'config.yaml:5:9 /issuer is a list, expected a text',
      'config.yaml:6:25 /wildcard_redirect_uris is the text "true", expected a boolean; write true',
      'config.yaml:7:6 /log is the boolean true, expected an object',
    ],
  ],
  [
    'a value outside an enumeration is reported with the allowed values',
    'log: { level: warning, format: 5 }\n',
    [
      'config.yaml:1:15 /log/level is "warning", expected one of trace, debug, info, warn, error, fatal, silent',
      'config.yaml:1:32 /log/format is 5, expected one of auto, pretty, json',
    ],
  ],
  [
    'a value similar to an allowed value is reported with it',
    'log: { level: wran }\n',
    [
      'config.yaml:1:15 /log/level is "wran", expected one of trace, debug, info, warn, error, fatal, silent; did you mean warn?',
    ],
  ],
  [
    'values beyond a limit are reported',
    `server: { port: 70000, host: "", body_limit: 5 }\nusers:\n  - sub: ""\n  - sub: ${'x'.repeat(256)}\nkeys: []\n`,
    [
      'config.yaml:1:17 /server/port is 70000, expected at most 65535',
      'config.yaml:1:30 /server/host is empty, expected at least 1 character',
      'config.yaml:1:46 /server/body_limit is 5, expected at least 1024',
      'config.yaml:3:10 /users/0/sub is empty, expected at least 1 character',
      `config.yaml:4:10 /users/1/sub is "${'x'.repeat(60)}…", expected at most 255 characters`,
      'config.yaml:5:7 /keys is empty, expected at least 1 entry',
    ],
  ],
  [
    'invalid durations are reported',
    'lifetimes:\n  access_token: 1 hour\n  id_token: 0\n  authorization_code: 1.5\n  refresh_token: true\n',
    [
      'config.yaml:2:17 /lifetimes/access_token is "1 hour", expected seconds (1 or more) or a duration such as 15m, 1h, 30d',
      'config.yaml:3:13 /lifetimes/id_token is 0, expected seconds (1 or more) or a duration such as 15m, 1h, 30d',
      'config.yaml:4:23 /lifetimes/authorization_code is 1.5, expected seconds (1 or more) or a duration such as 15m, 1h, 30d',
      'config.yaml:5:18 /lifetimes/refresh_token is true, expected seconds (1 or more) or a duration such as 15m, 1h, 30d',
    ],
  ],
  [
    'an issuer with a query is refused',
    'issuer: http://localhost:9400?x\n',
    [
      'config.yaml:1:9 /issuer is "http://localhost:9400?x", expected the issuer identifier: an http or https URL without user information, query and fragment',
    ],
  ],
  [
    'an invalid scope name is refused',
    'scopes:\n  "a b": { claim: [] }\n',
    [
      'config.yaml:2:3 /scopes/a b is not a scope name: printable ASCII characters other than space, double quote and backslash',
      'config.yaml:2:12 /scopes/a b/claim is not a known key; did you mean claims?',
    ],
  ],
  [
    'names of members of Object.prototype are unknown keys',
    '__proto__: 1\nconstructor: 2\nserver: { toString: 3 }\n',
    [
      'config.yaml:1:1 /__proto__ is not a known key',
      'config.yaml:2:1 /constructor is not a known key',
      'config.yaml:3:11 /server/toString is not a known key',
    ],
  ],
]

for (const [rule, text, problems] of CASES) {
  t.test(rule, async (t) => t.strictSame(await problemsOf(t, text), problems))
}

t.test('keywords that the schema does not use are described as well', async (t) => {
  const schema = {
    properties: {
      a: { type: 'string', pattern: '^x$' },
      b: { type: 'string', minLength: 3 },
      c: { type: 'array', minItems: 2 },
      d: { type: 'array', uniqueItems: true },
      e: { type: ['number', 'null'] },
      g: { type: 'object', minProperties: 1 },
      h: { type: 'object', maxProperties: 1 },
      i: { type: 'array', maxItems: 1 },
      f: { type: 'string', pattern: '^x$', description: 'Just an x.' },
    },
  }
  const validate = new Ajv2020({ allErrors: true, verbose: true, strict: false }).compile(schema)
  validate({ a: 'y', b: 'y', c: [1], d: [1, 1], e: 'y', g: {}, h: { a: 1, b: 2 }, i: [1, 2], f: 'y' })
  t.strictSame(
    validate.errors!.map((error) => explain(error).message),
    [
      'is "y", expected a text that matches ^x$',
      'is "y", expected at least 3 characters',
      'has 1 entry, expected at least 2 entries',
      'must NOT have duplicate items (items ## 0 and 1 are identical)',
      'is the text "y", expected a number or null',
      'is empty, expected at least 1 member',
      'has 2 members, expected at most 1 member',
      'has 2 entries, expected at most 1 entry',
      'is "y", expected just an x',
    ],
  )
})
