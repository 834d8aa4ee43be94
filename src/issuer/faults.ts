/** Fault rules of run time and the counters of all rules, in the store of one issuer. */
import { invalidRequest } from '../errors.js'
import type { FaultDoor } from '../faults/catalogue.js'
import { type Counter, countMatch, startCounter } from '../faults/counter.js'
import { type CountedFault, doorOf, doorsOf, type FaultRule, type FaultSource, identifyRule } from '../faults/rules.js'
import { randomSeed } from '../random.js'
import { NEVER } from '../store/collections.js'
import type { FaultDeclarations } from '../store/records.js'
import type { Store } from '../store/store.js'
import { createCopy } from './copy.js'

/** A rule of run time with its id. */
export type RuntimeRule = readonly [id: string, rule: FaultRule]

export interface FaultState {
  /** Returns the doors at which rules of run time, and of users and clients that were put at run time, can act. */
  listDoors(): Promise<ReadonlySet<FaultDoor>>
  /** Declares rules of a user or a client before it is put. */
  declare(rules: readonly FaultRule[] | undefined): Promise<void>
  /** Adds a rule of run time. Throws if there are `MAX_RULES` rules. */
  add(rule: FaultRule): Promise<CountedFault>
  /** Finds a rule of run time. */
  find(id: string): Promise<CountedFault | undefined>
  /** Returns the rules of run time that act at a door, oldest first. */
  listAt(door: FaultDoor): Promise<readonly RuntimeRule[]>
  /** Returns all rules of run time, oldest first. */
  list(): Promise<readonly CountedFault[]>
  /** Deletes a rule of run time. Returns whether there was one. */
  delete(id: string): Promise<boolean>
  /** Deletes all rules of run time. */
  clear(): Promise<void>
  /** Deletes all rules of run time, the counters of all other rules, and decoy keys. */
  reset(): Promise<void>
  /**
   * Counts a matching request. Returns the rule with its counters if the fault happens.
   * @param owner the id of a rule of run time; the `sub`, `client_id` or `flow_id` of others.
   * @param turn name of an event that takes several requests: it is counted once, with one decision.
   */
  count(source: FaultSource, owner: string, rule: FaultRule, turn?: string): Promise<CountedFault | undefined>
  /** Returns a rule with its counters. */
  describe(source: FaultSource, owner: string, rule: FaultRule): Promise<CountedFault>
}

/** Largest number of rules of run time. */
const MAX_RULES = 1000

/** Key of the only record of declarations. */
const KEY = 'declarations'
const NONE: FaultDeclarations = { added: 0, rules: {}, owners: [], expires_at: NEVER }

