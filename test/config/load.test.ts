/** Snapshots from files, environment and overrides. */
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { openFiles, readContents } from '../../src/config/contents.js'
import { loadSnapshot, readSchema, type Sources } from '../../src/config/load.js'
import { createSelfSigned } from '../../src/tls/self_signed.js'
import { load, problemsIn, problemsOf } from './loading.js'

const FLAT = '- sub: alice\n  email: alice@example.com\n  "urn:x": [1, { a: null }]\n- sub: bob\n'

t.test('an empty configuration has the defaults', async (t) => {
  const { config, lifetimes, users, clients, keys } = await loadSnapshot({ overrides: [], env: {} })
  t.equal(config.server.port, 9400)
  t.strictSame(lifetimes, {
    ...{ authorization_code: 600, access_token: 3600, id_token: 3600, refresh_token: 2_592_000 },
    ...{ device_code: 600, session: 43_200 },
  })
  t.equal(users.size + clients.size, 0)
  t.strictSame(keys, [{ alg: 'RS256', kid: undefined, generate: true }])
})

t.test('strict has default keys of each family, for signing and for encryption', async (t) => {
  const algs = async (text: string) => {
    const { keys, encryption_keys } = await load(t, text)
    return [keys, encryption_keys].map((list) => list.map(({ alg }) => alg))
  }
  t.strictSame(await algs('profile: lenient'), [['RS256'], []])
  const [keys, encryption_keys] = [
    ['RS256', 'PS256', 'ES256'],
    ['RSA-OAEP', 'ECDH-ES'],
  ]
  t.strictSame(await algs('profile: strict'), [keys, encryption_keys])
  t.strictSame(await algs('profile: strict\nkeys: [{ alg: ES512 }]'), [['ES512'], encryption_keys])
  t.strictSame(await algs('profile: strict\nencryption_keys: []'), [keys, []])
})

