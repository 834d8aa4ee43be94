/** What a flag is, and how its text becomes a value. */
export interface Flag {
  /** As `--help` shows it, without the value. */
  readonly names: string
  /** The last part of the variable's name, after `OIDC_PROVIDER_MOCK_`. */
  readonly env: string
  /** How the value is named in `--help`; a flag with `[BOOL]` also works bare. */
  readonly value: string
  readonly description: string
  /** Where the value goes; what says which files to read, and how, goes nowhere. */
  readonly paths: readonly (readonly string[])[]
  /** Whether each value is one more item of a list. */
  readonly append?: boolean
  /** Text in, configuration value out. Throws a sentence about what was expected. */
  readonly parse: (text: string) => unknown
}

export const text = (value: string) => value
/** What is no number is left for the schema to refuse, which knows what was expected. */
export const number = (value: string) => (/^-?[0-9]{1,15}$/.test(value) ? Number(value) : value)

const TRUE = ['true', '1', 'yes', 'on', 't', 'y']
const FALSE = ['false', '0', 'no', 'off', 'f', 'n']

export function boolean(value: string): boolean {
  const word = value.toLowerCase()
  if (!TRUE.includes(word) && !FALSE.includes(word)) throw new Error(`must be true or false, but is "${value}"`)
  return TRUE.includes(word)
}

/** How changes of files are noticed. */
export function readWatch(value: string): 'poll' | 'events' {
  const word = value.toLowerCase()
  if (word === 'poll' || TRUE.includes(word)) return 'poll'
  if (word === 'events' || FALSE.includes(word)) return 'events'
  throw new Error(`must be poll (or true) or events (or false), but is "${value}"`)
}

export const list = (value: string) => value.split(',').map((item) => item.trim())

export function booleanOrList(value: string): boolean | string[] {
  return [...TRUE, ...FALSE].includes(value.toLowerCase()) ? boolean(value) : list(value)
}

export function claims(value: string): unknown {
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch (error) {
    throw new Error(`must be a JSON object of claims such as {"sub": "alice"}: ${(error as Error).message}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Error('must be a JSON object of claims such as {"sub": "alice"}')
  }
  const { sub, ...rest } = parsed as Record<string, unknown>
  if (sub === undefined) throw new Error('must have a "sub": {"sub": "alice", …}')
  return { sub, claims: rest }
}
