/** The metadata that a client sends when it registers or changes its registration. RFC 7591 §2 and OpenID Connect Registration §2. */
import { ENCRYPTION_MEMBERS } from '../../clients/algorithms.js'
import { type Finding, isBlank, isBlankItem } from '../../clients/findings.js'
import { pruneJwks } from '../../clients/keys.js'
import { CLIENT_DEFAULTS, findMember, UNBOUND_DEFAULTS } from '../../clients/members.js'
import { isRedirected, listNeededGrantTypes } from '../../clients/response_types.js'
import { checkMembers, checkRules } from '../../clients/rules.js'
import { readClientSettings } from '../../config/check/client.js'
import type { Context } from '../../context.js'
import { invalidClientMetadata, invalidRedirectUri } from '../../errors.js'
import type { GrantType } from '../../generated/types.js'
import type { ClientMetadata } from '../../store/records.js'
import { words } from '../params.js'
import { findResponseType } from '../response_type.js'
import { enforce } from '../rules.js'
import { verifySector } from './sector_identifier.js'
import { unfoldSoftwareStatement } from './software_statement.js'

type Metadata = Readonly<Record<string, unknown>>

const MAX_LOCALIZED = 100

/** Checks a registration request and fills in the defaults. Unknown members are ignored (RFC 7591 §2). */
export async function readClientMetadata(ctx: Context, request: Metadata): Promise<ClientMetadata> {
  const metadata = joinScope(ctx, unfoldSoftwareStatement(ctx, request))
  const settings = readClientSettings(ctx.snapshot.config, 'registration')
  const given = pickMembers(metadata)
  const { findings, metadata: valid } = checkMembers(given, settings)
  refuse(ctx, findings)
  const { members, localized } = divide(ctx.snapshot.rules.valid_metadata ? given : leaveOut(given, valid, findings))
  const client = fillDefaults(ctx, members)
  refuse(ctx, checkRules({ ...UNBOUND_DEFAULTS, ...client }, settings))
  await verifySector(ctx, client)
  return {
    ...pruneJwks(client),
    ...requiredScope(ctx, client),
    ...(Object.keys(localized).length > 0 && { localized }),
    ...(metadata.software_statement !== undefined && { software_statement: String(metadata.software_statement) }),
  }
}

/**
 * Returns the registered scope with the scope that the client needs for a refresh token, so that the response tells it.
 * RFC 7591 §3.2.1: the provider can replace values. OpenID Connect Core §11.
 */
function requiredScope({ snapshot }: Context, { scope, grant_types = [] }: Members): Pick<Members, 'scope'> {
  if (!snapshot.rules.offline_access || scope === undefined || !grant_types.includes('refresh_token')) return {}
  return { scope: words(`${scope} offline_access`).join(' ') }
}

/** Returns the metadata with a list of scopes as one text. */
// Departure: RFC 7591 §2 has a text of scopes separated by spaces. Some clients send a list.
function joinScope(ctx: Context, metadata: Metadata): Metadata {
  const { scope } = metadata
  if (!Array.isArray(scope) || !scope.every((one) => typeof one === 'string')) return metadata
  const problem = 'scope is a list, expected a text of scopes separated by spaces'
  enforce(ctx, 'valid_metadata', invalidClientMetadata(problem))
  return { ...metadata, scope: scope.join(' ') }
}

/** Throws the first finding, except for rules that the profile switches off. */
function refuse(ctx: Context, findings: readonly Finding[]): void {
  for (const finding of findings) {
    if (finding.rule === undefined) throw refusalOf(finding)
    enforce(ctx, finding.rule, refusalOf(finding))
  }
}

function refusalOf({ path, message }: Finding) {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')
  // RFC 7591 §3.2.2: invalid redirect URIs have a separate error code.
  const toError = path[0] === 'redirect_uris' ? invalidRedirectUri : invalidClientMetadata
  return toError(`${place.slice(1)} ${message}`)
}

/**
 * Returns the members without blank and unsupported values. Throws if a list has only unsupported ones. RFC 7591 §3.2.1.
 * @param valid the members in which unsupported values are undefined.
 */
function leaveOut(given: Metadata, valid: Metadata, findings: readonly Finding[]): Metadata {
  const { grant_types, redirect_uris } = given
  const uses = isBlank(grant_types) ? {} : { grant_types: grant_types as GrantType[] | undefined }
  // A client without redirection, such as a resource server, can have an empty list, which is not the default.
  const keepsEmpty = isBlank(redirect_uris ?? null) || !isRedirected(uses)
  const kept = Object.entries(valid).flatMap(([name, value]) => {
    if (keepsEmpty && EMPTIABLE.includes(name) && Array.isArray(value) && value.length === 0) return [[name, value]]
    if (value === undefined || isBlank(given[name])) return []
    const items = Array.isArray(value) ? value.filter((item) => item !== undefined && !isBlankItem(item)) : [value]
    if (items.length === 0) throw refusalOf(findings.find(({ path }) => path[0] === name)!)
    return [[name, Array.isArray(value) ? items : value]]
  })
  return Object.fromEntries(kept)
}

const EMPTIABLE: readonly string[] = ['grant_types', 'response_types']

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

const { token_endpoint_auth_method: _, ...BOUND_DEFAULTS } = CLIENT_DEFAULTS

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

/** Fills in the defaults, except for the authentication method, to which a client that leaves it out is not bound. */
function fillDefaults(ctx: Context, members: Partial<Members>): Members {
  const encrypted = Object.entries(ENCRYPTION_MEMBERS).filter(([alg]) => Object.hasOwn(members, alg))
  const { response_types = CLIENT_DEFAULTS.response_types } = members
  return {
    ...BOUND_DEFAULTS,
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
