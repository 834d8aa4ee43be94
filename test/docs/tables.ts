/** Generates the tables of the documentation from the sources. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { FLAGS, variableOf } from '../../src/cli/flags.js'
import { findPreset, PRESETS } from '../../src/config/presets.js'
import { PROFILES } from '../../src/config/profiles.js'
import { readSchema } from '../../src/config/schema.js'
import { FAULT_CATALOGUE, type FaultName } from '../../src/faults/catalogue.js'
import { LEVELS, requirementOf } from '../../src/faults/requirements.js'
import { SEVERITIES } from '../../src/faults/rows/row.js'
import { RULES } from '../../src/generated/values.js'
import { createApp } from '../app.js'
import { ROOT } from '../root.js'

interface Schema {
  readonly $ref?: string
  readonly title?: string
  readonly description: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
}

const root = readSchema() as unknown as Schema & { readonly $defs: Readonly<Record<string, Schema>> }

/** The tables with the names of their places on the pages. */
export const TABLES: readonly { readonly name: string; readonly page: string; readonly text: string }[] = [
  { name: 'flags', page: 'README.md', text: flagsTable() },
  { name: 'rules', page: 'docs/strict.md', text: rulesTable() },
  { name: 'faults', page: 'docs/faults.md', text: faultsTables() },
  { name: 'presets', page: 'docs/presets.md', text: presetsTable() },
  { name: 'admin', page: 'docs/admin.md', text: await adminTable() },
  { name: 'keys', page: 'docs/configuration.md', text: keysTables() },
  { name: 'licenses', page: 'docs/licenses.md', text: licensesTable() },
]

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function flagsTable(): string {
  const rows = FLAGS.map((flag) => {
    const names = flag.names.split(', ').map((name, index, all) => {
      return `\`${name}${index === all.length - 1 && flag.value !== '' ? ` ${flag.value}` : ''}\``
    })
    return [names.join(', '), `\`${variableOf(flag)}\``, flag.description]
  })
  return table(['Flag', 'Variable', 'Description'], rows)
}

function rulesTable(): string {
  const { rules } = root.properties!
  return table(
    ['Rule', 'Requirement', ...Object.keys(PROFILES).map((name) => `\`${name}\``)],
    RULES.map((rule) => {
      const states = Object.values(PROFILES).map((profile) => (profile.rules.includes(rule) ? 'on' : 'off'))
      return [`\`${rule}\``, rules!.properties![rule]!.description, ...states]
    }),
  )
}

/** The severities, and a table for each section of the fault catalogue. */
function faultsTables(): string {
  const severities = Object.entries(SEVERITIES).map(([severity, description]) => [`\`${severity}\``, description])
  const entries = Object.entries(FAULT_CATALOGUE)
  const sections = [...new Set(entries.map(([, { section }]) => section))].map((title) => {
    const rows = entries.filter(([, { section }]) => section === title)
    const cells = rows.map(([name, { effect, takes = [], severity, must }]) => {
      const parameters = takes.map((parameter) => `\`${parameter}\``).join(', ')
      return [`\`${name}\``, effect, parameters, `\`${severity}\``, must, describeRequirement(name as FaultName)]
    })
    const head = ['Fault', 'Effect', 'Parameters', 'Severity', 'Expected reaction', 'Level in the specification']
    return `### ${title}\n\n${table(head, cells)}`
  })
  const levels = table(['Level of a rejection', 'Meaning'], Object.entries(LEVELS))
  return [table(['Severity', 'Required reaction'], severities), levels, ...sections].join('\n\n')
}

/** The level and the section of the rejection: `MUST, RFC 9207 §2.4`. */
function describeRequirement(name: FaultName): string {
  const requirement = requirementOf(name)
  if (requirement === undefined) return ''
  const { level, reference, unless } = requirement
  return `${level}, ${reference}${unless === undefined ? '' : `; ${unless}`}`
}

