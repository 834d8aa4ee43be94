/** The subcommand that only checks files. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { write } from './effects.js'
import { refused, run, SEE_HELP } from './program.js'

test('validate checks files without starting the provider', async (t) => {
  const folder = t.testdir({})
  const valid = write(folder, 'valid.yaml', 'users: [{ sub: alice }]\nkeys: [{ alg: RS256, keep_in: key.json }]\n')
  const list = write(folder, 'list.json', '[{ "sub": "alice", "plan": "gold" }]')
  const wrong = write(folder, 'wrong.yaml', 'issuer: nowhere\nuser: []\n')

  t.strictSame(await run(['validate', valid]), { code: 0, stdout: `${valid}: valid\n`, stderr: '' })
  t.throws(() => readFileSync(join(folder, 'key.json')), { code: 'ENOENT' }, 'nothing is written')

  const all = await run(['validate', valid, wrong, list, join(folder, 'missing.yaml')])
  t.equal(all.code, 2)
  t.equal(all.stderr, '')
  const lines = all.stdout.split('\n')
  t.equal(lines.length, 6)
  t.equal(lines[0], `${valid}: valid`)
  t.match(lines[1], /wrong\.yaml:1:9 \/issuer is "nowhere", expected /)
  t.match(lines[2], /wrong\.yaml:2:1 \/user is not a known key; did you mean users\?$/)
  t.equal(lines[3], `${list}: valid`)
  t.match(lines[4], /missing\.yaml does not exist$/)
  t.equal(lines[5], '')
})

test('validate --format json prints JSON', async (t) => {
  const folder = t.testdir({})
  const valid = write(folder, 'valid.yaml', 'users: [{ sub: alice }]\n')
  const wrong = write(folder, 'wrong.yaml', 'user: []\n')
  const { code, stdout } = await run(['validate', '--format', 'json', valid, wrong])
  t.equal(code, 2)
  t.strictSame(JSON.parse(stdout), {
    valid: false,
    files: [
      { file: valid, problems: [], warnings: [] },
      {
        file: wrong,
        problems: [
          { file: wrong, line: 1, column: 1, path: '/user', message: 'is not a known key; did you mean users?' },
        ],
        warnings: [],
      },
    ],
  })
  const fine = await run(['validate', '--format=json', valid])
  t.equal(fine.code, 0)
  t.strictSame(JSON.parse(fine.stdout), { valid: true, files: [{ file: valid, problems: [], warnings: [] }] })
})

test('validate prints warnings of a valid file and ends with code 0', async (t) => {
  const folder = t.testdir({})
  const file = write(folder, 'config.yaml', '- sub: alice\n  email_verified: yes\n  birthdate: 1990\n')
  const { code, stdout } = await run(['validate', file])
  t.equal(code, 0)
  t.equal(
    stdout.replaceAll(`${folder}/`, ''),
    `config.yaml:2:19 /0/email_verified is the text "yes", expected true or false; write true (warning)
config.yaml:3:14 /0/birthdate is the number 1990, expected a text; write "1990" (warning)
config.yaml: valid, with 2 warnings
`,
  )
})

test('validate substitutes variables of the environment', async (t) => {
  const config = write(t.testdir({}), 'config.yaml', 'users: [{ sub: "${WHO}" }]\n')
  t.equal((await run(['validate', config], { WHO: 'alice' })).code, 0)
  const { code, stdout } = await run(['validate', config])
  t.equal(code, 2)
  t.match(stdout, /config\.yaml:1:16 \/users\/0\/sub .*WHO/)
})

test('validate without a file or with an unknown format ends with code 2', async (t) => {
  refused(t, await run(['validate']), ["error: missing required argument 'FILE'", SEE_HELP])
  refused(t, await run(['validate', 'x.yaml', '--format', 'xml']), [
    "error: option '--format <FORMAT>' argument 'xml' is invalid. Allowed choices are text, json.",
    SEE_HELP,
  ])
})
