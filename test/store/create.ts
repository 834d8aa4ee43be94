/** The store of the tests: in memory, or with STORE=delaying one that delays each call and sends records as JSON. */
import type { Budget } from '../../src/store/budget.js'
import { createMemoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { createDelayingStore } from './delaying.js'

/** Creates an empty store. */
export function createStore(budget?: Budget): Store {
  const store = createMemoryStore(budget)
  return process.env.STORE === 'delaying' ? createDelayingStore(store) : store
}
