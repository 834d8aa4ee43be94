/** What the file says, checked, indexed and deeply frozen: replaced whole, never changed. */
import type { JWK } from 'jose'
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
export interface Lifetimes {
  readonly authorization_code: number
  readonly access_token: number
  readonly id_token: number
  readonly refresh_token: number
}

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
