/** What the file says, checked, indexed and deeply frozen: replaced whole, never changed. */
import { compile } from '@fastify/proxy-addr'
import type { CryptoKey, JWK } from 'jose'
import { normalizePath } from './check_server.js'
import { parseDuration } from './duration.js'
import type { Tls } from './tls.js'
import type { Alg, Client, Config, User } from './types.js'

/** `T` with every member, at every depth, read-only. */
export type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** A private key that signs, and its public half as the JWKS endpoint shows it. */
export interface SigningKey {
  readonly kid: string
  readonly alg: Alg
  readonly privateKey: CryptoKey
  /** Public members only, with `kid`, `alg` and `use: "sig"`. */
  readonly publicJwk: Readonly<JWK>
}

/** A key that each issuer generates for itself. */
export interface GeneratedKey {
  readonly alg: Alg
  readonly kid: string | undefined
  readonly generate: true
}

/** Lifetimes in seconds. */
export type Lifetimes = { readonly [K in keyof Config['lifetimes']]: number }

export interface Snapshot {
  readonly config: DeepReadonly<Config>
  readonly lifetimes: Lifetimes
  /** By `sub`, in the order of the configuration. */
  readonly users: ReadonlyMap<string, DeepReadonly<User>>
  /** By `client_id`. */
  readonly clients: ReadonlyMap<string, DeepReadonly<Client>>
  /** In the order of the configuration. */
  readonly keys: readonly (SigningKey | GeneratedKey)[]
  /** The files that say all this. */
  readonly files: readonly string[]
  /** The path below which browsers see the provider, without a slash at its end; empty where it is the root. */
  readonly base_path: string
  /** Whether the forwarded headers of a request from this IP address count. */
  trusts(address: string | undefined): boolean
  /** Left out, the server speaks plain http. */
  readonly tls?: Tls
}

/** Indexes and freezes a configuration that has passed all checks. */
export function buildSnapshot(
  config: Config,
  keys: readonly (SigningKey | GeneratedKey)[],
  files: readonly string[],
  tls?: Tls,
): Snapshot {
  const lifetimes = Object.entries(config.lifetimes).map(([name, duration]) => [name, parseDuration(duration)])
  for (const key of keys) if ('publicJwk' in key) deepFreeze(key.publicJwk)
  deepFreeze(config)
  return Object.freeze({
    config,
    lifetimes: Object.freeze(Object.fromEntries(lifetimes) as Lifetimes),
    users: new Map(config.users.map((user) => [user.sub, user])),
    clients: new Map(config.clients.map((client) => [client.client_id, client])),
    keys: Object.freeze(keys.map((key) => Object.freeze(key))),
    files: Object.freeze([...files]),
    base_path: basePathOf(config),
    trusts: createTrust(config.server.trust_forwarded),
    ...(tls !== undefined && { tls: Object.freeze(tls) }),
  })
}

function basePathOf({ server, public_url, issuer }: Config): string {
  const url = public_url ?? issuer
  return normalizePath(server.base_path ?? (url === undefined ? '' : new URL(url).pathname))
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
