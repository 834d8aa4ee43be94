/** What YAML can do, and what it must not do here. */
import t from 'tap'
import { load, problemsOf } from './loading.js'

t.test('anchors, aliases and merge keys', async (t) => {
  const { config } = await load(
    t,
    `
users:
  - sub: alice
    claims: &staff { roles: [a], org: { name: x } }
  - sub: bob
    claims: { <<: *staff, name: Bob }
  - sub: carol
    claims:
      roles: [b]
      <<: [{ team: 1 }, *staff]
  - { sub: dave, claims: *staff }
`,
  )
  const staff = { roles: ['a'], org: { name: 'x' } }
  t.strictSame(
    config.users.map(({ claims }) => claims),
    [staff, { ...staff, name: 'Bob' }, { team: 1, ...staff, roles: ['b'] }, staff],
  )
})

const STAFF = 'users:\n  - &a { sub: a, claims: 1 }\n'

const BAD: [string, string, RegExp[]][] = [
  [
    'every error of syntax has its place',
    'a: 1\na: 2\nb: "x\nc: [',
    [/^config.yaml:2:1 this key stands in the same mapping twice/, /^config.yaml:\d:\d+ is not valid YAML: /],
  ],
  ['a file that is no YAML does not fill the screen', ']\n'.repeat(100), Array(20).fill(/is not valid YAML/)],
  [
    'a variable where YAML takes its braces for its own',
    'log: { level: ${LEVEL} }',
    [/^config.yaml:1:\d+ is not valid YAML: .*; inside of { } and \[ \] a \${NAME} needs quotes/],
  ],
  ['one document', 'a: 1\n---\nb: 2', [/^config.yaml:2:1 a second document begins here/]],
  ['a key that is no text', '[a]: 1', [/^config.yaml:1:1 a key must be a text/]],
  ['a tag', 'issuer: !env X', [/^config.yaml:1:9 is not valid YAML: Unresolved tag: !env/]],
  ['a number that is none', 'users: [{ sub: a, claims: { n: .nan } }]', [/\/claims\/n is a number that JSON does not/]],
  ['an alias of nothing', 'users: *nobody', [/^config.yaml:1:8 \/users the alias \*nobody has no anchor &nobody/]],
  ['an alias before its anchor', 'log: *a\nserver: &a {}', [/^config.yaml:1:6 \/log the alias \*a has no anchor/]],
  ['an alias in itself', 'users: &a\n  - *a', [/^config.yaml:2:5 \/users\/0 the alias \*a stands inside/]],
  ['a merge of nothing', 'server: { <<: 5 }', [/^config.yaml:1:1 has a << that names no mapping/]],
  [
    'a document of brackets',
    '['.repeat(100_000),
    [/^config.yaml:1:\d+ the document is nested too deeply from here on/],
  ],
  [
    'a deep document',
    `users: [{ sub: a, claims: ${'{ a: '.repeat(200)}${'}'.repeat(200)} }]`,
    [/^config.yaml:1:\d+ \/users\/0\/claims(\/a)+ is nested more than 100 deep/],
  ],
  [
    'a bomb of aliases',
    `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefgh']
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`)}]\n`)
      .join('')}`,
    [/^config.yaml:1:1 unfolds to too much: its aliases stand for more than 1000 values/],
  ],
  [
    'a problem behind an alias is where it was written',
    `${STAFF}  - { <<: *a, sub: b }\n  - *a\n`,
    [
      /^config.yaml:2:15 \/users\/2\/sub must be unique/,
      /^config.yaml:2:26 \/users\/0\/claims must be an object/,
      /^config.yaml:2:26 \/users\/1\/claims must be an object/,
      /^config.yaml:2:26 \/users\/2\/claims must be an object/,
    ],
  ],
  [
    'a problem behind a merge of several',
    'users:\n  - <<: [{ x: 1 }, &a { sub: 5 }]\n  - <<: { y: 1 }\n    sub: z\n',
    [
      /^config.yaml:2:12 \/users\/0\/x is not a known key/,
      /^config.yaml:2:30 \/users\/0\/sub must be a text/,
      /^config.yaml:3:11 \/users\/1\/y is not a known key/,
    ],
  ],
]

for (const [rule, text, problems] of BAD) {
  t.test(rule, async (t) => {
    const found = await problemsOf(t, text)
    t.match(found, problems)
    t.equal(found.length, problems.length)
  })
}

t.test('a claim may be named like a part of the language, and does no harm', async (t) => {
  const text = '{ "users": [{ "sub": "a", "claims": { "__proto__": { "bad": 1 }, "constructor": 2, "toString": 3 } }] }'
  for (const overrides of [[], [{ source: 'x', path: [], value: JSON.parse(text) }]]) {
    const { config } = await load(t, text, { overrides })
    const claims = config.users[0]!.claims
    t.strictSame(Object.keys(claims), ['__proto__', 'constructor', 'toString'])
    t.equal(Object.getPrototypeOf(claims), Object.prototype)
    t.equal(claims.bad, undefined)
  }
})
