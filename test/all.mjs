// Runs all tests by tap, with coverage. Fails if a process outlives them.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import './build.mjs'
import { createMark, endLeftovers } from './leftovers.mjs'

const manifest = createRequire(import.meta.url).resolve('tap/package.json')
const tap = join(dirname(manifest), 'dist/esm/run.mjs')
const mark = createMark()
const child = spawn(process.execPath, [tap, ...process.argv.slice(2)], {
  cwd: join(import.meta.dirname, '..'),
  stdio: 'inherit',
  env: { ...process.env, ...mark },
})
process.exitCode = await new Promise((resolve, reject) =>
  child.on('error', reject).on('close', (code) => resolve(code ?? 1)),
)
for (const command of await endLeftovers(mark)) {
  console.error(`left running after the tests: ${command}`)
  process.exitCode = 1
}
