/** The rules of client metadata, and the doors that apply them. RFC 7591 §2, OpenID Connect Registration §2, RFC 8705 §2. */
import { shown, withoutUserInformation } from '../errors.js'
import { checkEncryption, checkUnsignedIdToken } from './algorithms.js'
import {
  checkAssertionAlg,
  checkAuthMethod,
  checkCertificateName,
  checkKeyLocation,
  checkSecret,
} from './authentication.js'
import { type Door, type Finding, isBlank, isBlankItem, type Metadata, type Settings } from './findings.js'
import { checkKeys } from './keys.js'
import { findMember } from './members.js'
import { checkApplicationType, checkRedirectUris, checkSector } from './redirect_uris.js'
import { checkGrantTypes } from './response_types.js'
import { checkScope } from './scope.js'

interface Rule {
  readonly check: (metadata: Metadata, settings: Settings) => Iterable<Finding>
  /** The only door that applies the rule, and the reason. */
  readonly only?: readonly [door: Door, because: string]
}

/** The rules that members follow together. Of several problems registration names the first. */
const RULES: readonly Rule[] = [
  { check: checkRedirectUris },
  { check: checkKeyLocation },
  { check: checkKeys },
  { check: checkCertificateName },
  { check: checkAssertionAlg },
  { check: checkEncryption },
  { check: checkUnsignedIdToken },
  { check: checkGrantTypes },
  { check: checkSector },
  {
    check: checkAuthMethod,
    only: ['registration', 'One file can serve with and without TLS, so it can name clients that need certificates.'],
  },
  { check: checkApplicationType, only: ['registration', 'The rule application_type is about clients that register.'] },
  {
    check: checkSecret,
    only: ['configuration', 'RFC 7591 §3.2.1: a client that registers is issued the secret that it needs.'],
  },
  {
    check: checkScope,
    only: ['configuration', 'The author of a file defines its scopes. A client that registers can know others.'],
  },
]

/** Limits of a registration, which anyone can send. The author of a file needs none, and the admin API limits its bodies. */
const MAX_ITEMS = 100
const MAX_LENGTH = 8192

/** Returns the findings about each member by itself, and the metadata in which invalid values are undefined. */
export function checkMembers(
  given: Readonly<Record<string, unknown>>,
  settings: Settings,
): { readonly findings: readonly Finding[]; readonly metadata: Metadata } {
  const checked = Object.entries(given).map(([name, value]) => {
    const findings = [...checkMember(name, value, settings)]
    return { name, findings, valid: withoutInvalid(value, findings) }
  })
  return {
    findings: checked.flatMap(({ findings }) => findings),
    metadata: Object.fromEntries(checked.map(({ name, valid }) => [name, valid])),
  }
}

/** Returns the findings about members that depend on each other. */
export function checkRules(metadata: Metadata, settings: Settings): Finding[] {
  const applied = RULES.filter(({ only }) => only === undefined || only[0] === settings.door)
  return applied.flatMap(({ check }) => [...check(metadata, settings)])
}

function* checkMember(name: string, value: unknown, settings: Settings): Iterable<Finding> {
  const member = findMember(name)
  // An undefined value is one that the schema has refused already.
  if (member === undefined || value === undefined) return
  const limited = settings.door === 'registration'
  const replaceable = (one: unknown) => 'replaceable' in member && typeof one === 'string'
  const ruleOf = (optional: boolean) => (optional ? ({ rule: 'valid_metadata' } as const) : {})
  if ('kind' in member) {
    const rule = ruleOf(replaceable(value) || isBlank(value))
    yield* checkValue([name], value, member.kind(value, settings), limited, rule)
  }
  if (!('items' in member)) return
  if (!Array.isArray(value)) yield* checkValue([name], value, 'a list', limited, ruleOf(isBlank(value)))
  else if (limited && value.length > MAX_ITEMS) {
    yield { path: [name], message: `has ${value.length} items, expected at most ${MAX_ITEMS}` }
  } else {
    for (const [index, item] of value.entries()) {
      const rule = ruleOf(replaceable(item) || isBlankItem(item))
      if (item !== undefined) yield* checkValue([name, index], item, member.items(item, settings), limited, rule)
    }
  }
}

function* checkValue(
  path: Finding['path'],
  value: unknown,
  expected: string | undefined,
  limited: boolean,
  rule: Pick<Finding, 'rule'>,
): Iterable<Finding> {
  if (expected !== undefined) yield { path, message: `is ${describe(value)}, expected ${expected}`, ...rule }
  else if (limited && typeof value === 'string' && value.length > MAX_LENGTH) {
    yield { path, message: `has ${value.length} characters, expected at most ${MAX_LENGTH}` }
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `"${shown(withoutUserInformation(value))}"`
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object'
}

function withoutInvalid(value: unknown, findings: readonly Finding[]): unknown {
  if (findings.length === 0) return value
  const indexes = findings.map(({ path }) => path[1])
  if (!Array.isArray(value) || indexes.includes(undefined)) return undefined
  return value.map((item, index) => (indexes.includes(index) ? undefined : item))
}
