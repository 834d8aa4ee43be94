/** The schema of the configuration and validation against it. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ErrorObject } from 'ajv'
import type { Config } from '../generated/types.js'
import { validateConfig } from '../generated/validators.js'
import { type Complaint, pointer } from './errors.js'
import { explain } from './explain.js'

/** `T` without the values that the schema refused, so that any part can be missing. */
export type Pruned<T> = T extends (infer E)[]
  ? readonly (Pruned<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Pruned<T[K]> }
    : T

const ABOUT_KEYS = ['required', 'additionalProperties']

/** Reads the JSON Schema of the configuration file. */
export function readSchema(): Record<string, unknown> {
  // The name of the package resolves in the sources, the compiled files and the bundle.
  const file = createRequire(import.meta.url).resolve('oidc-provider-mock/config.schema.json')
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Fills in defaults and returns the problems that the schema finds, and the configuration without the refused values. */
export function validate(value: unknown): { complaints: Complaint[]; pruned: Pruned<Config> } {
  validateConfig(value)
  return readErrors(value, validateConfig.errors) as { complaints: Complaint[]; pruned: Pruned<Config> }
}

/** Returns the errors of a validator as complaints, and the value without the refused parts. */
export function readErrors(value: unknown, found: readonly ErrorObject[] | null | undefined) {
  // An error of `propertyNames` follows the error with the reason.
  const errors = (found ?? []).filter(({ keyword }) => keyword !== 'propertyNames')
  const complaints = new Map<string, Complaint>()
  for (const error of errors) {
    const complaint = explain(error)
    // One complaint per value, even if several keywords refuse it; one complaint per missing key.
    const distinct = error.keyword === 'required' ? complaint.message : complaint.at
    const place = JSON.stringify([complaint.path, distinct])
    if (!complaints.has(place)) complaints.set(place, complaint)
  }
  return { complaints: [...complaints.values()], pruned: prune(value, errors) }
}

/** Returns a copy of the value without the refused parts; lists keep their indexes. */
function prune(value: unknown, errors: readonly ErrorObject[]): unknown {
  if (errors.length === 0) return value
  // An error about a key does not invalidate the other members of the object.
  const refused = errors.filter(({ keyword, propertyName }) => !ABOUT_KEYS.includes(keyword) && !propertyName)
  const paths = new Set(refused.map(({ instancePath }) => instancePath))
  const without = (node: unknown, path: string): unknown => {
    if (paths.has(path)) return undefined
    if (Array.isArray(node)) return node.map((item, index) => without(item, `${path}/${index}`))
    if (typeof node !== 'object' || node === null) return node
    const members = Object.entries(node).map(([key, inner]) => [key, without(inner, path + pointer([key]))])
    return Object.fromEntries(members)
  }
  return without(value, '')
}
