/** Findings of the client rulebook, and the settings that its rules depend on. */
import type { Alg, Client, Config, EncryptionAlg } from '../generated/types.js'

/**
 * A source of client metadata: the configuration, which is the file and the admin API, or dynamic client registration.
 */
export type Door = 'configuration' | 'registration'

/** A rule that client metadata breaks. */
export interface Finding {
  /** The member, and below it names of members and indexes of lists. The member can be missing. */
  readonly path: readonly [member: string, ...(string | number)[]]
  /** The end of a sentence that begins with the path: `is "x", expected y`. */
  readonly message: string
  /** The rule that must be on for registration to refuse the client. Absent, registration always refuses it. */
  readonly rule?: keyof Config['rules']
}

/** The settings of the provider that decide which metadata is valid. */
export interface Settings {
  readonly door: Door
  /** Algorithms of the signing keys. Undefined if the configuration of the keys is invalid. */
  readonly signing_algs: readonly Alg[] | undefined
  /** Algorithms of the keys that clients encrypt to. Undefined if the configuration of the keys is invalid. */
  readonly encryption_algs: readonly EncryptionAlg[] | undefined
  /** Names under `scopes`. Undefined if the configuration of the scopes is invalid. */
  readonly scopes: readonly string[] | undefined
  /** Whether `*` is a wildcard in the redirect_uris of every client. */
  readonly wildcard_redirect_uris: boolean
  /** Whether the server requests certificates from clients. */
  readonly client_certificates: boolean
}

/** A value in which invalid items of a list are undefined. */
type WithoutInvalid<T> = T extends (infer E)[]
  ? readonly (WithoutInvalid<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]: WithoutInvalid<T[K]> }
    : T

/** Client metadata in which an invalid member is present and undefined. */
export type Metadata = { readonly [M in keyof Client]?: WithoutInvalid<Client[M]> | undefined }

/** Whether a value counts as left out at registration, unless the rule valid_metadata is on. */
export function isBlank(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isBlankItem(value)
  return Array.isArray(value) ? value.every(isBlankItem) : Object.keys(value).length === 0
}

/** Whether an item of a list counts as left out. */
export function isBlankItem(item: unknown): boolean {
  return item === null || item === ''
}

/** Whether a member is present, valid or not. */
export function has<M extends keyof Client>(metadata: { readonly [K in M]?: unknown }, member: M): boolean {
  return Object.hasOwn(metadata, member)
}
