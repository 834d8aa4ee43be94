/** RFC 8259 §6, RFC 7493 §2.2: numbers that programs do not keep are refused with the text of their source. */
import t from 'tap'
import { readFlags, readSettings } from '../../src/cli/settings.js'
import { findChange, findChangeInJson } from '../../src/config/exact_number.js'
import { createAdminApp } from '../admin/api.js'
import { refused } from '../app.js'
import { load, problemsOf } from './loading.js'

const CHANGED = [
  '12345678901234567890',
  '-12345678901234567890',
  '9007199254740993',
  '9007199254740993.0',
  '1e400',
  '-1e400',
  '1.5e400',
  '0.1e17000000000000000000001',
]
const KEPT = [
  ...[
    '0',
    '-0',
    '-0.0',
    '0e5',
    '1',
    '007',
    '+5',
    '1.0',
    '1.50',
    '.5',
    '5.',
    '0.1',
    '1e3',
    '1E3',
    '1e21',
    '1e+21',
    '5e-324',
  ],
  ...[
    '9007199254740991',
    '-9007199254740991',
    '0.30000000000000004',
    '1.7976931348623157e308',
    '100000000000000000000',
  ],
]
/** Fractions with more digits than programs keep. */
const ROUNDED = [
  ...['48.858370000000003', '3.14159265358979323846', '2.2204460492503131e-16', '1.00000000000000000001'],
  ...['-0.1000000000000000055511151231257827', '9007199254740993.5', '1e-400', '12345678901234567890e-5'],
]

for (const text of CHANGED) {
  t.test(`${text} is refused`, async (t) => {
    const problem = `is ${text}, expected a number that programs keep exactly: an integer up to 9007199254740991; to keep it in a claim, write it as a text: "${text}"`
    t.equal(findChange(text), problem)
    t.strictSame(await problemsOf(t, `users:\n  - sub: a\n    claims: { id: ${text} }\n`), [
      `config.yaml:3:19 /users/0/claims/id ${problem}`,
    ])
    t.strictSame(await problemsOf(t, `- sub: a\n  id: [${text}]\n`), [`config.yaml:2:8 /0/id/0 ${problem}`])
    t.strictSame(await problemsOf(t, '{"users":[{"sub":"a","claims":{"id":${ID}}}]}'.replace('${ID}', text)), [
      `config.yaml:1:37 /users/0/claims/id ${problem}`,
    ])
    const inline = { config_text: { name: '--config-inline', text: `users: [{ sub: a, claims: { id: ${text} } }]` } }
    t.match(await problemsOf(t, '', inline), [/./])
    t.equal(findChangeInJson(`{"a~/":[1,{"b\\"":"1e400","c":[[],${text}]}],"d":2}`), `/a~0~1/1/c/1 ${problem}`)
    t.equal(findChangeInJson(text), problem)
    t.throws(
      () => readSettings(readFlags(['--user-claims', `{"sub":"a","id":${text}}`]), {}),
      { message: `--user-claims /id ${problem}` },
      'the flag',
    )
  })
}

for (const text of KEPT) {
  t.test(`${text} is kept`, async (t) => {
    t.equal(findChange(text), undefined)
    t.equal(findChangeInJson(`[${text}, "12345678901234567890"]`), undefined)
    const { users } = await load(t, `users: [{ sub: a, claims: { id: ${text} } }]`)
    t.equal(JSON.stringify(users.get('a')?.claims.id), JSON.stringify(Number(text)))
  })
}

for (const text of ROUNDED) {
  t.test(`RFC 8259 §6: the fraction ${text} is rounded, and a claim with it gives a warning`, async (t) => {
    t.equal(findChange(text), undefined)
    t.equal(findChangeInJson(`{"lat":${text}}`), undefined)
    const snapshot = await load(t, `users: [{ sub: a, claims: { lat: ${text} } }]`)
    t.equal(JSON.stringify(snapshot.users.get('a')?.claims.lat), JSON.stringify(Number(text)))
    t.match(snapshot.warnings, [
      { message: `is the number ${text}, which tokens have in another form; to keep it, write "${text}"` },
    ])
    const test = await createAdminApp(t)
    const headers = { 'content-type': 'application/json' }
    const put = await test.app.inject({ method: 'PUT', url: '/users/zed', payload: `{"lat":${text}}`, headers })
    t.equal(put.statusCode, 204, put.body)
  })
}

t.test('a fraction that is too large for programs is refused', async (t) => {
  const text = `${'9'.repeat(400)}.5`
  t.match(findChange(text), /^is 9{60}…, expected a number that programs keep exactly/)
})

t.test('hexadecimal and octal numbers of YAML are refused above 2^53 - 1', async (t) => {
  t.match(await problemsOf(t, 'users: [{ sub: a, claims: { id: 0xFFFFFFFFFFFFFFFF } }]'), [
    /id is 0xFFFFFFFFFFFFFFFF, expected/,
  ])
  t.match(await problemsOf(t, 'users: [{ sub: a, claims: { id: 0o7777777777777777777 } }]'), [
    /id is 0o7777777777777777777, /,
  ])
  t.equal((await load(t, 'users: [{ sub: a, claims: { id: 0xFF } }]')).users.get('a')?.claims.id, 255)
})

for (const text of ['.nan', '.inf', '-.INF']) {
  t.test(`${text} is refused`, async (t) => {
    t.strictSame(await problemsOf(t, `users: [{ sub: a, claims: { n: ${text} } }]`), [
      `config.yaml:1:32 /users/0/claims/n is ${text}, expected a number that JSON has; for a text, write "${text}"`,
    ])
  })
}

t.test('a number of a variable is refused with the value of the variable', async (t) => {
  const text = 'users: [{ sub: a, claims: { id: "x", n: 1 } }]\nserver:\n  port: ${PORT}\n'
  t.match(await problemsOf(t, text, { env: { PORT: '12345678901234567890' } }), [
    /^config.yaml:3:9 \/server\/port is 12345678901234567890, expected a number that programs keep/,
  ])
})

t.test('a long number is cut', async (t) => {
  t.match(findChange('1'.repeat(1_000_000)), /^is 1{60}…, expected .*: "1{60}…"$/)
})

t.test('the admin API refuses a number that changes, with its path and text', async (t) => {
  const test = await createAdminApp(t)
  const send = (method: 'POST' | 'PUT' | 'PATCH', url: string, payload: string) =>
    test.app.inject({ method, url, payload, headers: { 'content-type': 'application/json' } })
  const reason = /^\/claims\/id is 12345678901234567890, expected a number that programs keep exactly/
  const body = '{"claims":{"id":12345678901234567890}}'
  refused(t, await send('PUT', '/admin/users/alice', body), 'invalid_request', reason)
  await send('PUT', '/admin/users/alice', '{}')
  refused(t, await send('PATCH', '/admin/users/alice', body), 'invalid_request', reason)
  refused(
    t,
    await send('PUT', '/users/alice', '{"id":12345678901234567890}'),
    'invalid_request',
    /^\/id is 12345678901234567890, /,
  )
  refused(
    t,
    await send('POST', '/admin/faults', '{"fault":"authorize.wrong_state","value":1e400}'),
    'invalid_request',
    /^\/value is 1e400, expected/,
  )
  t.equal((await send('PUT', '/users/alice', '{"id":"12345678901234567890","n":1.5e3}')).statusCode, 204)
})
