// Runs test files one after another, without coverage: `npm run test:one -- test/directory.test.ts`.
// Prints the failed assertions and the output of the program, and the counts of each file.
import { spawn } from 'node:child_process'
import { relative } from 'node:path'
import { createInterface } from 'node:readline'
import './build.mjs'

/** TAP lines about passed assertions. */
const PASSED = /^\s*(ok \d|# Subtest|\d+\.\.\d+|TAP version|$)/

const files = process.argv.slice(2).map((file) => relative('', file))
if (files.length === 0) throw new Error('no test file is named; name one: npm run test:one -- test/directory.test.ts')
for (const file of files) {
  console.log(file)
  if ((await run(`build/${file.replace(/\.ts$/, '.js')}`)) !== 0) process.exitCode = 1
}

/** Runs a compiled test and resolves with its exit code. */
async function run(file) {
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // A test has as many seconds as in the whole suite.
    env: { TAP_TIMEOUT: '300', ...process.env },
  })
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code)))
  for await (const line of createInterface(child.stdout)) if (!PASSED.test(line)) console.log(line)
  return await ended
}
