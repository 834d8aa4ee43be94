/** The schema line of the examples for editors, and the schema for lists of users. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { test } from 'tap'
import { parse } from 'yaml'
import { loadSnapshot } from '../../src/config/load.js'
import { createPublishedSchema } from '../../src/config/published.js'
import { validateFile } from '../../src/config/validate.js'
import { listScopes } from '../../src/oauth/scopes.js'
import { ROOT } from '../root.js'
import { accepts, execute, missing, readYaml } from './programs.js'

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
    t.ok(files.includes(file) || file === 'dist/config.schema.json', `${path}: the package has ${schema}`)
    t.strictSame(errorsOf(JSON.parse(read(file)), parse(read(path))), [], path)
    t.strictSame(await validateFile(join(ROOT, path), {}), { problems: [], warnings: [] }, path)
  }
})

/** Returns the errors of a value by a schema that is used as editors use it. */
function errorsOf(schema: object, value: unknown): string[] {
  const ajv = addFormats.default(new Ajv.default({ allErrors: true, strict: false }))
  const validate = ajv.compile(schema)
  return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

test('the package has the schema that the provider serves', async (t) => {
  t.strictSame(JSON.parse(read('dist/config.schema.json')), createPublishedSchema())
})

/** Configurations that the program accepts. */
const ACCEPTED: readonly [title: string, text: string][] = [
  [
    'a port by a variable',
    'server:\n  port: ${PORT:-9400}\n  admin: ${ADMIN:-true}\n  trust_forwarded: ${TRUST:-false}',
  ],
  [
    'a URL, a token and an enumeration by a variable',
    'issuer: ${URL:-http://a}\nlog: { level: "${LEVEL:-info}" }\nserver: { admin_token: "${TOKEN:-x}" }',
  ],
  [
    'a lifetime by a variable',
    'lifetimes: { access_token: "${LIFETIME:-5m}" }\nclock: { start: "${START:-2030-01-01T00:00:00Z}" }',
  ],
  [
    'values of a client by variables',
    'clients:\n  - client_id: a\n    redirect_uris: ["${URI:-http://a/b}"]\n    default_max_age: ${AGE:-5}',
  ],
  [
    'an extension with an anchor',
    'x-secret: &s { client_secret: hidden, redirect_uris: [http://a] }\nclients: [{ <<: *s, client_id: web }]',
  ],
  ['a flat list of users', '- { sub: alice, email: a@example.com, plan: gold }'],
]
for (const [title, text] of ACCEPTED) {
  test(`the schema for editors accepts what the program accepts: ${title}`, async (t) => {
    const file = join(t.testdir({ 'config.yaml': text }), 'config.yaml')
    t.strictSame((await validateFile(file, {})).problems, [])
    t.strictSame(errorsOf(createPublishedSchema(), parse(text, { merge: true })), [])
  })
}

test('the schema for editors refuses what the program refuses', async (t) => {
  for (const text of [
    'server: { port: x }',
    'server: { prot: 1 }',
    'xtra: 1',
    'users: [{ subb: a }]',
    '- email: a',
    'profile: lax',
  ]) {
    t.not(errorsOf(createPublishedSchema(), parse(text)).length, 0, text)
  }
})

test('extensions are not part of the configuration', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'x-a: { client_secret: hidden }\nusers: [{ sub: a }]' }), 'config.yaml')
  const { config } = await loadSnapshot({ config: file, overrides: [], env: {} })
  t.notOk('x-a' in config)
})

test('each fault has a description in the schema for editors', async (t) => {
  const { $defs } = createPublishedSchema() as {
    $defs: { Fault: { properties: { fault: { anyOf: { enum: string[]; enumDescriptions: string[] }[] } } } }
  }
  const [{ enum: names, enumDescriptions }] = $defs.Fault.properties.fault.anyOf as [
    { enum: string[]; enumDescriptions: string[] },
  ]
  t.ok(names.length > 100)
  t.equal(enumDescriptions.length, names.length)
  for (const [index, name] of names.entries()) t.match(enumDescriptions[index], /^[A-Z`].+/, name)
})

test('check-jsonschema accepts the examples', { skip: missing('check-jsonschema') }, async (t) => {
  const lists = OURS.filter((path) => /users[^/]*$/.test(path))
  const configurations = OURS.filter((path) => !lists.includes(path))
  const check = (schema: string, files: readonly string[]) =>
    execute('check-jsonschema', ['--schemafile', join(ROOT, schema), ...files.map((file) => join(ROOT, file))])
  accepts(t, await check('dist/config.schema.json', configurations))
  accepts(t, await check('schema/users.schema.json', lists))
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
