/** The kinds of values that members of client metadata have. */
import { isIP } from 'node:net'
import { listRequestObjectEncryptionAlgs, listResponseAlgs } from './algorithms.js'
import { canonicalDn } from './distinguished_name.js'
import type { Settings } from './findings.js'

/** Returns what is expected of a value, or undefined if the value is valid. */
export type Kind = (value: unknown, settings: Settings) => string | undefined

const MAX_REQUEST_URI = 512

function kind(expected: string, isValid: (value: unknown) => boolean): Kind {
  return (value) => (isValid(value) ? undefined : expected)
}

const isText = (value: unknown) => typeof value === 'string'
const isWord = (value: unknown) => typeof value === 'string' && value !== ''

export const text = kind('a text', isText)
export const nonEmptyText = kind('a text that is not empty', isWord)
export const flag = kind('true or false', (value) => typeof value === 'boolean')
export const seconds = kind('a number of seconds', (value) => Number.isSafeInteger(value) && Number(value) >= 0)

/** One value of a space-delimited list. OpenID Connect Core §3.1.2.1. */
export const word = kind('a text without spaces', (value) => isWord(value) && !String(value).includes(' '))

export function oneOf(values: readonly string[]): Kind {
  return kind(`one of ${values.join(', ')}`, (value) => values.some((one) => one === value))
}

/** A URL that people visit or that the provider requests. */
export const webUri = kind('an absolute http or https URL', (value) => isUrl(value, ['http:', 'https:']))

/** A URL that the provider requests, or that a browser is sent to. */
export const endpointUri = kind(
  'an absolute http or https URL without user information and fragment',
  (value) => isUrl(value, ['http:', 'https:']) && !hasUserInformation(value) && !String(value).includes('#'),
)

/** OpenID Connect Core §4: the initiate_login_uri must use https. */
export const httpsEndpointUri = kind(
  'an absolute https URL without a fragment',
  (value) => isUrl(value, ['https:']) && !String(value).includes('#'),
)

function isUrl(value: unknown, protocols: readonly string[]): boolean {
  // RFC 3986 §2: a URI is ASCII.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value) || !URL.canParse(value)) return false
  return protocols.includes(new URL(value).protocol)
}

/** Whether a valid URL has a name or a password for the service. RFC 3986 §3.2.1. */
function hasUserInformation(value: unknown): boolean {
  const { username, password } = new URL(String(value))
  return username !== '' || password !== ''
}

/** OpenID Connect Core §6.2: at most 512 ASCII characters. A fragment can be the hash of the content. */
export const requestUri = kind(
  `an absolute http or https URL without user information, of at most ${MAX_REQUEST_URI} characters`,
  (value) => isUrl(value, ['http:', 'https:']) && !hasUserInformation(value) && String(value).length <= MAX_REQUEST_URI,
)

/** RFC 4514 §3. */
export const distinguishedName = kind(
  'a distinguished name such as CN=client,O=Example',
  (value) => typeof value === 'string' && canonicalDn(value) !== undefined,
)

export const ipAddress = kind('an IP address', (value) => typeof value === 'string' && isIP(value) !== 0)

/** The algorithm of a response: one that the provider has a key for. */
export const responseAlg: Kind = (value, { signing_algs }) => {
  return signing_algs && oneOfKeys(listResponseAlgs(signing_algs), value, 'keys')
}

/** JARM §3: `none` is not allowed. */
export const authorizationAlg: Kind = (value, { signing_algs }) => {
  const algs = signing_algs && listResponseAlgs(signing_algs).filter((alg) => alg !== 'none')
  return algs && oneOfKeys(algs, value, 'keys')
}

/** The algorithm to which request objects are encrypted: one that the provider has a key for. */
export const requestObjectEncryptionAlg: Kind = (value, { encryption_algs }) => {
  return encryption_algs && oneOfKeys(listRequestObjectEncryptionAlgs(encryption_algs), value, 'encryption_keys')
}

function oneOfKeys(algs: readonly string[], value: unknown, keys: 'keys' | 'encryption_keys'): string | undefined {
  if (algs.some((alg) => alg === value)) return undefined
  return `one of ${algs.join(', ')}; for another algorithm add a key under ${keys}`
}
