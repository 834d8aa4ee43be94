/** The parameters of a request. RFC 6749 §3.1 and §3.2: no repetition; an empty value is as good as none. */
import { invalidRequest, type OAuthError } from '../errors.js'
import { isTooDeep, MAX_DEPTH } from '../journal/depth.js'

/** No parameter of ours needs more; a longer one would only fill the store. */
const MAX_LENGTH = 8192

/** A request object holds all the others. */
export const MAX_OBJECT_LENGTH = 65_536

/** Each is a JWT, of which nobody knows beforehand what is in it; it isn't kept. */
const JWTS = ['request', 'id_token_hint', 'access_token', 'token']

export interface Params {
  /** The value, or undefined where it is missing or empty. Throws `invalid_request` where it is repeated or too long. */
  find(name: string): string | undefined
  /** As `find`, but a missing value is `invalid_request`. */
  require(name: string): string
  /** Returns all values of a parameter that may be repeated, such as `resource` (RFC 8707 §2). */
  all(name: string): readonly string[]
  /** Returns every parameter of the request, unchanged, for display. */
  entries(): [string, string][]
}

/** @param source a parsed query or form: names with one value, or several where the name was repeated. */
export function readParams(source: unknown): Params {
  const values = new Map(Object.entries((source ?? {}) as Record<string, string | string[]>))
  const find = (name: string) => {
    const value = values.get(name)
    if (Array.isArray(value)) throw invalidRequest(`${name} came ${value.length} times, expected once at most`)
    if (value === undefined || value === '') return undefined
    const most = JWTS.includes(name) ? MAX_OBJECT_LENGTH : MAX_LENGTH
    if (value.length > most) throw invalidRequest(`${name} has ${value.length} characters, expected ${most} at most`)
    return value
  }
  return paramsOf(find, () =>
    [...values].flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
  )
}

/** Parameters over others: those above count, the others fill the gaps. */
export function overlay(above: Params, below: Params): Params {
  return paramsOf(
    (name) => above.find(name) ?? below.find(name),
    () => {
      const counting = above.entries().filter(([, value]) => value !== '')
      const names = new Set(counting.map(([name]) => name))
      return [...counting, ...below.entries().filter(([name]) => !names.has(name))]
    },
  )
}

function paramsOf(find: Params['find'], entries: Params['entries']): Params {
  const require = (name: string) => {
    const value = find(name)
    if (value === undefined) throw invalidRequest(`${name} is missing`)
    return value
  }
  const all = (name: string) => entries().flatMap(([one, value]) => (one === name && value !== '' ? [value] : []))
  return { find, require, all, entries }
}

/** The words of a list that is separated by spaces, such as `scope`, without repetition. RFC 6749 §3.3. */
export function words(list: string | undefined): string[] {
  return [...new Set((list ?? '').split(' ').filter((word) => word !== ''))]
}

/** The parameters of a form. RFC 6749 §3.2: a body is `application/x-www-form-urlencoded`, and no other. */
export function readForm(content_type: string | undefined, body: unknown): Params {
  if (content_type !== undefined && mediaType(content_type) !== 'application/x-www-form-urlencoded') {
    throw invalidRequest(`content type is ${content_type}, expected application/x-www-form-urlencoded`)
  }
  return readParams(body)
}

/** The members of a JSON object. A form has members, too, but they are texts only. */
export function readJson(
  content_type: string | undefined,
  body: unknown,
  refuse: (description: string) => OAuthError,
): Readonly<Record<string, unknown>> {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  if (!isObject || mediaType(content_type) !== 'application/json') {
    throw refuse('the body is not a JSON object of content type application/json')
  }
  if (isTooDeep(body)) throw refuse(`the body nests more than ${MAX_DEPTH} levels deep`)
  return body as Record<string, unknown>
}

/** RFC 9110 §8.3.1: without parameters, in small letters. */
function mediaType(content_type = ''): string | undefined {
  return content_type.split(';')[0]?.trim().toLowerCase()
}
