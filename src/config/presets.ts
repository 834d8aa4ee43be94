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
  /**
   * The name of the tenant at the end of the issuer, which replaces `{{name}}` in the suffix and the paths. A configured issuer
   * with a path has its own name.
   */
  readonly name?: string
  /** The part of the issuer identifier after the provider's URL. It is not part of the endpoints' URLs. */
  readonly issuer_suffix: string
  /** Paths by their names in discovery, and `discovery`. The default paths are served as well. */
  readonly paths: Readonly<Record<string, string>>
  /** Further paths with the name of their route, such as the logout of older SDKs. The empty path is the URL of the issuer. */
  readonly more_paths?: Readonly<Record<string, string>>
  /** Whether every answer to a refresh has a refresh token, new or not. */
  readonly repeats_refresh_token?: boolean
  /** Whether a client can end a login by a POST of its refresh token to the end_session_endpoint. */
  readonly logout_by_refresh_token?: boolean
  /** Name of the parameter that is post_logout_redirect_uri elsewhere. */
  readonly logout_parameter?: string
  /** Defaults of the configuration. Its rules are those that SDKs of the provider rely on, under every profile. */
  readonly config: Readonly<Record<string, unknown>>
  /**
   * Pattern of scopes that belong to a resource: group 1 is the resource, group 2 the name of the scope there. A token request
   * can name scopes that the authorization request did not.
   */
  readonly resource_scopes?: string
  /**
   * Whether the check_session_iframe is the login status frame of keycloak-js: it reads the `sid` of an access token in place of
   * a session_state, and tells the page that loads it whether it can read cookies.
   */
  readonly login_status_frame?: boolean
  /** Refresh tokens are JWTs if they have claims here. */
  readonly claims: Readonly<Record<'id_token' | 'userinfo' | 'access_token', PresetClaims>> & {
    readonly refresh_token?: PresetClaims
  }
  /** Texts for the documentation: imitated behavior, and differences. */
  readonly imitates: readonly string[]
  readonly differs: readonly string[]
}

export const PRESETS = ['keycloak', 'entra', 'okta', 'auth0', 'cognito', 'google'] as const satisfies PresetName[]

/** Returns the preset with this name, if there is one. @param issuer the configured issuer. */
export function findPreset(name: unknown, issuer?: unknown): Preset | undefined {
  const known = PRESETS.find((preset) => preset === name)
  if (known === undefined) return undefined
  // The name of the package resolves in the sources, the compiled files and the bundle.
  const schema = createRequire(import.meta.url).resolve('oidc-provider-mock/config.schema.json')
  const text = readFileSync(join(schema, '../presets', `${known}.json`), 'utf8')
  const preset: Preset = JSON.parse(text)
  const tenant = nameIn(issuer) ?? preset.name
  return tenant === undefined ? preset : JSON.parse(text.replaceAll('{{name}}', JSON.stringify(tenant).slice(1, -1)))
}

/** Returns the last part of the path of an issuer; undefined without a path, and for values that the schema refuses. */
function nameIn(issuer: unknown): string | undefined {
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) return undefined
  return new URL(issuer).pathname.split('/').findLast((part) => part !== '')
}

/** Returns the value with missing members filled from the defaults, at every depth. Lists are not merged. */
export function fillIn(value: unknown, defaults: unknown): unknown {
  if (value === undefined) return structuredClone(defaults)
  if (!isMembers(value) || !isMembers(defaults)) return value
  const added = Object.entries(defaults).map(([name, inner]) => [name, fillIn(value[name], inner)])
  return { ...value, ...Object.fromEntries(added) }
}
