/** The store in memory: bounded collections in which the least recently used record makes room. */
import { LRUCache } from 'lru-cache'
import type { Collection, Store } from './store.js'

/** What each collection holds at most, in characters of JSON; records that stay below their share are bounded by number. */
const ROOM = 16 * 1024 * 1024

/** How many records each collection holds. */
const CAPS: { readonly [K in keyof Store]: number } = {
  authorization_codes: 10_000,
  grants: 10_000,
  access_tokens: 10_000,
  refresh_tokens: 10_000,
  spent_tokens: 10_000,
  users: 10_000,
  clients: 1_000,
  sessions: 10_000,
  consents: 10_000,
  used_jtis: 10_000,
  documents: 1_000,
  recent_users: 20,
  device_codes: 1_000,
  device_answers: 1_000,
  self_logins: 100,
}

export function createMemoryStore(): Store {
  return {
    authorization_codes: createCollection(CAPS.authorization_codes),
    grants: createCollection(CAPS.grants),
    access_tokens: createCollection(CAPS.access_tokens),
    refresh_tokens: createCollection(CAPS.refresh_tokens),
    spent_tokens: createCollection(CAPS.spent_tokens),
    users: createCollection(CAPS.users),
    clients: createCollection(CAPS.clients),
    sessions: createCollection(CAPS.sessions),
    consents: createCollection(CAPS.consents),
    used_jtis: createCollection(CAPS.used_jtis),
    documents: createCollection(CAPS.documents),
    recent_users: createCollection(CAPS.recent_users),
    device_codes: createCollection(CAPS.device_codes),
    device_answers: createCollection(CAPS.device_answers),
    self_logins: createCollection(CAPS.self_logins),
  }
}

function createCollection<R extends object>(cap: number): Collection<R> {
  const share = Math.floor(ROOM / cap)
  const sizeCalculation = (record: R, key: string) => Math.max(share, key.length + JSON.stringify(record).length)
  // `max` would reserve the room for every record at once: over a megabyte for each issuer before its first login.
  const records = new LRUCache<string, R>({ maxSize: cap * share, sizeCalculation })
  return {
    async put(key, record) {
      const before = records.get(key)
      records.set(key, record)
      return before
    },
    async add(key, record) {
      const free = !records.has(key)
      if (free) records.set(key, record)
      return free
    },
    async get(key) {
      return records.get(key)
    },
    async take(key) {
      const record = records.get(key)
      records.delete(key)
      return record
    },
    async delete(key) {
      records.delete(key)
    },
    async list() {
      return [...records.rentries()] as [string, R][]
    },
    async clear() {
      records.clear()
    },
  }
}
