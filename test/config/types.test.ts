/** The types of the configuration are those of its schema. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const ROOT = join(import.meta.dirname, '../..')

t.test('src/generated has what `npm run types` writes', async (t) => {
  const folder = t.testdir({})
  await promisify(execFile)(process.execPath, [join(ROOT, 'schema/generate-types.mjs'), folder])
  for (const name of ['types.ts', 'input.ts']) {
    t.equal(await readFile(join(ROOT, 'src/generated', name), 'utf8'), await readFile(join(folder, name), 'utf8'), name)
  }
})
