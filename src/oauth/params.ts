/** The parameters of a request. RFC 6749 §3.1 and §3.2: they must not be repeated; an empty value counts as omitted. */
import { invalidRequest, type OAuthError } from '../errors.js'

/** Maximum characters of a parameter; the store keeps several of them. */
const MAX_LENGTH = 8192

/** Maximum characters of a JWT parameter; a request object holds all other parameters. */
export const MAX_OBJECT_LENGTH = 65_536

/** Parameters that are JWTs of any content; the store does not keep them. */
const JWTS = ['request', 'id_token_hint', 'access_token', 'refresh_token', 'token']

/** The parameters of a query, a form or a request object. */
export interface Params {
  /** Returns the value; undefined if it is missing or empty. Throws `invalid_request` if it is repeated or too long. */
  find(name: string): string | undefined
  /** Like `find`, but throws `invalid_request` if the value is missing or empty. */
  require(name: string): string
  /** Returns all values of a parameter that may be repeated, such as `resource` (RFC 8707 §2). */
  all(name: string): readonly string[]
  /** Returns every parameter of the request, unchanged, for display. */
  entries(): [string, string][]
}

/**
 * Reads the parameters of a parsed query or form.
 * @param source an object of names and values; the value of a repeated parameter is a list.
 */
export function readParams(source: unknown): Params {
  const values = new Map(Object.entries((source ?? {}) as Record<string, string | string[]>))
  const find = (name: string) => {
    const value = values.get(name)
    if (Array.isArray(value)) throw invalidRequest(`${name} has ${value.length} values, expected at most one`)
    if (value === undefined || value === '') return undefined
    const max = JWTS.includes(name) ? MAX_OBJECT_LENGTH : MAX_LENGTH
    if (value.length > max) throw invalidRequest(`${name} has ${value.length} characters, expected at most ${max}`)
    return value
  }
  return paramsOf(find, () =>
    [...values].flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
  )
}

/** Combines two sets of parameters; those of `above` override those of `below`. */
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

/** Returns the distinct words of a space-separated list such as `scope`. RFC 6749 §3.3. */
export function words(list: string | undefined): string[] {
  return [...new Set((list ?? '').split(' ').filter((word) => word !== ''))]
}

/** Reads the parameters of a form. RFC 6749 §3.2: the body must be `application/x-www-form-urlencoded`. */
export function readForm(content_type: string | undefined, body: unknown): Params {
  if (content_type !== undefined && mediaType(content_type) !== 'application/x-www-form-urlencoded') {
    throw invalidRequest(`content type is ${content_type}, expected application/x-www-form-urlencoded`)
  }
  return readParams(body)
}

/** Returns the members of a JSON object. Forms are refused, because all their values are texts. */
export function readJson(
  content_type: string | undefined,
  body: unknown,
  refuse: (description: string) => OAuthError,
): Readonly<Record<string, unknown>> {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  if (!isObject || mediaType(content_type) !== 'application/json') {
    throw refuse('the body is invalid, expected a JSON object of content type application/json')
  }
  return body as Record<string, unknown>
}

/** Returns the media type in lower case, without parameters. RFC 9110 §8.3.1. */
function mediaType(content_type = ''): string | undefined {
  return content_type.split(';')[0]?.trim().toLowerCase()
}
