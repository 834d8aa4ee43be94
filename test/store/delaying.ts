/** A store as a server elsewhere would be: every call takes some time, and records travel as JSON. */
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { StoredRecord } from '../../src/store/records.js'
import type { Collection, Store } from '../../src/store/store.js'

/** Pauses for a random time, before and after a call has reached the store. */
type Pause = () => Promise<void>

/**
 * Wraps a store. Calls overtake each other, and `update` is a compare-and-set that is tried again.
 * @param seed of the delays, so that a run can be repeated.
 * @param longest delay in milliseconds.
 */
export function createDelayingStore(inner: Store, seed = 1, longest = 2): Store {
  const next = createRandom(seed)
  const pause: Pause = async () => {
    const time = Math.floor(next() * (longest + 2)) - 1
    // Most calls are quick, so that a whole test suite can run on this store.
    await (time <= 0 || next() < 0.8 ? setImmediate() : setTimeout(time))
  }
  const wrapped = Object.entries(inner).map(([name, collection]) => [
    name,
    wrap(collection as Collection<StoredRecord, string>, pause),
  ])
  return Object.fromEntries(wrapped) as Store
}

function wrap<R extends StoredRecord>(inner: Collection<R, string>, pause: Pause): Collection<R, string> {
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    await pause()
    const result = await work()
    await pause()
    return copy(result)
  }
  return {
    put: (key, record) => {
      const text = JSON.stringify(record)
      return call(() => inner.put(key, JSON.parse(text)))
    },
    add: (key, record) => {
      const text = JSON.stringify(record)
      return call(() => inner.add(key, JSON.parse(text)))
    },
    get: (key) => call(() => inner.get(key)),
    take: (key) => call(() => inner.take(key)),
    delete: (key) => call(() => inner.delete(key)),
    listBy: (index, value) => call(() => inner.listBy(index, value)),
    list: () => call(() => inner.list()),
    async *each() {
      await pause()
      for await (const entry of inner.each()) yield copy(entry)
    },
    clear: () => call(() => inner.clear()),
    async update(key, change) {
      for (;;) {
        const before = await call(() => inner.get(key))
        const next = change(copy(before))
        if (await call(() => compareAndSet(inner, key, before, next))) return copy(next)
      }
    },
  }
}

async function compareAndSet<R>(
  inner: Collection<R, string>,
  key: string,
  expected: R | undefined,
  next: R | undefined,
) {
  let same = false
  await inner.update(key, (current) => {
    same = JSON.stringify(current) === JSON.stringify(expected)
    return same ? next : current
  })
  return same
}

/** A value after its way through JSON. */
const copy = <T>(value: T): T => (value === undefined ? value : JSON.parse(JSON.stringify(value)))

/** Numbers from 0 below 1 that follow from the seed (a linear congruential generator). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