t.test('outbound.ca is a file of certificates, relative to the configuration', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const [one, two] = [await createSelfSigned(['a'], now), await createSelfSigned(['b'], now)]
  const folder = t.testdir({
    'config.yaml': 'outbound: { ca: both.pem, timeout: 2m }',
    'both.pem': `Authorities\n${one.ca}\nsecond:\n${two.ca}`,
    'none.pem': one.key,
    'broken.pem': `${one.ca}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
  })
  const sources = { config: join(folder, 'config.yaml'), overrides: [], env: {} }
  const { findProblem, ...outbound } = (await loadSnapshot(sources)).outbound
  t.strictSame(outbound, {
    ...{ insecure: false, timeout: 120_000, max_size: 262_144, ca: `${one.ca.trim()}\n${two.ca.trim()}` },
  })
  const cases = {
    'missing.pem': /^config.yaml:1:17 \/outbound\/ca names .*missing.pem, which does not exist$/,
    'none.pem': /none.pem, which has no certificate, expected a PEM file with -----BEGIN CERTIFICATE-----$/,
    'broken.pem': /broken.pem, which has an invalid certificate: number 2 of its PEM$/,
  }
  for (const [name, problem] of Object.entries(cases)) {
    await writeFile(sources.config, `outbound: { ca: ${name} }`)
    t.match(await problemsIn(loadSnapshot(sources)), [problem])
  }
  t.equal((await load(t, '{}')).outbound.ca, undefined)
})

t.test('YAML and JSON give the same configuration', async (t) => {
  const value = { issuer: 'http://localhost:9400', users: [{ sub: 'a', claims: { '/': '\u00e9"\n' } }] }
  const yaml = 'issuer: http://localhost:9400\nusers:\n- sub: a\n  claims:\n    /: "é\\"\\n"\n'
  const json = JSON.stringify(value, undefined, '\t').replace('/', '\\/')
  t.strictSame((await load(t, yaml)).config, (await load(t, json)).config)
  t.match((await load(t, `\ufeff${yaml}`)).config, value, 'with a byte order mark, too')
})

t.test('config and user_claims_file can be flat lists of users', async (t) => {
  const users = [
    { sub: 'alice', claims: { email: 'alice@example.com', 'urn:x': [1, { a: null }] } },
    { sub: 'bob', claims: {} },
  ]
  t.match((await load(t, FLAT)).config.users, users)
  const folder = t.testdir({ 'users.json': JSON.stringify([{ sub: 'carol', claims: '${X}', __proto__: { y: 1 } }]) })
  const user_claims_file = join(folder, 'users.json')
  const alone = await loadSnapshot({ user_claims_file, overrides: [], env: {} })
  t.match([...alone.users], [['carol', { claims: { claims: '${X}' } }]], 'taken literally')
  t.equal((await problemsIn(load(t, FLAT, { user_claims_file: '/dev/null' }))).length, 1)
})

t.test('100,000 users of a flat list are loaded after those of the configuration', async (t) => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `- { sub: user-${index} }\n`)
  const folder = t.testdir({ 'config.yaml': 'users: [{ sub: alice }]', 'users.yaml': lines.join('') })
  const { users } = await loadSnapshot({ config_dir: folder, overrides: [], env: {} })
  t.equal(users.size, 100_001)
  t.strictSame([...users.keys()].slice(0, 3), ['alice', 'user-0', 'user-1'])
  t.strictSame(users.get('user-99999'), { sub: 'user-99999', claims: {}, id_token: {}, userinfo: {}, access_token: {} })
})

t.test('the users of config come before the users of user_claims_file', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'users: [{ sub: zoe }]', 'users.yaml': FLAT, 'none.yaml': '[]' })
  const [config, user_claims_file] = [join(folder, 'config.yaml'), join(folder, 'users.yaml')]
  const { users } = await loadSnapshot({ config, user_claims_file, overrides: [], env: {} })
  t.strictSame([...users.keys()], ['zoe', 'alice', 'bob'])
  const both = await loadSnapshot({
    config: user_claims_file,
    user_claims_file: join(folder, 'none.yaml'),
    overrides: [],
    env: {},
  })
  t.strictSame([...both.users.keys()], ['alice', 'bob'])
})

t.test('problems of a flat list have paths of the flat list', async (t) => {
  const folder = t.testdir({
    'config.yaml': 'users: [{ sub: alice }]\nrequire_nonce: 1',
    'users.yaml': '- sub: alice\n- email: x\n- just text\n- sub: bob\n  claims: {}\n  sub_: 1\n- { sub: 5 }\n',
  })
  const [config, user_claims_file] = [join(folder, 'config.yaml'), join(folder, 'users.yaml')]
  t.strictSame(await problemsIn(loadSnapshot({ config, user_claims_file, overrides: [], env: {} })), [
    'config.yaml:2:16 /require_nonce is the number 1, expected a boolean',
    'users.yaml:1:8 /0/sub is "alice", expected a value that no earlier entry of users has',
    'users.yaml:2:3 /1 lacks the required key sub',
    'users.yaml:3:3 /2 is a text of 9 characters (not shown), expected an object',
    'users.yaml:7:10 /4/sub is the number 5, expected a text; write "5"',
  ])
})

t.test('a document that is not a configuration is refused', async (t) => {
  const folder = t.testdir({
    'empty.yaml': '',
    'comment.yaml': '# nothing\n',
    'text.yaml': 'just text',
    'object.yaml': 'users: []',
    'latin1.yaml': Buffer.from('issuer: "\xe9"', 'latin1'),
    'large.yaml': `# ${'x'.repeat(4 * 1024 * 1024)}`,
    folder: {},
    loop: t.fixture('symlink', 'loop'),
  })
  const A_LIST = 'a list of users such as `- sub: alice`'
  const EITHER = `a configuration such as \`users: [{ sub: alice }]\`, or ${A_LIST}`
  const cases: [keyof Sources, string, string][] = [
    ['config', 'empty.yaml', `empty.yaml is empty, expected ${EITHER}`],
    ['config', 'comment.yaml', `comment.yaml is empty, expected ${EITHER}`],
    ['user_claims_file', 'empty.yaml', `empty.yaml is empty, expected ${A_LIST}`],
    ['config', 'text.yaml', `text.yaml:1:1 is a text of 9 characters (not shown), expected ${EITHER}`],
    ['user_claims_file', 'object.yaml', `object.yaml:1:1 is an object, expected ${A_LIST}`],
    ['config', 'missing.yaml', 'missing.yaml does not exist'],
    [
      'config',
      'folder',
      'folder is a folder, expected a file; Docker creates an empty folder if the file to mount does not exist on the host',
    ],
    ['config', 'latin1.yaml', 'latin1.yaml is not valid UTF-8; save it in UTF-8'],
    ['config', 'large.yaml', 'large.yaml is larger than 4 MiB, expected at most 4 MiB'],
  ]
  for (const [source, name, problem] of cases) {
    const loading = loadSnapshot({ [source]: join(folder, name), overrides: [], env: {} })
    t.strictSame(await problemsIn(loading), [problem])
  }
  const loop = await problemsIn(loadSnapshot({ config: join(folder, 'loop'), overrides: [], env: {} }))
  t.match(loop, [/^loop ELOOP/], "the system's own words where there are no better ones")
})

t.test('the problems of both files are reported', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'a: [', 'users.yaml': '- b: }' })
  const [config, user_claims_file] = [join(folder, 'config.yaml'), join(folder, 'users.yaml')]
  const problems = await problemsIn(loadSnapshot({ config, user_claims_file, overrides: [], env: {} }))
  t.match(problems, [/^config.yaml:1:5 a \[ before this has no /, /^users.yaml:1:6 is not valid YAML: /])
})

t.test('a pipe can be read', async (t) => {
  const pipe = join(t.testdir({}), 'pipe')
  await promisify(execFile)('mkfifo', [pipe])
  const [snapshot] = await Promise.all([
    loadSnapshot({ config: pipe, overrides: [], env: {} }),
    writeFile(pipe, 'require_nonce: true'),
  ])
  t.equal(snapshot.config.require_nonce, true)
})

