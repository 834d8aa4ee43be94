/** The definition of a flag, and the readers that turn its text into a value. */
import { findChangeInJson } from '../config/exact_number.js'
import { show } from '../config/show.js'

export interface Flag {
  /** Heading in `--help` of this flag and of those that follow. */
  readonly heading?: string
  /** Short and long name as shown by `--help`, without the value. */
  readonly names: string
  /** Name of the environment variable without the prefix `OIDC_PROVIDER_MOCK_`. */
  readonly env: string
  /** Placeholder of the value in `--help`; a flag with `[BOOL]` can be given without a value, one with `''` has none. */
  readonly value: string
  /** The values to choose from, for the completion of a shell. */
  readonly choices?: readonly string[]
  readonly description: string
  /** Configuration keys that the value sets; empty for flags that say which files to read. */
  readonly paths: readonly (readonly string[])[]
  /** Whether each value is appended to a list. */
  readonly append?: boolean
  /** Turns the text into a configuration value; undefined changes nothing. Throws an Error whose message is shown after the name of the flag. */
  readonly parse: (text: string) => unknown
}

export const text = (value: string) => value
/** Reads a number. Other text is passed on for the schema to refuse. */
export const number = (value: string) => (/^-?[0-9]{1,15}$/.test(value) ? Number(value) : value)

const TRUE = ['true', '1', 'yes', 'on', 't', 'y']
const FALSE = ['false', '0', 'no', 'off', 'f', 'n']

export function boolean(value: string): boolean {
  const word = value.toLowerCase()
  if (!TRUE.includes(word) && !FALSE.includes(word)) throw new Error(`is "${value}", expected true or false`)
  return TRUE.includes(word)
}

/** Reads the way in which file changes are detected. */
export function readWatch(value: string): 'poll' | 'events' {
  const word = value.toLowerCase()
  if (word === 'poll' || TRUE.includes(word)) return 'poll'
  if (word === 'events' || FALSE.includes(word)) return 'events'
  throw new Error(`is "${value}", expected poll (or true) or events (or false)`)
}

export const list = (value: string) => value.split(',').map((item) => item.trim())

export function booleanOrList(value: string): boolean | string[] {
  return [...TRUE, ...FALSE].includes(value.toLowerCase()) ? boolean(value) : list(value)
}

export function claims(value: string): unknown {
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch {
    // The message of the parser quotes the text.
    throw new Error(`is ${show(value, true)}, expected a JSON object of claims such as {"sub": "alice"}`)
  }
  const change = findChangeInJson(value)
  if (change !== undefined) throw new Error(change)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Error('must be a JSON object of claims such as {"sub": "alice"}')
  }
  const { sub, ...rest } = parsed as Record<string, unknown>
  if (sub === undefined) throw new Error('must have a "sub": {"sub": "alice", …}')
  return { sub, claims: rest }
}
