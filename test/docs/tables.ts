/** The tables of the documentation, as the sources would have them. */
import { readSchema } from '../../src/config/schema.js'
import { FLAGS, variableOf } from '../../src/flags.js'

interface Schema {
  readonly $ref?: string
  readonly description: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
}

const root = readSchema() as unknown as Schema & { readonly $defs: Readonly<Record<string, Schema>> }

/** Every table, by the name that its place on the page has. */
export const TABLES: readonly { readonly name: string; readonly page: string; readonly text: string }[] = [
  { name: 'flags', page: 'README.md', text: flagsTable() },
  { name: 'keys', page: 'docs/configuration.md', text: keysTables() },
]

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function flagsTable(): string {
  const rows = FLAGS.map((flag) => {
    const names = flag.names.split(', ').map((name, index, all) => {
      return `\`${name}${index === all.length - 1 ? ` ${flag.value}` : ''}\``
    })
    return [names.join(', '), `\`${variableOf(flag)}\``, flag.description]
  })
  return table(['Flag', 'Variable', 'What'], rows)
}

/** What a schema with a reference or a list stands for. */
function resolve(schema: Schema): Schema {
  const target =
    schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : schema)
  return target.$ref === undefined ? target : root.$defs[target.$ref.replace('#/$defs/', '')]!
}

/** The members of what stands under a key, where it has members that the schema knows by name. */
export function membersOf(schema: Schema): Readonly<Record<string, Schema>> {
  return resolve(schema).properties ?? {}
}

/** Every key, as a path of names; `*` is an item or a name that the user chooses. */
export function listKeys(): string[][] {
  return Object.entries(root.properties!).flatMap(([name, schema]) => {
    const within = Object.keys(membersOf(schema)).map((key) => [name, ...(schema.properties ? [] : ['*']), key])
    return [[name], ...within]
  })
}

function keysTables(): string {
  const keys = Object.entries(root.properties!)
  const top = table(['Key', 'Default', 'What'], keysRows(root))
  const inner = keys.filter(([, schema]) => Object.keys(membersOf(schema)).length > 0)
  const sections = inner.map(([name, schema]) => {
    const each = schema.properties ? '' : schema.items ? ', each' : '.NAME'
    return `### \`${name}\`${each}\n\n${table(['Key', 'Default', 'What'], keysRows(resolve(schema)))}`
  })
  return [top, ...sections].join('\n\n')
}

function keysRows({ properties = {}, required = [] }: Schema): string[][] {
  return Object.entries(properties).map(([name, schema]) => {
    const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``
    const values = schema.enum ?? (schema.items && resolve(schema).enum) ?? []
    const choice = values.length < 2 ? '' : ` One of ${values.map((value) => `\`${value}\``).join(', ')}.`
    return [`\`${name}\``, required.includes(name) ? 'required' : fallback, schema.description + choice]
  })
}
