/** Describes the syntax errors of a YAML or JSON text: one problem for each mistake, in our own words. */
import { type Document, isMap, isScalar, isSeq, Lexer, type LineCounter, type YAMLError } from 'yaml'
import type { Problem } from './errors.js'

/** Number of syntax problems that are reported; a file that is not YAML has one in almost every line. */
const MOST_SYNTAX_PROBLEMS = 20
/** Number of characters of a line that are shown. */
const LONGEST_LINE = 100

/** Messages for the error codes whose message by the parser is not clear, or quotes the text, which can be a secret. */
const MESSAGES: Readonly<Record<string, string>> = {
  TAG_RESOLVE_FAILED: 'this tag is not known; put a text that begins with ! in quotes',
  BAD_COLLECTION_TYPE: 'this tag does not fit the value; put a text that begins with ! in quotes',
  BAD_DIRECTIVE: 'this directive is not known; put a text that begins with % in quotes',
  BAD_DQ_ESCAPE: 'a backslash in double quotes begins an unknown escape sequence; write \\\\, or use single quotes',
  BAD_SCALAR_START: 'a text cannot begin with this sign; put the text in quotes',
  MULTIPLE_DOCS: 'a second document begins here, expected one document per file',
  NON_STRING_KEY: 'this key is not a text, expected a text',
  TAB_AS_INDENT: 'a tab is before this text, expected spaces; replace the tabs at the beginning of lines by spaces',
}

const COLON = 'a text with a colon and a space needs quotes; put the text in quotes'

