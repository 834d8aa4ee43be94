/** Syntax errors of YAML and JSON: one message for each mistake, in plain words, with a caret below the place. */
import t from 'tap'
import { problemsOf } from './loading.js'

const CASES: [rule: string, text: string, problems: string[]][] = [
  [
    'a key that is not aligned',
    'server:\n  port: 1\n host: x\n',
    [
      'config.yaml:3:2 this line begins with 1 space, expected 2 or 0 as the lines above it; align it\n   host: x\n   ^',
    ],
  ],
  [
    'a key of a list item that is not aligned',
    'users:\n  - sub: alice\n   claims: {}\n',
    [
      'config.yaml:3:4 this line begins with 3 spaces, expected 4 or 0 as the lines above it; align it\n     claims: {}\n     ^',
    ],
  ],
  [
    'a key that is deeper than the value above it, after a comment',
    'users:\n  - sub: alice\n\n# note\n      name: x\n',
    [
      'config.yaml:5:7 this line begins with 6 spaces, expected 4 or 0 as the lines above it; align it\n        name: x\n        ^',
    ],
  ],
  [
    'an item that is not aligned',
    'users:\n  - sub: alice\n - sub: bob\n',
    ['config.yaml:3:2 this line begins with 1 space, expected 2 as the lines above it; align it\n   - sub: bob\n   ^'],
  ],
  [
    'an item without a list above it',
    'log:\n  level: info\n  - x\n',
    ['config.yaml:3:3 this line begins with 2 spaces, which does not fit the lines above it; align it'],
  ],
  [
    'tabs are one problem',
    'server:\n\tport: 1\n\thost: x\n',
    [
      'config.yaml:2:1 a tab is before this text, expected spaces; replace the tabs at the beginning of lines by spaces\n  \tport: 1\n  ^',
    ],
  ],
  [
    'a colon in a text without quotes',
    'users:\n  - sub: alice\n    description: see: this\n    display_name: "x"\n',
    [
      'config.yaml:3:18 a text with a colon and a space needs quotes; put the text in quotes\n      description: see: this\n                   ^',
    ],
  ],
  [
    'a double quote without its end is one problem, at its beginning',
    'users:\n  - sub: "alice\n    display_name: A\n  - sub: bob\n    claims: { a: "b" }\n',
    [
      'config.yaml:2:10 a text in quotes begins here and does not end; write " after it\n    - sub: "alice\n           ^',
    ],
  ],
  [
    'a single quote without its end',
    "users:\n  - sub: 'alice\n    display_name: A\n",
    [
      "config.yaml:2:10 a text in quotes begins here and does not end; write ' after it\n    - sub: 'alice\n           ^",
    ],
  ],
  [
    'a key that occurs twice has both places',
    'users:\n  - claims:\n      a: 1\n      b: 2\n      a: 3\nlog: {}\n',
    ['config.yaml:5:7 this key is in line 3, column 7 as well; remove one of them\n        a: 3\n        ^'],
  ],
  ['a key without a colon', 'users: []\nlog\n', ['config.yaml:2:1 a colon is missing after this key']],
  [
    'a bracket without its end',
    'users: [ { sub: a }\nlog: {}\n',
    ['config.yaml:2:1 a [ before this has no ]; write ] where it ends\n  log: {}\n  ^'],
  ],
  [
    'a brace without its end, at the end of the file',
    '{ "users": []\n',
    ['config.yaml:2:1 a { before this has no }; write } where it ends'],
  ],
  [
    'a comma that is missing in JSON is one problem',
    '{\n  "users": [\n    { "sub": "a" }\n    { "sub": "b" }\n  ]\n}\n',
    ['config.yaml:4:5 a comma or a colon is missing before this\n      { "sub": "b" }\n      ^'],
  ],
  [
    'a comment of another language',
    '{\n  // users\n  "users": []\n}\n',
    ['config.yaml:2:3 begins like a comment, expected a key; a comment begins with #'],
  ],
  [
    'a sign that begins no text without quotes',
    'users:\n  - sub: @alice\n',
    ['config.yaml:2:10 a text cannot begin with this sign; put the text in quotes\n    - sub: @alice\n           ^'],
  ],
  [
    'a key without a space after its colon',
    'users:\n  - sub:alice\n',
    ['config.yaml:2:5 /users/0 is a text of 9 characters (not shown), expected an object; put a space after the colon'],
  ],
  [
    'a line that can have a secret is not shown',
    'clients:\n  - client_secret:\n      "abc\n',
    ['config.yaml:3:7 a text in quotes begins here and does not end; write " after it'],
  ],
  [
    'a text with a colon within { } is reported',
    'users:\n  - sub: a\n    claims: { title: b: c }\n',
    [
      'config.yaml:3:22 a text with a colon and a space needs quotes; put the text in quotes\n      claims: { title: b: c }\n                       ^',
    ],
  ],
  [
    'a missing comma between the members of an object is reported',
    '{ "users": []\n  "clients": [] }\n',
    ['config.yaml:2:3 a comma is missing before this\n    "clients": [] }\n    ^'],
  ],
  [
    'a missing comma after a text is reported',
    'users: [{ "sub": "a" "claims": {} }]\n',
    [
      'config.yaml:1:22 a comma is missing before this, or quotes around the text before it\n  users: [{ "sub": "a" "claims": {} }]\n                       ^',
    ],
  ],
  [
    'a long line is shown up to its mistake',
    `users: [{ sub: "a" "b" }] # ${'x '.repeat(100)}\n`,
    [
      `config.yaml:1:20 a comma is missing before this, or quotes around the text before it\n  ${`users: [{ sub: "a" "b" }] # ${'x '.repeat(100)}`.slice(0, 100)}\n${' '.repeat(21)}^`,
    ],
  ],
  [
    'a mistake far to the right is not shown',
    `users: [{ sub: "a", claims: { a: [${'1, '.repeat(40)}"b" "c"] } }]\n`,
    ['config.yaml:1:159 a comma or a colon is missing before this'],
  ],
]
for (const [rule, text, problems] of CASES) {
  t.test(rule, async (t) => t.strictSame(await problemsOf(t, text), problems))
}

const FOREIGN: [string, string][] = [
  ['a realm export of Keycloak', '{"id":"x","realm":"demo","enabled":true,"clients":[],"loginTheme":"a"}'],
  ['a configuration of dex', 'issuer: http://a\nstorage: { type: memory }\nstaticClients: []\n'],
  ['a list of users of oidc-server-mock by Soluto', '[{"SubjectId":"1","Username":"x"}]'],
  ['a configuration of mock-oauth2-server by navikt', '{"interactiveLogin":true,"httpServer":"NettyWrapper"}'],
]
for (const [name, text] of FOREIGN) {
  t.test(`${name} is recognized`, async (t) => {
    t.strictSame(await problemsOf(t, text), [
      `config.yaml:1:1 looks like ${name}, expected a configuration such as \`users: [{ sub: alice }]\`, or a list of users such as \`- sub: alice\`; write its users and clients with the keys of docs/configuration.md`,
    ])
  })
}
