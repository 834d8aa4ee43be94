/** What the file says, checked, indexed and deeply frozen: replaced whole, never changed. */
import { compile } from '@fastify/proxy-addr'
import type { CryptoKey, JWK } from 'jose'
import { parseDuration, parseTime } from '../duration.js'
import type { FaultDoor } from '../faults/catalogue.js'
import { doorsOf } from '../faults/rules.js'
import type { Alg, Client, Config, EncryptionAlg, User } from '../generated/types.js'
import { normalizePath } from './check_server.js'
import type { Preset } from './presets.js'
import { type Rules, resolveRules, resolveSingleSignOn } from './profiles.js'
import type { Tls } from './tls.js'
import { createPartValidator, type PartValidator } from './validate_part.js'

/** `T` with every member, at every depth, read-only. */
export type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** A private key, and its public half as the JWKS endpoint shows it. */
export interface PrivateKey<A extends Alg | EncryptionAlg = Alg | EncryptionAlg> {
  readonly kid: string
  readonly alg: A
  readonly privateKey: CryptoKey
  /** Public members only, with `kid`, `alg` and `use`. */
  readonly publicJwk: Readonly<JWK>
}

/** A key that each issuer generates for itself. */
export interface KeyToGenerate<A extends Alg | EncryptionAlg = Alg | EncryptionAlg> {
  readonly alg: A
  readonly kid: string | undefined
  readonly generate: true
}

export type SigningKey = PrivateKey<Alg>
export type GeneratedKey = KeyToGenerate<Alg>
/** What clients encrypt to. */
export type DecryptionKey = PrivateKey<EncryptionAlg>
export type GeneratedDecryptionKey = KeyToGenerate<EncryptionAlg>

/** Every key that a configuration comes to, in its order. */
export interface LoadedKeys {
  readonly keys: readonly (SigningKey | GeneratedKey)[]
  readonly encryption_keys: readonly (DecryptionKey | GeneratedDecryptionKey)[]
}

/** How others are called. */
export interface Outbound {
  /** Authorities in PEM that are trusted besides the well-known ones. */
  readonly ca?: string
  readonly insecure: boolean
  /** Milliseconds for one call, all in all. */
  readonly timeout: number
  /** Bytes of an answer. */
  readonly max_size: number
}

/** Lifetimes in seconds. */
export type Lifetimes = { readonly [K in keyof Config['lifetimes']]: number }

/** When signing keys are replaced, in seconds. */
export interface KeyRotation {
  /** Left out, they sign for ever. */
  readonly period?: number
  readonly publish_ahead: number
}

/** When the clock of an issuer starts, in seconds since the epoch; left out, at the real time. */
export interface ClockStart {
  readonly start?: number
  readonly frozen: boolean
}

export interface Snapshot extends LoadedKeys {
  readonly config: DeepReadonly<Config>
  /** Whether each rule is on. */
  readonly rules: Rules
  /** Whether who has logged in before is not asked again. */
  readonly single_sign_on: boolean
  readonly lifetimes: Lifetimes
  readonly key_rotation: KeyRotation
  readonly clock: ClockStart
  readonly outbound: Outbound
  /** By `sub`, in the order of the configuration. */
  readonly users: ReadonlyMap<string, DeepReadonly<User>>
  /** By `client_id`. */
  readonly clients: ReadonlyMap<string, DeepReadonly<Client>>
  /** Doors at which faults of the configuration, its users and its clients act. */
  readonly fault_doors: ReadonlySet<FaultDoor>
  /** The files that say all this. */
  readonly files: readonly string[]
  /** The path below which browsers see the provider, without a slash at its end; empty where it is the root. */
  readonly base_path: string
  /** What the provider looks like; left out, like itself. */
  readonly preset?: DeepReadonly<Preset>
  /** The paths of the preset, and the names that discovery has for what is there. */
  readonly preset_paths: ReadonlyMap<string, string>
  /** What follows the provider's URL in the issuer identifier; mostly nothing. */
  readonly issuer_suffix: string
  /** Whether the forwarded headers of a request from this IP address count. */
  trusts(address: string | undefined): boolean
  /** Checks a user, a client or a fault that comes from elsewhere than the file, by the rules of the file. */
  readonly validatePart: PartValidator
  /** Left out, the server speaks plain http. */
  readonly tls?: Tls
}

/** Indexes and freezes a configuration that has passed all checks. */
export function buildSnapshot(
  config: Config,
  { keys, encryption_keys }: LoadedKeys,
  files: readonly string[],
  {
    tls,
    outbound_ca,
    preset,
  }: {
    readonly tls?: Tls | undefined
    readonly outbound_ca?: string | undefined
    readonly preset?: Preset | undefined
  } = {},
): Snapshot {
  const lifetimes = Object.entries(config.lifetimes).map(([name, duration]) => [name, parseDuration(duration)])
  for (const key of [...keys, ...encryption_keys]) if ('publicJwk' in key) deepFreeze(key.publicJwk)
  deepFreeze(config)
  deepFreeze(preset)
  return Object.freeze({
    config,
    rules: resolveRules(config),
    single_sign_on: resolveSingleSignOn(config),
    key_rotation: Object.freeze(readRotation(config)),
    clock: Object.freeze(readClock(config)),
    outbound: Object.freeze(readOutbound(config, outbound_ca)),
    lifetimes: Object.freeze(Object.fromEntries(lifetimes) as Lifetimes),
    users: new Map(config.users.map((user) => [user.sub, user])),
    clients: new Map(config.clients.map((client) => [client.client_id, client])),
    keys: Object.freeze(keys.map((key) => Object.freeze(key))),
    encryption_keys: Object.freeze(encryption_keys.map((key) => Object.freeze(key))),
    fault_doors: doorsOf([config, ...config.users, ...config.clients].flatMap(({ faults = [] }) => faults)),
    files: Object.freeze([...files]),
    base_path: basePathOf(config, preset),
    preset_paths: new Map(Object.entries(preset?.paths ?? {}).map(([name, path]) => [path, name])),
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

function readOutbound({ outbound }: Config, ca: string | undefined): Outbound {
  const { insecure, timeout, max_size } = outbound
  return { insecure, timeout: parseDuration(timeout) * 1000, max_size, ...(ca !== undefined && { ca }) }
}

function basePathOf({ server, public_url, issuer }: Config, preset: Preset | undefined): string {
  const { base_path = '', issuer_suffix = '' } = preset ?? {}
  const url = public_url ?? (issuer && withoutSuffix(issuer, issuer_suffix))
  return normalizePath(server.base_path ?? (url === undefined ? base_path : new URL(url).pathname))
}

/** The URL that the endpoints are below, of an issuer identifier. */
export function withoutSuffix(issuer: string, suffix: string): string {
  const [url, end] = [normalizePath(issuer), normalizePath(suffix)]
  return end !== '' && url.endsWith(end) ? url.slice(0, -end.length) : url
}

function createTrust(trust_forwarded: boolean | string[]): Snapshot['trusts'] {
  if (typeof trust_forwarded === 'boolean') return () => trust_forwarded
  const matches = compile(trust_forwarded)
  // A connection that is closed by now has no address.
  return (address) => address !== undefined && matches(address, 0)
}

function deepFreeze(value: unknown): void {
  // What an alias shares is frozen the first time it is met.
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const member of Object.values(value)) deepFreeze(member)
}
