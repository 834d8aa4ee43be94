/** Validation of a file without a server. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { validateFile } from '../../src/config/validate.js'

t.test('a valid file has no problems, and no key file is created', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'keys: [{ keep_in: key.json }]\nlog: { level: "${LEVEL}" }' })
  t.strictSame(await validateFile(join(folder, 'config.yaml'), { LEVEL: 'warn' }), [])
  t.strictSame(await readdir(folder), ['config.yaml'])
})

t.test('problems of an invalid file have positions', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'require_nonce: 5' }), 'config.yaml')
  t.strictSame(await validateFile(file, {}), [
    { file, line: 1, column: 16, path: '/require_nonce', message: 'is the number 5, expected a boolean' },
  ])
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
