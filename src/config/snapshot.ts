/** What the file says, checked, indexed and deeply frozen: replaced whole, never changed. */
import type { CryptoKey, JWK } from 'jose'
import { parseDuration } from './duration.js'
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
}

/** Indexes and freezes a configuration that has passed all checks. */
export function buildSnapshot(config: Config, keys: readonly (SigningKey | GeneratedKey)[]): Snapshot {
  const lifetimes = Object.entries(config.lifetimes).map(([name, duration]) => [name, parseDuration(duration)])
  for (const key of keys) if ('publicJwk' in key) deepFreeze(key.publicJwk)
  deepFreeze(config)
  return Object.freeze({
    config,
    lifetimes: Object.freeze(Object.fromEntries(lifetimes) as Lifetimes),
    users: new Map(config.users.map((user) => [user.sub, user])),
    clients: new Map(config.clients.map((client) => [client.client_id, client])),
    keys: Object.freeze(keys.map((key) => Object.freeze(key))),
  })
}

function deepFreeze(value: unknown): void {
  // What an alias shares is frozen the first time it is met.
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const member of Object.values(value)) deepFreeze(member)
}
