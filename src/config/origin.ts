/** The origin of each value of the merged configuration: file, line and column for problems. */
import { type Document, isAlias, isNode, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from 'yaml'
import { type Complaint, type Problem, pointer } from './errors.js'

/** A file, or an override, which has a name but no lines. */
export interface Source {
  readonly name: string
  readonly document?: Document
  readonly lines?: LineCounter
}

/** The origin of one value. Members with another origin are listed. */
export interface Origin {
  readonly source: Source
  readonly node?: unknown
  readonly key?: unknown
  /** The path in the source if it differs from the path in the merged configuration, as in a flat list of users. */
  readonly pointer?: string
  readonly members?: ReadonlyMap<string, Origin>
}

/** Returns the origin of a member, or undefined if no source has it, as for a default or a missing key. */
export function memberOrigin(origin: Origin, segment: string): Origin | undefined {
  const own = origin.members?.get(segment)
  if (own !== undefined || origin.source.document === undefined) return own
  const found = findMember(origin.source.document, origin.node, segment)
  return found && { source: origin.source, ...found }
}

function findMember(document: Document, node: unknown, segment: string): { node: unknown; key?: unknown } | undefined {
  const target = isAlias(node) ? node.resolve(document) : node
  if (isSeq(target)) return { node: target.items[Number(segment)] }
  // Only sequences and mappings have members.
  const { items } = target as YAMLMap
  const pair = items.find(({ key }) => isScalar(key) && key.value === segment)
  if (pair !== undefined) return { node: pair.value, key: pair.key }
  for (const merged of mergedNodes(document, items)) {
    const found = findMember(document, merged, segment)
    if (found !== undefined) return found
  }
  return undefined
}

/** Returns the nodes that the `<<` keys of a mapping merge in. */
function mergedNodes(document: Document, pairs: readonly { key: unknown; value: unknown }[]): unknown[] {
  return pairs
    .filter(({ key }) => isScalar(key) && key.value === '<<')
    .flatMap(({ value }) => {
      const target = isAlias(value) ? value.resolve(document) : value
      return isSeq(target) ? target.items : [target]
    })
}

/** Returns a complaint with the position of its value, or of the nearest parent that a source has. */
export function locate(root: Origin, { path, at, message }: Complaint): Problem {
  let origin: Origin = root
  let written = true
  let shown = ''
  for (const segment of path) {
    const member: Origin | undefined = written ? memberOrigin(origin, segment) : undefined
    written = member !== undefined
    origin = member ?? origin
    shown = member?.pointer ?? shown + pointer([segment])
  }
  const node = at === 'key' && written && isNode(origin.key) ? origin.key : origin.node
  return problemAt(origin.source, node, shown, message)
}

/** Returns a problem at a node of a file, or without a line for an override. */
export function problemAt(source: Source, node: unknown, path: string, message: string): Problem {
  if (source.lines === undefined || !isNode(node)) return { file: source.name, path, message }
  const { line, col } = source.lines.linePos((node as Node).range![0])
  return { file: source.name, line, column: col, path, message: asWritten(message, node) }
}

/** Returns a message with a number or a boolean as it is in the file: `007`, not 7. */
function asWritten(message: string, node: Node): string {
  if (!isScalar(node) || typeof node.value === 'string' || node.source === undefined) return message
  const value = String(node.value).replace(/[.+]/g, String.raw`\$&`)
  const shown = new RegExp(`(?<=^is (?:the (?:number|boolean) )?|; write ")${value}(?=[", ]|$)`, 'g')
  return message.replace(shown, () => node.source!)
}
