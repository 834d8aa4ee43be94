/** Masks the secrets of journal entries, by the names of the specifications. */
import type { JournalEntry, JournalRequest, JournalResponse } from './entry.js'

const MASK = '***'

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

/** Shorter secrets are masked only under their name: elsewhere they can be part of a word. */
const SHORTEST_SECRET = 8

type Members = Readonly<Record<string, unknown>>

/** Masks the secrets of an entry. A value that is a secret at one place is masked at every place of the entry. */
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
  for (const value of open) found.delete(String(value))
  const replace = createReplacer(found)
  return mapTexts(masked, replace) as JournalEntry
}

/**
 * Creates a function that replaces secrets in a text, the longest first, in one pass: its time does not grow with the
 * number of secrets, since only those with the same first characters are compared.
 */
function createReplacer(secrets: ReadonlySet<string>): (text: string) => string {
  const byStart = new Map<string, string[]>()
  for (const secret of [...secrets].sort((one, other) => other.length - one.length)) {
    const start = secret.slice(0, SHORTEST_SECRET)
    byStart.set(start, [...(byStart.get(start) ?? []), secret])
  }
  const firsts = new Set([...byStart.keys()].map((start) => start.charCodeAt(0)))
  return (text) => {
    let result = ''
    let copied = 0
    for (let index = 0; index <= text.length - SHORTEST_SECRET; index += 1) {
      if (!firsts.has(text.charCodeAt(index))) continue
      const candidates = byStart.get(text.slice(index, index + SHORTEST_SECRET))
      const secret = candidates?.find((one) => text.startsWith(one, index))
      if (secret === undefined) continue
      result += text.slice(copied, index) + maskToken(secret)
      index += secret.length - 1
      copied = index + 1
    }
    return copied === 0 ? text : result + text.slice(copied)
  }
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
  // RFC 6265 §4.1.1 and §4.2.1: only the first pair of a set-cookie is the cookie.
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
  // RFC 7636 §4.2: a plain code_challenge is the code_verifier.
  const isPlain = members.code_challenge_method !== 'S256'
  const masked = Object.entries(members).map(([name, value]) => {
    const isSecret =
      SECRET_NAMES.has(name) || (isKey && PRIVATE_MEMBERS.has(name)) || (isPlain && name === 'code_challenge')
    return [name, isSecret ? maskSecret(value, name, note) : maskValue(value, note)]
  })
  return Object.fromEntries(masked)
}

/** Masks a secret; a repeated name has a list of values. */
function maskSecret(value: unknown, name: string, note: Note): unknown {
  if (Array.isArray(value)) return value.map((one) => maskSecret(one, name, note))
  note(value)
  return typeof value === 'string' ? maskToken(value, name) : MASK
}

/** Masks a secret value; a JWT keeps its header and claims. */
function maskToken(value: string, name?: string): string {
  const parts = value.split('.', 4)
  return parts.length === 3 && value.startsWith('ey') && name !== 'response' ? `${parts[0]}.${parts[1]}.${MASK}` : MASK
}

/** Masks secrets in URLs, forms and JSON within a text, complete or cut. */
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
