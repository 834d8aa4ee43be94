/** From the text of a YAML or JSON file to a plain value, with the nodes that tell where each part of it stands. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  parseDocument,
  type YAMLError,
} from 'yaml'
import { type Problem, pointer } from './errors.js'
import { type Origin, problemAt, type Source } from './origin.js'
import { type Environment, substitute } from './substitute.js'

/** A parsed file: its value and where it stands. */
export interface Parsed {
  readonly value: unknown
  readonly origin: Origin
  readonly problems: readonly Problem[]
}

/** How many nodes the aliases of a file may unfold to, roughly. */
const MOST_ALIASES = 1000
const DEEPEST = 100
/** Of the parser: each level of the document is one or two of its own. */
const MOST_UNFINISHED = 4 * DEEPEST
/** A file that is no YAML at all would fill the screen. */
const MOST_SYNTAX_PROBLEMS = 20

/** Words for the errors of the parser that are not clear by themselves. */
const SYNTAX: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands in the same mapping twice',
  MULTIPLE_DOCS: 'a second document begins here, but a configuration is one document',
  NON_STRING_KEY: 'a key must be a text',
}

/** Parses a file. Variables are substituted in a document that is a mapping; a flat list of users is taken literally. */
export function parseText(name: string, text: string, env?: Environment): Parsed {
  const abyss = findAbyss(name, text)
  if (abyss !== undefined) return { value: undefined, origin: { source: { name } }, problems: [abyss] }
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    stringKeys: true,
    prettyErrors: false,
    schema: 'core',
  })
  const source: Source = { name, document, lines }
  const origin: Origin = { source, node: document.contents }
  const syntax = syntaxProblems(name, text, lines, [...document.errors, ...document.warnings])
  if (syntax.length > 0) return { value: undefined, origin, problems: syntax }

  const problems: Problem[] = []
  const walk: Walk = { source, document, env: isMap(document.contents) ? env : undefined, anchors: new Set(), problems }
  visit(walk, document.contents, [], [])
  return { value: unfold(walk), origin, problems }
}

/** Where the nesting gets so deep that composing the document, which is recursive, could end the whole process. */
function findAbyss(file: string, text: string): Problem | undefined {
  const lines = new LineCounter()
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    // Finished parts come out here and are not needed: what counts is how many are unfinished.
    Array.from(parser.next(lexeme))
    if (parser.stack.length <= MOST_UNFINISHED) continue
    const { line, col } = lines.linePos(parser.offset)
    return { file, line, column: col, path: '', message: 'the document is nested too deeply from here on' }
  }
  return undefined
}

/** The first error of each line, since the others follow from it. */
function syntaxProblems(file: string, text: string, lines: LineCounter, errors: readonly YAMLError[]): Problem[] {
  const problems = new Map<number, Problem>()
  for (const { code, pos, message } of errors) {
    const { line, col } = lines.linePos(pos[0])
    if (problems.has(line)) continue
    const hint = /[[{].*\$\{/.test(text.split('\n')[line - 1]!) ? '; inside of { } and [ ] a ${NAME} needs quotes' : ''
    const said = SYNTAX[code] ?? `is not valid YAML: ${message}${hint}`
    problems.set(line, { file, line, column: col, path: '', message: said })
  }
  return [...problems.values()].slice(0, MOST_SYNTAX_PROBLEMS)
}

function unfold({ source, document, problems, broken }: Walk): unknown {
  if (broken) return undefined
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES })
  } catch (error) {
    const message =
      error instanceof ReferenceError
        ? `unfolds to too much: its aliases stand for more than ${MOST_ALIASES} values`
        : 'has a << that names no mapping'
    problems.push(problemAt(source, document.contents, '', message))
    return undefined
  }
}

interface Walk {
  readonly source: Source
  readonly document: Document
  readonly env: Environment | undefined
  readonly anchors: Set<string>
  readonly problems: Problem[]
  /** Whether an alias leads nowhere or into itself, so that the document can't be unfolded. */
  broken?: boolean
}

/** Goes through all values (not keys) in the order of the file: substitutes, and finds what can't be a JSON value. */
function visit(walk: Walk, node: unknown, path: readonly string[], within: readonly string[]): void {
  const complain = (message: string) => walk.problems.push(problemAt(walk.source, node, pointer(path), message))
  if (isAlias(node)) {
    const message = aliasProblem(walk, node, within)
    if (message === undefined) return
    walk.broken = true
    complain(message)
  } else if (isScalar(node)) {
    if (node.anchor !== undefined) walk.anchors.add(node.anchor)
    if (walk.env !== undefined) for (const message of substitute(walk.document, node, walk.env)) complain(message)
    if (typeof node.value === 'number' && !Number.isFinite(node.value)) complain('is a number that JSON does not have')
  } else if (isMap(node) || isSeq(node)) {
    if (node.anchor !== undefined) walk.anchors.add(node.anchor)
    if (path.length >= DEEPEST) return void complain(`is nested more than ${DEEPEST} deep`)
    const inner = node.anchor === undefined ? within : [...within, node.anchor]
    const members = isSeq(node) ? [...node.items.entries()] : node.items.map(({ key, value }) => [keyText(key), value])
    for (const [key, value] of members) visit(walk, value, [...path, String(key)], inner)
  }
}

function aliasProblem({ anchors }: Walk, { source }: Alias, within: readonly string[]): string | undefined {
  if (within.includes(source)) return `the alias *${source} stands inside of what it names`
  return anchors.has(source) ? undefined : `the alias *${source} has no anchor &${source} before it`
}

function keyText(key: unknown): string {
  return String((key as { value: unknown }).value)
}
