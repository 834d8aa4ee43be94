/**
 * The schemas for editors. That of the configuration also accepts references such as `${PORT}` in place of values,
 * extensions (`x-…`), and a flat list of users.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { readSchema } from './schema.js'

interface Node {
  readonly [keyword: string]: unknown
  readonly properties?: Nodes
  readonly items?: Node
  readonly additionalProperties?: Node | boolean
  readonly type?: string | readonly string[]
}

type Nodes = Readonly<Record<string, Node>>

/** Keywords that limit a text, so that a reference would be refused. */
const LIMITS = ['enum', 'pattern', 'format', 'minLength', 'maxLength']
/** Keywords that stay beside the alternatives. */
const OUTER = ['title', 'description', 'default', 'x-secret', 'x-restart']
const SCALARS = ['integer', 'number', 'boolean', 'string']

/** Reads the schema of a flat list of users. */
export function readUsersSchema(): Node {
  // The name of the package resolves in the sources, the compiled files and the bundle.
  const config = createRequire(import.meta.url).resolve('oidc-provider-mock/config.schema.json')
  return JSON.parse(readFileSync(join(dirname(config), 'users.schema.json'), 'utf8'))
}

/** Returns the schema of the configuration for editors. */
export function createPublishedSchema(): object {
  const { $defs, ...config } = readSchema() as unknown as Node & { readonly $defs: Nodes }
  return {
    ...publish(config),
    type: ['object', 'array'],
    patternProperties: {
      '^x-': { description: 'An extension, such as a value with an anchor. The provider ignores it.' },
    },
    items: readUsersSchema().items,
    $defs: {
      ...mapNodes($defs),
      Reference: {
        description: 'Environment variables and files: `${NAME}`, `${NAME:-default}`, `${file:PATH}`.',
        type: 'string',
        pattern: String.raw`\$\{`,
      },
    },
  }
}

function publish(node: Node): Node {
  const { properties, items, additionalProperties } = node
  const inner: Node = {
    ...node,
    ...(properties !== undefined && { properties: mapNodes(properties) }),
    ...(items !== undefined && { items: publish(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: publish(additionalProperties) }),
  }
  if (!refusesReferences(node)) return inner
  const pick = (isOuter: boolean) =>
    Object.fromEntries(Object.entries(inner).filter(([keyword]) => OUTER.includes(keyword) === isOuter))
  return { ...pick(true), anyOf: [pick(false), { $ref: '#/$defs/Reference' }] }
}

const mapNodes = (nodes: Nodes): Nodes =>
  Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, publish(node)]))

/** Whether a schema is that of a scalar and refuses a text with a reference. */
function refusesReferences(node: Node): boolean {
  const types = [node.type ?? (node.enum === undefined ? [] : 'string')].flat()
  if (!types.some((type) => SCALARS.includes(type))) return false
  return !types.includes('string') || LIMITS.some((keyword) => keyword in node)
}

/** Returns a configuration without its extensions, keys that begin with `x-`, which hold values with anchors. */
export function withoutExtensions(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')))
}
