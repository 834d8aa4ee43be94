/** The schema of the configuration, and what a document has to say against it. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ErrorObject } from 'ajv'
import type { Config } from '../generated/types.js'
import { validateConfig } from '../generated/validators.js'
import { type Complaint, pointer } from './errors.js'
import { explain } from './explain.js'

/** `T` where any part may be missing, since what the schema refused has been taken out. */
export type Pruned<T> = T extends (infer E)[]
  ? readonly (Pruned<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Pruned<T[K]> }
    : T

const ABOUT_KEYS = ['required', 'additionalProperties']

/** The JSON Schema of the configuration file. */
export function readSchema(): Record<string, unknown> {
  // By the name of the package it is found from the sources, from what they are compiled to, and from a bundle alike.
  const file = createRequire(import.meta.url).resolve('oidc-provider-mock/config.schema.json')
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Fills the defaults in and returns what the schema refuses, and the configuration without that. */
export function validate(value: unknown): { complaints: Complaint[]; pruned: Pruned<Config> } {
  validateConfig(value)
  return readErrors(value, validateConfig.errors) as { complaints: Complaint[]; pruned: Pruned<Config> }
}

/** What a validator refused, in words, and the value without that. */
export function readErrors(value: unknown, found: readonly ErrorObject[] | null | undefined) {
  // Each error of `propertyNames` follows the one that says why the name was refused.
  const errors = (found ?? []).filter(({ keyword }) => keyword !== 'propertyNames')
  const complaints = new Map<string, Complaint>()
  for (const error of errors) {
    const complaint = explain(error)
    // Several keywords may refuse the same value; one sentence is enough. But each missing key is news.
    const news = error.keyword === 'required' ? complaint.message : complaint.at
    const place = JSON.stringify([complaint.path, news])
    if (!complaints.has(place)) complaints.set(place, complaint)
  }
  return { complaints: [...complaints.values()], pruned: prune(value, errors) }
}

/** A copy of the value without the parts that were refused; lists keep their indexes. */
function prune(value: unknown, errors: readonly ErrorObject[]): unknown {
  if (errors.length === 0) return value
  // An error about a key leaves the rest of its object as good as it was.
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
