/** Entries of the journal without what would open a door: the secrets, by the names that the specifications give them. */
import type { JournalEntry, JournalRequest, JournalResponse } from './journal.js'

const MASK = '***'

/** Members of forms, queries and JSON. JWTs among them lose their signature only. */
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
  // RFC 9207 and JARM §2.3: the whole answer, and what is in it besides is a code.
  'response',
  'software_statement',
  'subject_token',
  'token',
])

/** RFC 7518 §6.2.2, §6.3.2 and §6.4.1: of a JWK, what only its owner may know. */
const PRIVATE_MEMBERS: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])

/** A shorter secret is masked under its name only: elsewhere it may be part of any word. */
const SHORTEST_SECRET = 8

type Members = Readonly<Record<string, unknown>>

/** The entry for people who needn't know the secrets. What was one anywhere in it is masked everywhere in it. */
export function maskEntry({ request, response, ...about }: JournalEntry): JournalEntry {
  const found = new Set<string>()
  const note = (value: unknown) => {
    if (typeof value === 'string' && value.length >= SHORTEST_SECRET) found.add(value)
  }
  const masked = {
    ...maskMembers(about, note),
    ...(request && { request: maskMessage(request, note) }),
    ...(response && { response: maskMessage(response, note) }),
  }
  const open = [about.client_id, about.sub]
  const secrets = [...found].filter((one) => !open.includes(one)).sort((one, other) => other.length - one.length)
  return mapTexts(masked, (text) =>
    secrets.reduce((all, secret) => all.replaceAll(secret, maskToken(secret)), text),
  ) as JournalEntry
}

type Note = (value: unknown) => void

function maskMessage<M extends JournalRequest | JournalResponse>(message: M, note: Note): Members {
  const headers = Object.entries(message.headers).map(([name, value]) => [name, maskHeader(name, value, note)])
  return { ...maskMembers(message as unknown as Members, note), headers: Object.fromEntries(headers) }
}

function maskHeader(name: string, value: unknown, note: Note): unknown {
  if (Array.isArray(value)) return value.map((one) => maskHeader(name, one, note))
  const text = String(value)
  if (name === 'authorization' || name === 'proxy-authorization') {
    const [scheme = '', credentials = ''] = text.split(/ +/)
    noteCredentials(scheme, credentials, note)
    return credentials === '' ? MASK : `${scheme} ${MASK}`
  }
  // RFC 6265 §4.1.1 and §4.2.1: of a set-cookie the first pair alone is the cookie.
  if (name === 'set-cookie') return maskPairs(text, /^([^=;]*)=([^;]*)/, note)
  if (name === 'cookie') return maskPairs(text, /([^=;\s]*)=([^;]*)/g, note)
  return maskValue(value, note)
}

function noteCredentials(scheme: string, credentials: string, note: Note): void {
  note(credentials)
  if (scheme.toLowerCase() !== 'basic') return
  const pair = Buffer.from(credentials, 'base64').toString()
  note(pair.slice(pair.indexOf(':') + 1))
}

function maskPairs(text: string, pair: RegExp, note: Note): string {
  return text.replace(pair, (_all, name: string, value: string) => {
    note(value)
    return `${name}=${MASK}`
  })
}

function maskValue(value: unknown, note: Note): unknown {
  if (typeof value === 'string') return maskText(value, note)
  if (Array.isArray(value)) return value.map((one) => maskValue(one, note))
  return typeof value === 'object' && value !== null ? maskMembers(value as Members, note) : value
}

function maskMembers(members: Members, note: Note): Members {
  const isKey = 'kty' in members
  // RFC 7636 §4.2: what isn't hashed is the code_verifier itself.
  const isPlain = members.code_challenge_method !== 'S256'
  const masked = Object.entries(members).map(([name, value]) => {
    const isSecret =
      SECRET_NAMES.has(name) || (isKey && PRIVATE_MEMBERS.has(name)) || (isPlain && name === 'code_challenge')
    return [name, isSecret ? maskSecret(value, name, note) : maskValue(value, note)]
  })
  return Object.fromEntries(masked)
}

/** A name that came several times has a list of values. */
function maskSecret(value: unknown, name: string, note: Note): unknown {
  if (Array.isArray(value)) return value.map((one) => maskSecret(one, name, note))
  note(value)
  return typeof value === 'string' ? maskToken(value, name) : MASK
}

/** A secret, of which a JWT shows what it says. */
function maskToken(value: string, name?: string): string {
  const parts = value.split('.', 4)
  return parts.length === 3 && value.startsWith('ey') && name !== 'response' ? `${parts[0]}.${parts[1]}.${MASK}` : MASK
}

/** URLs, forms and JSON within a text, be they whole or cut. */
function maskText(text: string, note: Note): string {
  const isPlain = !text.includes('code_challenge_method=S256')
  const isSecret = (name: string) => SECRET_NAMES.has(name) || (isPlain && name === 'code_challenge')
  return text
    .replaceAll(/([^=&?#\s"]{1,80})=([^&#\s"]*)/g, (all, name: string, value: string) => {
      if (!isSecret(decode(name))) return all
      note(decode(value))
      return `${name}=${maskToken(value, decode(name))}`
    })
    .replaceAll(/"(\w{1,40})"\s{0,9}:\s{0,9}"([^"]*)/g, (all, name: string, value: string) => {
      if (!SECRET_NAMES.has(name)) return all
      note(value)
      return `"${name}":"${maskToken(value, name)}`
    })
    .replaceAll(/(?<![\w-])(ey[\w-]+)\.([\w-]*)\.[\w-]+(\.[\w-]*\.[\w-]*)?/g, (_all, header, payload, encrypted) =>
      encrypted === undefined ? `${header}.${payload}.${MASK}` : `${header}.${MASK}`,
    )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapTexts(one, map)]))
}
