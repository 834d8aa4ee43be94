/** Masks the secrets of journal entries, by the names of the specifications. */
import { isObject } from './decode.js'
import { decodePart } from './decoded_token.js'
import type { JournalEntry } from './entry.js'
import { createSecrets, MASK, MOST_SECRETS, type Note } from './secrets.js'

/** Names of secrets in forms, queries and JSON. A JWT among them loses only its signature. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'access_token',
  'actor_token',
  'assertion',
  'browser_state',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'device_code',
  'id_token',
  'id_token_hint',
  'initial_access_token',
  'logout_token',
  'password',
  'refresh_token',
  'registration_access_token',
  'request',
  // JARM §2.3: the whole response, which contains the code.
  'response',
  'software_statement',
  'subject_token',
  'token',
])

/** RFC 7518 §6.2.2, §6.3.2 and §6.4.1: private members of a JWK. */
const PRIVATE_MEMBERS: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])

/** Members of an entry with values of the exchange. The others have words of the provider, which stay as they are. */
const PARTS: ReadonlySet<string> = new Set([
  ...['client_id', 'sub', 'grant_type', 'scope', 'resource', 'error', 'error_description'],
  ...['url', 'headers', 'body', 'name', 'header', 'payload', 'message', 'details'],
])

/** Shown as the body of a request with more secrets than are masked. */
export const TOO_MANY_SECRETS = `more than ${MOST_SECRETS} secrets, shown with secrets=true`

/** Base64url of the first characters of a JSON object: `{"` or `{ `. */
const JSON_START = /ey[AIJ]/

type Members = Readonly<Record<string, unknown>>

/** Masks the secrets of an entry. A value that is a secret at one place is masked at every place of the entry. */
export function maskEntry(entry: JournalEntry): JournalEntry {
  const secrets = createSecrets([entry.client_id, entry.sub, entry.grant_type])
  const masked = mapParts(entry, (part, name) =>
    name === 'headers' ? maskHeaders(part as Members, secrets.note) : maskValue(part, secrets.note),
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
    remarks: remarks.map(({ event }) => ({ event, message: MASK, details: {} })),
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
  return maskValue(value, note)
}

function maskCredentials(text: string, note: Note): string {
  const [scheme = '', credentials] = text.split(/ +/)
  note(credentials ?? scheme)
  if (credentials === undefined) return MASK
  if (scheme.toLowerCase() === 'basic') {
    const pair = Buffer.from(credentials, 'base64').toString()
    const secret = pair.slice(pair.indexOf(':') + 1)
    note(secret)
    // RFC 6749 §2.3.1: the secret is encoded as in a form.
    note(decode(secret))
  }
  return `${scheme} ${MASK}`
}

/** Masks the value of a cookie. A cookie without a name is a value. */
function maskCookie(cookie: string, note: Note): string {
  const end = cookie.indexOf('=')
  note(cookie.slice(end + 1).trim())
  return end < 0 ? MASK : `${cookie.slice(0, end)}=${MASK}`
}

function maskValue(value: unknown, note: Note): unknown {
  if (typeof value === 'string') return maskText(value, note)
  if (Array.isArray(value)) return value.map((one) => maskValue(one, note))
  return isObject(value) ? maskMembers(value, note) : value
}

function maskMembers(members: Members, note: Note): Members {
  const isKey = 'kty' in members
  // RFC 7636 §4.2: a plain code_challenge is the code_verifier.
  const isPlain = members.code_challenge_method !== 'S256'
  const masked = Object.entries(members).map(([name, value]) => {
    const isSecret =
      SECRET_NAMES.has(name) || (isKey && PRIVATE_MEMBERS.has(name)) || (isPlain && name === 'code_challenge')
    return [maskText(name, note), isSecret ? maskSecret(value, name, note) : maskValue(value, note)]
  })
  return Object.fromEntries(masked)
}

/** Masks a secret; a repeated name has a list of values. */
function maskSecret(value: unknown, name: string, note: Note): unknown {
  if (Array.isArray(value)) return value.map((one) => maskSecret(one, name, note))
  return typeof value === 'string' ? maskToken(value, name, note) : MASK
}

/** Masks a secret value; a JWT keeps its header and claims. RFC 7515 §7.1, RFC 7516 §7.1. */
function maskToken(value: string, name: string, note: Note): string {
  const [header = '', payload = '', ...rest] = value.split('.', 6)
  if ((rest.length !== 1 && rest.length !== 3) || decodePart(header) === undefined) {
    note(value)
    return MASK
  }
  const keepsPayload = rest.length === 1 && name !== 'response'
  // All tokens of a key have the same header, so the header is no part of the secret.
  note(keepsPayload ? rest[0] : value.slice(header.length + 1))
  return keepsPayload ? `${header}.${payload}.${MASK}` : MASK
}

/** Masks named secrets in URLs, forms and JSON within a text, complete or cut. Each pattern reads a text once. */
function maskText(text: string, note: Note): string {
  return maskPairs(text, note).replaceAll(
    /"(\w{1,40})"\s{0,9}:\s{0,9}"([^"\\]*(?:\\[\s\S][^"\\]*)*)/g,
    (all, name: string, value: string) => (SECRET_NAMES.has(name) ? `"${name}":"${maskToken(value, name, note)}` : all),
  )
}

/** Masks the signatures of JWTs within a text, whatever their name is and whatever precedes them. */
function maskSignatures(text: string): string {
  return text.replaceAll(/(?<![\w-])[\w-]+(?:\.[\w-]*)*\.[\w-]+/g, (word) => {
    const parts = word.split('.')
    const [header = -1] = parts.flatMap((part, index) => (JSON_START.test(part) ? [index] : []))
    const rest = parts.length - header - 1
    if (header < 0 || rest < 2) return word
    // RFC 7516 §3.1: more than three parts are encrypted.
    return [...parts.slice(0, header + (rest === 2 ? 2 : 1)), MASK].join('.')
  })
}

/** Masks secrets in URLs and forms. A value that is no secret can contain further pairs. */
function maskPairs(text: string, note: Note): string {
  if (!text.includes('=')) return text
  const isPlain = !text.includes('code_challenge_method=S256')
  const value = /[^&#\s"]*/y
  let result = ''
  let copied = 0
  for (const { index, 1: before } of text.matchAll(/=(?<=([^=&?#\s"]{1,80})=)/g)) {
    const name = decode(before!)
    if (index < copied || !(SECRET_NAMES.has(name) || (isPlain && name === 'code_challenge'))) continue
    value.lastIndex = index + 1
    const secret = value.exec(text)![0]
    const decoded = decode(secret)
    if (decoded !== secret) note(secret)
    result += `${text.slice(copied, index)}=${maskToken(decoded, name, note)}`
    copied = index + 1 + secret.length
  }
  return copied === 0 ? text : result + text.slice(copied)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Applies a function to the texts of a JSON value, and to the names of its members. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, map))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [map(name), mapTexts(one, map)]))
}
