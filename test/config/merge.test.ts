/** Overrides take precedence over files. */
import t from 'tap'
import type { Override } from '../../src/config/load.js'
import { load, problemsIn, problemsOf } from './loading.js'

const FILE = `
server: { port: 1, host: a, cors_origins: [x, y] }
users: [{ sub: alice, claims: { a: 1 } }, { sub: bob }]
clients: [{ client_id: app, client_secret: s, redirect_uris: ["http://a"] }]
`

function set(path: string, value: unknown): Override {
  return { source: '--set', path: path.split('.').filter(Boolean), value }
}

function append(path: string, value: unknown): Override {
  return { source: '--add', path: path.split('.'), value, append: true }
}

t.test('objects are merged deeply, everything else is replaced', async (t) => {
  const overrides = [
    set('server.port', 2),
    set('', { server: { cors_origins: ['z'] }, log: { level: 'warn' }, require_nonce: undefined }),
    set('issuer', undefined),
    set('scopes', { groups: { claims: ['groups'], description: undefined } }),
  ]
  const { config } = await load(t, FILE, { overrides })
  t.match(config, {
    server: { port: 2, host: 'a', cors_origins: ['z'] },
    log: { level: 'warn', format: 'auto' },
    require_nonce: false,
    scopes: { groups: { claims: ['groups'] } },
  })
  t.notOk('issuer' in config)
})

t.test('an appended item comes last or replaces the item with its identifier', async (t) => {
  const overrides = [
    append('users', { sub: 'carol', claims: undefined }),
    append('users', { sub: 'alice' }),
    append('clients', { client_id: 'app', token_endpoint_auth_method: 'none', redirect_uris: ['http://b'] }),
    append('clients', { client_id: 'new', token_endpoint_auth_method: 'none', redirect_uris: ['http://c'] }),
    append('server.cors_origins', 'x'),
    append('keys', { alg: 'ES256' }),
  ]
  const { config, users, clients } = await load(t, FILE, { overrides })
  t.strictSame([...users.keys()], ['alice', 'bob', 'carol'])
  t.strictSame(users.get('alice')?.claims, {})
  t.strictSame(
    [...clients.values()].map(({ redirect_uris }) => redirect_uris[0]),
    ['http://b', 'http://c'],
  )
  t.strictSame(config.server.cors_origins, ['x', 'y', 'x'])
  t.strictSame(config.keys, [{ alg: 'ES256' }])
})

t.test('a problem names the source of the value', async (t) => {
  const text = 'server: { port: x, hots: 1 }\nusers: [5, { sub: 1 }]\nlog: 5\n'
  const overrides = [
    set('server.host', 5),
    set('log.format', 'prety'),
    append('users', 7),
    append('users', { claims: {} }),
    set('lifetimes', { access_token: 'soon' }),
  ]
  t.strictSame(await problemsOf(t, text, { overrides }), [
    'config.yaml:1:17 /server/port is the text "x", expected a whole number',
    'config.yaml:1:20 /server/hots is not a known key; did you mean host?',
    'config.yaml:2:9 /users/0 is a number (not shown), expected an object',
    'config.yaml:2:19 /users/1/sub is the number 1, expected a text; write "1"',
    '--set /server/host is the number 5, expected a text; write "5"',
    '--set /log/format is "prety", expected one of auto, pretty, json; did you mean pretty?',
    '--set /lifetimes/access_token is "soon", expected seconds (1 or more) or a duration such as 15m, 1h, 30d',
    '--add /users/2 is a number (not shown), expected an object',
    '--add /users/3 lacks the required key sub',
  ])
})

t.test("the caller's objects stay as they are", async (t) => {
  const value = { users: [{ sub: 'alice', claims: { a: [1] } }] }
  await load(t, FILE, { overrides: [set('', value)] })
  value.users[0]!.claims.a.push(2)
  t.strictSame(value, { users: [{ sub: 'alice', claims: { a: [1, 2] } }] })
})

t.test('overrides need no file', async (t) => {
  const { loadSnapshot } = await import('../../src/config/load.js')
  const overrides = [set('server.port', 2)]
  t.equal((await loadSnapshot({ overrides, env: {} })).config.server.port, 2)
  const bad = loadSnapshot({ overrides: [set('server.prot', 2)], env: {} })
  t.strictSame(await problemsIn(bad), ['--set /server/prot is not a known key; did you mean port?'])
})
