/** The schema line of the examples for editors, and the schema for lists of users. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { test } from 'tap'
import { parse } from 'yaml'
import { loadSnapshot } from '../../src/config/load.js'
import { validateFile } from '../../src/config/validate.js'
import { listScopes } from '../../src/oauth/scopes.js'
import { ROOT } from '../root.js'
import { readYaml } from './programs.js'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

const YAML = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.ya?ml$/.test(name))
  .map((name) => join('examples', name))

/** The files of the provider. Files of other programs have other schemas. */
const OURS = YAML.filter((path) => /(^|\/)(config|users)[^/]*\.ya?ml$/.test(path))

test('each configuration of the examples names its schema and is valid', async (t) => {
  t.ok(OURS.length >= 7, 'they are found')
  const { files } = readYaml<{ files: string[] }>('package.json')
  for (const path of OURS) {
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(read(path)) ?? []
    const file = relative(ROOT, join(ROOT, dirname(path), schema))
    t.ok(files.includes(file), `${path}: the package has ${schema}`)
    const ajv = addFormats.default(new Ajv.default({ allErrors: true, allowUnionTypes: true }))
    ajv.addVocabulary(['x-secret', 'x-restart', 'enumDescriptions'])
    const validate = ajv.compile(JSON.parse(read(file)) as object)
    t.ok(validate(parse(read(path))), `${path}: ${ajv.errorsText(validate.errors)}`)
    t.strictSame(await validateFile(join(ROOT, path), {}), { problems: [], warnings: [] }, path)
  }
})

test('the schema for lists of users has the claims of the standard scopes', async (t) => {
  const scopes = listScopes(await loadSnapshot({ overrides: [], env: {} }))
  const { items } = JSON.parse(read('schema/users.schema.json')) as {
    items: { properties: Record<string, { description: string }> }
  }
  const { sub, ...claims } = items.properties
  t.ok(sub)
  t.strictSame(new Set(Object.keys(claims)), new Set([...scopes.values()].flat()))
  for (const [scope, names] of scopes) {
    for (const name of names) t.match(claims[name]!.description, `Released by the scope ${scope}.`)
  }
})

test('the schema for lists of users refuses a user without sub', async (t) => {
  const validate = new Ajv.default().compile(JSON.parse(read('schema/users.schema.json')) as object)
  t.ok(validate([{ sub: 'alice', anything: { goes: true } }]))
  t.notOk(validate([{ email: 'alice@example.com' }]))
  t.notOk(validate({ users: [] }))
})

test('the examples use the image of this version', async (t) => {
  const { version } = readYaml<{ version: string }>('package.json')
  const texts = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ya?ml|ts|java)$/.test(name))
    .map((name) => read(join('examples', name)))
  const tags = texts.flatMap((text) =>
    [...text.matchAll(/oidc-provider-mock\/oidc-provider-mock(?::|\n\s+newTag: )([\w.-]+)/g)].map(([, tag]) => tag),
  )
  t.equal(tags.length, 5)
  t.strictSame(new Set(tags), new Set([version]))
})
