/** The checked, indexed and deeply frozen configuration. A reload replaces it as a whole. */
import { setImmediate } from 'node:timers/promises'
import { compile } from '@fastify/proxy-addr'
import type { CryptoKey, JWK } from 'jose'
import { parseDuration, parseTime } from '../duration.js'
import type { FaultDoor } from '../faults/catalogue.js'
import { doorsOf } from '../faults/rules.js'
import type { Alg, Client, Config, EncryptionAlg, User } from '../generated/types.js'
import { normalizePath } from './check/server.js'
import { createDestinationCheck, type FindProblem } from './destinations.js'
import type { Problem } from './errors.js'
import type { Places } from './places.js'
import type { Preset } from './presets.js'
import { type Rules, resolveReuseInterval, resolveRules, resolveSingleSignOn } from './profiles.js'
import { createClientTexts, createUserTexts, type SearchTexts } from './search.js'
import type { Tls } from './tls.js'
import { listUserClaims } from './user_claims.js'
import { indexNames } from './user_names.js'
import { createPartValidator, type PartValidator } from './validate_part.js'

/** `T` with read-only members at every depth. */
export type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** A private key and its public half as published in the JWKS. */
export interface PrivateKey<A extends Alg | EncryptionAlg = Alg | EncryptionAlg> {
  readonly kid: string
  readonly alg: A
  readonly privateKey: CryptoKey
  /** The public members, with `kid`, `alg` and `use`. */
  readonly publicJwk: Readonly<JWK>
}

/** A key that each issuer generates. */
export interface KeyToGenerate<A extends Alg | EncryptionAlg = Alg | EncryptionAlg> {
  readonly alg: A
  readonly kid: string | undefined
  readonly generate: true
}

export type SigningKey = PrivateKey<Alg>
export type GeneratedKey = KeyToGenerate<Alg>
/** A key that clients encrypt to. */
export type DecryptionKey = PrivateKey<EncryptionAlg>
export type GeneratedDecryptionKey = KeyToGenerate<EncryptionAlg>

/** The keys of a configuration, in its order. */
export interface LoadedKeys {
  readonly keys: readonly (SigningKey | GeneratedKey)[]
  readonly encryption_keys: readonly (DecryptionKey | GeneratedDecryptionKey)[]
}

/** Settings of outbound calls. */
export interface OutboundSettings {
  /** PEM of authorities that are trusted in addition to the well-known ones. */
  readonly ca?: string
  readonly insecure: boolean
  /** Timeout of a call, in milliseconds. */
  readonly timeout: number
  /** Largest response, in bytes. */
  readonly max_size: number
  /** Checks an address before the provider connects to it. */
  readonly findProblem: FindProblem
}

/** Lifetimes in seconds. */
export type Lifetimes = { readonly [K in keyof Config['lifetimes']]: number }

/** The schedule of key rotation, in seconds. */
export interface KeyRotation {
  /** Undefined if keys are not rotated. */
  readonly period?: number
  readonly publish_ahead: number
}

/** The initial time of an issuer's clock, in seconds since the epoch; undefined for the real time. */
export interface ClockStart {
  readonly start?: number
  readonly frozen: boolean
}

export interface Snapshot extends LoadedKeys {
  readonly config: DeepReadonly<Config>
  /** Whether each rule is on. */
  readonly rules: Rules
  /** Whether a browser that has logged in can skip the login page. */
  readonly single_sign_on: boolean
  /** Seconds in which a rotated refresh token is accepted again. */
  readonly reuse_interval: number
  readonly lifetimes: Lifetimes
  readonly key_rotation: KeyRotation
  readonly clock: ClockStart
  readonly outbound: OutboundSettings
  /** By `sub`, in the order of the configuration. */
  readonly users: ReadonlyMap<string, DeepReadonly<User>>
  /** By `client_id`. */
  readonly clients: ReadonlyMap<string, DeepReadonly<Client>>
  readonly user_texts: SearchTexts
  readonly client_texts: SearchTexts
  /** By `sub`, `email` and `preferred_username` without differences of case, in the order of the configuration. */
  readonly subs_by_name: ReadonlyMap<string, readonly string[]>
  /** Names of the claims that users have in the ID token or userinfo. */
  readonly user_claims: ReadonlySet<string>
  /** Doors at which faults of the configuration, its users and its clients act. */
  readonly fault_doors: ReadonlySet<FaultDoor>
  /** Places of the clients and the fault rules in the files. */
  readonly places: Places
  /** The files that the configuration was read from. */
  readonly files: readonly string[]
  /** Values of a valid configuration that are probably not intended. */
  readonly warnings: readonly Problem[]
  /** The path of the provider in browsers, without a slash at its end; empty for the root. */
  readonly base_path: string
  /** The imitated provider, if any. */
  readonly preset?: DeepReadonly<Preset>
  /** Names in discovery by the paths of the preset. */
  readonly preset_paths: ReadonlyMap<string, string>
  /** The part of the issuer identifier after the provider's URL; usually empty. */
  readonly issuer_suffix: string
  /** Whether forwarded headers of requests from this IP address are trusted. */
  trusts(address: string | undefined): boolean
  /** Checks a user, a client or a fault from the admin API with the rules of the file. */
  readonly validatePart: PartValidator
  /** Undefined if the server uses plain http. */
  readonly tls?: Tls
}

