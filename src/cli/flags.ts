/** The flags: one row per flag, with the configuration key that it sets. */

import type { Override } from '../config/load.js'
import { PROFILES } from '../config/profiles.js'
import { ADDRESS_FLAGS } from './address_flags.js'
import { ADMIN_FLAGS } from './admin_flags.js'
import { boolean, type Flag, list, number, readWatch, text } from './flag.js'
import { LOG_FLAGS } from './log_flags.js'
import { USER_FLAGS } from './user_flags.js'

export { type Flag, readWatch }

const lifetime = (kind: string, name: string, standard: string): Flag => ({
  names: `--${name.replaceAll('_', '-')}-lifetime`,
  env: `${name.toUpperCase()}_LIFETIME`,
  value: '<DURATION>',
  description: `lifetime of ${kind}, in seconds or as 15m, 1h, 30d (default: ${standard})`,
  paths: [['lifetimes', name]],
  parse: number,
})

/** All flags in the order of `--help`. */
export const FLAGS: readonly Flag[] = [
  {
    heading: 'Configuration:',
    names: '-c, --config',
    env: 'CONFIG',
    value: '<FILE>',
    description: 'configuration file, YAML or JSON; reloaded when it changes; - reads standard input once',
    paths: [],
    parse: text,
  },
  {
    names: '--config-inline',
    env: 'CONFIG_INLINE',
    value: '<TEXT>',
    description: 'configuration as text, YAML or JSON',
    paths: [],
    parse: text,
  },
  {
    names: '--config-dir',
    env: 'CONFIG_DIR',
    value: '<FOLDER>',
    description: 'folder with an optional config.yaml and users.yaml (or .yml, .json)',
    paths: [],
    parse: text,
  },
  {
    names: '--watch-poll',
    env: 'WATCH',
    value: '[BOOL]',
    description:
      'poll files for changes twice a second, for file systems without change events: true or poll (default: false)',
    paths: [],
    parse: readWatch,
  },
  {
    heading: 'Server:',
    names: '-p, --port',
    env: 'PORT',
    value: '<N>',
    description: 'port to listen on; 0 picks a free one (default: 9400)',
    paths: [['server', 'port']],
    parse: number,
  },
  {
    names: '-H, --host',
    env: 'HOST',
    value: '<ADDR>',
    description: 'address to listen on (default: 127.0.0.1)',
    paths: [['server', 'host']],
    parse: text,
  },
  {
    heading: 'Protocol:',
    names: '--profile',
    env: 'PROFILE',
    value: '<PROFILE>',
    choices: Object.keys(PROFILES),
    description: `how strictly the specifications are enforced: ${Object.keys(PROFILES).join(' or ')} (default: lenient)`,
    paths: [['profile']],
    parse: text,
  },
  {
    names: '--preset',
    env: 'PRESET',
    value: '<NAME>',
    choices: ['keycloak', 'entra', 'okta', 'auth0', 'cognito', 'google'],
    description: 'imitate the paths and claims of keycloak, entra, okta, auth0, cognito or google',
    paths: [['preset']],
    parse: text,
  },
  {
    names: '-r, --require-registration',
    env: 'REQUIRE_REGISTRATION',
    value: '[BOOL]',
    description: 'accept only registered or configured clients (default: false)',
    paths: [['require_registration']],
    parse: boolean,
  },
  {
    names: '-n, --require-nonce',
    env: 'REQUIRE_NONCE',
    value: '[BOOL]',
    description: 'refuse authorization requests without nonce (default: false)',
    paths: [['require_nonce']],
    parse: boolean,
  },
  {
    names: '--require-pkce',
    env: 'REQUIRE_PKCE',
    value: '[BOOL]',
    description: 'refuse authorization requests without code_challenge (default: false)',
    paths: [['require_pkce']],
    parse: boolean,
  },
  {
    names: '--wildcard-redirect-uris',
    env: 'WILDCARD_REDIRECT_URIS',
    value: '[BOOL]',
    description:
      'let * in redirect_uris match any characters except separators, or any port, and ** any part of a path (default: false)',
    paths: [['wildcard_redirect_uris']],
    parse: boolean,
  },
  {
    heading: 'Tokens:',
    names: '-f, --no-refresh-token',
    env: 'NO_REFRESH_TOKEN',
    value: '[BOOL]',
    description: 'issue no refresh token (default: false)',
    paths: [['issue_refresh_token']],
    parse: (value) => !boolean(value),
  },
  {
    names: '-e, --token-max-age',
    env: 'TOKEN_MAX_AGE',
    value: '<DURATION>',
    description: 'lifetime of access and ID tokens, in seconds or as 15m, 1h, 30d (default: 1h)',
    paths: [
      ['lifetimes', 'access_token'],
      ['lifetimes', 'id_token'],
    ],
    parse: number,
  },
  lifetime('access tokens', 'access_token', '1h'),
  lifetime('ID tokens', 'id_token', '1h'),
  lifetime('refresh tokens', 'refresh_token', '30d'),
  lifetime('authorization codes', 'authorization_code', '10m'),
  {
    names: '--keep-key-in',
    env: 'KEEP_KEY_IN',
    value: '<FILE>',
    description: 'keep the generated RS256 key in this file across restarts',
    paths: [['keys']],
    parse: (file) => [{ alg: 'RS256', keep_in: file }],
  },
  ...USER_FLAGS,
  ...ADDRESS_FLAGS,
  {
    names: '--cors-origin',
    env: 'CORS_ORIGIN',
    value: '<ORIGIN>',
    description: 'origins allowed by CORS, separated by commas (default: *)',
    paths: [['server', 'cors_origins']],
    parse: list,
  },
  ...ADMIN_FLAGS,
  {
    heading: 'Calls to clients:',
    names: '--outbound-allow',
    env: 'OUTBOUND_ALLOW',
    value: '<HOSTS>',
    description:
      'hosts, IP addresses and ranges that calls to clients may reach, separated by commas, or none (default: all but link-local)',
    paths: [['outbound', 'allow']],
    parse: (hosts) => (hosts === 'none' ? [] : list(hosts)),
  },
  {
    names: '--outbound-ca',
    env: 'OUTBOUND_CA',
    value: '<FILE>',
    description: 'PEM file with additional certificates trusted in calls to clients',
    paths: [['outbound', 'ca']],
    parse: text,
  },
  {
    names: '--outbound-insecure',
    env: 'OUTBOUND_INSECURE',
    value: '[BOOL]',
    description: 'do not verify certificates in calls to clients; for local use only (default: false)',
    paths: [['outbound', 'insecure']],
    parse: boolean,
  },
  ...LOG_FLAGS,
]

/** Returns the name of the environment variable of a flag. */
export const variableOf = (flag: Flag) => `OIDC_PROVIDER_MOCK_${flag.env}`

/** Returns the name of the flag as shown in errors. */
export const nameOf = (flag: Flag) => /--[a-z-]+/.exec(flag.names)![0]

/** Returns the changes of the configuration for one value of a flag. */
export function overridesOf(flag: Flag, source: string, value: string): Override[] {
  const parsed = flag.parse(value)
  if (parsed === undefined) return []
  return flag.paths.map((path) => ({ source, path, value: parsed, ...(flag.append === true && { append: true }) }))
}
