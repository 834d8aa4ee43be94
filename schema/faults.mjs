// Writes the names and descriptions of faults from the catalogue, `src/faults/catalogue.ts`, into the schema of the
// configuration. Changes nothing if they are there already.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const ROOT = join(import.meta.dirname, '..')
const SCHEMA = join(import.meta.dirname, 'config.schema.json')
/** The two lists, up to the next property of a rule. */
const LISTS = /(?<="A name from the catalogue of faults[^\n]*\n)(?:.*\n)*?(?= {8}\},\n {8}"match": \{)/

/** Modules that the catalogue consists of. */
export const CATALOGUE_FILES = [
  'src/faults/catalogue.ts',
  'src/faults/rows/responses.ts',
  'src/faults/rows/row.ts',
  'src/faults/rows/tokens.ts',
  'src/routes.ts',
].map((file) => join(ROOT, file))

/** @param file path of the schema. */
export async function writeFaults(file = SCHEMA) {
  const { listSchemaEnum } = await importCatalogue()
  const faults = listSchemaEnum()
  const before = readFileSync(file, 'utf8')
  assert.match(before, LISTS, `${file} has no property "fault" before "match", expected one in Fault`)
  const lists = `${writeList('enum', faults, 0)},\n${writeList('enumDescriptions', faults, 1)}\n`
  const after = before.replace(LISTS, () => lists)
  if (after !== before) writeFileSync(file, after)
}

async function importCatalogue() {
  const options = { bundle: true, write: false, format: 'esm', platform: 'node', logLevel: 'error' }
  const { outputFiles } = await build({ ...options, entryPoints: [CATALOGUE_FILES[0]] })
  return await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`)
}

function writeList(keyword, faults, column) {
  const lines = faults.map((fault) => `            ${JSON.stringify(fault[column])}`)
  return `          "${keyword}": [\n${lines.join(',\n')}\n          ]`
}
