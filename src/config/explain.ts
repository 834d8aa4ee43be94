/** Says in words for people what a JSON Schema validator found. */
import type { ErrorObject } from 'ajv'
import type { Complaint } from './errors.js'
import { suggest } from './suggest.js'

const LONGEST = 60
/** So many keys are listed where none of them looks like the unknown one. */
const MOST_LISTED = 8

/** So many values that a text may have are listed. */
const MOST_VALUES = 40

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: 'a boolean',
  integer: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

const LIMITS: Readonly<Record<string, (limit: number) => string>> = {
  minimum: (limit) => `must be at least ${limit}`,
  maximum: (limit) => `must be at most ${limit}`,
  exclusiveMinimum: (limit) => `must be more than ${limit}`,
  minLength: (limit) => (limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`),
  maxLength: (limit) => `must have at most ${limit} characters`,
  minItems: (limit) => (limit === 1 ? 'must not be empty' : `must have at least ${limit} entries`),
  minProperties: () => 'must not be empty',
}

/** By the title of what is written as a number or as a text. */
const SENTENCES: Readonly<Record<string, string>> = {
  Duration: 'seconds (1 or more) or a duration such as 15m, 1h, 30d',
  Delay: 'seconds (up to 3600) or a time such as 200ms, 2s, 1m30s',
  DelayOrRange: 'seconds (up to 3600) or a time such as 200ms, 2s, 1m30s, or an object with min and max',
  Shift: 'seconds or a duration such as 2h or -30m',
  Span: 'seconds or a duration such as 15m or 1h30m',
  Time: 'a time such as 2030-01-01T00:00:00Z or seconds since 1970',
}

interface Subschema {
  readonly 'x-secret'?: boolean
  readonly title?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Subschema>>
}

/** One error of the validator (which must be `verbose`) as a complaint. */
export function explain(error: ErrorObject): Complaint {
  const { keyword, params, data } = error
  const schema = error.parentSchema as Subschema
  const path = segments(error.instancePath)
  const secret = schema['x-secret'] === true
  const value = (message: string): Complaint => ({ path, at: 'value', message })
  switch (keyword) {
    case 'additionalProperties': {
      const key = params.additionalProperty as string
      return { path: [...path, key], at: 'key', message: `is not a known key${hint(key, schema)}` }
    }
    case 'required':
      return value(`lacks the required key ${params.missingProperty}`)
    case 'enum':
      return value(`must be ${oneOf(error)}, but is ${show(data, secret, '')}${near(error)}`)
  }
  if (error.propertyName !== undefined) {
    return { path: [...path, error.propertyName], at: 'key', message: `must be ${meaning(error)}` }
  }
  const sentence = SENTENCES[schema.title ?? '']
  if (sentence !== undefined) return value(`must be ${sentence}; ${show(data, secret, '')} is neither`)
  if (keyword === 'type') return value(`must be ${typeNames(params.type)}, but is ${show(data, secret)}`)
  if (keyword === 'format') return value(`must be an absolute URL, but is ${show(data, secret, '')}`)
  if (keyword === 'pattern') return value(`must be ${meaning(error)}, but is ${show(data, secret, '')}`)
  const limit = LIMITS[keyword]?.(params.limit) ?? error.message!
  return value(data === '' || typeof data === 'object' ? limit : `${limit}, but is ${show(data, secret, '')}`)
}

/** The first sentence of the property's description, as the end of another one. */
function meaning({ parentSchema, params }: ErrorObject): string {
  const { description } = parentSchema as Subschema
  if (description === undefined) return `a text that fits ${params.pattern}`
  const sentence = description.split(/\.(?:\s|$)/)[0]!
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}

/** Returns the value in words; of a secret, its type. */
export function show(value: unknown, secret: boolean, text = 'the text '): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (secret) return `${TYPES[typeof value]} (not shown)`
  if (typeof value !== 'string') return text === '' ? String(value) : `the ${typeof value} ${value}`
  return `${text}"${value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value}"`
}

function typeNames(types: string | readonly string[]): string {
  return [types]
    .flat()
    .map((type) => TYPES[type])
    .join(' or ')
}

/** The values that there are; of a long list its description. */
function oneOf(error: ErrorObject): string {
  const values: readonly unknown[] = error.params.allowedValues
  return values.length > MOST_VALUES ? meaning(error) : `one of ${values.join(', ')}`
}

function near({ data, params }: ErrorObject): string {
  if (typeof data !== 'string') return ''
  const values: readonly string[] = params.allowedValues.map(String)
  const ends = values.filter((value) => data !== '' && value.endsWith(`.${data}`)).slice(0, MOST_LISTED)
  const found = suggest(data, values) ?? (ends.length === 0 ? undefined : ends.join(' or '))
  return found === undefined ? '' : `; did you mean ${found}?`
}

function hint(key: string, { title, properties = {} }: Subschema): string {
  const found = suggest(key, Object.keys(properties)) ?? deeper(key, properties)
  if (found !== undefined) return `; did you mean ${found}?`
  if (title === 'User') return '; a claim goes under claims'
  const known = Object.keys(properties)
  if (known.length === 0) return '; there are none here'
  return known.length <= MOST_LISTED ? `; known here: ${known.join(', ')}` : ''
}

/** A key of the right name at the wrong depth: `port` for `server.port`. */
function deeper(key: string, properties: Readonly<Record<string, Subschema>>): string | undefined {
  const parent = Object.keys(properties).find((name) => Object.hasOwn(properties[name]?.properties ?? {}, key))
  return parent && `${parent}.${key}`
}

function segments(instancePath: string): string[] {
  return instancePath
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}
