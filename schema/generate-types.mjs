// Writes the types of the configuration from its schema into a folder: `types.ts`, as readers see it once defaults are
// in, and `input.ts`, as people write it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from 'json-schema-to-typescript'

const HERE = import.meta.dirname
const read = () => JSON.parse(readFileSync(join(HERE, 'config.schema.json'), 'utf8'))

/** A reference that has a description of its own becomes the referenced type's name, or each would become a type of its own. */
function nameReferences(node) {
  if (node === null || typeof node !== 'object') return node
  for (const child of Object.values(node)) nameReferences(child)
  if (node.$ref !== undefined && node.description !== undefined) {
    node.tsType = node.$ref.replace('#/$defs/', '')
    delete node.$ref
  }
  return node
}

/** Every property with a default is there after validation, so readers need not ask. */
function requireDefaulted(node) {
  if (node === null || typeof node !== 'object') return node
  for (const child of Object.values(node)) requireDefaulted(child)
  if (node.properties !== undefined) {
    const defaulted = Object.keys(node.properties).filter((key) => node.properties[key].default !== undefined)
    node.required = [...new Set([...(node.required ?? []), ...defaulted])]
  }
  return node
}

const OUTPUTS = {
  types: { name: 'Config', schema: () => requireDefaulted(read()) },
  input: { name: 'ConfigInput', schema: () => ({ ...read(), title: 'ConfigInput' }) },
}

async function generate({ name, schema }) {
  return await compile(nameReferences(schema()), name, {
    bannerComment: '/** Generated from schema/config.schema.json by `npm run types`; do not edit. */',
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: true,
    style: { semi: false, singleQuote: true, printWidth: 120 },
  })
}

for (const [file, output] of Object.entries(OUTPUTS)) {
  writeFileSync(join(process.argv[2], `${file}.ts`), await generate(output))
}
