/** Masks the secrets of journal entries, by the names of the specifications. */
import { unescape as decode } from 'node:querystring'
import { HIDDEN } from '../errors.js'
import { parseJson } from '../store/json.js'
import { isObject } from './decode.js'
import { decodePart } from './decoded_token.js'
import type { JournalEntry } from './entry.js'
import { hasSecretClaims, isKeyName, isSecretHeader, isSecretName, type Surroundings } from './secret_names.js'
import { createSecrets, MOST_SECRETS, type Note } from './secrets.js'

/** Members of an entry with values of the exchange. The others have words of the provider, which stay as they are. */
const PARTS: ReadonlySet<string> = new Set([
  ...['client_id', 'sub', 'grant_type', 'scope', 'resource', 'error', 'error_description'],
  ...['url', 'headers', 'body', 'name', 'header', 'payload', 'message', 'details'],
])

/** Shown as the body of a request with more secrets than are masked. */
export const TOO_MANY_SECRETS = `more than ${MOST_SECRETS} secrets, shown with secrets=true`

/** Base64url of the first characters of a JSON object: `{"` or `{ `. */
const JSON_START = /ey[AIJ]/

/** Largest number of encodings in one another that are decoded: percent-encoded parameters, and JSON in texts. */
const MOST_ENCODINGS = 3

/** A value that is masked. */
interface Place {
  readonly note: Note
  /** Name of the value. */
  readonly name: string
  /** Number of encodings in one another that are still decoded. */
  readonly encodings: number
}

type Members = Readonly<Record<string, unknown>>

/** Masks the secrets of an entry. A value that is a secret at one place is masked at every place of the entry. */
export function maskEntry(entry: JournalEntry): JournalEntry {
  const secrets = createSecrets([entry.client_id, entry.sub, entry.grant_type])
  const masked = mapParts(entry, (part, name) =>
    name === 'headers' ? maskHeaders(part as Members, secrets.note) : maskValue(part, placeOf(name, secrets.note)),
  ) as JournalEntry
  if (secrets.overflow()) return outlineOf(masked)
  const isCut = entry.request?.body_cut !== undefined || entry.response?.body_cut !== undefined
  const replace = secrets.createReplacer(isCut)
  return mapParts(masked, (part) => mapTexts(part, (text) => maskSignatures(replace(text)))) as JournalEntry
}

/** Applies a function to the values of the exchange. */
function mapParts(value: unknown, map: (part: unknown, name: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => mapParts(one, map))
  if (!isObject(value)) return value
  const members = Object.entries(value).map(([name, one]) => [
    name,
    PARTS.has(name) ? map(one, name) : mapParts(one, map),
  ])
  return Object.fromEntries(members)
}

/** Removes all texts of an exchange with too many secrets. */
function outlineOf({ request, response, remarks, ...about }: JournalEntry): JournalEntry {
  const { grant_type: _, scope: __, resource: ___, error_description: ____, ...rest } = about
  return {
    ...rest,
    ...(request && {
      request: { method: request.method, url: request.url.split('?')[0]!, headers: {}, body: TOO_MANY_SECRETS },
    }),
    ...(response && { response: { status: response.status, headers: {} } }),
    tokens: [],
    remarks: remarks.map(({ event }) => ({ event, message: HIDDEN, details: {} })),
  }
}

function maskHeaders(headers: Members, note: Note): Members {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, maskHeader(name, value, note)]))
}

function maskHeader(name: string, value: unknown, note: Note): unknown {
  if (Array.isArray(value)) return value.map((one) => maskHeader(name, one, note))
  const text = String(value)
  if (name === 'authorization' || name === 'proxy-authorization') return maskCredentials(text, note)
  // RFC 6265 §4.1.1 and §4.2.1: only the first pair of a set-cookie is the cookie.
  if (name === 'set-cookie') {
    const [cookie = '', ...attributes] = text.split(';')
    return [maskCookie(cookie, note), ...attributes].join(';')
  }
  if (name === 'cookie') {
    return text
      .split(';')
      .map((cookie) => maskCookie(cookie, note))
      .join(';')
  }
  return isSecretHeader(name) ? maskSecret(value, name, note) : maskValue(value, placeOf(name, note))
}

function maskCredentials(text: string, note: Note): string {
  const [scheme = '', credentials] = text.split(/ +/)
  note(credentials ?? scheme)
  if (credentials === undefined) return HIDDEN
  if (scheme.toLowerCase() === 'basic') {
    const pair = Buffer.from(credentials, 'base64').toString()
    const secret = pair.slice(pair.indexOf(':') + 1)
    note(secret)
    // RFC 6749 §2.3.1: the secret is encoded as in a form, by some clients without + for spaces.
    note(decode(secret))
    note(decode(secret.replaceAll('+', ' ')))
  }
  return `${scheme} ${HIDDEN}`
}

/** Masks the value of a cookie. A cookie without a name is a value. */
function maskCookie(cookie: string, note: Note): string {
  const end = cookie.indexOf('=')
  note(cookie.slice(end + 1).trim())
  return end < 0 ? HIDDEN : `${cookie.slice(0, end)}=${HIDDEN}`
}

const placeOf = (name: string, note: Note): Place => ({ name, note, encodings: MOST_ENCODINGS })

function maskValue(value: unknown, place: Place): unknown {
  if (typeof value === 'string') return maskText(value, place)
  if (Array.isArray(value)) return value.map((one) => maskValue(one, place))
  return isObject(value) ? maskMembers(value, place) : value
}

