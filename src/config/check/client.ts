/** The rules of client metadata applied to the clients of a configuration and of the admin API. */
import type { Door, Settings } from '../../clients/findings.js'
import { UNBOUND_DEFAULTS } from '../../clients/members.js'
import { checkMembers, checkRules } from '../../clients/rules.js'
import type { Client, Config } from '../../generated/types.js'
import type { Complaint } from '../errors.js'
import { isOn, listKeys } from '../profiles.js'
import type { Pruned } from '../schema.js'

/** Yields the problems of one client. What the schema refused is undefined in the client and has its problem already. */
export function* checkClient(
  path: readonly string[],
  client: Pruned<Client> | undefined,
  config: Pruned<Config>,
): Iterable<Complaint> {
  if (client === undefined) return
  const settings = readClientSettings(config, 'configuration')
  const { findings, metadata } = checkMembers(client, settings)
  const bound = isOn(config, 'default_client_metadata') ? { ...UNBOUND_DEFAULTS, ...metadata } : metadata
  // The rule of a finding does not matter: the author of a configuration learns of it under every profile.
  for (const finding of [...findings, ...checkRules(bound, settings)]) {
    yield { path: [...path, ...finding.path.map(String)], at: 'value', message: finding.message }
  }
}

/** Returns the settings of a configuration that decide which client metadata is valid. */
export function readClientSettings(config: Pruned<Config>, door: Door): Settings {
  const { keys, encryption_keys } = listKeys(config)
  return {
    door,
    signing_algs: isInvalid(config, 'keys') ? undefined : allOrNone(keys.map((key) => key?.alg)),
    encryption_algs: isInvalid(config, 'encryption_keys')
      ? undefined
      : allOrNone(encryption_keys.map((key) => key?.alg)),
    scopes: config.scopes && Object.keys(config.scopes),
    wildcard_redirect_uris: config.wildcard_redirect_uris === true,
    client_certificates: config.server?.tls?.client_certificates === true,
  }
}

/** Whether the schema has refused a section of the configuration. */
function isInvalid(config: Pruned<Config>, section: keyof Config): boolean {
  return Object.hasOwn(config, section) && config[section] === undefined
}

/** Returns the values, or undefined if one of them is invalid. */
function allOrNone<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  const valid = values.filter((value) => value !== undefined)
  return valid.length === values.length ? valid : undefined
}
