/** Parses the text of a YAML or JSON file into a plain value and keeps the nodes, which have the positions. */
import { setImmediate } from 'node:timers/promises'
import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type Scalar,
  type YAMLError,
  YAMLParseError,
} from 'yaml'
import { isSecret, isText } from './annotations.js'
import { isClaim, isTextClaim } from './check/claim_types.js'
import { type Problem, pointer } from './errors.js'
import { findChange } from './exact_number.js'
import type { Hidden } from './hidden.js'
import { type Origin, problemAt, type Source } from './origin.js'
import { type ReadVariables, readReferences, substitute, type Variables } from './substitute.js'
import { describeSyntax } from './syntax.js'

/** A parsed file: its value and its origin. */
export interface Parsed {
  readonly value: unknown
  readonly origin: Origin
  readonly problems: readonly Problem[]
  /** Warnings about the form of values. */
  readonly warnings: readonly Problem[]
  /** Texts from files, which no problem shows. */
  readonly hidden: readonly Hidden[]
}

/** Approximate number of values that the aliases of a file can expand to. */
const MOST_ALIASES = 1000
const DEEPEST = 100
/** Entries of the parser's stack; each level of the document takes one or two. */
const MOST_UNFINISHED = 4 * DEEPEST
/** Number of lexemes that are read before requests have their turn. A file of 4 MiB has a million of them. */
const AT_ONCE = 10_000
/** Parses a file. Substitutes variables if the document is a mapping; a flat list of users is taken literally. */
export async function parseText(name: string, text: string, variables?: Variables): Promise<Parsed> {
  const lines = new LineCounter()
  const tokens = await tokenize(name, text, lines)
  if (!Array.isArray(tokens))
    return { value: undefined, origin: { source: { name } }, problems: [tokens], warnings: [], hidden: [] }
  await setImmediate()
  const { document, errors } = compose(tokens, text.length)
  await setImmediate()
  const source: Source = { name, document, lines }
  const origin: Origin = { source, node: document.contents }
  const syntax = describeSyntax(name, text, lines, document, errors)
  if (syntax.length > 0) return { value: undefined, origin, problems: syntax, warnings: [], hidden: [] }

  const problems: Problem[] = []
  const warnings: Problem[] = []
  const hidden: Hidden[] = []
  const replaced = isMap(document.contents) && variables && (await readReferences(document, variables))
  const walk: Walk = {
    source,
    document,
    variables: replaced || undefined,
    anchors: new Set(),
    problems,
    warnings,
    hidden,
  }
  visit(walk, document.contents, [], [])
  await setImmediate()
  return { value: toValue(walk), origin, problems, warnings, hidden }
}

/** Returns the tokens of a text, or a problem at the point where composing them, which is recursive, could overflow the stack. */
async function tokenize(file: string, text: string, lines: LineCounter): Promise<CST.Token[] | Problem> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  const tokens: CST.Token[] = []
  let read = 0
  for (const lexeme of new Lexer().lex(text)) {
    read += 1
    if (read % AT_ONCE === 0) await setImmediate()
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length <= MOST_UNFINISHED) continue
    const { line, col } = lines.linePos(parser.offset)
    return { file, line, column: col, path: '', message: 'the document is nested too deeply from here on' }
  }
  return [...tokens, ...parser.end()]
}

/** Composes the first document. A second one is an error. */
function compose(tokens: readonly CST.Token[], end: number): { document: Document; errors: readonly YAMLError[] } {
  const composer = new Composer({ merge: true, stringKeys: true, schema: 'core' })
  const [document, second] = composer.compose(tokens, true, end)
  const errors = [...document!.errors, ...document!.warnings]
  if (second !== undefined)
    errors.push(new YAMLParseError(second.range.slice(0, 2) as [number, number], 'MULTIPLE_DOCS', ''))
  return { document: document!, errors }
}

function toValue({ source, document, problems, broken }: Walk): unknown {
  if (broken) return undefined
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES })
  } catch (error) {
    const message =
      error instanceof ReferenceError
        ? `has aliases that expand to too many values, expected at most ${MOST_ALIASES}`
        : 'has a << whose value is not a mapping, expected a mapping'
    problems.push(problemAt(source, document.contents, '', message))
    return undefined
  }
}

interface Walk {
  readonly source: Source
  readonly document: Document
  readonly variables: ReadVariables | undefined
  readonly anchors: Set<string>
  readonly problems: Problem[]
  readonly warnings: Problem[]
  readonly hidden: Hidden[]
  /** Whether an alias has no anchor or contains itself, so that the document has no plain value. */
  broken?: boolean
}

/** Visits all values (not keys) in the order of the file, substitutes variables and reports values that JSON does not have. */
function visit(walk: Walk, node: unknown, path: readonly string[], within: readonly string[]): void {
  const complain = (message: string) => walk.problems.push(problemAt(walk.source, node, pointer(path), message))
  if (isAlias(node)) {
    const message = aliasProblem(walk, node, within)
    if (message === undefined) return
    walk.broken = true
    complain(message)
  } else if (isScalar(node)) {
    if (node.anchor !== undefined) walk.anchors.add(node.anchor)
    if (walk.variables !== undefined) {
      for (const message of substitute(walk.document, node, walk.variables, walk.hidden, {
        secret: isSecret(path),
        text: isText(path) || isTextClaim(path),
      }))
        complain(message)
    }
    checkNumber(walk, node, path)
  } else if (isMap(node) || isSeq(node)) {
    if (node.anchor !== undefined) walk.anchors.add(node.anchor)
    if (path.length >= DEEPEST) return void complain(`is nested too deeply, expected at most ${DEEPEST} levels`)
    const inner = node.anchor === undefined ? within : [...within, node.anchor]
    for (const { key } of isMap(node) ? node.items : []) {
      if (!isScalar(key) || key.type !== 'PLAIN' || !/^\/[/*]/.test(String(key.value))) continue
      walk.problems.push(
        problemAt(walk.source, key, '', 'begins like a comment, expected a key; a comment begins with #'),
      )
      walk.broken = true
    }
    const members = isSeq(node) ? [...node.items.entries()] : node.items.map(({ key, value }) => [keyText(key), value])
    for (const [key, value] of members) visit(walk, value, [...path, String(key)], inner)
  }
}

/** Reports a number that changes when a program reads it, and warns of a claim whose number has another form in tokens. */
function checkNumber({ source, problems, warnings }: Walk, node: Scalar, path: readonly string[]): void {
  if (typeof node.value !== 'number') return
  const text = node.source!
  const change = findChange(text)
  const place = (message: string) => problemAt(source, node, pointer(path), message)
  if (change !== undefined) return void problems.push(place(change))
  if (text === String(node.value) || !isClaim(isFlat(source) ? ['users', '', 'claims', ...path.slice(1)] : path)) return
  warnings.push(place(`is the number ${text}, which tokens have in another form; to keep it, write "${text}"`))
}

const isFlat = ({ document }: Source) => isSeq(document?.contents)

function aliasProblem({ anchors }: Walk, { source }: Alias, within: readonly string[]): string | undefined {
  if (within.includes(source)) return 'is an alias inside the value that it names'
  if (anchors.has(source)) return undefined
  return 'is an alias without an anchor, expected & with the same name before it; put a text that begins with * in quotes'
}

function keyText(key: unknown): string {
  return String((key as { value: unknown }).value)
}
