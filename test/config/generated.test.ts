/** The files of `src/generated` follow from the schema. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT } from '../root.js'

const generate = (...folders: string[]) =>
  execFileSync(process.execPath, [join(ROOT, 'schema/generate.mjs'), ...folders])

t.test('src/generated is current', async (t) => {
  const folder = t.testdir({})
  generate(folder)
  t.strictSame(readdirSync(folder).sort(), ['check_session.ts', 'input.ts', 'types.ts', 'validators.ts', 'values.ts'])
  for (const name of readdirSync(folder)) {
    const generated = readFileSync(join(folder, name), 'utf8')
    t.ok(readFileSync(join(ROOT, 'src/generated', name), 'utf8') === generated, `${name} is that of the schema`)
  }
})

t.test('without a folder, src/generated is left alone if it is current', async (t) => {
  const times = () =>
    readdirSync(join(ROOT, 'src/generated')).map((name) => statSync(join(ROOT, 'src/generated', name)).mtimeMs)
  const before = times()
  generate()
  t.strictSame(times(), before)
})

t.test('files that are newer than the schema are not generated again', async (t) => {
  const folder = t.testdir({
    'types.ts': 'a',
    'input.ts': 'b',
    'validators.ts': 'c',
    'values.ts': 'd',
    'check_session.ts': 'e',
  })
  generate(folder)
  t.equal(readFileSync(join(folder, 'types.ts'), 'utf8'), 'a')
})

t.test('all files are generated again if one of them is older than the schema', async (t) => {
  const folder = t.testdir({
    'types.ts': 'a',
    'input.ts': 'b',
    'validators.ts': 'c',
    'values.ts': 'd',
    'check_session.ts': 'e',
  })
  utimesSync(join(folder, 'input.ts'), 0, 0)
  generate(folder)
  for (const name of readdirSync(folder)) t.ok(statSync(join(folder, name)).size > 1000, name)
})
