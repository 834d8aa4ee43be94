/** Shows values in messages. A value that can be a secret is shown by its type and length only. */
import { resolve } from 'node:path'
import { withoutUserInformation } from '../errors.js'

/** Number of characters of a text that are shown. */
const LONGEST = 60

export const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: 'a boolean',
  integer: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

/**
 * Returns the value in words.
 * @param secret whether only its type and length are shown.
 * @param text the noun before a text.
 */
export function show(value: unknown, secret: boolean, text = 'the text '): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (secret && typeof value !== 'boolean') return `${TYPES[typeof value]}${lengthOf(value)} (not shown)`
  if (typeof value !== 'string') return text === '' ? String(value) : `the ${typeof value} ${value}`
  return `${text}"${cut(withoutUserInformation(value), LONGEST)}"`
}

const lengthOf = (value: unknown) => (typeof value === 'string' ? ` of ${count(value.length, 'character')}` : '')

/** Returns a number with its noun: `1 entry`, `2 entries`. */
export function count(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : `${noun}s`.replace(/ys$/, 'ies')}`
}

/** The content of a file: PEM, JSON, several lines, or DER in base64, which begins with the length of a sequence (X.690 §8.1). */
const FILE_CONTENT = /-----BEGIN|^\s*[{[]|[\r\n]|^\s*M[A-I][A-Za-z0-9+/]{40,}|[^/\\]{256,}/

/** Number of characters of a file name that are shown. */
const LONGEST_NAME = 255

/**
 * Describes a problem of a file that a configuration names. The content of a file in place of its name is not shown.
 * @param folder the base of relative names.
 */
export function describeFile(folder: string, file: string, reason: string): string {
  if (isFileContent(file)) return NOT_A_NAME
  return `names ${cut(resolve(folder, file), LONGEST_NAME)}, which ${reason}`
}

/** Whether a text in place of a file name is the content of a file. No name in a path is longer than 255 characters. */
export const isFileContent = (text: string) => FILE_CONTENT.test(text)
export const NOT_A_NAME = 'is the content of a file (not shown), expected the name of a file'

const cut = (text: string, longest: number) => (text.length > longest ? `${text.slice(0, longest)}…` : text)
