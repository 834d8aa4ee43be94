/** What is published, and how it is installed. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'

const ROOT = join(import.meta.dirname, '..')

test('the lock file names no registry', async (t) => {
  t.notMatch(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'), /"resolved"/)
})

test('the package has what it needs at run time, and nothing else', async (t) => {
  // Its scripts would build anew, under the feet of other tests.
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
    'dist/cli.js',
    'dist/index.js',
    'dist/index.d.ts',
    'schema/config.schema.json',
    ...readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`),
    ...readdirSync(join(ROOT, 'examples')).map((file) => `examples/${file}`),
    ...readdirSync(join(ROOT, 'src/pages'))
      .filter((file) => !file.endsWith('.ts'))
      .map((file) => `dist/pages/${file}`),
  ]
  t.strictSame(
    needed.filter((file) => !files.includes(file)),
    [],
    'nothing is missing',
  )
  const belongs = /^(dist|docs|examples)\/|^schema\/config\.schema\.json$|^[A-Z]+(\.md)?$|^package\.json$/
  t.strictSame(
    files.filter((file) => !belongs.test(file) || /\.test\.|\.taprc/.test(file)),
    [],
    'nothing is too much',
  )
})
