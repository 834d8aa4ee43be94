/** The files that are read: named files, and files found in a folder. */
import { mkdir, open, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { loadServer, loadSnapshot } from '../../src/config/load.js'
import type { Snapshot } from '../../src/config/snapshot.js'
import { listFiles, type Sources } from '../../src/config/sources.js'
import { problemsIn } from './loading.js'

const BARE = { overrides: [], env: {} }

const load = (sources: Partial<Sources>, previous?: Snapshot) => loadSnapshot({ ...BARE, ...sources }, previous)
const subs = ({ users }: Snapshot) => [...users.keys()]

test('config.yaml and users.yaml of a folder are read if they are there, and under their other endings', async (t) => {
  const config = 'users: [{ sub: a }]'
  const users = '[{ "sub": "b" }]'
  const cases: [Record<string, string>, string[]][] = [
    [{}, []],
    [{ 'config.yaml': config }, ['a']],
    [{ 'config.yml': config }, ['a']],
    [{ 'config.json': '{"users": [{"sub": "a"}]}' }, ['a']],
    [{ 'users.yaml': users }, ['b']],
    [{ 'config.yaml': config, 'users.json': users }, ['a', 'b']],
    [{ 'config.yaml': config, 'users.yml': users, 'other.yaml': 'nonsense' }, ['a', 'b']],
  ]
  for (const [files, expected] of cases) {
    const config_dir = t.testdir(files)
    const snapshot = await load({ config_dir })
    t.strictSame(subs(snapshot), expected, Object.keys(files).join(' ') || 'nothing')
    const read = Object.keys(files).filter((name) => name !== 'other.yaml')
    t.strictSame(
      snapshot.files,
      read.map((name) => join(config_dir, name)),
    )
  }
})

test('a named file takes precedence over a found file of the same kind', async (t) => {
  const config_dir = t.testdir({
    'config.yaml': 'users: [{ sub: a }]',
    'users.yaml': '[{ sub: b }]',
    other: { 'config.yaml': 'users: [{ sub: c }]', 'users.yaml': '[{ sub: d }]' },
  })
  const config = join(config_dir, 'other/config.yaml')
  const user_claims_file = join(config_dir, 'other/users.yaml')
  const config_text = { name: 'INLINE', text: 'users: [{ sub: e }]' }
  t.strictSame(subs(await load({ config_dir, config })), ['c', 'b'])
  t.strictSame(subs(await load({ config_dir, user_claims_file })), ['a', 'd'])
  t.strictSame(subs(await load({ config_dir, config, user_claims_file })), ['c', 'd'])
  t.strictSame(subs(await load({ config_dir, config_text })), ['e', 'b'])
})

test('every file that can be read later is watched', (t) => {
  const all = ['config.yaml', 'config.yml', 'config.json', 'users.yaml', 'users.yml', 'users.json']
  const watched = (sources: Partial<Sources>) => listFiles({ ...BARE, ...sources })
  t.strictSame(watched({}), [])
  t.strictSame(watched({ config: 'a', user_claims_file: 'b' }), ['a', 'b'])
  t.strictSame(
    watched({ config_dir: 'dir' }),
    all.map((name) => join('dir', name)),
  )
  t.strictSame(watched({ config_dir: 'dir', config: 'a', user_claims_file: 'b' }), ['a', 'b'])
  t.strictSame(
    watched({ config_dir: 'dir', config_text: { name: 'x', text: '' } }),
    all.slice(3).map((name) => join('dir', name)),
  )
  t.end()
})

test('two files of one kind are refused', async (t) => {
  const config_dir = t.testdir({
    'config.yaml': '',
    'config.yml': '',
    'config.json': '',
    'users.yaml': '',
    'users.yml': '',
  })
  t.strictSame(await problemsIn(load({ config_dir })), [
    'config.yaml exists together with config.yml and config.json, expected one of them; remove the others',
    'users.yaml exists together with users.yml, expected one of them; remove the others',
  ])
})

test('a config_dir that is not a folder is refused', async (t) => {
  const folder = t.testdir({ file: '' })
  t.strictSame(await problemsIn(load({ config_dir: join(folder, 'missing') })), [
    'missing does not exist; expected a folder that can contain config.yaml or users.yaml',
  ])
  t.strictSame(await problemsIn(load({ config_dir: join(folder, 'file') })), [
    'file is a file, expected a folder with config.yaml or users.yaml',
  ])
})

test('an existing file that cannot be read is a problem', async (t) => {
  const folder = t.testdir({
    dangling: { 'config.yaml': t.fixture('symlink', 'nowhere') },
    empty: { 'config.yaml': '' },
    folder: { 'config.yaml': { inside: '' } },
    made: { 'config.yaml': {} },
  })
  const problems = (name: string) => problemsIn(load({ config_dir: join(folder, name) }))
  t.strictSame(await problems('dangling'), ['config.yaml does not exist'])
  t.match(await problems('empty'), [/^config\.yaml is empty, expected a configuration such as /])
  t.strictSame(await problems('folder'), ['config.yaml is a folder, expected a file'])
  t.strictSame(await problems('made'), [
    'config.yaml is a folder, expected a file; Docker creates an empty folder if the file to mount does not exist on the host',
  ])
})

test('a deleted file is a problem unless another file replaces it', async (t) => {
  const config_dir = t.testdir({ 'config.yaml': 'users: [{ sub: a }]', 'users.yaml': '[{ sub: b }]' })
  const before = await load({ config_dir })
  await rename(join(config_dir, 'config.yaml'), join(config_dir, 'config.yml'))
  const renamed = await load({ config_dir }, before)
  t.strictSame(subs(renamed), ['a', 'b'])
  await rm(join(config_dir, 'config.yml'))
  await rm(join(config_dir, 'users.yaml'))
  t.strictSame(await problemsIn(load({ config_dir }, renamed)), [
    'config.yml was deleted, but its last content stays in force; restore it, or restart to continue without it',
    'users.yaml was deleted, but its last content stays in force; restore it, or restart to continue without it',
  ])
  t.strictSame(subs(await load({ config_dir })), [], 'a new start goes on without them')
})

test('config_text has lines in problems and takes variables', async (t) => {
  const config_text = { name: 'INLINE', text: 'require_nonce: true\nusers:\n  - sub: ${WHO}\n' }
  const snapshot = await load({ config_text, env: { WHO: 'alice' } })
  t.strictSame(subs(snapshot), ['alice'])
  t.strictSame(snapshot.files, [])
  t.strictSame(subs(await load({ config_text: { name: 'INLINE', text: '- sub: bob' } })), ['bob'], 'a list of users')
  const problems = (text: string) => problemsIn(load({ config_text: { name: 'INLINE', text } }))
  t.match(await problems('issuer: nowhere\nuser: []\n'), [
    /^INLINE:1:9 \/issuer is "nowhere", expected the issuer identifier/,
    'INLINE:2:1 /user is not a known key; did you mean users?',
  ])
  t.match(await problems(' '), [/^INLINE is empty, expected a configuration/])
  t.strictSame(await problemsIn(load({ config: 'config.yaml', config_text })), [
    'INLINE is a configuration, and config.yaml is another one; remove one of them',
  ])
})

/** A path to a file that has been unlinked, such as a single mounted file that was replaced where it comes from. */
async function unlinked(t: Test): Promise<string> {
  const file = join(t.testdir({ 'config.yaml': 'users: [{ sub: a }]' }), 'config.yaml')
  const handle = await open(file)
  t.teardown(() => handle.close())
  await rm(file)
  return `/proc/self/fd/${handle.fd}`
}

test('a mounted file that was replaced on the host is a problem', {
  skip: process.platform !== 'linux' && 'only Linux has /proc',
}, async (t) => {
  const config = await unlinked(t)
  const snapshot = await load({ config })
  t.strictSame(subs(snapshot), ['a'], 'a start takes what it gets, such as what a shell passes')
  t.match(await problemsIn(load({ config }, snapshot)), [
    / was replaced on the host, which a mount of a single file does not follow; mount its folder, or restart$/,
  ])
})

test('loadServer ignores problems in other sections', async (t) => {
  const folder = t.testdir({})
  const config = join(folder, 'config.yaml')
  const server = async (text: string, sources: Partial<Sources> = {}) => {
    await writeFile(config, text)
    return loadServer({ ...BARE, config, ...sources })
  }
  t.match(await server('server: { port: 9500 }'), { port: 9500, host: '127.0.0.1' })
  t.match(await server('server: { port: 9500 }\nuser: []\n'), { port: 9500 })
  const overrides = [{ source: '--host', path: ['server', 'host'], value: '0.0.0.0' }]
  t.match(await server('{', { overrides }), { port: 9400, host: '0.0.0.0' }, 'a file that is no YAML says nothing')
  t.match(await server('{'), { port: 9400, host: '127.0.0.1' })
  t.strictSame(await problemsIn(server('server: { port: high }')), [
    'config.yaml:1:17 /server/port is the text "high", expected a whole number',
  ])
  await t.rejects(
    loadServer({ ...BARE, config_text: { name: 'INLINE', text: 5 as never } }),
    TypeError,
    'an internal error is not hidden',
  )
})

test('a folder with symbolic links, as Kubernetes mounts it, is read', async (t) => {
  const config_dir = t.testdir({})
  await mkdir(join(config_dir, '..data'))
  await writeFile(join(config_dir, '..data/config.yaml'), 'users: [{ sub: a }]')
  await symlink('..data/config.yaml', join(config_dir, 'config.yaml'))
  t.strictSame(subs(await load({ config_dir })), ['a'])
})
