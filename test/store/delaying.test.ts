/** The suite of every store on a store that delays each call and sends records as JSON. */
import t from 'tap'
import { createMemoryStore } from '../../src/store/memory.js'
import { createDelayingStore } from './delaying.js'
import { testStore } from './suite.js'

testStore(t, () => createDelayingStore(createMemoryStore()))
