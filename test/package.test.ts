/** The published package and its lock file. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { test } from 'tap'
import { ROOT } from './root.js'

test('the lock file has no registry addresses', async (t) => {
  t.notMatch(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'), /"resolved"/)
})

const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'))

test('each package that is needed at run time runs on the oldest Node of the package', async (t) => {
  // A dependency of Fastify.
  const requireFor = createRequire(createRequire(import.meta.url).resolve('fastify'))
  const { minVersion, satisfies } = requireFor('semver') as {
    minVersion(range: string): string
    satisfies(version: string, range: string): boolean
  }
  const oldest = minVersion(read('package.json').engines.node)
  const packages: [string, { dev?: boolean; engines?: { node?: string } }][] = Object.entries(
    read('package-lock.json').packages,
  )
  const needed = packages.filter(([path, { dev }]) => path !== '' && dev !== true)
  t.ok(needed.length > 50)
  for (const [path, { engines }] of needed) t.ok(satisfies(oldest, engines?.node ?? '*'), `${path}: ${engines?.node}`)
})

// npm warns of each of them at an installation. `dependencies` runs only in the project itself.
test('the package has no script that npm runs or mentions where it is installed', async (t) => {
  const { scripts } = read('package.json')
  for (const name of ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare']) {
    t.notOk(name in scripts, name)
  }
  t.equal(scripts.dependencies, scripts.prepack, 'an installation from git and a pack build the package')
})

test('the package contains exactly the files that it needs at run time', async (t) => {
  // The scripts of the package would build again during other tests.
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [packed] = JSON.parse(
    execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  )
  const files: string[] = packed.files.map(({ path }: { path: string }) => path)
  const needed = [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'SECURITY.md',
    'dist/cli/index.js',
    'dist/index.js',
    'dist/index.d.ts',
    'schema/config.schema.json',
    ...readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`),
    'schema/users.schema.json',
    ...readdirSync(join(ROOT, 'schema/presets')).map((file) => `schema/presets/${file}`),
    ...readdirSync(join(ROOT, 'examples'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name))),
    ...readdirSync(join(ROOT, 'src/pages'))
      // The modules are bundled or compiled.
      .filter((file) => !/\.m?[jt]s$/.test(file))
      .map((file) => `dist/pages/${file}`),
  ]
  t.strictSame(
    needed.filter((file) => !files.includes(file)),
    [],
    'no file is missing',
  )
  const belongs =
    /^(dist|docs|examples)\/|^schema\/((config|users)\.schema|presets\/[a-z0-9]+)\.json$|^[A-Z]+(\.md)?$|^package\.json$/
  t.strictSame(
    // Tests of examples are published; tests of the project and source maps, whose sources are missing there, are not.
    files.filter((file) => !belongs.test(file) || /^(?!examples\/).*\.test\.|\.taprc|\.map$/.test(file)),
    [],
    'no file is superfluous',
  )
})
