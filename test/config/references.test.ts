/** Values of a configuration from other files: `${file:PATH}`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadSnapshot, type Sources } from '../../src/config/load.js'
import type { Snapshot } from '../../src/config/snapshot.js'
import { createAdminApp } from '../admin/api.js'
import { jsonOf } from '../app.js'
import { start } from '../provider.js'
import { problemsIn } from './loading.js'

type Folder = Parameters<Test['testdir']>[0]

/** Loads `config.yaml` of a folder with these files. */
async function loadFolder(t: Test, files: Folder, sources: Partial<Sources> = {}): Promise<Snapshot> {
  return await loadSnapshot({ config: join(t.testdir(files), 'config.yaml'), overrides: [], env: {}, ...sources })
}

const problemsOf = async (t: Test, files: Folder) =>
  (await problemsIn(loadFolder(t, files))).map((line) => line.replaceAll(`${t.testdirName}/`, ''))

t.test('a value is the content of a file without one line end', async (t) => {
  const text = `
server:
  port: \${file:port}
  admin_token: \${file:one}
pairwise_salt: "\${file:digits}"
users:
  - sub: \${file:one}-\${file:crlf}-\${file:inner/four}-\${NAME}
    claims:
      lines: \${file:two}
      number: \${file:digits}
      phone_number: \${file:digits}
      literal: $\${file:x}
      variable: \${file:-default}
      alias: [&a "\${file:one}", *a]
`
  const files = {
    one: 's3cret\n',
    two: 'a\n\n',
    crlf: 'x\r\n',
    digits: '12345678',
    port: '9401\n',
    inner: { four: 'b' },
  }
  const { config } = await loadFolder(t, { 'config.yaml': text, ...files }, { env: { NAME: 'n' } })
  t.match(config, { server: { port: 9401, admin_token: 's3cret' }, pairwise_salt: '12345678' })
  t.match(config.users, [{ sub: 's3cret-x-b-n' }])
  t.strictSame(config.users[0]!.claims, {
    lines: 'a\n',
    number: 12345678,
    phone_number: '12345678',
    literal: '${file:x}',
    variable: 'default',
    alias: ['s3cret', 's3cret'],
  })
})

t.test('a path can be absolute, and is relative to the folder of the configuration', async (t) => {
  const file = join(t.testdirName, 'conf/absolute')
  const text = `users: [{ sub: "\${file:../secrets/x}" }, { sub: "\${file:${file}}" }]`
  t.testdir({ conf: { 'config.yaml': text, absolute: 'bob' }, secrets: { x: 'alice' } })
  const { users } = await loadSnapshot({ config: join(t.testdirName, 'conf/config.yaml'), overrides: [], env: {} })
  t.strictSame([...users.keys()], ['alice', 'bob'])
})

t.test('a file that cannot be read is a problem with its place, and no content is shown', async (t) => {
  const text = `pairwise_salt: \${file:missing}
registration:
  initial_access_token: "\${file:latin1}"
users:
  - sub: \${file:large}
server:
  admin_token: \${file:wrong}
  host: "\${file:folder} \${file:}"
`
  const files = {
    'config.yaml': text,
    latin1: Buffer.from([0xe9]),
    large: 'x'.repeat(4 * 1024 * 1024 + 1),
    wrong: 's3cret with spaces\n',
    folder: {},
  }
  t.strictSame(await problemsOf(t, files), [
    'config.yaml:1:16 /pairwise_salt names missing, which does not exist',
    'config.yaml:3:25 /registration/initial_access_token names latin1, which is not valid UTF-8; save it in UTF-8',
    'config.yaml:5:10 /users/0/sub names large, which is larger than 4 MiB, expected at most 4 MiB',
    'config.yaml:7:16 /server/admin_token is a text of 18 characters (not shown), expected the bearer token of `/admin`, of letters, digits and `-._~+/`',
    'config.yaml:8:9 /server/host names folder, which is a folder, expected a file; Docker creates an empty folder if the file to mount does not exist on the host',
    'config.yaml:8:9 /server/host has a ${ without a variable name; write ${NAME}, ${NAME:-default}, ${file:PATH}, or $${ for a literal ${',
  ])
})

t.test('a flat list and values of the admin API are taken literally', async (t) => {
  const { users } = await loadFolder(t, { 'config.yaml': '- sub: ${file:config.yaml}' })
  t.strictSame([...users.keys()], ['${file:config.yaml}'])
  const test = await createAdminApp(t)
  const claims = { email: '${file:/etc/hostname}' }
  t.match(jsonOf(t, await test.call('PUT', '/users/alice', { claims }), 201), { claims })
})

