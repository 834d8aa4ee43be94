/** Describes the errors of a JSON Schema validator in sentences. */
import type { ErrorObject } from 'ajv'
import { HIDDEN } from '../errors.js'
import { SECRET_TYPES } from '../generated/values.js'
import type { Complaint } from './errors.js'
import { count, isFileContent, show, TYPES } from './show.js'
import { suggest } from './suggest.js'

/** Number of known keys up to which they are listed if none resembles the unknown key. */
const MOST_LISTED = 8
/** A key that is shown: without spaces, and no longer than a URL or a URN that names a claim. */
const WORD = /^\S{1,100}$/
/** Number of allowed values up to which they are listed. */
const MOST_VALUES = 40

/** The expected value, by the keyword of its limit. */
const LIMITS: Readonly<Record<string, (limit: number) => string>> = {
  minimum: (limit) => `at least ${limit}`,
  maximum: (limit) => `at most ${limit}`,
  exclusiveMinimum: (limit) => `more than ${limit}`,
  minLength: (limit) => `at least ${count(limit, 'character')}`,
  maxLength: (limit) => `at most ${count(limit, 'character')}`,
  minItems: (limit) => `at least ${count(limit, 'entry')}`,
  maxItems: (limit) => `at most ${count(limit, 'entry')}`,
  minProperties: (limit) => `at least ${count(limit, 'member')}`,
  maxProperties: (limit) => `at most ${count(limit, 'member')}`,
}

/** The expected value, by the title of a schema whose values are numbers or texts. */
const EXPECTED: Readonly<Record<string, string>> = {
  Duration: 'seconds (1 or more) or a duration such as 15m, 1h, 30d',
  Interval: 'seconds (0 or more) or a duration such as 10s, 1m',
  Delay: 'seconds (up to 3600) or a time such as 200ms, 2s, 1m30s',
  DelayOrRange: 'seconds (up to 3600) or a time such as 200ms, 2s, 1m30s, or an object with min and max',
  Shift: 'seconds or a duration such as 2h or -30m',
  Span: 'seconds or a duration such as 15m or 1h30m',
  Time: 'a time such as 2030-01-01T00:00:00Z or seconds since 1970',
}

/** Advice for unknown keys of a user that other tools have. */
const USER_KEYS: Readonly<Record<string, string>> = {
  username: '; write sub',
  password: '; remove it, since every login is without a password',
}

interface Subschema {
  readonly 'x-secret'?: boolean
  readonly title?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Subschema>>
  /** The definitions, at the top of the schema. */
  readonly $defs?: Readonly<Record<string, Subschema>>
}

/** Converts an error of a validator, which must be `verbose`, to a complaint. */
export function explain(error: ErrorObject): Complaint {
  const { keyword, params, data } = error
  const schema = error.parentSchema as Subschema
  const path = segments(error.instancePath)
  const secret = schema['x-secret'] === true
  const value = (message: string): Complaint => ({ path, at: 'value', message })
  switch (keyword) {
    case 'additionalProperties': {
      const key = params.additionalProperty as string
      const shown = isKey(key, (data as Readonly<Record<string, unknown>>)[key], schema)
      if (shown) return { path: [...path, key], at: 'key', message: `is not a known key${hint(key, schema)}` }
      return { path: [...path, HIDDEN], at: 'key', message: 'is not a known key (not shown)' }
    }
    case 'required':
      return value(`lacks the required key ${params.missingProperty}`)
    case 'enum':
      return value(`is ${show(data, secret, '')}, expected ${oneOf(error)}${near(error)}`)
  }
  if (error.propertyName !== undefined) {
    return { path: [...path, error.propertyName], at: 'key', message: `is not ${meaning(error)}` }
  }
  const expected = EXPECTED[schema.title ?? '']
  if (expected !== undefined) return value(`is ${show(data, secret, '')}, expected ${expected}`)
  if (keyword === 'type') {
    return value(
      `is ${show(data, secret || isOutOfPlace(error))}, expected ${typeNames(params.type)}${quoted(error, secret)}`,
    )
  }
  if (keyword === 'format') return value(`is ${show(data, secret, '')}, expected an absolute URL`)
  if (keyword === 'pattern') return value(`is ${show(data, secret, '')}, expected ${meaning(error)}`)
  const limit = LIMITS[keyword]
  return value(limit === undefined ? error.message! : `${size(data, secret)}, expected ${limit(params.limit)}`)
}