function maskMembers(members: Members, place: Place): Members {
  const isPlain = members.code_challenge_method !== 'S256'
  const beside = { isPlain, isKey: 'kty' in members || isKeyName(place.name) }
  const masked = Object.entries(members).map(([name, value]) => [
    maskText(name, place),
    isSecretName(name, beside) ? maskSecret(value, name, place.note) : maskValue(value, { ...place, name }),
  ])
  return Object.fromEntries(masked)
}

/** Masks a secret; a repeated name has a list of values. */
function maskSecret(value: unknown, name: string, note: Note): unknown {
  if (Array.isArray(value)) return value.map((one) => maskSecret(one, name, note))
  return typeof value === 'string' ? maskToken(value, name, note) : HIDDEN
}

/** Masks a secret value; a JWT keeps its header and claims. RFC 7515 §7.1, RFC 7516 §7.1. */
function maskToken(value: string, name: string, note: Note): string {
  const [header = '', payload = '', ...rest] = value.split('.', 6)
  if ((rest.length !== 1 && rest.length !== 3) || decodePart(header) === undefined) {
    note(value)
    return HIDDEN
  }
  const keepsPayload = rest.length === 1 && !hasSecretClaims(name)
  // All tokens of a key have the same header, so the header is no part of the secret.
  note(keepsPayload ? rest[0] : value.slice(header.length + 1))
  return keepsPayload ? `${header}.${payload}.${HIDDEN}` : HIDDEN
}

/** Masks named secrets in URLs, forms and JSON within a text, complete or cut. Each pattern reads a text once. */
function maskText(text: string, place: Place): string {
  const beside = {
    isPlain: !/code_challenge_method[=":\s]{1,9}S256/.test(text),
    isKey: isKeyName(place.name) || /"(?:keys|kty)"/.test(text),
  }
  return maskJson(text, place) ?? maskQuoted(maskPairs(text, place, beside), place, beside)
}

/** Masks a text that is JSON. Undefined if it is not, or has no secret. */
function maskJson(text: string, { encodings, ...place }: Place): string | undefined {
  if (encodings === 0 || !/^\s*[[{]/.test(text)) return undefined
  try {
    const value = parseJson(text)
    const masked = JSON.stringify(maskValue(value, { ...place, encodings: encodings - 1 }))
    return masked === JSON.stringify(value) ? undefined : masked
  } catch {
    return undefined
  }
}

/** Masks the decoded text of a value. A value without a secret stays as it is. */
function maskDecoded(
  value: string,
  decoded: string,
  { encodings, ...place }: Place,
  encode: (text: string) => string,
): string {
  if (encodings === 0 || decoded === value) return value
  const masked = maskText(decoded, { ...place, encodings: encodings - 1 })
  return masked === decoded ? value : encode(masked)
}

/** Masks texts of JSON within a text. */
function maskQuoted(text: string, place: Place, beside: Surroundings): string {
  return text.replaceAll(
    /"([^"\\]{1,40})"\s{0,9}:\s{0,9}"([^"\\]*(?:\\[\s\S][^"\\]*)*)/g,
    (all, name: string, value: string) => {
      if (isSecretName(name, beside)) return `"${name}":"${maskToken(value, name, place.note)}`
      const masked = maskDecoded(value, value.replaceAll(/\\(.)/g, '$1'), { ...place, name }, quote)
      return masked === value ? all : `"${name}":"${masked}`
    },
  )
}

const quote = (text: string) => JSON.stringify(text).slice(1, -1)
/** Encodes a text as a value of a form; unlike encodeURIComponent, also one that is not well-formed. */
const encodeValue = (text: string) => String(new URLSearchParams([['', text]])).slice(1)

/** Masks the signatures of JWTs within a text, whatever their name is and whatever precedes them. */
function maskSignatures(text: string): string {
  return text.replaceAll(/(?<![\w-])[\w-]+(?:\.[\w-]*)*\.[\w-]+/g, (word) => {
    const parts = word.split('.')
    const [header = -1] = parts.flatMap((part, index) => (JSON_START.test(part) ? [index] : []))
    const rest = parts.length - header - 1
    if (header < 0 || rest < 2) return word
    // RFC 7516 §3.1: more than three parts are encrypted.
    return [...parts.slice(0, header + (rest === 2 ? 2 : 1)), HIDDEN].join('.')
  })
}

/** Masks secrets in URLs and forms. A value that is no secret can contain further pairs, encoded or not. */
function maskPairs(text: string, place: Place, beside: Surroundings): string {
  if (!text.includes('=')) return maskDecoded(text, decode(text), place, encodeValue)
  const whole = /[^&#\s"]*/y
  const part = /[^=&#\s"]*/y
  let result = ''
  let copied = 0
  for (const { index, 1: before } of text.matchAll(/=(?<=([^=&?#;\s"]{1,80})=)/g)) {
    if (index < copied) continue
    const name = decode(before!)
    const isSecret = isSecretName(name, beside)
    const pattern = isSecret ? whole : part
    pattern.lastIndex = index + 1
    const value = pattern.exec(text)![0]
    const decoded = decode(value)
    if (isSecret && decoded !== value) place.note(value)
    const masked = isSecret
      ? maskToken(decoded, name, place.note)
      : maskDecoded(value, decoded, { ...place, name }, encodeValue)
    if (masked === value) continue
    result += text.slice(copied, index + 1) + masked
    copied = index + 1 + value.length
  }
  return copied === 0 ? text : result + text.slice(copied)
}

/** Applies a function to the texts of a JSON value, and to the names of its members. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, map))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [map(name), mapTexts(one, map)]))
}