t.test('all problems are reported at once, in the order of the file', async (t) => {
  const text = `
lifetimes: { access_token: 99999w }
keys: [{ pem: x }, { file: nowhere.pem }]
issuer: \${ISSUER}
log:
  level: \${LEVEL}
users: [{ sub: alice }, { sub: alice, nmae: x }]
`
  const overrides = [
    { source: '--port', path: ['server', 'port'], value: 'x' },
    { source: 'startProvider()', path: [], value: { server: { hots: 'x' } } },
  ]
  const problems = await problemsOf(t, text, { overrides, env: { LEVEL: 'loud' } })
  t.match(problems, [
    /^config.yaml:2:28 \/lifetimes\/access_token is "99999w" \(\d+ seconds\), expected from 1 second/,
    /^config.yaml:3:15 \/keys\/0\/pem is not PEM/,
    /^config.yaml:3:28 \/keys\/1\/file names .*nowhere.pem, which does not exist/,
    /^config.yaml:4:9 \/issuer needs the environment variable ISSUER/,
    /^config.yaml:6:10 \/log\/level is "loud", expected one of /,
    /^config.yaml:7:32 \/users\/1\/sub is "alice", expected a value that no earlier entry of users has/,
    /^config.yaml:7:39 \/users\/1\/nmae is not a known key/,
    /^--port \/server\/port is the text "x", expected a whole number/,
    /^startProvider\(\) \/server\/hots is not a known key; did you mean host/,
  ])
  t.equal(problems.length, 9)
})

t.test('a value with x-secret in the schema is shown in no problem', async (t) => {
  const text = `
clients:
  - { client_id: a, redirect_uris: ["http://a"], client_secret: [hush] }
  - { client_id: b, redirect_uris: ["http://b"], client_secret: 1234567 }
keys: [{ pem: hush }, { jwk: { kty: hush } }, { jwk: hush }, { jwk: { kty: oct, d: hush } }]
pairwise_salt: 1234567
server: { admin_token: "1234567 " }
registration: { initial_access_token: 1234567 }
users: [{ sub: a, claim_sources: { a: { claims: {}, access_token: 1234567 } } }]
`
  const problems = await problemsOf(t, text)
  t.equal(problems.length, 10)
  t.notMatch(problems.join('\n'), /hush|1234567/)
})

t.test('a reload reuses an unchanged key', async (t) => {
  const folder = t.testdir({
    'config.yaml':
      'keys: [{ keep_in: a.json }, { alg: ES256, keep_in: b.json }, {}, {}, { alg: ES384 }]\nencryption_keys: [{ keep_in: c.json }, {}]',
  })
  const sources = { config: join(folder, 'config.yaml'), overrides: [], env: {} }
  const first = await loadSnapshot(sources)
  await rm(join(folder, 'b.json'))
  await writeFile(
    sources.config,
    'keys: [{ keep_in: a.json }, { alg: ES256, keep_in: b.json }, {}, {}, {}]\nencryption_keys: [{}, { keep_in: c.json }]',
  )
  const second = await loadSnapshot(sources, first)
  const same = second.keys.map((key) => first.keys.indexOf(key))
  t.strictSame(same, [0, -1, 2, 3, -1])
  const kept = second.encryption_keys.map((key) => first.encryption_keys.indexOf(key))
  t.strictSame(kept, [1, 0])
})

t.test('a load uses the given contents, and refuses a named file of another moment', async (t) => {
  const key = JSON.stringify(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }))
  const text = 'users: [{ sub: a }]\nkeys: [{ alg: ES256, file: key.json }]\n'
  const folder = t.testdir({ 'config.yaml': text, 'key.json': key })
  const sources = { config: join(folder, 'config.yaml'), overrides: [], env: {} }
  const given = await readContents([sources.config])
  t.strictSame([...(await loadSnapshot(sources, undefined, { files: openFiles(given) })).users.keys()], ['a'])
  await writeFile(sources.config, text.replace('a }', 'b }'))
  t.match(await problemsIn(loadSnapshot(sources, undefined, { files: openFiles(given) })), [
    'config.yaml changes while it is read, expected a file that nothing writes at the moment; try again later',
  ])
  const [extra, ...used] = ['other', 'config.yaml', 'key.json'].map((name) => join(folder, name))
  const all = await readContents([extra!, ...used])
  await rm(sources.config)
  await rm(join(folder, 'key.json'))
  const files = openFiles(all)
  t.strictSame([...(await loadSnapshot(sources, undefined, { files })).users.keys()], ['b'])
  t.strictSame([...files.contents.keys()], used, 'and has read no other file')
})

t.test('no key file is created if there is a problem', async (t) => {
  const folder = t.testdir({ keys: {}, 'config.yaml': 'keys: [{ keep_in: keys/a.json }]\nx: 1' })
  const config = join(folder, 'config.yaml')
  t.equal((await problemsIn(loadSnapshot({ config, overrides: [], env: {} }))).length, 1)
  await rm(join(folder, 'keys'), { recursive: true })
  await mkdir(join(folder, 'keys'))
  t.pass('the folder was empty or could be removed all the same')
})

t.test('the schema can be read', async (t) => {
  t.match(readSchema(), { $id: 'urn:oidc-provider-mock:config', title: 'Config' })
})
