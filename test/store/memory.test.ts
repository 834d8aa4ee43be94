/** The store in memory: the suite of every store. */
import t from 'tap'
import { createMemoryStore } from '../../src/store/memory.js'
import { testStore } from './suite.js'

testStore(t, () => createMemoryStore())
