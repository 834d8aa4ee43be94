/** The configuration that is piped into the command. */
import { execFile } from 'node:child_process'
import { Readable } from 'node:stream'
import { test } from 'tap'
import { withoutInput } from '../../src/cli/input.js'
import { PROGRAM } from '../root.js'
import { loginPage, write } from './effects.js'
import { refused, run, serve } from './program.js'

const input = (...chunks: (string | Buffer)[]) => ({ stdin: Readable.from(chunks) })

test('a command beside the provider reads its file, but not its standard input', async (t) => {
  const sources = { overrides: [], env: {} }
  t.strictSame(withoutInput({ ...sources, config: 'config.yaml' }), { ...sources, config: 'config.yaml' })
  t.strictSame(withoutInput({ ...sources, config: '-' }), sources)
  t.strictSame(withoutInput(sources), sources)
})

test('--config - reads the configuration from standard input', async (t) => {
  const folder = t.testdir({ 'users.yaml': '[{ sub: carol }]' })
  for (const [args, env] of [
    [['--config', '-'], {}],
    [['-c', '-'], {}],
    [[], { OIDC_PROVIDER_MOCK_CONFIG: '-' }],
  ] as const) {
    const { issuer, line } = await serve(t, args, env, input('users: [{ sub: ', 'alice }]\n'))
    t.match(await loginPage(issuer), 'Authorize as alice')
    t.match(JSON.parse(await line(/listening/)), { users: 1, files: ['<stdin>'] })
  }
  const { issuer } = await serve(t, ['-c', '-', '--config-dir', folder], {}, input('{ "users": [{ "sub": "alice" }] }'))
  const page = await loginPage(issuer)
  for (const sub of ['alice', 'carol']) t.match(page, `Authorize as ${sub}`)
})

test('problems of standard input end with code 2, the line and the column', async (t) => {
  const broken = new Readable({
    read() {
      this.destroy(Object.assign(new Error('EISDIR'), { code: 'EISDIR' }))
    },
  })
  const cases: [string[], Readable, (string | RegExp)[]][] = [
    [['-c', '-'], Readable.from([]), [/^<stdin> is empty, expected a configuration such as /]],
    [['-c', '-'], Readable.from([' \n']), [/^<stdin> is empty, expected /]],
    [['-c', '-'], Readable.from(['users: 5']), ['<stdin>:1:8 /users is a number (not shown), expected a list']],
    [['-c', '-'], Readable.from([Buffer.from([0xff])]), ['<stdin> is not valid UTF-8; save it in UTF-8']],
    [['-c', '-'], Readable.from(endless()), ['<stdin> is larger than 4 MiB, expected at most 4 MiB']],
    [['-c', '-'], broken, ['<stdin> is a folder, expected a file']],
    [
      ['-c', '-', '--config-inline', '{}'],
      Readable.from(['{}']),
      ['--config-inline is a configuration, and standard input is another one; remove one of them'],
    ],
    [['doctor', '-c', '-'], Readable.from(['server: 1']), [/^<stdin>:1:9 \/server /]],
  ]
  for (const [args, stdin, lines] of cases) refused(t, await run(args, {}, { stdin }), lines)
})

test('the terminal is told how to end the configuration', async (t) => {
  const stdin = Object.assign(Readable.from(['users: [{ sub: alice }]']), { isTTY: true })
  const { code, stdout, stderr } = await run(['validate', '-'], {}, { stdin })
  t.strictSame([code, stdout], [0, '<stdin>: valid\n'])
  t.equal(stderr, 'reading the configuration from the terminal; end it with Ctrl-D\n')
})

test('validate - checks standard input, which is read once', async (t) => {
  const valid = write(t.testdir({}), 'valid.yaml', 'users: [{ sub: alice }]\n')
  const text = 'user: []\n'
  const { code, stdout } = await run(['validate', valid, '-', '-'], {}, input(text))
  const problem = '<stdin>:1:1 /user is not a known key; did you mean users?'
  t.equal(code, 2)
  t.equal(stdout, `${valid}: valid\n${problem}\n${problem}\n`)
  const json = await run(['validate', '--format', 'json', '-'], {}, input(text))
  t.match(JSON.parse(json.stdout), { valid: false, files: [{ file: '<stdin>', problems: [{ line: 1, column: 1 }] }] })
})

test('healthcheck does not wait for the standard input of the provider', async (t) => {
  const { issuer } = await serve(t)
  const stdin = new Readable({ read: () => t.fail('standard input is read') })
  const args = ['healthcheck', '-c', '-', '--port', new URL(issuer).port]
  t.match(await run(args, {}, { stdin }), { code: 0 })
})

test('a pipe into the process is read', async (t) => {
  const stdout = await new Promise<string>((resolve, reject) => {
    const args = [PROGRAM, 'validate', '-']
    const child = execFile(process.execPath, args, (error, text) => (error === null ? resolve(text) : reject(error)))
    child.stdin!.end('users: [{ sub: alice }]\n')
  })
  t.equal(stdout, '<stdin>: valid\n')
})

/** Yields more text than any bound. */
function* endless() {
  for (;;) yield '#'.repeat(1024 * 1024)
}