/** The parts of a snapshot that come from other files than the configuration, or from its text. */
interface Loaded extends Pick<Snapshot, 'warnings'> {
  readonly tls?: Tls | undefined
  readonly outbound_ca?: string | undefined
  readonly preset?: Preset | undefined
  readonly places: Places
}

/** Indexes and freezes a valid configuration. Requests have their turn in between. */
export async function buildSnapshot(
  config: Config,
  { keys, encryption_keys }: LoadedKeys,
  files: readonly string[],
  { tls, outbound_ca, preset, warnings, places }: Loaded,
): Promise<Snapshot> {
  const lifetimes = Object.entries(config.lifetimes).map(([name, duration]) => [name, parseDuration(duration)])
  for (const key of [...keys, ...encryption_keys]) if ('publicJwk' in key) deepFreeze(key.publicJwk)
  deepFreeze(config)
  deepFreeze(preset)
  await setImmediate()
  const user_texts = createUserTexts(config.users)
  await setImmediate()
  const subs_by_name = indexNames(config.users)
  await setImmediate()
  return Object.freeze({
    config,
    rules: resolveRules(config),
    single_sign_on: resolveSingleSignOn(config),
    reuse_interval: resolveReuseInterval(config),
    key_rotation: Object.freeze(readRotation(config)),
    clock: Object.freeze(readClock(config)),
    outbound: Object.freeze(readOutbound(config, outbound_ca)),
    lifetimes: Object.freeze(Object.fromEntries(lifetimes) as Lifetimes),
    users: new Map(config.users.map((user) => [user.sub, user])),
    clients: new Map(config.clients.map((client) => [client.client_id, client])),
    user_texts,
    client_texts: createClientTexts(config.clients),
    subs_by_name,
    user_claims: listUserClaims(config.users),
    keys: Object.freeze(keys.map((key) => Object.freeze(key))),
    encryption_keys: Object.freeze(encryption_keys.map((key) => Object.freeze(key))),
    fault_doors: doorsOf([config, ...config.users, ...config.clients].flatMap(({ faults = [] }) => faults)),
    places,
    files: Object.freeze([...files]),
    warnings: Object.freeze(warnings),
    base_path: basePathOf(config, preset),
    preset_paths: new Map([
      ...Object.entries(preset?.paths ?? {}).map(([name, path]) => [path, name] as const),
      ...Object.entries(preset?.more_paths ?? {}),
    ]),
    issuer_suffix: preset?.issuer_suffix ?? '',
    trusts: createTrust(config.server.trust_forwarded),
    validatePart: createPartValidator(config),
    ...(tls !== undefined && { tls: Object.freeze(tls) }),
    ...(preset !== undefined && { preset }),
  })
}

function readRotation({ key_rotation: { period, publish_ahead } }: Config): KeyRotation {
  if (period === undefined) return { publish_ahead: 0 }
  const seconds = parseDuration(period)
  return { period: seconds, publish_ahead: parseDuration(publish_ahead ?? Math.floor(seconds / 10)) }
}

function readClock({ clock: { start, frozen } }: Config): ClockStart {
  if (start === undefined) return { frozen }
  return { start: parseTime(start), frozen }
}

function readOutbound({ outbound }: Config, ca: string | undefined): OutboundSettings {
  const { allow, insecure, timeout, max_size } = outbound
  const findProblem = createDestinationCheck(allow)
  return { insecure, timeout: parseDuration(timeout) * 1000, max_size, findProblem, ...(ca !== undefined && { ca }) }
}

function basePathOf({ server, public_url, issuer }: Config, preset: Preset | undefined): string {
  const { base_path = '', issuer_suffix = '' } = preset ?? {}
  const url = public_url ?? (issuer && withoutSuffix(issuer, issuer_suffix))
  return normalizePath(server.base_path ?? (url === undefined ? base_path : new URL(url).pathname))
}

/** Returns the URL that the endpoints are below, from an issuer identifier. */
export function withoutSuffix(issuer: string, suffix: string): string {
  const [url, end] = [normalizePath(issuer), normalizePath(suffix)]
  return end !== '' && url.endsWith(end) ? url.slice(0, -end.length) : url
}

function createTrust(trust_forwarded: boolean | string[]): Snapshot['trusts'] {
  if (typeof trust_forwarded === 'boolean') return () => trust_forwarded
  const matches = compile(trust_forwarded)
  // A closed connection has no address.
  return (address) => address !== undefined && matches(address, 0)
}

function deepFreeze(value: unknown): void {
  // Values that YAML aliases share are already frozen at the second visit.
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const member of Object.values(value)) deepFreeze(member)
}