/** @param shared whether other processes write to the store, so that no copy of the declarations can be kept. */
export function createFaultState(store: Store, { shared }: { readonly shared: boolean }): FaultState {
  const { fault_declarations, fault_rules, fault_counters, fault_decoys } = store
  const copy = createCopy<ReadonlySet<FaultDoor>>()
  const readDoors = async () => {
    const { rules, owners } = (await fault_declarations.get(KEY)) ?? NONE
    return new Set([...(Object.keys(rules) as FaultDoor[]), ...owners])
  }
  const updateDeclarations = async (change: (current: FaultDeclarations) => FaultDeclarations) => {
    await fault_declarations.update(KEY, (current = NONE) => change(current))
    copy.forget()
  }

  /** Changes the number of rules at a door. A number of 0 is removed. */
  const shift = (record: FaultDeclarations, door: FaultDoor, by: 1 | -1): FaultDeclarations => {
    const { [door]: number = 0, ...rules } = record.rules
    return { ...record, rules: number + by > 0 ? { ...rules, [door]: number + by } : rules }
  }

  const remove = async (id: string): Promise<boolean> => {
    const record = await fault_rules.take(id)
    if (record === undefined) return false
    const door = doorOf(record.rule)
    await updateDeclarations((current) => shift(current, door, -1))
    return true
  }

  const describe: FaultState['describe'] = async (source, owner, rule) => {
    const id = identifyRule(source, owner, rule)
    const started = { ...startCounter(rule, randomSeed()), expires_at: NEVER }
    // Only a seed has to be kept before the first match.
    const isKept = rule.probability === undefined || rule.seed !== undefined
    const counter = isKept
      ? await fault_counters.get(id)
      : await fault_counters.update(id, (current) => current ?? started)
    return withCounters(source, id, rule, counter ?? started)
  }

  const clear = async () => {
    // One by one, so that a rule that is added meanwhile stays declared.
    for (const [id] of await fault_rules.list()) await remove(id)
  }

  return {
    listDoors: () => (shared ? readDoors() : copy.get(readDoors)),
    declare: async (rules = []) => {
      if (rules.length === 0) return
      const doors = doorsOf(rules)
      await updateDeclarations((current) => ({
        ...current,
        owners: [...new Set([...current.owners, ...doors])],
      }))
    },
    add: async (rule) => {
      let id = ''
      // Declared before it is kept, so that no request misses it.
      await updateDeclarations((current) => {
        const total = Object.values(current.rules).reduce((sum, number) => sum + number, 0)
        if (total >= MAX_RULES)
          throw invalidRequest(`there are ${MAX_RULES} rules of run time already; delete some first`)
        const added = current.added + 1
        id = String(added)
        return { ...shift(current, doorOf(rule), 1), added }
      })
      const counter = startCounter(rule, randomSeed())
      await fault_rules.put(id, { rule, counter, expires_at: NEVER }).catch(async (error) => {
        // There is no memory for the rule.
        await updateDeclarations((current) => shift(current, doorOf(rule), -1))
        throw error
      })
      return withCounters('runtime', id, rule, counter)
    },
    find: async (id) => {
      const found = await fault_rules.get(id)
      return found && withCounters('runtime', id, found.rule, found.counter)
    },
    listAt: async (door) => {
      const records = await fault_rules.listBy('door', door)
      return records.toSorted(byId).map(([id, { rule }]) => [id, rule])
    },
    list: async () =>
      (await fault_rules.list())
        .toSorted(byId)
        .map(([id, { rule, counter }]) => withCounters('runtime', id, rule, counter)),
    delete: remove,
    clear,
    reset: async () => {
      await clear()
      await Promise.all([fault_counters.clear(), fault_decoys.clear()])
    },
    count: async (source, owner, rule, turn) => {
      const seed = randomSeed()
      let hit = false
      const next = (current: Counter) => {
        const counted = countMatch(rule, current, turn)
        hit = counted.hit
        return counted.counter
      }
      let counter: Counter | undefined
      if (source === 'runtime') {
        await attempt(
          fault_rules.update(owner, (record) => {
            counter = record && next(record.counter)
            return record && { ...record, counter: counter! }
          }),
        )
        return counter && hit ? withCounters(source, owner, rule, counter) : undefined
      }
      const id = identifyRule(source, owner, rule)
      await attempt(
        fault_counters.update(id, (current) => {
          counter = next(current ?? startCounter(rule, seed))
          return { ...counter, expires_at: NEVER }
        }),
      )
      return hit ? withCounters(source, id, rule, counter!) : undefined
    },
    describe,
  }
}

/** Waits for the write of a count. Without memory for it the count is lost: it must not fail a request. */
const attempt = (write: Promise<unknown>) => write.catch(() => undefined)

type Entry = readonly [id: string, record: unknown]
const byId = ([one]: Entry, [other]: Entry) => Number(one) - Number(other)

function withCounters(
  source: FaultSource,
  id: string,
  rule: FaultRule,
  { matched, hits, seed }: Counter,
): CountedFault {
  return { id, source, rule: rule.probability === undefined ? rule : { ...rule, seed }, matched, hits }
}
