/** The search for users of the configuration. */
import t from 'tap'
import { type ChangedTexts, search } from '../../src/config/search.js'

const texts = new Map(Array.from({ length: 12_000 }, (_, index) => [`k${index}`, `text ${index}`]))
const NONE: ChangedTexts = new Map()

t.test('a search returns the first matches in order, and counts all', async (t) => {
  t.strictSame(await search(texts, 'text 1199', { most: 3 }, NONE), { keys: ['k1199', 'k11990', 'k11991'], total: 11 })
  t.strictSame(await search(texts, 'text 11999', { most: 3 }, NONE), { keys: ['k11999'], total: 1 })
  t.strictSame(await search(texts, ' ', { most: 2 }, NONE), { keys: ['k0', 'k1'], total: 12_000 })
  t.strictSame(await search(new Map(), '', { most: 2 }, NONE), { keys: [], total: 0 })
  t.strictSame(await search(texts, '', { start: 11_999, most: 2 }, NONE), { keys: ['k11999'], total: 12_000 })
  t.strictSame(await search(texts, 'text 1199', { start: 1, most: 1 }, NONE), { keys: ['k11990'], total: 11 })
  t.strictSame(await search(texts, '', { start: 12_000, most: 2 }, NONE), { keys: [], total: 12_000 })
})

t.test('hidden keys match no filter', async (t) => {
  const hidden = new Map(['k0', 'k11999', 'unknown'].map((key) => [key, undefined]))
  t.strictSame(await search(texts, '', { most: 2 }, hidden), { keys: ['k1', 'k2'], total: 11_998 })
  t.strictSame(await search(texts, '11999', { most: 2 }, hidden), { keys: [], total: 0 })
})

t.test('a changed text replaces that of the configuration, in its order', async (t) => {
  const changed = new Map([
    ['k2', 'other 11999'],
    ['k11999', 'new'],
    ['k0', undefined],
  ])
  t.strictSame(await search(texts, '11999', { most: 2 }, changed), { keys: ['k2'], total: 1 })
  t.strictSame(await search(texts, 'new', { most: 2 }, changed), { keys: ['k11999'], total: 1 })
  t.strictSame(await search(texts, '', { most: 2 }, changed), { keys: ['k1', 'k2'], total: 11_999 })
})

t.test('a search in many texts lets other requests have their turn', async (t) => {
  const searched = search(texts, 'text 11999', { most: 1 }, NONE)
  const first = await Promise.race([
    searched.then(() => 'the search'),
    new Promise((resolve) => setImmediate(resolve, 'another')),
  ])
  t.equal(first, 'another')
  await searched
})
