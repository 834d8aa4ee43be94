/** Presets: which provider to look like, as data files say it. What the configuration says itself counts more. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Config } from '../generated/types.js'
import { isMembers } from './merge.js'

export type PresetName = NonNullable<Config['preset']>

/** Claims for one place: `set` over what is there, with `{{…}}` filled in; `remove` goes. */
export interface PresetClaims {
  readonly set: Readonly<Record<string, unknown>>
  readonly remove: readonly string[]
}

export interface Preset {
  /** The path of the provider, where the configuration says nothing about it. */
  readonly base_path: string
  /** What follows the provider's URL in the issuer identifier; the endpoints are beside it. */
  readonly issuer_suffix: string
  /** Paths by the names that discovery has for them, and `discovery`. Ours are served as well. */
  readonly paths: Readonly<Record<string, string>>
  /** What lies under the configuration. */
  readonly config: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<'id_token' | 'userinfo' | 'access_token', PresetClaims>>
  /** For people: what it does, and what it does not. */
  readonly imitates: readonly string[]
  readonly differs: readonly string[]
}

export const PRESETS = ['keycloak', 'entra', 'okta', 'auth0', 'cognito', 'google'] as const satisfies PresetName[]

/** The one that the configuration names. */
export function findPreset(name: unknown): Preset | undefined {
  const known = PRESETS.find((preset) => preset === name)
  if (known === undefined) return undefined
  // By the name of the package they are found from the sources, from what they are compiled to, and from a bundle alike.
  const schema = createRequire(import.meta.url).resolve('oidc-provider-mock/config.schema.json')
  return JSON.parse(readFileSync(join(schema, '../presets', `${known}.json`), 'utf8'))
}

/** The value, with what it leaves out taken from the defaults. Of objects each member counts; lists are taken whole. */
export function fillIn(value: unknown, defaults: unknown): unknown {
  if (value === undefined) return structuredClone(defaults)
  if (!isMembers(value) || !isMembers(defaults)) return value
  const added = Object.entries(defaults).map(([name, inner]) => [name, fillIn(value[name], inner)])
  return { ...value, ...Object.fromEntries(added) }
}