t.test('a change of the file is reloaded, and a missing file leaves the value in force', async (t) => {
  const folder = t.testdir({
    'config.yaml': 'users: [{ sub: alice, claims: { plan: "${file:plan}" } }]\n',
    plan: 'gold\n',
  })
  const { url, line } = await start(t, {}, { config: join(folder, 'config.yaml') })
  const plan = async () => {
    const { config } = (await (await fetch(`${url}/admin/config`)).json()) as Pick<Snapshot, 'config'>
    return config.users[0]!.claims.plan
  }
  t.equal(await plan(), 'gold')
  writeFileSync(join(folder, 'plan'), 'silver\n')
  await line(/^configuration reloaded/)
  t.equal(await plan(), 'silver')
  writeFileSync(
    join(folder, 'config.yaml'),
    readFileSync(join(folder, 'config.yaml'), 'utf8').replace('file:plan', 'file:none'),
  )
  t.match((await line(/^configuration not reloaded/)).msg, /claims\/plan names \S+\/none, which does not exist$/)
  t.equal(await plan(), 'silver')
  writeFileSync(join(folder, 'none'), 'bronze\n')
  await line(/^configuration reloaded/, 2)
  t.equal(await plan(), 'bronze')
})

const SECRET = 'topsecretvalue'

/** Places that refuse a text, with their message. */
const REFUSED: Readonly<Record<string, string>> = {
  'profile: ${file:sec}':
    '/profile is ${file:sec}, a text of 14 characters (not shown), expected one of lenient, strict',
  'server: { port: "${file:sec}" }':
    '/server/port is ${file:sec}, a text of 14 characters (not shown), expected a whole number',
  'issuer: ${file:sec}': '/issuer is ${file:sec}, a text of 14 characters (not shown), expected',
  'issuer: https://x/?${file:sec}': '/issuer is https://x/?${file:sec}, a text of 25 characters (not shown), expected',
  'clients: [{ client_id: a, redirect_uris: ["${file:sec}"] }]':
    '/clients/0/redirect_uris/0 is ${file:sec}, a text of 14',
  'clients: [{ client_id: a, token_endpoint_auth_method: "${file:sec}" }]': ' is ${file:sec}, a text of 14 characters',
  'clients: [{ client_id: a, response_types: ["${file:sec}"] }]': ' is ${file:sec}, a text of 14 characters',
  'faults: [{ fault: "${file:sec}" }]': '/faults/0/fault is ${file:sec}, a text of 14 characters (not shown), expected',
  'users: [{ sub: "${file:sec}" }, { sub: "${file:sec}" }]': '/users/1/sub is ${file:sec}, a text of 14 characters',
  'keys: [{ file: "${file:sec}" }]': '/keys/0/file names',
  'server: { port: ${file:digits} }': '',
  'server:\n  port: ${file:digits}':
    '/server/port is ${file:digits}, a text of 7 characters (not shown), expected at most',
  'profile: ${file:short}':
    '/profile is ${file:short}, a text of 1 character (not shown), expected one of lenient, strict',
  'profile: ${file:long}':
    '/profile is ${file:long}, a text of 280 characters (not shown), expected one of lenient, strict',
  'profile: ${file:url}':
    '/profile is ${file:url}, a text of 34 characters (not shown), expected one of lenient, strict',
  'acr_values: ["a ${file:sec}"]':
    '/acr_values/0 is a ${file:sec}, a text of 16 characters (not shown), expected a value',
  'users: [{ sub: bob, claims: { email_verified: "${file:sec}", sub: "${file:sec}" } }]': '/users/0/claims/sub is ',
}

t.test('no problem shows the content of a file', async (t) => {
  const files = {
    sec: `${SECRET}\n`,
    digits: '7654321',
    short: 'e',
    long: SECRET.repeat(20),
    url: `https://me:${SECRET}@host/x y`,
  }
  for (const [text, expected] of Object.entries(REFUSED)) {
    const problems = (await problemsOf(t, { 'config.yaml': text, ...files })).join('\n')
    t.ok(problems.includes(expected) && problems !== '', `${text}\n${problems}`)
    t.notMatch(problems, /topsecret|7654321/, text)
  }
})

t.test('no warning shows the content of a file', async (t) => {
  const text = 'auto_login: "${file:sec}"\nusers: [{ sub: alice, claims: { email_verified: "${file:sec}" } }]'
  const { warnings } = await loadFolder(t, { 'config.yaml': text, sec: SECRET })
  t.match(warnings, [{ path: '/auto_login' }, { path: '/users/0/claims/email_verified' }])
  t.notMatch(JSON.stringify(warnings), /topsecret/)
})

t.test('an empty file hides nothing', async (t) => {
  const files = { 'config.yaml': 'pairwise_salt: ${file:empty}\nprofile: x', empty: '' }
  t.match(await problemsOf(t, files), [/pairwise_salt/, /is "x", expected one of lenient, strict/])
})