/** Returns how to write a value that YAML has read as another type: a text without quotes, or a key without a space. */
function quoted({ data, params }: ErrorObject, secret: boolean): string {
  if (typeof data === 'string' && /^[\w$]+:\S/.test(data) && params.type === 'object')
    return '; put a space after the colon'
  if ([params.type].flat().includes('boolean') && typeof data === 'string') {
    if (/^(?:yes|on|true)$/i.test(data)) return '; write true'
    if (/^(?:no|off|false)$/i.test(data)) return '; write false'
  }
  if (![params.type].flat().includes('string') || !['number', 'boolean'].includes(typeof data)) return ''
  return secret ? '; put it in quotes' : `; write "${data}"`
}

/** Whether a value in place of a list or an object belongs to another place, and can be a secret or a file there. */
function isOutOfPlace({ data, params, parentSchema }: ErrorObject): boolean {
  if (![params.type].flat().every((type) => ['array', 'object', 'null'].includes(type))) return false
  return isFileContent(String(data)) || HAS_SECRET.test(JSON.stringify(parentSchema))
}

/** The text of a schema with a secret at or below it. */
const HAS_SECRET = new RegExp(`"x-secret"|/(${SECRET_TYPES.join('|')})"`)

/**
 * Whether an unknown key is meant as a key, and no secret: it is a word, and has a value or is similar to a known key. In
 * `{ admin_token:x }` and `{ admin_token x }`, the whole text is a key without a value.
 */
function isKey(key: string, value: unknown, { properties = {} }: Subschema): boolean {
  if (!WORD.test(key)) return false
  return value !== null || (!key.includes(':') && suggest(key, Object.keys(properties)) !== undefined)
}

/** Returns the size of a list or an object, or the value, as a predicate. */
function size(data: unknown, secret: boolean): string {
  if (data === '') return 'is empty'
  if (typeof data !== 'object') return `is ${show(data, secret, '')}`
  const [number, noun] = Array.isArray(data) ? [data.length, 'entry'] : [Object.keys(data!).length, 'member']
  return number === 0 ? 'is empty' : `has ${count(number, noun)}`
}

/** Returns the first sentence of the property's description, as the end of another sentence. */
function meaning({ parentSchema, params }: ErrorObject): string {
  const { description } = parentSchema as Subschema
  if (description === undefined) return `a text that matches ${params.pattern}`
  const sentence = description.split(/\.(?:\s|$)/)[0]!
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}

function typeNames(types: string | readonly string[]): string {
  return [types]
    .flat()
    .map((type) => TYPES[type])
    .join(' or ')
}

/** Returns the allowed values, or their description if they are many. */
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

function hint(key: string, { title, properties = {}, $defs = {} }: Subschema): string {
  const similar = suggest(key, Object.keys(properties))
  const isOfClient = Object.hasOwn($defs.Client?.properties ?? {}, key) && similar?.startsWith(key) !== true
  const found = isOfClient ? `clients[].${key}` : (deeper(key, properties) ?? similar)
  if (found !== undefined) return `; did you mean ${found}?`
  if (title === 'User') return USER_KEYS[key] ?? '; put claims under claims'
  const known = Object.keys(properties)
  if (known.length === 0) return '; no keys are known here'
  return known.length <= MOST_LISTED ? `; known here: ${known.join(', ')}` : ''
}

/** Returns a known key with the same name one level deeper: `server.port` for `port`. */
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
