/** The types of the configuration are those of its schema. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const ROOT = join(import.meta.dirname, '../..')

for (const name of ['types', 'input']) {
  t.test(`src/config/${name}.ts is what \`npm run types\` writes`, async (t) => {
    const script = join(ROOT, 'schema/generate-types.mjs')
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--print', name])
    t.equal(await readFile(join(ROOT, `src/config/${name}.ts`), 'utf8'), stdout)
  })
}
