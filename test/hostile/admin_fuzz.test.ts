/** The admin API under requests that Schemathesis makes of its OpenAPI document: no 5xx, and no answer outside the document. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import type { Document } from '../admin/api.js'
import { execute, missing } from '../examples/programs.js'
import { attack } from './program.js'

const CONFIG: ConfigInput = {
  keys: [{ alg: 'ES256' }],
  users: [{ sub: 'alice', claims: { email: 'alice@example.com' } }],
  clients: [{ client_id: 'app', client_secret: 'secret', redirect_uris: ['http://localhost/callback'] }],
}
/** Seconds for the requests of one run. */
const TIME = 12

/** Returns the configuration of Schemathesis, in TOML. */
function configure({ paths }: Document): string {
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const ruled = operations.filter(({ responses }) => '400' in responses).map(({ operationId }) => operationId)
  return [
    'max-redirects = 0',
    'request-timeout = 10',
    'warnings = false',
    '[checks]',
    'negative_data_rejection.expected-statuses = ["4xx"]',
    // A body that is too large fits its schema.
    'positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "413"]',
    '[parameters]',
    '"path.sub" = "alice"',
    '"path.client_id" = "app"',
    '[[operations]]',
    `include-operation-id = ${JSON.stringify(ruled)}`,
    'checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "413"]',
    '[[operations]]',
    // Its response never ends.
    'include-path = "/admin/journal/stream"',
    'enabled = false',
  ].join('\n')
}

async function fuzz(t: Test, { base, admin_token, seed }: { base: string; admin_token?: string; seed: number }) {
  const headers: Record<string, string> = admin_token === undefined ? {} : { Authorization: `Bearer ${admin_token}` }
  const { issuer } = await attack(t, { ...CONFIG, ...(admin_token !== undefined && { server: { admin_token } }) })
  const url = `${issuer}${base}/admin/openapi.json`
  const document = (await (await fetch(url, { headers })).json()) as Document
  const folder = t.testdir({ 'schemathesis.toml': configure(document) })
  const args = ['--no-color', '--config-file', join(folder, 'schemathesis.toml'), 'run', url]
  const options = ['--checks', 'all', '--phases', 'coverage,fuzzing', '--no-shrink', '--generation-database', 'none']
  const limits = ['--seed', String(seed), '--max-time', String(TIME), '--max-examples', '10']
  const authorization = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`])
  const { code, said } = await execute('schemathesis', [...args, ...options, ...limits, ...authorization], {
    cwd: folder,
  })
  t.comment(`${base || 'the default issuer'}: ${/\d+ generated.*/.exec(said)?.[0]}`)
  t.equal(code, 0, code === 0 ? 'it has no findings' : said.replaceAll(/^(.{200}).*$/gm, '$1').slice(0, 20_000))
  t.equal((await fetch(`${issuer}/healthz`)).status, 200)
}

const skip = missing('schemathesis')
t.test('every answer of the admin API is in its document', { skip }, (t) => fuzz(t, { base: '', seed: 1 }))
t.test('every answer of an isolated issuer with an admin token is in its document', { skip }, (t) =>
  fuzz(t, { base: '/issuers/isolated', admin_token: 'token', seed: 2 }),
)
