/** Every fault of the catalogue has one door that carries it out, and one case that holds it to what it says. */
import { readdirSync } from 'node:fs'
import t from 'tap'
import { readSchema } from '../../src/config/load.js'
import { FAULT_CATALOGUE } from '../../src/faults/catalogue.js'
import { BODIES } from '../../src/faults/doors/http/body.js'
import { DELAYS, INSTEAD } from '../../src/faults/doors/http/instead.js'
import { MEMBERS } from '../../src/faults/doors/http/members.js'
import { FAULTY_JWTS } from '../../src/faults/doors/jwt.js'
import { FAULTY_KEYS } from '../../src/faults/doors/keys.js'
import { FAULTY_RESPONSES } from '../../src/faults/doors/response.js'
import { FAULTY_ROTATION } from '../../src/grants/refresh_token.js'
import { FAULTY_REQUESTS } from '../../src/interaction/authorize.js'
import { FAULTY_CALLS } from '../../src/interaction/backchannel_logout.js'
import { FAULTY_RETURNS } from '../../src/interaction/logout.js'

const NAMES = Object.keys(FAULT_CATALOGUE).toSorted()

const DOORS: readonly object[] = [
  ...[BODIES, DELAYS, INSTEAD, MEMBERS],
  ...[FAULTY_JWTS, FAULTY_KEYS, FAULTY_ROTATION],
  ...[FAULTY_REQUESTS, FAULTY_RESPONSES, FAULTY_RETURNS, FAULTY_CALLS],
]

t.test('the schema knows the names of the catalogue, and no others', async (t) => {
  const { $defs } = readSchema() as { $defs: { Fault: { properties: { fault: { enum: string[] } } } } }
  t.strictSame($defs.Fault.properties.fault.enum.toSorted(), NAMES)
})

t.test('every fault has a door, and one only', async (t) => {
  const carried = DOORS.flatMap((door) => (Array.isArray(door) ? (door as string[]) : Object.keys(door)))
  t.strictSame(carried.toSorted(), NAMES)
})

t.test('every fault has a case, and one only', async (t) => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('_cases.js'))
  const tables = await Promise.all(
    files.map(async (file) => {
      const module = (await import(`./${file}`)) as Readonly<Record<string, object>>
      const found = Object.entries(module).filter(([name]) => name.endsWith('_CASES'))
      t.equal(found.length, 1, `${file} has one table`)
      return Object.keys(found[0]![1])
    }),
  )
  t.strictSame(tables.flat().toSorted(), NAMES)
})

t.test('each entry says what happens in a sentence, and asks only for parameters that it takes', async (t) => {
  for (const [name, { effect, must, endpoints, takes = [], needs = [] }] of Object.entries(FAULT_CATALOGUE)) {
    t.match(effect, /^[A-Z\d`].*\.$/, name)
    t.match(must, /^[a-z].*[^.]$/, name)
    t.ok(endpoints.length > 0)
    t.ok(needs.every((needed) => (takes as readonly string[]).includes(needed)))
  }
})
