/** Numbers that JSON programs keep: whole numbers exactly, fractions rounded. RFC 8259 §6, RFC 7493 §2.2. */
import { pointer } from './errors.js'

const DECIMAL = /^[-+]?(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/
/** Number of characters of a number that are shown. */
const LONGEST = 60
/** Texts of JSON with a number that can lose digits: 16 digits in a row, with or without a point, or an exponent. */
const DOUBTFUL = /[\d.]{16}|\d[eE]/
const TOKEN = /"(?:[^"\\]+|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/**
 * Returns the end of a sentence about a number that changes when a program reads it, or undefined for any other.
 * @param text the number as it is written, in JSON or YAML.
 */
export function findChange(text: string): string | undefined {
  const value = Number(text)
  if (/^[-+]?\.(?:inf|nan)$/i.test(text))
    return `is ${text}, expected a number that JSON has; for a text, write "${text}"`
  // Only hexadecimal and octal numbers of YAML are not decimal.
  const isKept = DECIMAL.test(text) ? isRounded(text) || isExact(text) : Number.isSafeInteger(value)
  if (isKept) return undefined
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return `is ${shown}, expected a number that programs keep exactly: an integer up to ${Number.MAX_SAFE_INTEGER}; to keep it in a claim, write it as a text: "${shown}"`
}

const isExact = (text: string) => normalize(text) === normalize(String(Number(text)))

/** Whether the number has decimals, of which a program drops the last: no identifier is such a number. RFC 8259 §6. */
const isRounded = (text: string) => normalize(text).includes('e-') && Number.isFinite(Number(text))

/** Returns a text that is equal for equal decimal numbers. */
function normalize(text: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  return `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}

/** Returns the problem of the first number of a valid JSON text that changes when a program reads it. */
export function findChangeInJson(json: string): string | undefined {
  if (!DOUBTFUL.test(json)) return undefined
  for (const { path, text } of numbersIn(json)) {
    const problem = findChange(text)
    if (problem !== undefined) return `${pointer(path)} ${problem}`.trimStart()
  }
  return undefined
}

/** Yields the numbers of a valid JSON text with their paths. */
function* numbersIn(json: string): Iterable<{ readonly path: string[]; readonly text: string }> {
  /** The current index or key of each list and object around. */
  const within: (number | string)[] = []
  let last = ''
  for (const [token] of json.matchAll(TOKEN)) {
    const current = within.at(-1)
    if (token === '{' || token === '[') within.push(token === '[' ? 0 : '')
    else if (token === '}' || token === ']') within.pop()
    else if (token === ':') within.splice(-1, 1, JSON.parse(last))
    else if (token === ',' && typeof current === 'number') within.splice(-1, 1, current + 1)
    else if (/^[-\d]/.test(token)) yield { path: within.map(String), text: token }
    last = token
  }
}
