/** Variables in the values of a configuration. */
import t from 'tap'
import { load, problemsOf } from './loading.js'

const ENV = {
  PORT: '9401',
  EMPTY: '',
  YES: 'true',
  NOTHING: 'null',
  HALF: '0.5',
  HEX: '0x10',
  TEXT: 'a: [b',
  D: '${PORT}',
}

const CASES: [string, unknown][] = [
  ['${PORT}', 9401],
  ['"${PORT}"', '9401'],
  ["'${PORT}'", '9401'],
  ['!!str ${PORT}', '9401'],
  ['1${PORT}', 19401],
  ['${YES}', true],
  ['${NOTHING}', null],
  ['${HALF}', 0.5],
  ['${HEX}', 16],
  ['${EMPTY}', null],
  ['"${EMPTY}"', ''],
  ['${UNSET:-5}', 5],
  ['${EMPTY:-5}', 5],
  ['${PORT:-5}', 9401],
  ['"${UNSET:-}"', ''],
  ['${UNSET:-http://a/b?c=d}', 'http://a/b?c=d'],
  ['${TEXT}', 'a: [b'],
  ['"${TEXT}"', 'a: [b'],
  ['${D}', '${PORT}'],
  ['$${PORT}', '${PORT}'],
  ['$$${PORT} $$ $PORT', '$${PORT} $$ $PORT'],
  ['"${PORT}-${YES}"', '9401-true'],
  ['|\n        ${PORT}', '9401\n'],
]

for (const [written, value] of CASES) {
  t.test(`${written} is ${JSON.stringify(value)}`, async (t) => {
    const text = `users:\n  - sub: a\n    claims:\n      x: ${written}\n      "\${PORT}": key\n`
    const { users } = await load(t, text, { env: ENV })
    t.strictSame(users.get('a')?.claims, { x: value, '${PORT}': 'key' }, 'and keys are left alone')
  })
}

t.test('a variable can hold a number', async (t) => {
  t.equal((await load(t, 'server:\n  port: ${PORT:-9400}')).config.server.port, 9400)
  t.equal((await load(t, 'server:\n  port: ${PORT:-9400}', { env: ENV })).config.server.port, 9401)
})

t.test('a variable stays a text where the schema or OpenID Connect Core §5.1 wants one', async (t) => {
  const text = `
issuer: http://localhost:\${PORT}
pairwise_salt: \${DIGITS}
clients:
  - client_id: \${DIGITS}
    client_secret: \${EXPONENT}
    redirect_uris: ["http://localhost/\${DIGITS}"]
    default_max_age: \${PORT}
users:
  - sub: \${YES}
    display_name: \${NOTHING}
    claims:
      phone_number: \${PHONE}
      email_verified: \${YES}
      updated_at: \${PORT}
      address: { postal_code: "\${ZIP}", other: 1 }
      custom: \${DIGITS}
    id_token:
      birthdate: \${ZIP}
    claim_sources:
      bank: { claims: { zoneinfo: "\${ZIP}" } }
lifetimes:
  access_token: \${PORT}
faults:
  - fault: id_token.expired
    match:
      client_id: \${DIGITS}
      sub:
        - \${EXPONENT}
`
  const env = { ...ENV, DIGITS: '12345678', EXPONENT: '1e5', PHONE: '+14255551234', ZIP: '01234' }
  const { config, warnings } = await load(t, text, { env })
  t.match(config, {
    issuer: 'http://localhost:9401',
    pairwise_salt: '12345678',
    clients: [{ client_id: '12345678', client_secret: '1e5', default_max_age: 9401 }],
    lifetimes: { access_token: 9401 },
    faults: [{ match: { client_id: '12345678', sub: ['1e5'] } }],
  })
  t.match(config.users, [
    {
      sub: 'true',
      display_name: 'null',
      claims: {
        phone_number: '+14255551234',
        email_verified: true,
        updated_at: 9401,
        address: { postal_code: '01234', other: 1 },
        custom: 12345678,
      },
      id_token: { birthdate: '01234' },
      claim_sources: { bank: { claims: { zoneinfo: '01234' } } },
    },
  ])
  t.strictSame(warnings, [])
})

t.test('a problem of a number shows the text of the variable', async (t) => {
  t.strictSame(await problemsOf(t, 'server:\n  port: ${P}\nrequire_nonce: ${N}', { env: { P: '0x10000', N: '007' } }), [
    'config.yaml:2:9 /server/port is 0x10000, expected at most 65535',
    'config.yaml:3:16 /require_nonce is the number 007, expected a boolean',
  ])
})

t.test('a variable in an anchored value is substituted once', async (t) => {
  const { users } = await load(t, 'users:\n  - sub: &x ${D}\n    claims: { x: *x }', { env: ENV })
  t.strictSame(
    [...users.entries()].map(([sub, { claims }]) => [sub, claims]),
    [['${PORT}', { x: '${PORT}' }]],
  )
})

t.test('a flat list is taken literally', async (t) => {
  t.strictSame([...(await load(t, '- sub: ${PORT}', { env: ENV })).users.keys()], ['${PORT}'])
})

t.test('a problem with a variable has its line', async (t) => {
  const text = 'issuer: ${ISSUER}\nlog:\n  level: ${LEVEL}/${OTHER}\nusers:\n  - sub: ${a b}\n  - sub: ${toString}\n'
  t.strictSame(await problemsOf(t, text), [
    'config.yaml:1:9 /issuer needs the environment variable ISSUER, which is not set; set it, or write ${ISSUER:-default}',
    'config.yaml:3:10 /log/level needs the environment variable LEVEL, which is not set; set it, or write ${LEVEL:-default}',
    'config.yaml:3:10 /log/level needs the environment variable OTHER, which is not set; set it, or write ${OTHER:-default}',
    'config.yaml:5:10 /users/0/sub has a ${ without a variable name; write ${NAME}, ${NAME:-default}, ${file:PATH}, or $${ for a literal ${',
    'config.yaml:6:10 /users/1/sub needs the environment variable toString, which is not set; set it, or write ${toString:-default}',
  ])
})
