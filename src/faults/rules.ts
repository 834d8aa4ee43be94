/** The faults of one issuer: the rules of run time, and how often each rule, wherever it comes from, has met and hit. */
import { createHash } from 'node:crypto'
import type { DeepReadonly } from '../config/snapshot.js'
import type { Fault } from '../generated/types.js'

export type FaultRule = DeepReadonly<Fault>

/** Where a rule comes from. */
export type FaultSource = 'login' | 'runtime' | 'user' | 'client' | 'config'

/** What an exchange is about, as far as it is known: what a rule's `match` looks at. */
export interface Facts {
  readonly endpoint?: string
  readonly client_id?: string
  /** The end-user's own `sub`. */
  readonly sub?: string
  readonly grant_type?: string
  /** Separated by spaces. */
  readonly scope?: string
  readonly resource?: readonly string[]
  /** The name of an isolated issuer; `default` at the root. */
  readonly issuer: string
}

/** A fault that happened, as the journal names it. */
export interface AppliedFault {
  readonly fault: FaultRule['fault']
  readonly source: FaultSource
  readonly id: string
}

/** What one request turns out to be about, and what is to be said of it; the journal gets it with the answer. */
export interface Exchange {
  /** What is known so far. */
  facts: Facts
  /** What the entries of one login have in common, where it is known. */
  flow_id: string | undefined
  /** What was picked on the login page for this login. */
  picked: readonly FaultRule[]
  readonly applied: AppliedFault[]
  /** What is said to the client or the end-user where the answer is a redirect or a page. */
  answer?: Readonly<Record<string, string>>
}

/** A rule with its counters. */
export interface CountedFault {
  /** Of rules of run time a number; of others a text that stays the same as long as the rule does. */
  readonly id: string
  readonly source: FaultSource
  /** Where chance decides, with the seed that it follows from. */
  readonly rule: FaultRule
  /** How many exchanges matched that no rule before it took. */
  readonly matched: number
  /** At how many of them it happened. */
  readonly hits: number
}

/** The rules of run time, and the counters of all. Those of elsewhere are known again by their source, their owner and what they say. */
export interface Faults {
  /** Adds a rule of run time. Undefined, and nothing is added, where there are too many. */
  add(rule: FaultRule): CountedFault | undefined
  /** The rule of run time with this id. */
  find(id: string): CountedFault | undefined
  /** The rules of run time by their ids, oldest first. */
  rules(): Iterable<readonly [id: string, rule: FaultRule]>
  /** Whether there was a rule of run time with this id. */
  delete(id: string): boolean
  /** Removes the rules of run time. */
  clear(): void
  /** Removes the rules of run time, and sets the counters of all others to zero. */
  reset(): void
  /**
   * Counts that an exchange matched the rule, and says whether it happens this time.
   * @param turn what counts once, and is answered alike, however often it comes.
   */
  meet(source: FaultSource, owner: string, rule: FaultRule, turn?: string): CountedFault | undefined
  /** A rule with its counters. */
  describe(source: FaultSource, owner: string, rule: FaultRule): CountedFault
}

/** So many rules of run time there can be. */
export const MOST_RULES = 1000
/** So many counters of other rules are kept; the least recently used go. */
const MOST_COUNTERS = 10_000

interface Counter {
  matched: number
  hits: number
  readonly seed: number
  /** The latest of those that count once, and whether it happened. */
  readonly turns: Map<string, boolean>
}

/** So many turns of a rule are known again. */
const MOST_TURNS = 100

/** @param random a whole number from 0 below 2^32, as a seed for rules that have none. */
export function createFaults(random: () => number): Faults {
  const rules = new Map<string, { readonly rule: FaultRule; readonly counter: Counter }>()
  const counters = new Map<string, Counter>()
  const hashes = new WeakMap<FaultRule, string>()
  let added = 0
  const begin = ({ seed = random() }: FaultRule): Counter => ({ matched: 0, hits: 0, seed, turns: new Map() })
  const idOf = (source: FaultSource, owner: string, rule: FaultRule): string => {
    if (source === 'runtime') return owner
    const hash = hashes.get(rule) ?? shortHash(JSON.stringify(rule))
    hashes.set(rule, hash)
    return `${source}-${shortHash(`${hash} ${owner}`)}`
  }
  const counterOf = (id: string, rule: FaultRule): Counter => {
    const own = rules.get(id)?.counter
    if (own !== undefined) return own
    const counter = counters.get(id) ?? begin(rule)
    counters.delete(id)
    counters.set(id, counter)
    const [oldest] = counters.keys()
    if (counters.size > MOST_COUNTERS) counters.delete(oldest!)
    return counter
  }
  const describe = (source: FaultSource, id: string, rule: FaultRule): CountedFault => {
    const { matched, hits, seed } = counterOf(id, rule)
    return { id, source, rule: rule.probability === undefined ? rule : { ...rule, seed }, matched, hits }
  }
  return {
    add(rule) {
      if (rules.size >= MOST_RULES) return undefined
      added += 1
      const id = String(added)
      rules.set(id, { rule, counter: begin(rule) })
      return describe('runtime', id, rule)
    },
    find(id) {
      const found = rules.get(id)
      return found && describe('runtime', id, found.rule)
    },
    *rules() {
      for (const [id, { rule }] of rules) yield [id, rule]
    },
    delete: (id) => rules.delete(id),
    clear: () => rules.clear(),
    reset() {
      rules.clear()
      counters.clear()
    },
    meet(source, owner, rule, turn) {
      const id = idOf(source, owner, rule)
      const counter = counterOf(id, rule)
      const met = (turn === undefined ? undefined : counter.turns.get(turn)) ?? count(rule, counter)
      if (turn !== undefined) remember(counter.turns, turn, met)
      return met ? describe(source, id, rule) : undefined
    },
    describe: (source, owner, rule) => describe(source, idOf(source, owner, rule), rule),
  }
}

/** Whether all that the rule wants is so. What isn't known fits nothing. */
export function matches({ match = {} }: FaultRule, facts: Facts): boolean {
  return Object.entries(match).every(([name, wanted]) => {
    const fact = facts[name as keyof Facts]
    const known = name === 'scope' ? String(fact ?? '').split(' ') : [fact ?? []].flat()
    return [wanted].flat().some((one) => known.includes(one))
  })
}

function count(rule: FaultRule, counter: Counter): boolean {
  counter.matched += 1
  const met = happens(rule, counter)
  if (met) counter.hits += 1
  return met
}

function remember(turns: Counter['turns'], turn: string, met: boolean): void {
  turns.set(turn, met)
  const [oldest] = turns.keys()
  if (turns.size > MOST_TURNS) turns.delete(oldest!)
}

/** After the first so many, at every so many, by chance, and so many times at most. */
function happens(rule: FaultRule, { matched, hits, seed }: Counter): boolean {
  const { times = Number.POSITIVE_INFINITY, after = 0, every = 1, probability = 1 } = rule
  const turn = matched - after
  return hits < times && turn > 0 && turn % every === 0 && chance(seed, turn) < probability
}

/** A number from 0 below 1 that follows from the seed and the turn, so that a run can be repeated. */
function chance(seed: number, turn: number): number {
  return createHash('sha256').update(`${seed} ${turn}`).digest().readUInt32BE() / 2 ** 32
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 12)
