/** The published package and its lock file. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'tap'
import { ROOT } from './root.js'

test('the lock file has no registry addresses', async (t) => {
  t.notMatch(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'), /"resolved"/)
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
      .filter((file) => !file.endsWith('.ts'))
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
    // Tests of examples are published, tests of the project are not.
    files.filter((file) => !belongs.test(file) || /^(?!examples\/).*\.test\.|\.taprc/.test(file)),
    [],
    'no file is superfluous',
  )
})
