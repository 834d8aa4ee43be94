// Runs all tests by tap, with coverage. Fails if a process outlives them.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import './build.mjs'
import { createMark, endLeftovers } from './leftovers.mjs'

const manifest = createRequire(import.meta.url).resolve('tap/package.json')
const tap = join(dirname(manifest), 'dist/esm/run.mjs')
const mark = createMark()
const runTap = async (...args) => {
  const cwd = join(import.meta.dirname, '..')
  const child = spawn(process.execPath, [tap, ...args], { cwd, stdio: 'inherit', env: { ...process.env, ...mark } })
  return await new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code ?? 1)))
}

// tap starts with the plugins that it was built with. After an installation these include a compiler, which would load
// into every test.
const built = readFileSync(createRequire(manifest).resolve('@tapjs/test/built'), 'utf8')
const { tap: settings } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
if (settings.plugin.some((name) => name.startsWith('!') && built.includes(name.slice(1)))) await runTap('build')

process.exitCode = await runTap(...process.argv.slice(2))
for (const command of await endLeftovers(mark)) {
  console.error(`left running after the tests: ${command}`)
  process.exitCode = 1
}
