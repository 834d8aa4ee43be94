/** What the catalogue of faults says about each, and the endpoints where faults happen. */
import type { Fault } from '../generated/types.js'

export type FaultName = Fault['fault']
/** What a rule can say besides which fault, where, and how often. */
export type FaultParameter = Exclude<
  keyof Fault,
  'fault' | 'match' | 'times' | 'after' | 'every' | 'probability' | 'seed'
>
export type FaultEndpoint = (typeof FAULT_ENDPOINTS)[number]

export interface CatalogueEntry {
  /** What happens, for people: a sentence. */
  readonly effect: string
  /** What the relying party or the resource server has to do about it. */
  readonly must: string
  /** Where it can happen. */
  readonly endpoints: readonly FaultEndpoint[]
  readonly takes?: readonly FaultParameter[]
  /** Of those that it takes, what a rule can't leave out. */
  readonly needs?: readonly FaultParameter[]
}

export type Row = Omit<CatalogueEntry, 'endpoints'>
export type Rows = Readonly<Record<string, Row>>

/** Endpoints as discovery names them, less `_endpoint` and its like. */
export const FAULT_ENDPOINTS = [
  'authorization',
  'token',
  'userinfo',
  'introspection',
  'revocation',
  'device_authorization',
  'device',
  'jwks',
  'discovery',
  'webfinger',
  'registration',
  'end_session',
  'check_session',
] as const

/** Those that know no client and no end-user. */
export const PUBLIC_ENDPOINTS: readonly FaultEndpoint[] = ['jwks', 'discovery', 'webfinger', 'check_session']
