/** The bounds of JSON in requests and documents. They are checked on the text, whose values can take 30 times as much memory. */

/** Largest number of objects and lists in one another. */
const MAX_DEPTH = 100
/** Largest number of values: objects, lists, texts, numbers, true, false and null. */
const MAX_VALUES = 20_000

/** A bound that a JSON text exceeds. Its message continues a sentence that begins with the name of the text. */
export class JsonBoundError extends Error {}

/** @throws {JsonBoundError} if a JSON text exceeds a bound. */
export function checkJson(text: string): void {
  const { depth, values } = measure(text)
  if (depth > MAX_DEPTH) throw new JsonBoundError(`is nested too deeply, expected at most ${MAX_DEPTH} levels`)
  if (values > MAX_VALUES) throw new JsonBoundError(`has ${values} values, expected at most ${MAX_VALUES}`)
}

/**
 * Parses a JSON text within the bounds.
 * @throws {JsonBoundError} if the text exceeds a bound, a SyntaxError if it is not JSON.
 */
export function parseJson(text: string): unknown {
  checkJson(text)
  return JSON.parse(text)
}

const [QUOTE, BACKSLASH, SPACE, COMMA, COLON] = codesOf('"\\ ,:')
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = codesOf('{}[]')

/** Returns the nesting and the number of values of a JSON text. */
function measure(text: string): { readonly depth: number; readonly values: number } {
  let [level, depth, values] = [0, 0, 0]
  let isQuoted = false
  /** Whether the character before is of a number, true, false or null. */
  let isBare = false
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (isQuoted) {
      if (code === BACKSLASH) index += 1
      isQuoted = code !== QUOTE
      continue
    }
    const wasBare = isBare
    isBare = false
    if (code === QUOTE) {
      isQuoted = true
      values += 1
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      values += 1
      level += 1
      depth = Math.max(depth, level)
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) level -= 1
    // The text before it is the name of a member.
    else if (code === COLON) values -= 1
    else if (code > SPACE! && code !== COMMA) {
      isBare = true
      if (!wasBare) values += 1
    }
  }
  return { depth, values }
}

function codesOf(signs: string): number[] {
  return [...signs].map((sign) => sign.charCodeAt(0))
}
