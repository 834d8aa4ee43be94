/** Rules of faults: their types, and whether a rule matches an exchange. */
import { createHash } from 'node:crypto'
import type { Fault } from '../generated/types.js'
import { FAULT_CATALOGUE, type FaultDoor, type FaultName } from './catalogue.js'

/** A rule, read-only. */
export type FaultRule = DeepReadonly<Fault>

type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** A value of which the schema removed invalid parts. */
export type Pruned<T> = T extends readonly (infer E)[]
  ? readonly (Pruned<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Pruned<T[K]> }
    : T

/** Source of a rule, in order of precedence: the login page, run time, a user, a client, the configuration. */
export type FaultSource = 'login' | 'runtime' | 'user' | 'client' | 'config'

/** Known facts of an exchange: the values that the `match` of a rule is compared with. */
export interface Facts {
  readonly endpoint?: string
  readonly client_id?: string
  /** `sub` of the user, not a pairwise one. */
  readonly sub?: string
  readonly grant_type?: string
  /** Separated by spaces. */
  readonly scope?: string
  readonly resource?: readonly string[]
  /** Name of the isolated issuer, or `default`. */
  readonly issuer: string
}

/** A fault that happened, as in the journal. */
export interface AppliedFault {
  readonly fault: FaultName
  readonly source: FaultSource
  readonly id: string
}

/** Facts and events of one request, for faults and for the journal. */
export interface Exchange {
  facts: Facts
  /** Identifier shared by the requests of one login, if known. */
  flow_id: string | undefined
  /** Faults chosen on the login page for this login. */
  login_faults: readonly FaultRule[]
  readonly applied: AppliedFault[]
  /** Faults that the header `X-Mock-Fault` of the response names. */
  readonly announced: Set<FaultName>
  /** Doors at which faults declared at run time can act, read once. */
  fault_doors?: Promise<ReadonlySet<FaultDoor>>
  /** Parameters of the response, if it is a redirect or a page. */
  answer?: Readonly<Record<string, string>>
}

/** A rule with its counters. */
export interface CountedFault {
  /** A number for a rule of run time; else a text that stays the same while the rule does. */
  readonly id: string
  readonly source: FaultSource
  /** The rule; with `probability`, including the seed. */
  readonly rule: FaultRule
  /** Number of requests that matched this rule and were not handled by an earlier rule. */
  readonly matched: number
  /** Number of times that the fault happened. */
  readonly hits: number
}

/** Returns the door at which the fault of a rule acts. */
export const doorOf = ({ fault }: Pick<FaultRule, 'fault'>): FaultDoor => FAULT_CATALOGUE[fault].door

/** Returns the doors at which rules act. */
export function doorsOf(rules: Iterable<Pick<FaultRule, 'fault'>>): Set<FaultDoor> {
  return new Set([...rules].map(doorOf))
}

/** Returns whether every member of the rule's `match` fits. An unknown fact fits nothing. */
export function matches({ match = {} }: FaultRule, facts: Facts): boolean {
  return Object.entries(match).every(([name, wanted]) => {
    const fact = facts[name as keyof Facts]
    const known = name === 'scope' ? String(fact ?? '').split(' ') : [fact ?? []].flat()
    return [wanted].flat().some((one) => known.includes(one))
  })
}

/** Returns an identifier that depends on the source, the owner and the content of a rule only. */
export function identifyRule(source: FaultSource, owner: string, rule: FaultRule): string {
  const text = JSON.stringify([owner, rule])
  return `${source}-${createHash('sha256').update(text).digest('base64url').slice(0, 12)}`
}
