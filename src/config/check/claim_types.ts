/** The types of the standard claims (OpenID Connect Core §5.1), and values that YAML reads as another type. */
import { STANDARD_SCOPES } from '../../clients/scope.js'
import type { Config } from '../../generated/types.js'
import type { Complaint } from '../errors.js'
import { isMembers } from '../merge.js'
import { show } from '../show.js'

type Type = 'string' | 'boolean' | 'number' | 'object'

/** The types of the claims that are not strings. OpenID Connect Core §5.1. */
const TYPES: Readonly<Record<string, Type>> = {
  email_verified: 'boolean',
  phone_number_verified: 'boolean',
  updated_at: 'number',
  address: 'object',
}

const STANDARD = ['sub', ...Object.values(STANDARD_SCOPES).flat()]

/** The members of `address`, which are strings. OpenID Connect Core §5.1.1. */
const ADDRESS = ['formatted', 'street_address', 'locality', 'region', 'postal_code', 'country']

const EXPECTED: Readonly<Record<Type, string>> = {
  string: 'a text',
  boolean: 'true or false',
  number: 'seconds since 1970 as a number',
  object: 'an object with members such as street_address',
}

const TRUE = /^(true|yes|on|y|t|1)$/i
const FALSE = /^(false|no|off|n|f|0)$/i

/** The sections of a user with claims. */
const SECTIONS = ['claims', 'id_token', 'userinfo', 'access_token'] as const

/** Returns the type of a standard claim. §5.2: a language tag can follow its name. */
function typeOf(name: string): Type | undefined {
  const plain = name.replace(/#.*$/, '')
  if (Object.hasOwn(TYPES, plain)) return TYPES[plain]
  return STANDARD.includes(plain) ? 'string' : undefined
}

/** Returns the part of a path of the configuration that begins with the name of a user's claim; otherwise an empty path. */
function claimPath([list, , section, ...names]: readonly string[]): readonly string[] {
  if (list !== 'users') return []
  if (section === 'claim_sources') return names[1] === 'claims' ? names.slice(2) : []
  return SECTIONS.some((known) => known === section) ? names : []
}

/** Whether a value at a path of the configuration is a claim or a part of one. */
export const isClaim = (path: readonly string[]) => claimPath(path).length > 0

/** Whether a value at a path of the configuration is a claim, or a member of one, that must be a text. */
export function isTextClaim(path: readonly string[]): boolean {
  const [name, member] = claimPath(path)
  if (name === undefined) return false
  return member === undefined ? typeOf(name) === 'string' : typeOf(name) === 'object' && ADDRESS.includes(member)
}

/** Yields a warning for each standard claim of a user with a value of another type. `null` is taken for intended. */
export function* checkClaimTypes({ users }: Pick<Config, 'users'>): Iterable<Complaint> {
  for (const [index, user] of users.entries()) {
    const path = ['users', String(index)]
    for (const section of SECTIONS) yield* checkClaims([...path, section], user[section])
    for (const [name, { claims }] of Object.entries(user.claim_sources ?? {})) {
      yield* checkClaims([...path, 'claim_sources', name, 'claims'], claims)
    }
  }
}

function* checkClaims(path: readonly string[], claims: object): Iterable<Complaint> {
  for (const [name, value] of Object.entries(claims)) {
    const type = typeOf(name)
    if (type === undefined) continue
    yield* checkType([...path, name], value, type)
    if (type !== 'object' || !isMembers(value)) continue
    for (const [member, inner] of Object.entries(value)) {
      if (ADDRESS.includes(member)) yield* checkType([...path, name, member], inner, 'string')
    }
  }
}

function* checkType(path: readonly string[], value: unknown, type: Type): Iterable<Complaint> {
  if (value === null || (type === 'object' ? isMembers(value) : typeof value === type)) return
  const written = rewrite(value, type)
  const hint = written === undefined ? '' : `; write ${written}`
  yield { path, at: 'value', message: `is ${show(value, false)}, expected ${EXPECTED[type]}${hint}` }
}

/** Returns the text that has the same meaning as a value and the expected type. */
function rewrite(value: unknown, type: Type): string | undefined {
  if (typeof value === 'object') return undefined
  const text = String(value)
  switch (type) {
    case 'string':
      return `"${text}"`
    case 'boolean':
      if (TRUE.test(text)) return 'true'
      return FALSE.test(text) ? 'false' : undefined
    case 'number': {
      const seconds = /^\d{1,12}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000)
      return Number.isFinite(seconds) ? String(seconds) : undefined
    }
    case 'object':
      return `{ formatted: ${JSON.stringify(text)} }`
  }
}
