/** Counters of rules: at which of the matching requests a fault happens. */
import { createHash } from 'node:crypto'
import type { FaultRule } from './rules.js'

/** State of a rule: plain JSON. */
export interface Counter {
  readonly matched: number
  readonly hits: number
  /** Seed of `probability`. */
  readonly seed: number
  /** The latest turns and whether the fault happened, oldest first. */
  readonly turns: readonly (readonly [turn: string, hit: boolean])[]
}

/** Number of turns that a counter remembers. */
const MAX_TURNS = 100

/** @param seed used if the rule has no seed. */
export const startCounter = (rule: FaultRule, seed: number): Counter => ({
  matched: 0,
  hits: 0,
  seed: rule.seed ?? seed,
  turns: [],
})

/**
 * Counts a matching request and decides whether the fault happens.
 * @param turn name of an event that takes several requests, such as a login: it is counted once, with one decision.
 */
export function countMatch(
  rule: FaultRule,
  counter: Counter,
  turn?: string,
): { readonly counter: Counter; readonly hit: boolean } {
  const known = counter.turns.find(([name]) => name === turn)
  if (known !== undefined) return { counter, hit: known[1] }
  const matched = counter.matched + 1
  const hit = happens(rule, { ...counter, matched })
  const turns = turn === undefined ? counter.turns : [...counter.turns, [turn, hit] as const].slice(-MAX_TURNS)
  return { counter: { ...counter, matched, hits: counter.hits + Number(hit), turns }, hit }
}

/** Applies `after`, `every`, `probability` and `times`. */
function happens(rule: FaultRule, { matched, hits, seed }: Counter): boolean {
  const { times = Number.POSITIVE_INFINITY, after = 0, every = 1, probability = 1 } = rule
  const turn = matched - after
  return hits < times && turn > 0 && turn % every === 0 && chance(seed, turn) < probability
}

/** Returns a number from 0 to below 1 that depends on the seed and the turn only, so that a run can be repeated. */
function chance(seed: number, turn: number): number {
  return createHash('sha256').update(`${seed} ${turn}`).digest().readUInt32BE() / 2 ** 32
}
