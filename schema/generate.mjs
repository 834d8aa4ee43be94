// Writes what is generated from the schema of the configuration into a folder, `src/generated` by default:
// `types.ts`, the configuration with its defaults filled in; `input.ts`, the configuration as users write it;
// `validators.ts`, the validators as code; and `values.ts`, enumerations and defaults. Beside them, `check_session.ts` is the
// script of a page. Does nothing if the files are newer than their sources. First writes the catalogue of faults into the schema.
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CATALOGUE_FILES, writeFaults } from './faults.mjs'
import { PAGE_MODULE_FILES, writePageModule } from './page_module.mjs'

const HERE = import.meta.dirname
const TARGET = process.argv[2] ?? join(HERE, '../src/generated')
const SOURCES = [import.meta.filename, join(HERE, 'config.schema.json'), ...CATALOGUE_FILES, ...PAGE_MODULE_FILES]
const FILES = {
  'types.ts': writeTypes,
  'input.ts': writeInput,
  'validators.ts': writeValidators,
  'values.ts': writeValues,
  'check_session.ts': writePageModule,
}
const BANNER = '// Generated from schema/config.schema.json by schema/generate.mjs; do not edit.'
/** The exported validators and the parts of the schema that they check. */
const VALIDATORS = {
  validateConfig: 'urn:oidc-provider-mock:config',
  validateUser: 'urn:oidc-provider-mock:config#/$defs/User',
  validateClient: 'urn:oidc-provider-mock:config#/$defs/Client',
  validateFault: 'urn:oidc-provider-mock:config#/$defs/Fault',
}
/** Keywords of the schema that say how a value is treated: `x-secret` is never shown, `x-restart` needs a restart;
 * `enumDescriptions` is for editors. */
const ANNOTATIONS = ['x-secret', 'x-restart', 'enumDescriptions']

const age = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
const newest = Math.max(...SOURCES.map(age))
if (Object.keys(FILES).some((name) => age(join(TARGET, name)) < newest)) {
  console.error('generating types and validators from schema/config.schema.json')
  await writeFaults()
  mkdirSync(TARGET, { recursive: true })
  for (const [name, write] of Object.entries(FILES)) {
    // A rename keeps a build that runs at the same time from reading half of a file.
    const draft = join(TARGET, `${name}.${process.pid}`)
    writeFileSync(draft, `${BANNER}\n${await write()}`)
    renameSync(draft, join(TARGET, name))
  }
}

function readSchema() {
  return JSON.parse(readFileSync(join(HERE, 'config.schema.json'), 'utf8'))
}

function writeTypes() {
  return compileTypes('Config', requireDefaulted(readSchema()))
}

function writeInput() {
  return compileTypes('ConfigInput', { ...readSchema(), title: 'ConfigInput' })
}

async function compileTypes(name, schema) {
  const { compile } = await import('json-schema-to-typescript')
  return await compile(nameReferences(schema), name, {
    bannerComment: '',
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: true,
    style: { semi: false, singleQuote: true, printWidth: 120 },
  })
}

/** Replaces each reference that has its own description by the name of the type, which would be repeated otherwise. */
function nameReferences(node) {
  if (node === null || typeof node !== 'object') return node
  for (const child of Object.values(node)) nameReferences(child)
  if (node.$ref !== undefined && node.description !== undefined) {
    node.tsType = node.$ref.replace('#/$defs/', '')
    delete node.$ref
  }
  return node
}

/** Makes each property with a default required, because validation fills defaults in. */
function requireDefaulted(node) {
  if (node === null || typeof node !== 'object') return node
  for (const child of Object.values(node)) requireDefaulted(child)
  if (node.properties !== undefined) {
    const defaulted = Object.keys(node.properties).filter((key) => node.properties[key].default !== undefined)
    node.required = [...new Set([...(node.required ?? []), ...defaulted])]
  }
  return node
}

async function writeValidators() {
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  const { default: formats } = await import('ajv-formats')
  const { default: standalone } = await import('ajv/dist/standalone/index.js')
  const options = { allErrors: true, useDefaults: true, strict: true, allowUnionTypes: true, verbose: true }
  const ajv = new Ajv2020({ ...options, code: { source: true, esm: true } })
  formats.default(ajv)
  ajv.addVocabulary(ANNOTATIONS)
  ajv.addSchema(readSchema())
  return toTypeScript(standalone.default(ajv, VALIDATORS))
}

