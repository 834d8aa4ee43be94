/** Warnings of a valid configuration. */
import t, { type Test } from 'tap'
import { formatProblem } from '../../src/config/errors.js'
import type { Sources } from '../../src/config/load.js'
import { load } from './loading.js'

/** Returns the warnings of a configuration as lines, in which file names have no folder. */
async function warningsOf(t: Test, text: string, sources: Partial<Sources> = {}): Promise<string[]> {
  const { warnings } = await load(t, text, sources)
  return warnings.map((warning) => formatProblem({ ...warning, file: warning.file.replace(/^.*\//, '') }))
}

/** The value of a claim in the file, and its warning. */
const CLAIMS: [claim: string, warning: string][] = [
  ['phone_number: +14255551234', 'is the number +14255551234, expected a text; write "+14255551234"'],
  ['birthdate: 1990', 'is the number 1990, expected a text; write "1990"'],
  ['name: 007', 'is the number 007, expected a text; write "007"'],
  ['nickname: True', 'is the boolean True, expected a text; write "True"'],
  ['preferred_username: 1e3', 'is the number 1e3, expected a text; write "1e3"'],
  ['name#ja-Kana-JP: 5', 'is the number 5, expected a text; write "5"'],
  ['zoneinfo: [Europe/Berlin]', 'is a list, expected a text'],
  ['email_verified: yes', 'is the text "yes", expected true or false; write true'],
  ['email_verified: "true"', 'is the text "true", expected true or false; write true'],
  ['phone_number_verified: Off', 'is the text "Off", expected true or false; write false'],
  ['phone_number_verified: 0', 'is the number 0, expected true or false; write false'],
  ['phone_number_verified: perhaps', 'is the text "perhaps", expected true or false'],
  ['updated_at: 2024-01-01', 'is the text "2024-01-01", expected seconds since 1970 as a number; write 1704067200'],
  [
    'updated_at: 2024-01-01T00:00:01Z',
    'is the text "2024-01-01T00:00:01Z", expected seconds since 1970 as a number; write 1704067201',
  ],
  ['updated_at: "1704067200"', 'is the text "1704067200", expected seconds since 1970 as a number; write 1704067200'],
  ['updated_at: yesterday', 'is the text "yesterday", expected seconds since 1970 as a number'],
  [
    'address: 1 Main St',
    'is the text "1 Main St", expected an object with members such as street_address; write { formatted: "1 Main St" }',
  ],
]
for (const [claim, warning] of CLAIMS) {
  t.test(`OpenID Connect Core §5.1: ${claim} is a warning`, async (t) => {
    const name = claim.replace(/:.*/, '')
    t.strictSame(await warningsOf(t, `users:\n  - sub: alice\n    claims:\n      ${claim}\n`), [
      `config.yaml:4:${name.length + 9} /users/0/claims/${name} ${warning}`,
    ])
  })
}

t.test('each place of claims is checked', async (t) => {
  const text = `users:
  - sub: alice
    id_token: { email: 1 }
    userinfo: { email: 2 }
    access_token: { email: 3 }
    claim_sources:
      bank: { claims: { email: 4, address: { postal_code: 01234, custom: 5 } } }
`
  t.strictSame(
    (await warningsOf(t, text)).map((line) => line.replace(/, expected.*/, '')),
    [
      'config.yaml:3:24 /users/0/id_token/email is the number 1',
      'config.yaml:4:24 /users/0/userinfo/email is the number 2',
      'config.yaml:5:28 /users/0/access_token/email is the number 3',
      'config.yaml:7:32 /users/0/claim_sources/bank/claims/email is the number 4',
      'config.yaml:7:59 /users/0/claim_sources/bank/claims/address/postal_code is the number 01234',
    ],
  )
})

t.test('a number that has another form in tokens is a warning', async (t) => {
  const text = `users:
  - sub: a
    claims: { id: 00123, plus: +5, hex: 0x1F, octal: 0o17, version: 1.10, commit: 1234e5, fine: [1, 1.5, -3, "007"] }
    access_token: { nested: [{ id: 007 }] }
    claim_sources: { bank: { claims: { id: 08 } } }
server:
  port: 0x24B8
`
  const message = (written: string) =>
    `is the number ${written}, which tokens have in another form; to keep it, write "${written}"`
  t.strictSame(await warningsOf(t, text), [
    `config.yaml:3:19 /users/0/claims/id ${message('00123')}`,
    `config.yaml:3:32 /users/0/claims/plus ${message('+5')}`,
    `config.yaml:3:41 /users/0/claims/hex ${message('0x1F')}`,
    `config.yaml:3:54 /users/0/claims/octal ${message('0o17')}`,
    `config.yaml:3:69 /users/0/claims/version ${message('1.10')}`,
    `config.yaml:3:83 /users/0/claims/commit ${message('1234e5')}`,
    `config.yaml:4:36 /users/0/access_token/nested/0/id ${message('007')}`,
    `config.yaml:5:44 /users/0/claim_sources/bank/claims/id ${message('08')}`,
  ])
  t.strictSame(await warningsOf(t, '- sub: a\n  id: 007\n  name: 007'), [
    `config.yaml:2:7 /0/id ${message('007')}`,
    'config.yaml:3:9 /0/name is the number 007, expected a text; write "007"',
  ])
})

t.test('values of the right type, null and other claims have no warning', async (t) => {
  const text = `users:
  - sub: alice
    claims: { email: "1", email_verified: true, updated_at: 5.5, address: { locality: Bonn }, name: null, plan: 3 }
`
  t.strictSame(await warningsOf(t, text), [])
})

t.test('a warning of a flat list, of a flag and of an option has its place', async (t) => {
  const override = { source: '--user-claims', path: ['users'], append: true, value: { sub: 'b', claims: { name: 1 } } }
  t.strictSame(await warningsOf(t, '- sub: a\n  name: 1', { overrides: [override] }), [
    'config.yaml:2:9 /0/name is the number 1, expected a text; write "1"',
    '--user-claims /users/1/claims/name is the number 1, expected a text; write "1"',
  ])
})

t.test('at most 100 warnings are listed', async (t) => {
  const users = Array.from({ length: 102 }, (_, index) => `  - { sub: u${index}, claims: { name: 1 } }\n`)
  const found = await warningsOf(t, `users:\n${users.join('')}`)
  t.equal(found.length, 101)
  t.equal(found[100], 'config.yaml has 2 more warnings, which are not listed')
})

t.test(
  'a claim for every place that the provider sets in ID tokens is a warning, in a list of users as well',
  async (t) => {
    const list = `- sub: alice
  aud: api
  exp: 5
  acr: gold
  name: Alice
`
    const only = 'but only userinfo has this value, because the provider sets'
    t.strictSame(await warningsOf(t, list), [
      `config.yaml:2:8 /0/aud is "api", ${only} aud of ID tokens; for another audience, write aud under id_token or access_token`,
      `config.yaml:3:8 /0/exp is 5, ${only} exp of ID tokens; to change it there, set lifetimes.id_token, use the fault id_token.expired, or mint the token by POST /admin/tokens with claims`,
    ])
    t.strictSame(
      await warningsOf(t, 'users: [{ sub: alice, claims: { sub: alice, nbf: 5 }, userinfo: { exp: 5 } }]'),
      [],
    )
  },
)

t.test('a name that no listed user or client has is a warning with a suggestion', async (t) => {
  const text = [
    'auto_login: alicia',
    'users: [{ sub: alice, faults: [{ fault: id_token.expired, match: { client_id: apq } }] }, { sub: bob }]',
    'clients: [{ client_id: app, redirect_uris: ["http://a/cb"], client_secret: s, auto_login: bobby, faults: [{ fault: id_token.expired, match: { sub: nobody } }] }]',
    'faults: [{ fault: http.status, status: 503, match: { sub: [alice, bop], client_id: app } }]',
    '',
  ].join('\n')
  t.strictSame(await warningsOf(t, text), [
    'config.yaml:1:13 /auto_login is "alicia", which is no sub of users; did you mean "alice"?',
    'config.yaml:2:79 /users/0/faults/0/match/client_id is "apq", which is no client_id of clients; did you mean "app"?',
    'config.yaml:3:91 /clients/0/auto_login is "bobby", which is no sub of users; did you mean "bob"?',
    'config.yaml:4:67 /faults/0/match/sub/1 is "bop", which is no sub of users; did you mean "bob"?',
  ])
  t.strictSame(
    await warningsOf(t, 'auto_login: alicia\nfaults: [{ fault: id_token.expired, match: { sub: x, client_id: y } }]\n'),
    [],
  )
  t.strictSame(await warningsOf(t, `users_only: true\n${text.replace('auto_login: alicia', 'auto_login: alice')}`), [
    'config.yaml:3:79 /users/0/faults/0/match/client_id is "apq", which is no client_id of clients; did you mean "app"?',
    'config.yaml:4:91 /clients/0/auto_login is "bobby", which is no sub of users; did you mean "bob"?',
    'config.yaml:4:148 /clients/0/faults/0/match/sub is "nobody", which is no sub of users',
    'config.yaml:5:67 /faults/0/match/sub/1 is "bop", which is no sub of users; did you mean "bob"?',
  ])
  const users =
    'users: [{ sub: alice@example.com }, { sub: u2, claims: { email: Bob@example.com, preferred_username: bob } }]\n'
  t.strictSame(await warningsOf(t, `auto_login: bob@example.com\n${users}`), [], 'a login finds the user by email')
  const match = 'faults: [{ fault: id_token.expired, match: { sub: bob@example.com } }]\n'
  t.strictSame(await warningsOf(t, users + match), [
    'config.yaml:2:51 /faults/0/match/sub is "bob@example.com", which is no sub of users; did you mean "u2"?',
  ])
  const many = Array.from({ length: 1001 }, (_, index) => `- sub: user-${index}`).join('\n')
  t.strictSame(await warningsOf(t, `auto_login: user\nusers:\n${many}\n`), [
    'config.yaml:1:13 /auto_login is "user", which is no sub of users',
  ])
})
