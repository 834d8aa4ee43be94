/** The examples for test runners, installed from the packed package and run. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { findBrowser } from '../browser.js'
import { ROOT } from '../root.js'
import { accepts, execute } from './programs.js'

const NPM = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline', '--loglevel=error']

/** The reason to skip without a package registry, or false. In CI the tests are not skipped. */
async function unreachable(): Promise<string | false> {
  const { code, said } = await execute('npm', ['view', 'openid-client', 'version', '--fetch-retries=0', ...NPM])
  if (code === 0) return false
  if (process.env.CI === 'true') throw new Error(`the registry of npm can't be reached:\n${said}`)
  return `the registry of npm can't be reached: ${said.split('\n')[0]}`
}

/** A folder outside the project. */
function createFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'example-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Copies an example and installs the packed package. */
async function install(t: Test, name: string, tarball: string): Promise<string> {
  const folder = createFolder(t)
  cpSync(join(ROOT, 'examples', name), folder, { recursive: true })
  const file = join(folder, 'package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  t.equal(manifest.devDependencies['oidc-provider-mock'], '*', 'readers get what is published')
  manifest.devDependencies['oidc-provider-mock'] = `file:${tarball}`
  writeFileSync(file, JSON.stringify(manifest))
  accepts(t, await execute('npm', ['install', '--prefix', folder, ...NPM]))
  return folder
}

const EXAMPLES = [
  { name: 'node-test', passed: /# pass 3|pass 3/ },
  { name: 'vitest', passed: /Tests\s+3 passed/, typed: true },
  { name: 'jest', passed: /Tests:\s+3 passed/ },
  { name: 'playwright', passed: /3 passed/, typed: true, browser: true },
]

test('examples for test runners', async (t) => {
  const reason = await unreachable()
  if (reason !== false) return t.plan(0, reason)
  const folder = createFolder(t)
  // The scripts of the package would build again during other tests.
  const packed = await execute('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder])
  const tarball = join(folder, JSON.parse(packed.stdout)[0].filename)
  const executablePath = findBrowser()
  for (const { name, passed, typed, browser } of EXAMPLES) {
    const skip = browser === true && executablePath === undefined && 'no browser is here'
    await t.test(name, { skip }, async (t) => {
      const folder = await install(t, name, tarball)
      if (typed === true) {
        accepts(t, await execute(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder]))
      }
      // The coverage settings of these tests do not apply to the processes of the runner.
      const env = { NODE_OPTIONS: '', NODE_V8_COVERAGE: '', CHROME_PATH: executablePath ?? '', FORCE_COLOR: '0' }
      const ended = await execute('npm', ['test', '--prefix', folder], { env })
      accepts(t, ended)
      t.match(ended.said, passed)
    })
  }
})
