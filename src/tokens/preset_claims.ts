/** Changes of a preset to claims, from the templates of its data file. */
import { createHash } from 'node:crypto'
import type { PresetClaims } from '../config/presets.js'
import type { DeepReadonly } from '../config/snapshot.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import type { User } from '../directory/users.js'
import type { Claims } from '../oauth/claims.js'
import { words } from '../oauth/params.js'

/** The values for the templates. */
export interface About {
  /** Absent for a grant without an end-user. */
  readonly user: User | undefined
  readonly client: Client
  /** The subject that the client sees. */
  readonly sub: string
  readonly scope: string
  /** The names of the scopes at the resource of the token, if a scope belongs to one. */
  readonly resource_scope?: string | undefined
  readonly sid: string | undefined
}

/** Returns the claims as the preset changes them at this place; without a preset, the same claims. */
export function applyPreset(
  ctx: Context,
  place: 'id_token' | 'userinfo' | 'access_token' | 'refresh_token',
  claims: Claims,
  about: About,
) {
  const preset = ctx.snapshot.preset?.claims[place]
  return preset === undefined ? claims : changeClaims(ctx, preset, claims, about)
}

function changeClaims(ctx: Context, { set, remove }: DeepReadonly<PresetClaims>, claims: Claims, about: About): Claims {
  const { user, client, sub, scope, resource_scope, sid } = about
  const variables: Claims = {
    sub,
    scope,
    resource_scope,
    sid,
    client_id: client.client_id,
    iss: ctx.issuer,
    iat: claims.iat,
    scopes: words(scope),
    tenant: ctx.snapshot.base_path.split('/').at(-1) || undefined,
    uuid: uuidOf(user?.sub ?? client.client_id),
  }
  const find = (path: string): unknown => {
    const [, name] = /^claims\.(.+)$/.exec(path) ?? []
    if (name === undefined) return variables[path]
    return user !== undefined && Object.hasOwn(user.claims, name) ? user.claims[name] : undefined
  }
  const kept = Object.entries(claims).filter(([name]) => !remove.includes(name))
  return { ...Object.fromEntries(kept), ...(fillTemplate(set, find) as Claims | undefined) }
}

const TEMPLATE = /\{\{(text )?([^}]+)\}\}/

/** Replaces `{{a | b}}` in a template by the first known value. Omits unknown values and objects without members. */
function fillTemplate(template: unknown, find: (path: string) => unknown): unknown {
  if (typeof template === 'string') return fillText(template, find)
  if (Array.isArray(template)) return template.map((item) => fillTemplate(item, find))
  if (typeof template !== 'object' || template === null) return template
  const members = Object.entries(template).map(([name, inner]) => [name, fillTemplate(inner, find)])
  const known = members.filter(([, value]) => value !== undefined)
  return known.length === 0 ? undefined : Object.fromEntries(known)
}

function fillText(text: string, find: (path: string) => unknown): unknown {
  const [all, asText, paths] = TEMPLATE.exec(text) ?? []
  if (paths === undefined) return text
  const values = paths.split('|').map((path) => find(path.trim()))
  const value = values.find((one) => one !== undefined)
  if (value === undefined) return undefined
  return all === text && asText === undefined ? value : text.replace(TEMPLATE, () => String(value))
}

/** Returns a UUID that is derived from `sub`. RFC 9562 §5.8. */
function uuidOf(sub: string): string {
  const hex = createHash('sha256').update(sub).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
