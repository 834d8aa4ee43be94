/** Presets, which imitate other providers. The configuration takes precedence over them. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Config } from '../generated/types.js'
import { isMembers } from './merge.js'

export type PresetName = NonNullable<Config['preset']>

/** Changes of the claims of one token: `set` replaces claims, with `{{…}}` filled in; `remove` removes them. */
export interface PresetClaims {
  readonly set: Readonly<Record<string, unknown>>
  readonly remove: readonly string[]
}

export interface Preset {
  /** The default path of the provider. */
  readonly base_path: string
  /** The part of the issuer identifier after the provider's URL. It is not part of the endpoints' URLs. */
  readonly issuer_suffix: string
  /** Paths by their names in discovery, and `discovery`. The default paths are served as well. */
  readonly paths: Readonly<Record<string, string>>
  /** Defaults of the configuration. */
  readonly config: Readonly<Record<string, unknown>>
  /**
   * Pattern of scopes that belong to a resource: group 1 is the resource, group 2 the name of the scope there. A token request
   * can name scopes that the authorization request did not.
   */
  readonly resource_scopes?: string
  readonly claims: Readonly<Record<'id_token' | 'userinfo' | 'access_token', PresetClaims>>
  /** Texts for the documentation: imitated behavior, and differences. */
  readonly imitates: readonly string[]
  readonly differs: readonly string[]
}

export const PRESETS = ['keycloak', 'entra', 'okta', 'auth0', 'cognito', 'google'] as const satisfies PresetName[]

/** Returns the preset with this name, if there is one. */
export function findPreset(name: unknown): Preset | undefined {
  const known = PRESETS.find((preset) => preset === name)
  if (known === undefined) return undefined
  // The name of the package resolves in the sources, the compiled files and the bundle.
  const schema = createRequire(import.meta.url).resolve('oidc-provider-mock/config.schema.json')
  return JSON.parse(readFileSync(join(schema, '../presets', `${known}.json`), 'utf8'))
}

/** Returns the value with missing members filled from the defaults, at every depth. Lists are not merged. */
export function fillIn(value: unknown, defaults: unknown): unknown {
  if (value === undefined) return structuredClone(defaults)
  if (!isMembers(value) || !isMembers(defaults)) return value
  const added = Object.entries(defaults).map(([name, inner]) => [name, fillIn(value[name], inner)])
  return { ...value, ...Object.fromEntries(added) }
}
