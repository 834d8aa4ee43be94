/** What a validator finds, in words for people. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { explain } from '../../src/config/explain.js'
import { problemsOf } from './loading.js'

const CASES: [string, string, string[]][] = [
  [
    'an unknown key, with what may have been meant',
    'clients:\n  - clientId: a\n    client_id: a\n    redirect_url: b\n    redirect_uris: ["http://a"]\n    client_secret: s\n',
    [
      'config.yaml:2:5 /clients/0/clientId is not a known key; did you mean client_id?',
      'config.yaml:4:5 /clients/0/redirect_url is not a known key; did you mean redirect_uris?',
    ],
  ],
  [
    'a key at the wrong depth',
    'port: 9400\naccess_token: 1h\n',
    [
      'config.yaml:1:1 /port is not a known key; did you mean server.port?',
      'config.yaml:2:1 /access_token is not a known key; did you mean lifetimes.access_token?',
    ],
  ],
  [
    'a claim beside the sub',
    'users:\n  - sub: alice\n    email: a@example.com\n',
    ['config.yaml:3:5 /users/0/email is not a known key; a claim goes under claims'],
  ],
  ['a key like nothing else', 'x: 1\n', ['config.yaml:1:1 /x is not a known key']],
  [
    'a key like nothing else, where only a few are known',
    'sessions: { sso: true }\n',
    ['config.yaml:1:13 /sessions/sso is not a known key; known here: single_sign_on'],
  ],
  [
    'a part of a name',
    'rules: { nonce: true }\n',
    ['config.yaml:1:10 /rules/nonce is not a known key; did you mean nonce_in_front_channel?'],
  ],
  [
    'what is no URL',
    'users: [{ sub: a, claim_sources: { bank: { claims: {}, endpoint: /claims } } }]\n',
    ['config.yaml:1:66 /users/0/claim_sources/bank/endpoint must be an absolute URL, but is "/claims"'],
  ],
  [
    'missing keys',
    'users:\n  - claims: {}\nclients:\n  - client_secret: s\n',
    [
      'config.yaml:2:5 /users/0 lacks the required key sub',
      'config.yaml:4:5 /clients/0 lacks the required key client_id',
      'config.yaml:4:5 /clients/0/redirect_uris is empty, expected at least one absolute URI',
    ],
  ],
  [
    'wrong types',
    'require_nonce: yes\nrequire_pkce: 1\nusers: {}\nserver:\nissuer: [1]\nwildcard_redirect_uris: "true"\nlog: true\n',
    [
      'config.yaml:1:16 /require_nonce must be a boolean, but is the text "yes"',
      'config.yaml:2:15 /require_pkce must be a boolean, but is the number 1',
      'config.yaml:3:8 /users must be a list, but is an object',
      'config.yaml:4:8 /server must be an object, but is empty',
      'config.yaml:5:9 /issuer must be a text, but is a list',
      'config.yaml:6:25 /wildcard_redirect_uris must be a boolean, but is the text "true"',
      'config.yaml:7:6 /log must be an object, but is the boolean true',
    ],
  ],
  [
    'one of a few',
    'log: { level: warning, format: 5 }\n',
    [
      'config.yaml:1:15 /log/level must be one of trace, debug, info, warn, error, fatal, silent, but is "warning"',
      'config.yaml:1:32 /log/format must be one of auto, pretty, json, but is 5',
    ],
  ],
  [
    'almost one of a few',
    'log: { level: wran }\n',
    [
      'config.yaml:1:15 /log/level must be one of trace, debug, info, warn, error, fatal, silent, but is "wran"; did you mean warn?',
    ],
  ],
  [
    'limits',
    `server: { port: 70000, host: "", body_limit: 5 }\nusers:\n  - sub: ""\n  - sub: ${'x'.repeat(256)}\nkeys: []\n`,
    [
      'config.yaml:1:17 /server/port must be at most 65535, but is 70000',
      'config.yaml:1:30 /server/host must not be empty',
      'config.yaml:1:46 /server/body_limit must be at least 1024, but is 5',
      'config.yaml:3:10 /users/0/sub must not be empty',
      `config.yaml:4:10 /users/1/sub must have at most 255 characters, but is "${'x'.repeat(60)}…"`,
      'config.yaml:5:7 /keys must not be empty',
    ],
  ],
  [
    'durations',
    'lifetimes:\n  access_token: 1 hour\n  id_token: 0\n  authorization_code: 1.5\n  refresh_token: true\n',
    [
      'config.yaml:2:17 /lifetimes/access_token must be seconds (1 or more) or a duration such as 15m, 1h, 30d; "1 hour" is neither',
      'config.yaml:3:13 /lifetimes/id_token must be seconds (1 or more) or a duration such as 15m, 1h, 30d; 0 is neither',
      'config.yaml:4:23 /lifetimes/authorization_code must be seconds (1 or more) or a duration such as 15m, 1h, 30d; 1.5 is neither',
      'config.yaml:5:18 /lifetimes/refresh_token must be seconds (1 or more) or a duration such as 15m, 1h, 30d; true is neither',
    ],
  ],
  [
    'an issuer with a query',
    'issuer: http://localhost:9400?x\n',
    [
      'config.yaml:1:9 /issuer must be the issuer identifier: an http or https URL without query and fragment, but is "http://localhost:9400?x"',
    ],
  ],
  [
    'a scope whose name is none',
    'scopes:\n  "a b": { claim: [] }\n',
    [
      'config.yaml:2:3 /scopes/a b must be a scope name: printable ASCII characters other than space, double quote and backslash',
      'config.yaml:2:12 /scopes/a b/claim is not a known key; did you mean claims?',
    ],
  ],
  [
    'names of every object are no known keys',
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

t.test('what the schema does not use yet can be said as well', async (t) => {
  const schema = {
    properties: {
      a: { type: 'string', pattern: '^x$' },
      b: { type: 'string', minLength: 3 },
      c: { type: 'array', minItems: 2 },
      d: { type: 'array', uniqueItems: true },
      e: { type: ['number', 'null'] },
      f: { type: 'string', pattern: '^x$', description: 'Just an x.' },
    },
  }
  const validate = new Ajv2020({ allErrors: true, verbose: true, strict: false }).compile(schema)
  validate({ a: 'y', b: 'y', c: [1], d: [1, 1], e: 'y', f: 'y' })
  t.strictSame(
    validate.errors!.map((error) => explain(error).message),
    [
      'must be a text that fits ^x$, but is "y"',
      'must have at least 3 characters, but is "y"',
      'must have at least 2 entries',
      'must NOT have duplicate items (items ## 0 and 1 are identical)',
      'must be a number or null, but is the text "y"',
      'must be just an x, but is "y"',
    ],
  )
})