interface Operation {
  readonly summary: string
  readonly description?: string
}

/** Every operation of the admin API, by its own OpenAPI document. */
async function adminTable(): Promise<string> {
  const ignored = { teardown: () => undefined } as unknown as Test
  const { app } = await createApp(ignored)
  const document = (await app.inject('/admin/openapi.json')).json<{
    paths: Record<string, Record<string, Operation>>
  }>()
  const rows = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary, description = '' }]) => {
      return [`\`${method.toUpperCase()} ${path}\``, `${summary}. ${description}`.trim()]
    }),
  )
  return table(['Operation', 'Description'], rows)
}

function presetsTable(): string {
  const rows = PRESETS.map((name) => {
    const { base_path, issuer_suffix, paths, imitates, differs } = findPreset(name)!
    const discovery = base_path + (paths.discovery ?? '/.well-known/openid-configuration')
    const issuer = `http://localhost:9400${base_path}${issuer_suffix}`
    return [`\`${name}\``, `\`${issuer}\`, with discovery at \`${discovery}\``, imitates.join(' '), differs.join(' ')]
  })
  return table(['Preset', 'Issuer', 'Imitated', 'Not imitated'], rows)
}

/** Resolves the reference of a schema or of the items of a list. */
function resolve(schema: Schema): Schema {
  const target =
    schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : schema)
  return target.$ref === undefined ? target : root.$defs[target.$ref.replace('#/$defs/', '')]!
}

/** Every key, as a path of names; `*` is an item or a name that the user chooses. */
export function listKeys(schema: Schema = root, path: readonly string[] = []): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const here = [...path, name]
    if (isKnown(inner, path)) return [here]
    return [here, ...listKeys(resolve(inner), isList(inner) ? [...here, '*'] : here)]
  })
}

/** Tells whether a schema is of a list or of an object whose keys the user chooses. */
function isList({ items, additionalProperties }: Schema): boolean {
  return (items ?? additionalProperties) instanceof Object
}

/** Tells whether a key repeats the fault rules, which are listed at the top level only. */
function isKnown(schema: Schema, path: readonly string[] | string): boolean {
  return resolve(schema).title === 'Fault' && path.length > 0
}

/** The licenses of the packages that are needed at run time or bundled, by the lock file. */
function licensesTable(): string {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; license?: string }>
  }
  const needed = Object.entries(packages).filter(
    ([path, { dev }]) => path !== '' && (dev !== true || path === 'node_modules/js-sha256'),
  )
  const licenses = new Map(
    needed.map(([path, { license = 'none' }]) => [path.replace(/^.*node_modules\//, ''), license]),
  )
  return table(
    ['Package', 'License'],
    [...licenses].sort().map(([name, license]) => [`\`${name}\``, license]),
  )
}

function keysTables(): string {
  return [table(['Key', 'Default', 'Description'], keysRows(root)), ...keysSections(root, '')].join('\n\n')
}

/** A table for each key that has members which the schema knows by name. */
function keysSections(schema: Schema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, within]) => {
    const inner = resolve(within)
    if (inner.properties === undefined || isKnown(within, path)) return []
    const name = `${path}${key}`
    const each = !isList(within) ? '' : within.items ? ', each' : '.NAME'
    const rows = table(['Key', 'Default', 'Description'], keysRows(inner))
    return [`### \`${name}\`${each}\n\n${rows}`, ...keysSections(inner, `${name}.`)]
  })
}

function keysRows({ properties = {}, required = [] }: Schema): string[][] {
  return Object.entries(properties).map(([name, schema]) => {
    const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``
    const values = schema.enum ?? (schema.items && resolve(schema).enum) ?? []
    const choice = values.length < 2 ? '' : ` One of ${values.map((value) => `\`${value}\``).join(', ')}.`
    return [`\`${name}\``, required.includes(name) ? 'required' : fallback, schema.description + choice]
  })
}
