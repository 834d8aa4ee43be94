/** Validation of a file without a server. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { validateFile } from '../../src/config/validate.js'

t.test('a valid file has no problems, and no key file is created', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'keys: [{ keep_in: key.json }]\nlog: { level: "${LEVEL}" }' })
  t.strictSame(await validateFile(join(folder, 'config.yaml'), { LEVEL: 'warn' }), { problems: [], warnings: [] })
  t.strictSame(await readdir(folder), ['config.yaml'])
})

t.test('problems of an invalid file have positions', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'require_nonce: 5' }), 'config.yaml')
  const message = 'is the number 5, expected a boolean'
  t.strictSame(await validateFile(file, {}), {
    problems: [{ file, line: 1, column: 16, path: '/require_nonce', message }],
    warnings: [],
  })
})

t.test('warnings of a valid file have positions', async (t) => {
  const file = join(t.testdir({ 'config.yaml': '- sub: alice\n  email_verified: yes' }), 'config.yaml')
  const message = 'is the text "yes", expected true or false; write true'
  t.strictSame(await validateFile(file, {}), {
    problems: [],
    warnings: [{ file, line: 2, column: 19, path: '/0/email_verified', message }],
  })
})

t.test('an internal error is not reported as a problem', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'issuer: ${X}' }), 'config.yaml')
  const env = {
    get X(): string {
      throw new TypeError('from outside')
    },
  }
  await t.rejects(validateFile(file, env), { message: 'from outside' })
})
