/** The memory that all issuers share. */
import t from 'tap'
import { sizeOf } from '../../src/store/budget.js'
import { type Account, createPool } from '../../src/store/pool.js'

const LIMIT = 1000

/** A holder of records of 100 bytes. */
function hold(account: Account, count: number) {
  const records = Array.from({ length: count }, (_, index) => index)
  for (const _ of records) account.charge(100)
  const removeOldest = () => {
    if (records.shift() === undefined) return false
    account.release(100)
    return true
  }
  account.register({ removeOldest, clear: () => void records.splice(0) })
  return records
}

t.test('RFC 9110 §15.5.14: a record of more than a quarter of the limit is refused', (t) => {
  const account = createPool(LIMIT, () => true)()
  t.throws(() => account.charge(251), { status: 413, error: 'invalid_request', message: /^the record takes 251 bytes/ })
  account.charge(250)
  t.equal(account.used(), 250)
  t.end()
})

t.test('older records make room for a charge, holder by holder', (t) => {
  const account = createPool(LIMIT, (asking, bytes) => asking.removeOldest(bytes))()
  const [journal, records] = [hold(account, 2), hold(account, 8)]
  account.charge(250)
  t.strictSame([journal.length, records.length], [0, 7], 'the first holder first')
  t.equal(account.used(), 950)
  t.end()
})

t.test('RFC 4918 §11.5: a charge for which nothing makes room is refused', (t) => {
  const open = createPool(LIMIT, (asking, bytes) => asking.removeOldest(bytes))
  const [one, other] = [open(), open()]
  hold(one, 9)
  const message =
    /^the records of all issuers take 900 bytes of memory, and 101 more exceed 1000, the part of server\.memory_limit for records/
  t.throws(() => other.charge(101), { status: 507, error: 'temporarily_unavailable', message })
  other.charge(100)
  t.equal(other.used(), 100)
  t.end()
})

t.test('a closed account gives its memory back, and counts no longer', (t) => {
  const open = createPool(LIMIT, () => false)
  const [one, other] = [open(), open()]
  const records = hold(one, 8)
  one.close()
  t.equal(one.used(), 0)
  t.strictSame(records, [])
  one.charge(250)
  one.release(100)
  t.equal(one.used(), 0)
  hold(other, 10)
  t.equal(other.used(), LIMIT)
  t.end()
})

const SIZES: [string, number, string][] = [
  ['"abc"', 5, 'a text of Latin-1 characters has one byte for each'],
  ['"€bc"', 10, 'any other text has two'],
  ['{}', 66, 'an object has 64 bytes'],
  ['[[],[]]', 7 + 3 * 64 + 8, 'as has an array, and 8 bytes for each further element'],
  ['{"a":1,"b":2}', 13 + 64 + 2 * 64 + 8, 'a member has 64 bytes'],
  ['"{[:,"', 6, 'signs in a text are no structure'],
  [String.raw`"\"{"`, 5, 'nor after an escaped quotation mark'],
]
for (const [json, size, title] of SIZES) {
  t.test(`${title}: ${json}`, (t) => {
    t.equal(sizeOf(json), size)
    t.end()
  })
}
