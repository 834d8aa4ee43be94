/** The issuers of a process: the default one, and isolated ones by name, created on first use. Their memory has one bound. */
import { getHeapStatistics } from 'node:v8'
import type { Snapshot } from '../config/snapshot.js'
import { createJournal, type Journal } from '../journal/journal.js'
import type { Budget } from '../store/budget.js'
import { type Account, createPool } from '../store/pool.js'
import type { Store } from '../store/store.js'
import { createMovableClock, type MovableClock } from './clock.js'
import { createFaultState, type FaultState } from './faults.js'
import type { KeyCache } from './generated_keys.js'

/** State of one issuer. */
export interface Issuer {
  readonly store: Store
  readonly clock: MovableClock
  readonly faults: FaultState
  /** Imported keys. */
  readonly key_cache: KeyCache
  readonly journal: Journal
}

/** Creates an empty store whose records are charged to a budget. */
export type CreateStore = (budget: Budget) => Store

interface Entry {
  readonly issuer: Issuer
  readonly account: Account
}

/** Returns a function that finds an issuer by its name; without a name, the default issuer. */
export function createIssuers(current: () => Snapshot, createStore: CreateStore): (name: string | undefined) => Issuer {
  const { max_issuers, memory_limit = defaultLimit() } = current().config.server
  // The least recently used issuer comes first.
  const isolated = new Map<string, Entry>()
  const drop = (name: string) => {
    isolated.get(name)!.account.close()
    isolated.delete(name)
  }
  // An issuer that takes much makes room by itself, so that it does not end the others. If none takes much, there are
  // too many issuers.
  const makeRoom = (asking: Account): boolean => {
    const accounts = [standard.account, asking, ...[...isolated.values()].map(({ account }) => account)]
    const largest = accounts.reduce((a, b) => (b.used() > a.used() ? b : a))
    if (largest.used() > SMALL && largest.removeOldest()) return true
    const oldest = [...isolated].find(([, { account }]) => account !== asking)
    if (oldest !== undefined) drop(oldest[0])
    return oldest !== undefined
  }
  const open = createPool(memory_limit, makeRoom)
  const create = (): Entry => {
    const account = open()
    account.charge(BYTES)
    const journal = createJournal(() => current().config.journal, account)
    const store = createStore(account)
    const clock = createMovableClock(store, () => current().clock, { shared: false })
    const faults = createFaultState(store, { shared: false })
    const issuer = { store, clock, faults, journal, key_cache: new Map() }
    return { account, issuer }
  }
  const standard = create()
  return (name) => {
    if (name === undefined) return standard.issuer
    const entry = isolated.get(name) ?? create()
    isolated.delete(name)
    isolated.set(name, entry)
    const [oldest] = isolated.keys()
    if (isolated.size > max_issuers) drop(oldest!)
    return entry.issuer
  }
}

/** Bytes of an issuer without any record; measured with `process.memoryUsage()`. */
const BYTES = 56 * 1024

/** Bytes that each issuer may keep, even if there is no room for a further issuer: some logins. */
const SMALL = 4 * BYTES

/** A quarter of the memory that the process may use for objects, in bytes. */
const defaultLimit = () => Math.floor(getHeapStatistics().heap_size_limit / 4)
