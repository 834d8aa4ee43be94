/** The members of a registration request by their kinds: each is what it has to be, or the request is refused. RFC 7591 §2. */
import { invalidClientMetadata, type OAuthError, shown } from '../errors.js'
import { redirectUriProblem } from './redirect_uri.js'

/** Reads the value of the member with this name. */
export type Reader<T> = (name: string, value: unknown) => T

const MOST_ITEMS = 100
const LONGEST_TEXT = 8192

export const text: Reader<string> = (name, value) => textOr(invalidClientMetadata)(name, value)

export const flag: Reader<boolean> = (name, value) => {
  if (typeof value !== 'boolean') throw invalidClientMetadata(`${name} is ${kind(value)}, expected true or false`)
  return value
}

export const seconds: Reader<number> = (name, value) => {
  if (!Number.isSafeInteger(value) || Number(value) < 0) {
    throw invalidClientMetadata(`${name} is ${kind(value)}, expected a number of seconds`)
  }
  return Number(value)
}

export function oneOf<T extends string>(known: readonly T[]): Reader<T> {
  return (name, value) => {
    const found = known.find((one) => one === value)
    if (found !== undefined) return found
    throw invalidClientMetadata(`${name} is ${kind(value)}, expected one of ${known.join(', ')}`)
  }
}

/** A list without repetition. */
export function listOf<T>(item: Reader<T>, refuse = invalidClientMetadata): Reader<T[]> {
  return (name, value) => {
    if (!Array.isArray(value) || value.length > MOST_ITEMS) {
      throw refuse(`${name} is ${kind(value)}, expected a list of up to ${MOST_ITEMS}`)
    }
    return [...new Set(value.map((one, index) => item(`${name}[${index}]`, one)))]
  }
}

/** A URI that a browser is redirected to: of any scheme. */
export function target(refuse: (description: string) => OAuthError): Reader<string> {
  return (name, value) => {
    const uri = textOr(refuse)(name, value)
    const problem = redirectUriProblem(uri)
    if (problem !== undefined) throw refuse(`${name} ${problem}`)
    return uri
  }
}

/** A URL of the web, for people to visit or for this provider to call. */
export const url: Reader<string> = (name, value) => {
  const found = text(name, value)
  const protocol = /^[\x21-\x7e]+$/.test(found) && URL.canParse(found) ? new URL(found).protocol : ''
  if (protocol === 'https:' || protocol === 'http:') return found
  throw invalidClientMetadata(`${name} is ${shown(found)}, expected an absolute URL of the scheme https or http`)
}

/** As `url`, without a fragment, which nobody would get to see. */
export const endpoint: Reader<string> = (name, value) => {
  const found = url(name, value)
  if (found.includes('#')) throw invalidClientMetadata(`${name} is ${shown(found)}, expected a URL without fragment`)
  return found
}

/** As `endpoint`, https only. */
export const secureEndpoint: Reader<string> = (name, value) => {
  const found = endpoint(name, value)
  if (new URL(found).protocol === 'https:') return found
  throw invalidClientMetadata(`${name} is ${shown(found)}, expected a URL of the scheme https`)
}

function textOr(refuse: (description: string) => OAuthError): Reader<string> {
  return (name, value) => {
    if (typeof value !== 'string') throw refuse(`${name} is ${kind(value)}, expected a text`)
    if (value.length <= LONGEST_TEXT) return value
    throw refuse(`${name} has ${value.length} characters, expected ${LONGEST_TEXT} at most`)
  }
}

/** A value as a description names it, without its insides. */
export function kind(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 200)
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object'
}
