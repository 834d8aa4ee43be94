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
import { createNewKeys, type NewKeys } from './new_keys.js'
import { createRemovalReport } from './removal_report.js'

/** State of one issuer. */
export interface Issuer {
  readonly store: Store
  readonly clock: MovableClock
  readonly faults: FaultState
  /** Imported keys. */
  readonly key_cache: KeyCache
  /** Generates the keys of all issuers. */
  readonly new_keys: NewKeys
  readonly journal: Journal
}

/** Creates an empty store whose records are charged to a budget. */
export type CreateStore = (budget: Budget) => Store

interface Entry {
  readonly issuer: Issuer
  readonly account: Account
}

/**
 * Returns a function that finds an issuer by its name; without a name, the default issuer.
 * @param warn receives a line if issuers are removed, at most one per minute and limit.
 */
export function createIssuers(
  current: () => Snapshot,
  createStore: CreateStore,
  warn: (message: string) => void,
): (name: string | undefined) => Issuer {
  const { max_issuers, memory_limit = defaultLimit() } = current().config.server
  const reports = {
    memory_limit: createRemovalReport('server.memory_limit', warn),
    max_issuers: createRemovalReport('server.max_issuers', warn),
  }
  const new_keys = createNewKeys()
  // The least recently used issuer comes first.
  const isolated = new Map<string, Entry>()
  const drop = (name: string, limit: keyof typeof reports) => {
    isolated.get(name)!.account.close()
    isolated.delete(name)
    reports[limit]()
  }
  // Issuers that take much make room by themselves, so that they do not end the others: the least recently used one first
  // of those that take more than half of the most, then of those that take more than little. Rules and keys make no room.
  // If none of these issuers can make room, there are too many issuers.
  const makeRoom = (asking: Account, bytes: number): boolean => {
    const accounts = [...[...isolated.values()].map(({ account }) => account), standard.account]
    const most = accounts.reduce((most, account) => Math.max(most, account.used()), 0)
    for (const much of [Math.max(SMALL, most / 2), SMALL]) {
      const large = accounts.filter((account) => account.used() > much)
      if (large.some((account) => account.removeOldest(Math.min(bytes, account.used() - much)))) return true
    }
    const oldest = [...isolated].find(([, { account }]) => account !== asking)
    if (oldest !== undefined) drop(oldest[0], 'memory_limit')
    return oldest !== undefined
  }
  const open = createPool(Math.floor(memory_limit * RECORDS), makeRoom)
  const create = (): Entry => {
    const account = open()
    account.charge(BYTES)
    const journal = createJournal(() => current().config.journal, account)
    const store = createStore(account)
    const clock = createMovableClock(store, () => current().clock, { shared: false })
    const faults = createFaultState(store, { shared: false })
    const issuer = { store, clock, faults, journal, key_cache: new Map(), new_keys }
    return { account, issuer }
  }
  const standard = create()
  return (name) => {
    if (name === undefined) return standard.issuer
    const entry = isolated.get(name) ?? create()
    isolated.delete(name)
    isolated.set(name, entry)
    const [oldest] = isolated.keys()
    if (isolated.size > max_issuers) drop(oldest!, 'max_issuers')
    return entry.issuer
  }
}

/** Part of the limit for records. The rest is for replaced records, whose memory is collected a moment later. */
const RECORDS = 2 / 3

/** Bytes of an issuer without any record; measured with `process.memoryUsage()`. */
const BYTES = 56 * 1024

/** Bytes that each issuer may keep, even if there is no room for a further issuer: some logins. */
const SMALL = 4 * BYTES

/** A quarter of the memory that the process may use for objects, in bytes. */
const defaultLimit = () => Math.floor(getHeapStatistics().heap_size_limit / 4)
