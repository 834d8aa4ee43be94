/** The catalogue of faults: doors, cases and texts. The compiler checks that the table of each door is complete. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { readSchema } from '../../src/config/schema.js'
import { FAULT_CATALOGUE, FAULT_NAMES, listSchemaEnum } from '../../src/faults/catalogue.js'
import { BODY_CHANGES } from '../../src/faults/doors/http/body.js'
import { MEMBERS_CHANGES } from '../../src/faults/doors/http/members.js'
import { DELAYS, RESPONSES } from '../../src/faults/doors/http/response.js'
import { JWT_CHANGES } from '../../src/faults/doors/jwt.js'
import { LEVELS, requirementOf } from '../../src/faults/requirements.js'
import { SEVERITIES } from '../../src/faults/rows/row.js'
import { ROOT } from '../root.js'

const sorted = (names: Iterable<string>) => [...names].toSorted()

t.test('the schema has the names and descriptions of the catalogue', async (t) => {
  const { $defs } = readSchema() as {
    $defs: { Fault: { properties: { fault: { enum: string[]; enumDescriptions: string[] } } } }
  }
  const { enum: names, enumDescriptions } = $defs.Fault.properties.fault
  t.strictSame(
    names.map((name, index) => [name, enumDescriptions[index]]),
    listSchemaEnum(),
  )
})

t.test('the names and descriptions are written into a schema that has others', async (t) => {
  const { writeFaults } = (await import(pathToFileURL(join(ROOT, 'schema/faults.mjs')).href)) as {
    writeFaults: (file: string) => Promise<void>
  }
  const schema = readFileSync(join(ROOT, 'schema/config.schema.json'), 'utf8')
  const [name = ''] = FAULT_NAMES
  const folder = t.testdir({ 'old.json': schema.replaceAll(`"${name}"`, '"old.name"'), 'other.json': '{}' })
  const file = join(folder, 'old.json')
  await writeFaults(file)
  t.equal(readFileSync(file, 'utf8'), schema)
  await t.rejects(writeFaults(join(folder, 'other.json')), { message: /other\.json has no property "fault"/ })
})

t.test('the table of each door has the faults of the door, and no others', async (t) => {
  const tables = {
    ...JWT_CHANGES,
    http_delay: DELAYS,
    http_response: RESPONSES,
    http_members: MEMBERS_CHANGES,
    http_body: BODY_CHANGES,
  }
  for (const [door, table] of Object.entries(tables)) {
    const names = FAULT_NAMES.filter((name) => FAULT_CATALOGUE[name].door === door)
    t.strictSame(sorted(Object.keys(table)), sorted(names), door)
  }
})

t.test('every fault has one case', async (t) => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('_cases.js'))
  const tables = await Promise.all(
    files.map(async (file) => {
      const module = (await import(`./${file}`)) as Readonly<Record<string, object>>
      const found = Object.entries(module).filter(([name]) => name.endsWith('_CASES'))
      t.equal(found.length, 1, `${file} has one table`)
      return Object.keys(found[0]![1])
    }),
  )
  t.strictSame(sorted(tables.flat()), sorted(FAULT_NAMES))
})

t.test('each row describes its fault in a sentence and needs only parameters that it takes', async (t) => {
  for (const [name, row] of Object.entries(FAULT_CATALOGUE)) {
    const { effect, severity, must, endpoints, takes = [], needs = [] } = row
    t.match(effect, /^[A-Z\d`].*\.$/, name)
    t.match(must, /^[a-z].*[^.]$/, name)
    t.ok(severity in SEVERITIES)
    t.ok(endpoints.length > 0)
    t.ok(needs.every((needed) => takes.includes(needed)))
  }
})

t.test('each fault to reject has the level and the section of its rule, and no other fault has one', async (t) => {
  for (const name of FAULT_NAMES) {
    const requirement = requirementOf(name)
    t.equal(requirement !== undefined, FAULT_CATALOGUE[name].severity === 'must_reject', name)
    if (requirement === undefined) continue
    t.ok(requirement.level in LEVELS)
    t.match(requirement.reference, /^[A-Z].* §\d+(\.\d+)*$/)
    t.match(requirement.unless ?? 'MAY', /^MAY\b/)
  }
})
