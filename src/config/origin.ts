/** Where each value of the merged configuration was written, so that a problem can name file, line and column. */
import { type Document, isAlias, isNode, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from 'yaml'
import { type Complaint, type Problem, pointer } from './errors.js'

/** A file, or an override, which has a name but no lines. */
export interface Source {
  readonly name: string
  readonly document?: Document
  readonly lines?: LineCounter
}

/** The place of one value. Members that came from elsewhere than the rest of it are listed. */
export interface Origin {
  readonly source: Source
  readonly node?: unknown
  readonly key?: unknown
  /** Where the source's own path differs from that in the merged configuration, as in a flat list of users. */
  readonly pointer?: string
  readonly members?: ReadonlyMap<string, Origin>
}

/** The origin of a member, or undefined where nobody wrote it, such as a default or a missing key. */
export function memberOrigin(origin: Origin, segment: string): Origin | undefined {
  const own = origin.members?.get(segment)
  if (own !== undefined || origin.source.document === undefined) return own
  const found = findMember(origin.source.document, origin.node, segment)
  return found && { source: origin.source, ...found }
}

function findMember(document: Document, node: unknown, segment: string): { node: unknown; key?: unknown } | undefined {
  const target = isAlias(node) ? node.resolve(document) : node
  if (isSeq(target)) return { node: target.items[Number(segment)] }
  // Whatever else has members is a mapping.
  const { items } = target as YAMLMap
  const pair = items.find(({ key }) => isScalar(key) && key.value === segment)
  if (pair !== undefined) return { node: pair.value, key: pair.key }
  for (const merged of mergedNodes(document, items)) {
    const found = findMember(document, merged, segment)
    if (found !== undefined) return found
  }
  return undefined
}

/** What the `<<` keys of a mapping take in. */
function mergedNodes(document: Document, pairs: readonly { key: unknown; value: unknown }[]): unknown[] {
  return pairs
    .filter(({ key }) => isScalar(key) && key.value === '<<')
    .flatMap(({ value }) => {
      const target = isAlias(value) ? value.resolve(document) : value
      return isSeq(target) ? target.items : [target]
    })
}

/** The complaint with the place that it is about, or the nearest one that somebody wrote. */
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

/** A problem at a node of a file, or without line for an override. */
export function problemAt(source: Source, node: unknown, path: string, message: string): Problem {
  if (source.lines === undefined || !isNode(node)) return { file: source.name, path, message }
  const { line, col } = source.lines.linePos((node as Node).range![0])
  return { file: source.name, line, column: col, path, message }
}
