/** Keeps the texts of `${file:PATH}` and of variables with `_FILE` out of problems: such files exist for secrets. */
import { withoutUserInformation } from '../errors.js'
import type { Problem } from './errors.js'
import { count } from './show.js'

/** A text from a file, and how messages name it. */
export interface Hidden {
  readonly text: string
  readonly shown: string
}

/** Number of characters that every message shows of a text. */
const LONGEST = 60
/** Length from which a text is hidden wherever a message has it. A shorter one, such as `80`, can be a part of any message. */
const SHORTEST = 8
/** Between the parts of a URL or of a list. */
const SEPARATORS = /[\s,/?#&=@:]+/
/** The beginning of a message that shows the value of its place. */
const VALUE = /^is (?:the (?:text|number|boolean) )?"?$/

/** Returns the problems without the texts. */
export function hideIn(problems: readonly Problem[], hidden: readonly Hidden[]): Problem[] {
  // A text can be a part of another one.
  const sorted = hidden.filter(({ text }) => text !== '').toSorted((a, b) => b.text.length - a.text.length)
  return problems.map((problem) => ({ ...problem, message: sorted.reduce(hideText, problem.message) }))
}

function hideText(message: string, { text, shown }: Hidden): string {
  const forms = new Set([text, withoutUserInformation(text), JSON.stringify(text).slice(1, -1)])
  const whole = [...forms].reduce((result, form) => hideForm(result, form, shown, text.length), message)
  const parts = new Set(text.split(SEPARATORS))
  return whole.replace(/"([^"]+)"/g, (quoted, part: string) => (parts.has(part) ? '"…"' : quoted))
}

/** Hides one form of a text, also where the message has only its beginning. @param length of the text. */
function hideForm(message: string, form: string, shown: string, length: number): string {
  const start = form.slice(0, LONGEST)
  let result = ''
  let from = 0
  for (let at = message.indexOf(start); at !== -1; at = message.indexOf(start, from)) {
    let end = at + start.length
    while (end < message.length && end - at < form.length && message[end] === form[end - at]) end += 1
    if (message[end] === '…') end += 1
    const before = message.slice(0, at)
    const isQuoted = before.endsWith('"') && message[end] === '"'
    const isValue = VALUE.test(before) && isQuoted === before.endsWith('"') && !/^[\w-]/.test(message.slice(end))
    if (isValue) {
      result = `is ${shown}, a text of ${count(length, 'character')} (not shown)`
      from = isQuoted ? end + 1 : end
    } else {
      const isHidden = isQuoted || form.length >= SHORTEST
      result += message.slice(from, at) + (isHidden ? shown : message.slice(at, end))
      from = end
    }
  }
  return result + message.slice(from)
}

/** Returns the texts of a value, such as the items of a list. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn)
  return [String(value)]
}