/** The mistakes after which the rest of a text has no certain meaning. */
const LAST = ['TAB_AS_INDENT', 'OPEN']
/** Signs of the lexer that are not in the text. */
const MARKS = ['\u0002', '\u0018', '\u001f']
/** A line with a key. Other lines can be the middle of any value. */
const WITH_KEY = /^[\s{[-]*["']?[\w$.-]+["']?\s*:/
/** A line that can have a secret, or a part of one. */
const PRIVATE = /secret|token|password|passwd|salt|key|pem|jwk|begin|[^\s"':,{}[\]/.-]{20}/i

/** A mistake in a text. */
interface Mistake {
  readonly code: string
  readonly offset: number
  readonly message: string
}

/** Returns the problems of the text. */
export function describeSyntax(
  file: string,
  text: string,
  lines: LineCounter,
  document: Document,
  errors: readonly YAMLError[],
): Problem[] {
  const starts = lines.lineStarts
  const rows = starts.map((start, index) => text.slice(start, starts[index + 1]).replace(/[\r\n]+$/, ''))
  const problems = new Map<number, Problem>()
  const structural = errors.some(({ code }) => code !== 'NON_STRING_KEY')
  for (const error of errors) {
    // A missing comma makes a key of the object before it.
    if (error.code === 'NON_STRING_KEY' && structural) continue
    const { code, offset, message } = findMistake(text, rows, lines, document, error)
    const { line, col } = lines.linePos(offset)
    // Later errors of a line are often consequences of the first.
    if (!problems.has(line)) {
      const excerpt = showLine(rows, line, col)
      problems.set(line, { file, line, column: col, path: '', message, ...(excerpt !== undefined && { excerpt }) })
    }
    if (LAST.includes(code)) break
  }
  return [...problems.values()].slice(0, MOST_SYNTAX_PROBLEMS)
}

function findMistake(
  text: string,
  rows: readonly string[],
  lines: LineCounter,
  document: Document,
  { code, pos: [offset], message }: YAMLError,
): Mistake {
  const { line } = lines.linePos(offset)
  const at = (offset: number, message: string, own: string = code): Mistake => ({ code: own, offset, message })
  const ofLine = (from: number) => {
    // An error can be at the empty line before the one with the mistake.
    const index = Math.max(findText(rows, from), 0)
    return at(lines.lineStarts[index]! + indentOf(rows[index]!), describeIndent(rows, index + 1))
  }
  const quote = /^Missing closing (.)quote/.exec(message)?.[1]
  if (quote !== undefined) {
    return at(
      findOpenQuote(text, offset),
      `a text in quotes begins here and does not end; write ${quote} after it`,
      'OPEN',
    )
  }
  const close = /(?:end with a|Flow (?:map|sequence) must end with a) (.)$/.exec(message)?.[1]
  if (close !== undefined) {
    return at(
      offset,
      `a ${close === ']' ? '[' : '{'} before this has no ${close}; write ${close} where it ends`,
      'OPEN',
    )
  }
  if (code === 'DUPLICATE_KEY') {
    const first = lines.linePos(findFirst(document.contents, offset)!)
    return at(offset, `this key is in line ${first.line}, column ${first.col} as well; remove one of them`)
  }
  if (code === 'BLOCK_AS_IMPLICIT_KEY' || code === 'MULTILINE_IMPLICIT_KEY') {
    const rest = rows[line - 1]!.slice(offset - lines.lineStarts[line - 1]!)
    if (rest.trim() === rows[line - 1]!.trim() && /^\s*-/.test(rest)) return ofLine(line)
    if (/:(?:\s|$)/.test(rest) || findText(rows, line + 1) === -1) {
      return at(offset, COLON)
    }
    return ofLine(line + 1)
  }
  if (/same column$|without - indicator$/.test(message)) return ofLine(line)
  const known = MESSAGES[code]
  if (known !== undefined) return at(offset, known)
  const hint = /[[{].*\$\{/.test(rows[line - 1]!) ? '; put ${NAME} in quotes inside { } and [ ]' : ''
  if (/^Implicit map keys need/.test(message)) return at(offset, 'a colon is missing after this key')
  if (/^Block collections are not allowed within flow/.test(message)) return at(offset, COLON)
  if (/^Missing , between flow map/.test(message)) return at(offset, `a comma is missing before this${hint}`)
  if (/^Unexpected \S+ at node end$|^Unexpected \S+-quoted-scalar token/.test(message)) {
    return at(offset, `a comma is missing before this, or quotes around the text before it${hint}`)
  }
  if (/^Missing , or :/.test(message)) return at(offset, `a comma or a colon is missing before this${hint}`)
  return at(offset, `is not valid YAML: ${withoutText(message)}${hint}`)
}

/** Returns the index of the first row with a text, from a line on, or -1. */
const findText = (rows: readonly string[], line: number) =>
  rows.findIndex((row, index) => index >= line - 1 && /^\s*[^\s#]/.test(row))

/** Removes the text that the message of an unexpected token quotes after a colon. */
const withoutText = (message: string) => message.replace(/(?<=\w): .*$/s, '')

const indentOf = (row: string) => row.search(/\S|$/)
const spaces = (number: number) => `${number} ${number === 1 ? 'space' : 'spaces'}`

/** Describes a line that is not aligned with the lines above it. */
function describeIndent(rows: readonly string[], line: number): string {
  const row = rows[line - 1]!
  const own = indentOf(row)
  const isItem = /^\s*-(?:\s|$)/.test(row)
  const expected: number[] = []
  let lowest = Number.POSITIVE_INFINITY
  for (const above of rows.slice(0, line - 1).toReversed()) {
    const indent = indentOf(above)
    if (indent >= lowest || /^\s*(?:#|$)/.test(above)) continue
    lowest = indent
    const dash = /^\s*-\s+/.exec(above)?.[0].length
    if (!isItem || dash !== undefined) expected.push(isItem ? indent : (dash ?? indent))
    if (lowest === 0) break
  }
  const others = [...new Set(expected)].filter((indent) => indent !== own)
  const wrong = others.length === 0 ? 'which does not fit' : `expected ${others.join(' or ')} as`
  return `this line begins with ${spaces(own)}, ${wrong} the lines above it; align it`
}

/** Returns the position of the quote that opens the text that ends at a position. */
function findOpenQuote(text: string, end: number): number {
  let offset = 0
  let found = end
  for (const lexeme of new Lexer().lex(text)) {
    if (MARKS.includes(lexeme)) continue
    if (/^["']/.test(lexeme) && offset < end) found = offset
    offset += lexeme.length
  }
  return found
}

/** Returns the position of the earlier key with the text of the key at a position. */
function findFirst(node: unknown, offset: number): number | undefined {
  if (isSeq(node)) return first(node.items.map((item) => findFirst(item, offset)))
  if (!isMap(node)) return undefined
  const keys = node.items.map(({ key }) => key).filter(isScalar)
  const repeated = keys.find(({ range }) => range![0] === offset)
  if (repeated !== undefined) return keys.find(({ value }) => value === repeated.value)!.range![0]
  return first(node.items.map(({ value }) => findFirst(value, offset)))
}

const first = (found: readonly (number | undefined)[]) => found.find((offset) => offset !== undefined)

/** Returns a line with a caret below a column, unless the line can have a secret. */
function showLine(rows: readonly string[], line: number, column: number): string | undefined {
  const row = rows[line - 1]!
  if (
    !WITH_KEY.test(row) ||
    column > LONGEST_LINE ||
    rows.slice(Math.max(0, line - 3), line).some((near) => PRIVATE.test(near))
  )
    return undefined
  // A tab stays a tab, so that the caret is below its column.
  return `${row.slice(0, LONGEST_LINE)}\n${row.slice(0, column - 1).replace(/[^\t]/g, ' ')}^`
}
