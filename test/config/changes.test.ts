/** The changes of a reload. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { describeChanges, summarizeChanges } from '../../src/config/changes.js'
import { loadSnapshot } from '../../src/config/load.js'
import { createSelfSigned } from '../../src/tls/self_signed.js'
import { load } from './loading.js'

const NOTHING = {
  users: { added: [], removed: [], changed: [] },
  clients: { added: [], removed: [], changed: [] },
  keys: { added: [], removed: [] },
  encryption_keys: { added: [], removed: [] },
  flags: [],
  needs_restart: [],
}

t.test('every kind of change is described', async (t) => {
  const before = await load(
    t,
    `
$schema: ./old.json
server: { port: 1 }
users: [{ sub: gone }, { sub: same }, { sub: other, claims: { a: [1] } }]
clients: [{ client_id: app, client_secret: a, redirect_uris: ["http://a"] }]
keys: [{ alg: RS256 }, { alg: ES256, kid: one }, { alg: ES256 }]
encryption_keys: [{}, { alg: ECDH-ES, kid: kept }]
scopes: { groups: { claims: [groups] } }
`,
  )
  const after = await load(
    t,
    `
$schema: ./new.json
issuer: https://idp.example.com
server: { host: 0.0.0.0, port: 2, body_limit: 2048, max_issuers: 5, cors_origins: [] }
profile: strict
log: { level: debug, format: json }
require_nonce: true
lifetimes: { access_token: 5m }
users: [{ sub: other, claims: { a: [2] } }, { sub: same }, { sub: new }]
clients: [{ client_id: app, client_secret: b, redirect_uris: ["http://a"] }]
keys: [{ alg: ES256 }, { alg: ES384 }]
encryption_keys: [{ alg: ECDH-ES, kid: kept }, { alg: ECDH-ES }]
`,
  )
  t.strictSame(describeChanges(before, after), {
    users: { added: ['new'], removed: ['gone'], changed: ['other'] },
    clients: { added: [], removed: [], changed: ['app'] },
    keys: { added: ['generated ES384'], removed: ['generated RS256', 'one'] },
    encryption_keys: { added: ['generated ECDH-ES'], removed: ['generated RSA-OAEP'] },
    flags: [
      'issuer: unset → https://idp.example.com',
      'lifetimes.access_token: 1h → 5m',
      'log.level: info → debug',
      'profile: lenient → strict',
      'require_nonce: false → true',
      'scopes.groups: {"claims":["groups"]} → unset',
      'server.cors_origins: ["*"] → []',
    ],
    needs_restart: ['log.format', 'server.body_limit', 'server.host', 'server.max_issuers', 'server.port'],
  })
})

t.test('client_certificates takes effect at the next start', async (t) => {
  const before = await load(t, 'server: { tls: { self_signed: true } }')
  const after = await load(t, 'server: { tls: { self_signed: true, client_certificates: true } }')
  t.strictSame(describeChanges(before, after), { ...NOTHING, needs_restart: ['server.tls.client_certificates'] })
})

t.test('new content of a file that a setting names is a change of the setting', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const [one, two] = [await createSelfSigned(['localhost'], now), await createSelfSigned(['localhost'], now)]
  const tls = 'cert: cert.pem, key: key.pem, client_certificates: true, client_ca: ca.pem'
  const config = `outbound: { ca: ca.pem }\nserver: { tls: { ${tls} } }\n`
  const folder = t.testdir({ 'config.yaml': config, 'other.pem': one.ca })
  const read = async ({ ca, cert, key }: typeof one) => {
    for (const [name, text] of Object.entries({ ca, cert, key })) await writeFile(join(folder, `${name}.pem`), text)
    return await loadSnapshot({ config: join(folder, 'config.yaml'), overrides: [], env: {} })
  }
  const before = await read(one)
  t.strictSame(describeChanges(before, await read(two)), {
    ...NOTHING,
    flags: ['outbound.ca: content changed', 'server.tls.cert: content changed'],
    needs_restart: ['server.tls.client_ca'],
  })
  await writeFile(join(folder, 'config.yaml'), config.replace('ca.pem', 'other.pem'))
  t.strictSame(describeChanges(await read(two), before).flags, [
    'outbound.ca: other.pem → ca.pem',
    'server.tls.cert: content changed',
  ])
})

t.test('a value with x-secret in the schema is not shown', async (t) => {
  const text = (secret: string) =>
    `{ pairwise_salt: ${secret}, server: { admin_token: ${secret} }, registration: { initial_access_token: ${secret} } }`
  const changes = describeChanges(await load(t, text('hush')), await load(t, text('hush-again')))
  t.strictSame(
    changes.flags,
    ['pairwise_salt', 'registration.initial_access_token', 'server.admin_token'].map(
      (key) => `${key}: changed (not shown)`,
    ),
  )
})

t.test('100 names of each kind of change are listed', async (t) => {
  const users = (name: string, count: number) =>
    `users: [${Array.from({ length: count }, (_, index) => `{ sub: ${name}-${index} }`).join(', ')}]`
  const changes = describeChanges(await load(t, users('old', 130)), await load(t, users('new', 150)))
  const { added, removed, changed, more } = changes.users
  t.strictSame([added.length, removed.length, changed.length, more], [100, 100, 0, 80])
  t.match(summarizeChanges(changes), /^users \+new-0 .* -old-99 and 80 more$/)
})

t.test('an equal configuration has no changes', async (t) => {
  const text = 'keys: [{ alg: ES256 }, { alg: ES256 }]\nusers: [{ sub: alice, claims: { a: { b: [1] } } }]'
  t.strictSame(describeChanges(await load(t, text), await load(t, text)), NOTHING)
})

t.test('a key with new content under the same kid is removed and added', async (t) => {
  const { generateKey } = await import('../../src/config/keys.js')
  const snapshot = await loadSnapshot({ overrides: [], env: {} })
  const [one, two] = [await generateKey('ES256', 'k'), await generateKey('ES256', 'k')]
  const changes = describeChanges({ ...snapshot, keys: [one] }, { ...snapshot, keys: [two] })
  t.strictSame(changes.keys, { added: ['k'], removed: ['k'] })
})

t.test('changes are summarized in one line', async (t) => {
  const changes = {
    users: { added: ['carol'], removed: ['bob'], changed: ['alice'] },
    clients: { added: [], removed: [], changed: [] },
    keys: { added: ['k'], removed: [] },
    encryption_keys: { added: [], removed: ['e'] },
    flags: ['require_nonce: false → true'],
    needs_restart: ['server.host', 'server.port'],
  }
  t.equal(
    summarizeChanges(changes),
    'users +carol -bob ~alice; keys +k; encryption_keys -e; require_nonce: false → true; at the next start: server.host, server.port',
  )
  t.equal(summarizeChanges(NOTHING), 'nothing changed')
})
