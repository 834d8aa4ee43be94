/** The profiles, one row each, and the settings that a configuration leaves to its profile. */

import { parseDuration } from '../duration.js'
import type { Config, EncryptionKey, Key } from '../generated/types.js'
import { RULES } from '../generated/values.js'
import type { Preset } from './presets.js'
import type { Pruned } from './schema.js'

export type ProfileName = Config['profile']
export type Rule = keyof Config['rules']

/** Whether each rule is on. */
export type Rules = { readonly [R in Rule]: boolean }

/** The signing and encryption keys. */
interface KeyLists {
  readonly keys: readonly (Pruned<Key> | undefined)[]
  readonly encryption_keys: readonly (Pruned<EncryptionKey> | undefined)[]
}

/** The defaults of the settings that depend on the profile. */
interface Profile extends KeyLists {
  /** The rules that are on. */
  readonly rules: readonly Rule[]
  readonly single_sign_on: boolean
  /** Seconds in which a rotated refresh token is accepted again. */
  readonly reuse_interval: number
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  // OpenID Connect Core §15.1: every OpenID Provider supports RS256.
  lenient: { rules: [], single_sign_on: false, reuse_interval: 10, keys: [{ alg: 'RS256' }], encryption_keys: [] },
  strict: {
    rules: RULES,
    single_sign_on: true,
    reuse_interval: 0,
    keys: [{ alg: 'RS256' }, { alg: 'PS256' }, { alg: 'ES256' }],
    encryption_keys: [{ alg: 'RSA-OAEP' }, { alg: 'ECDH-ES' }],
  },
}

/** Returns whether each rule is on. */
export function resolveRules(config: Config): Rules {
  return Object.freeze(Object.fromEntries(RULES.map((rule) => [rule, isOn(config, rule)])) as Rules)
}

/** Whether a rule is on: by `rules`, else by the older key with the same meaning, else by the profile. */
export function isOn({ profile = 'lenient', rules = {}, require_registration }: Pruned<Config>, rule: Rule): boolean {
  const older = rule === 'registered_clients' && require_registration === true
  return rules[rule] ?? (older || PROFILES[profile].rules.includes(rule))
}

/** Returns the rules of the profile that the preset switches off, since SDKs of its provider do not follow them. */
export function listKeptOff(
  { profile, rules }: { readonly profile: ProfileName; readonly rules: Readonly<Config['rules']> },
  preset: Pick<Preset, 'config'> | undefined,
): readonly Rule[] {
  const own: Config['rules'] = preset?.config.rules ?? {}
  return PROFILES[profile].rules.filter((rule) => own[rule] === false && rules[rule] === false)
}

/** Returns whether a browser that has logged in can skip the login page. */
export function resolveSingleSignOn({ profile, sessions }: Config): boolean {
  return sessions.single_sign_on ?? PROFILES[profile].single_sign_on
}

/** Returns the seconds in which a rotated refresh token is accepted again. */
export function resolveReuseInterval({ profile, refresh_token }: Config): number {
  return parseDuration(refresh_token.reuse_interval ?? PROFILES[profile].reuse_interval)
}

/** Returns the keys of the configuration, by default those of the profile; an empty list if the schema refused it. */
export function listKeys(config: Pruned<Config>): KeyLists {
  const defaults = PROFILES[config.profile ?? 'lenient']
  return {
    keys: 'keys' in config ? (config.keys ?? []) : defaults.keys,
    encryption_keys: 'encryption_keys' in config ? (config.encryption_keys ?? []) : defaults.encryption_keys,
  }
}
