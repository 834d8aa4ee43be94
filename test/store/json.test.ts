/** The bounds of JSON in requests and documents: they count what parsing would create. */
import t from 'tap'
import { parseJson } from '../../src/store/json.js'

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const list = (count: number) => JSON.stringify(Array(count).fill(0))

t.test('a text within the bounds is parsed', (t) => {
  for (const text of [nested(100), list(19_999), `"${'[{,'.repeat(30_000)}"`, String.raw`["\"[", "\\", -1.5e3]`]) {
    t.strictSame(parseJson(text), JSON.parse(text))
  }
  t.throws(() => parseJson('{'), SyntaxError)
  t.end()
})

t.test('a text that nests deeper than 100 levels is refused', (t) => {
  for (const text of [nested(101), `{"a":${nested(100)}}`, '['.repeat(200_000)]) {
    t.throws(() => parseJson(text), { message: 'is nested too deeply, expected at most 100 levels' })
  }
  t.end()
})

const EXCESS: readonly (readonly [string, string, number])[] = [
  ['numbers', list(20_000), 20_001],
  ['objects', `[${Array(20_000).fill('{}').join(', ')}]`, 20_001],
  ['members', JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [index, null]))), 20_001],
  ['texts', JSON.stringify(Array(30_000).fill('"')), 30_001],
]
for (const [title, text, count] of EXCESS) {
  t.test(`a text of more than 20,000 values is refused: ${title}`, (t) => {
    t.throws(() => parseJson(text), { message: `has ${count} values, expected at most 20000` })
    t.end()
  })
}
