/** YAML documents: anchors, aliases, and documents that are refused. */
import t from 'tap'
import { parseText } from '../../src/config/document.js'
import { load, problemsOf } from './loading.js'

t.test('anchors, aliases and merge keys are expanded', async (t) => {
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
    'each syntax error has its position',
    'a: 1\na: 2\nb: "x\nc: [',
    [
      /^config.yaml:2:1 this key is in line 1, column 1 as well; remove/,
      /^config.yaml:3:4 a text in quotes begins here/,
    ],
  ],
  [
    'at most 20 problems of a file that is not YAML are reported',
    ']\n'.repeat(100),
    Array(20).fill(/is not valid YAML/),
  ],
  [
    'a variable without quotes in a flow mapping is reported with a hint',
    'log: { level: ${LEVEL} }',
    [
      /^config.yaml:1:\d+ a comma is missing before this, or quotes around the text before it; put \${NAME} in quotes inside { } and \[ \]/,
    ],
  ],
  ['a second document is refused', 'a: 1\n---\nb: 2', [/^config.yaml:2:1 a second document begins here/]],
  ['a key that is not a text is refused', '[a]: 1', [/^config.yaml:1:1 this key is not a text/]],
  [
    'a tag is refused',
    'issuer: !env X',
    [/^config.yaml:1:9 this tag is not known; put a text that begins with ! in quotes/],
  ],
  [
    'a number that JSON does not have is refused',
    'users: [{ sub: a, claims: { n: .nan } }]',
    [/\/claims\/n is .nan, expected a number that JSON has/],
  ],
  [
    'an alias without an anchor is refused',
    'users: *nobody',
    [/^config.yaml:1:8 \/users is an alias without an anchor, expected & with the same name before it/],
  ],
  [
    'an alias before its anchor is refused',
    'log: *a\nserver: &a {}',
    [/^config.yaml:1:6 \/log is an alias without an anchor/],
  ],
  [
    'an alias inside its own value is refused',
    'users: &a\n  - *a',
    [/^config.yaml:2:5 \/users\/0 is an alias inside the value/],
  ],
  [
    'a merge of a value that is not a mapping is refused',
    'server: { <<: 5 }',
    [/^config.yaml:1:1 has a << whose value is not a mapping/],
  ],
  [
    'unfinished nesting is refused before it is composed',
    '['.repeat(100_000),
    [/^config.yaml:1:\d+ the document is nested too deeply from here on/],
  ],
  [
    'a document with more than 100 levels is refused',
    `users: [{ sub: a, claims: ${'{ a: '.repeat(200)}${'}'.repeat(200)} }]`,
    [/^config.yaml:1:\d+ \/users\/0\/claims(\/a)+ is nested too deeply, expected at most 100 levels/],
  ],
  [
    'aliases that expand to more than 1000 values are refused',
    `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefgh']
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`)}]\n`)
      .join('')}`,
    [/^config.yaml:1:1 has aliases that expand to too many values, expected at most 1000/],
  ],
  [
    'a problem in the value of an alias is at the position of the value',
    `${STAFF}  - { <<: *a, sub: b }\n  - *a\n`,
    [
      /^config.yaml:2:15 \/users\/2\/sub is "a", expected a value that no earlier entry/,
      /^config.yaml:2:26 \/users\/0\/claims is the number 1, expected an object/,
      /^config.yaml:2:26 \/users\/1\/claims is the number 1, expected an object/,
      /^config.yaml:2:26 \/users\/2\/claims is the number 1, expected an object/,
    ],
  ],
  [
    'a problem in a merged mapping is at the position of the mapping',
    'users:\n  - <<: [{ x: 1 }, &a { sub: 5 }]\n  - <<: { y: 1 }\n    sub: z\n',
    [
      /^config.yaml:2:12 \/users\/0\/x is not a known key/,
      /^config.yaml:2:30 \/users\/0\/sub is the number 5, expected a text/,
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

t.test('a claim can have the name of a member of Object.prototype', async (t) => {
  const text = '{ "users": [{ "sub": "a", "claims": { "__proto__": { "bad": 1 }, "constructor": 2, "toString": 3 } }] }'
  for (const overrides of [[], [{ source: 'x', path: [], value: JSON.parse(text) }]]) {
    const { config } = await load(t, text, { overrides })
    const claims = config.users[0]!.claims
    t.strictSame(Object.keys(claims), ['__proto__', 'constructor', 'toString'])
    t.equal(Object.getPrototypeOf(claims), Object.prototype)
    t.equal(claims.bad, undefined)
  }
})

t.test('requests have their turn while a large file is parsed', async (t) => {
  const turnsFor = async (users: number) => {
    let [turns, done] = [0, false]
    const count = () => {
      turns += 1
      if (!done) setImmediate(count)
    }
    setImmediate(count)
    await parseText('config.yaml', `users:\n${'- sub: alice\n'.repeat(users)}`)
    done = true
    return turns
  }
  t.ok((await turnsFor(10_000)) > (await turnsFor(10)))
})
