// Runs test files without coverage: `node test/run.mjs [--jobs N] FILE_OR_FOLDER…`, such as `test/directory.test.ts`.
// Prints the failed assertions and the output of the tests, the counts of each file, and the sum of them.
import { spawn } from 'node:child_process'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import './build.mjs'
import { createMark, endLeftovers } from './leftovers.mjs'

const ROOT = join(import.meta.dirname, '..')
/** TAP lines about passed assertions. */
const PASSED = /^\s*(ok \d|# Subtest|# time=|\d+\.\.\d+|TAP version|$)/
/** The line of TAP with the counts of a file. */
const COUNTS = /^# \{ total: .* \}$/
/** Seconds that a test file may take. */
const TIMEOUT = 300

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: '1' } },
})
const waiting = positionals.flatMap(findTests)
if (waiting.length === 0) {
  console.error('no test file is given; run npm run test:one -- test/directory.test.ts')
  process.exit(2)
}
const sum = { total: 0, pass: 0, fail: 0, skip: 0, todo: 0 }
const printed = []

await Promise.all(Array.from({ length: Number(values.jobs) }, work))
print(`# { total: ${sum.total}, pass: ${sum.pass}, fail: ${sum.fail}, skip: ${sum.skip} }`)
if (process.env.TAP_OUTPUT_FILE !== undefined) writeFileSync(process.env.TAP_OUTPUT_FILE, `${printed.join('\n')}\n`)
if (sum.fail > 0) process.exitCode = 1

/** Runs one file after another until none waits. */
async function work() {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const start = performance.now()
    const { code, lines } = await run(file)
    const counts = lines.findLast((line) => COUNTS.test(line)) ?? ''
    const failed = code !== 0 && !counts.includes('fail: ')
    if (failed) count(`# { total: 1, fail: 1 }`)
    count(counts)
    const title = `${code === 0 ? 'ok' : 'not ok'} - ${file} ${counts} ${Math.round(performance.now() - start)} ms`
    print([...lines.filter((line) => !PASSED.test(line) && !COUNTS.test(line)), title].join('\n'))
    if (failed) print(`${file} ended with ${code}`)
  }
}

/** Runs a test file and resolves with its exit code and its output. */
async function run(file) {
  const compiled = join('build', file.replace(/\.ts$/, '.js'))
  const mark = createMark()
  const child = spawn(process.execPath, ['--enable-source-maps', compiled], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { TAP_TIMEOUT: `${TIMEOUT}`, ...process.env, ...mark },
  })
  const lines = []
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => lines.push(line))
  const code = await ended
  const leftovers = (await endLeftovers(mark)).map((command) => `left running: ${command}`)
  return { code: leftovers.length > 0 ? 'left processes' : code, lines: [...lines, ...leftovers] }
}

/** Adds the counts of a file to the sum. */
function count(counts) {
  for (const [, name, number] of counts.matchAll(/(\w+): (\d+)/g)) sum[name] += Number(number)
}

function print(text) {
  printed.push(text)
  console.log(text)
}

/** Returns the test files at a path, which is a file or a folder. */
function findTests(path) {
  const file = relative(ROOT, path)
  if (!statSync(path).isDirectory()) return [file]
  const names = readdirSync(path, { recursive: true }).filter((name) => name.endsWith('.test.ts'))
  return names.sort().map((name) => join(file, name))
}