/** Turns the code of ajv into a module: its `require` calls into imports, its exports into typed ones. */
function toTypeScript(code) {
  const imports = new Map()
  const body = code
    .replace('"use strict";', '')
    .replace(/require\("([^"]+)"\)/g, (_, file) => {
      const name = imports.get(file) ?? `runtime${imports.size}`
      imports.set(file, name)
      return name
    })
    .replace(/export const (\w+) =/g, '\nexport const $1: ValidateFunction =')
  const lines = [...imports].map(([file, name]) => `import ${name} from '${file}.js'`)
  // @ts-nocheck: the code is JavaScript. c8: it is tested with ajv.
  return [
    '// @ts-nocheck',
    '/* c8 ignore start */',
    "import type { ValidateFunction } from 'ajv'",
    ...lines,
    body,
  ].join('\n')
}

/** Writes the enumerations that have a title, by their titles; the rules; the defaults of a client; the annotated keys. */
function writeValues() {
  const schema = readSchema()
  const enums = Object.fromEntries(listEnums(schema).map((node) => [node.title, node.enum]))
  const members = Object.entries(schema.$defs.Client.properties).filter(([, node]) => node.default !== undefined)
  const defaults = Object.fromEntries(members.map(([name, node]) => [name, node.default]))
  return [
    `export const VALUES = ${JSON.stringify(enums, null, 2)} as const`,
    `export const RULES = ${JSON.stringify(Object.keys(schema.properties.rules.properties), null, 2)} as const`,
    `export const CLIENT_DEFAULTS = ${JSON.stringify(defaults, null, 2)} as const`,
    `export const SECRET_KEYS: readonly string[] = ${JSON.stringify(listAnnotated(schema, 'x-secret'), null, 2)}`,
    `export const SECRET_TYPES: readonly string[] = ${JSON.stringify(listSecretTypes(schema), null, 2)}`,
    `export const TEXT_KEYS: readonly string[] = ${JSON.stringify(listKeys(schema, isText), null, 2)}`,
    `export const RESTART_KEYS: readonly string[] = ${JSON.stringify(listAnnotated(schema, 'x-restart'), null, 2)}\n`,
  ].join('\n')
}

/** Returns the names of the definitions with a secret, in themselves or in a definition that they use. */
function listSecretTypes({ $defs }) {
  const hasSecret = (name) => {
    const text = JSON.stringify($defs[name])
    return text.includes('"x-secret"') || [...text.matchAll(/#\/\$defs\/(\w+)/g)].some(([, used]) => hasSecret(used))
  }
  return Object.keys($defs).filter(hasSecret)
}

function listEnums(node) {
  if (node === null || typeof node !== 'object') return []
  const own = node.title !== undefined && node.enum !== undefined ? [node] : []
  return [...own, ...Object.values(node).flatMap(listEnums)]
}

function listAnnotated(schema, annotation) {
  return listKeys(schema, (node) => node[annotation] === true)
}

/** Whether each scalar that a schema allows is a text. */
function isText({ type = [], enum: values = [] }) {
  const types = [type].flat()
  if (values.length > 0) return values.every((value) => typeof value === 'string')
  return types.includes('string') && types.every((one) => ['string', 'array', 'object'].includes(one))
}

/** Lists the keys with such a schema, such as `clients.*.client_secret`; `*` is an index or a name that users choose. */
function listKeys(schema, isWanted) {
  const walk = (node, path) => {
    const { $ref, items, additionalProperties, properties = {} } = node
    const below = [...(path.length > 0 && isWanted(node) ? [path.join('.')] : [])]
    if ($ref !== undefined) below.push(...walk(schema.$defs[$ref.replace('#/$defs/', '')], path))
    for (const child of [items, additionalProperties])
      if (child instanceof Object) below.push(...walk(child, [...path, '*']))
    return [...below, ...Object.entries(properties).flatMap(([name, child]) => walk(child, [...path, name]))]
  }
  return walk(schema, [])
}
