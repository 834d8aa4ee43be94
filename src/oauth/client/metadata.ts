/** The metadata that a client sends when it registers or changes its registration. RFC 7591 §2 and OpenID Connect Registration §2. */
import { ENCRYPTION_MEMBERS } from '../../clients/algorithms.js'
import type { Finding } from '../../clients/findings.js'
import { pruneJwks } from '../../clients/keys.js'
import { CLIENT_DEFAULTS, findMember } from '../../clients/members.js'
import { listNeededGrantTypes } from '../../clients/response_types.js'
import { checkMembers, checkRules } from '../../clients/rules.js'
import { readClientSettings } from '../../config/check/client.js'
import type { Context } from '../../context.js'
import { invalidClientMetadata, invalidRedirectUri } from '../../errors.js'
import type { GrantType } from '../../generated/types.js'
import type { ClientMetadata } from '../../store/records.js'
import { findResponseType } from '../response_type.js'
import { enforce } from '../rules.js'
import { verifySector } from './sector_identifier.js'
import { unfoldSoftwareStatement } from './software_statement.js'

type Metadata = Readonly<Record<string, unknown>>

const MAX_LOCALIZED = 100

/** Checks a registration request and fills in the defaults. Unknown members are ignored (RFC 7591 §2). */
export async function readClientMetadata(ctx: Context, request: Metadata): Promise<ClientMetadata> {
  const metadata = unfoldSoftwareStatement(request)
  const settings = readClientSettings(ctx.snapshot.config, 'registration')
  const given = pickMembers(metadata)
  refuse(ctx, checkMembers(given, settings).findings)
  const { members, localized } = divide(given)
  const client = fillDefaults(ctx, members)
  refuse(ctx, checkRules(client, settings))
  await verifySector(ctx, client)
  return {
    ...pruneJwks(client),
    ...(Object.keys(localized).length > 0 && { localized }),
    ...(metadata.software_statement !== undefined && { software_statement: String(metadata.software_statement) }),
  }
}

/** Throws the first finding, except for rules that the profile switches off. */
function refuse(ctx: Context, findings: readonly Finding[]): void {
  for (const { path, message, rule } of findings) {
    const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')
    // RFC 7591 §3.2.2: invalid redirect URIs have a separate error code.
    const toError = path[0] === 'redirect_uris' ? invalidRedirectUri : invalidClientMetadata
    const refusal = toError(`${place.slice(1)} ${message}`)
    if (rule === undefined) throw refusal
    enforce(ctx, rule, refusal)
  }
}

/** Returns the members that a client can register. */
function pickMembers(metadata: Metadata): Metadata {
  const picked = Object.entries(metadata).flatMap(([name, value]) => {
    const member = findMember(name)
    if (member === undefined || 'configuration_only' in member || 'registration_only' in member) return []
    return [[name, name === 'response_types' && Array.isArray(value) ? value.map(normalizeResponseType) : value]]
  })
  return Object.fromEntries(picked)
}

/** Returns the response type with the same words in any order (RFC 6749 §3.1.1); other values unchanged. */
function normalizeResponseType(value: unknown): unknown {
  return typeof value === 'string' ? (findResponseType(value) ?? value) : value
}

type Members = Omit<ClientMetadata, 'localized' | 'software_statement'>

/** Separates the members in a language, such as `client_name#de`, from the others. A list has each value once. RFC 7591 §2.2. */
function divide(given: Metadata) {
  const localized = Object.entries(given).filter(([name]) => name.includes('#'))
  if (localized.length > MAX_LOCALIZED) {
    throw invalidClientMetadata(`${localized.length} members have a language tag, expected at most ${MAX_LOCALIZED}`)
  }
  const members = Object.entries(given)
    .filter(([name]) => !name.includes('#'))
    .map(([name, value]) => [name, Array.isArray(value) ? [...new Set(value)] : value])
  return {
    members: Object.fromEntries(members) as Partial<Members>,
    localized: Object.fromEntries(localized) as Readonly<Record<string, string>>,
  }
}

function fillDefaults(ctx: Context, members: Partial<Members>): Members {
  const encrypted = Object.entries(ENCRYPTION_MEMBERS).filter(([alg]) => Object.hasOwn(members, alg))
  const { response_types = CLIENT_DEFAULTS.response_types } = members
  return {
    ...CLIENT_DEFAULTS,
    grant_types: defaultGrantTypes(ctx, { response_types }),
    // OpenID Connect Registration §2: the default of the content encryption.
    ...Object.fromEntries(encrypted.map(([, enc]) => [enc, 'A128CBC-HS256'])),
    ...members,
  }
}

// Departure: RFC 7591 §2 has authorization_code only. A client gets every grant type that it needs, and refresh_token.
function defaultGrantTypes(ctx: Context, metadata: Pick<Members, 'response_types'>): GrantType[] {
  if (ctx.snapshot.rules.consistent_grant_types) return ['authorization_code']
  const implicit = listNeededGrantTypes(metadata).filter((grant) => grant === 'implicit')
  return ['authorization_code', ...implicit, 'refresh_token']
}
