/** The attack by floods of records, and its bounds. */
import type { Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { CLIENTS, closeConnections, FLOODS, flood, logInWithTokens } from './floods.js'
import { attack, isBelow } from './program.js'

interface Setting {
  readonly config: ConfigInput
  /** `server.memory_limit` in megabytes. */
  readonly limit: number
  /** Returns the issuer of a request. */
  readonly issuerAt: (url: string, count: number) => string
}

/** Keys that are generated fast, for each issuer. */
const KEYS: ConfigInput = { keys: [{ alg: 'ES256' }], encryption_keys: [{ alg: 'ECDH-ES' }] }
/** Time of each flood in milliseconds. */
const TIME = 500
const CONNECTIONS = 16
/** Megabytes of the process besides the records. */
const REST = 150

/** Floods a provider with each kind of record, and logs a user in afterwards. */
export async function testFloods(t: Test, { config, limit, issuerAt }: Setting): Promise<void> {
  const provider = await attack(t, { clients: CLIENTS, ...KEYS, ...config })
  t.teardown(closeConnections)
  for (const [title, row] of Object.entries(FLOODS)) {
    const { result, latency, rss } = await provider.measure(title, () =>
      flood(row, { issuerAt: (count) => issuerAt(provider.issuer, count), time: TIME, connections: CONNECTIONS }),
    )
    const { statuses, errors } = result
    t.comment(JSON.stringify(statuses), ...Object.values(errors))
    t.strictSame(
      Object.keys(statuses).filter((status) => Number(status) >= 500 && status !== '507'),
      [],
      title,
    )
    isBelow(t, latency, 250, `longest latency of /healthz in milliseconds: ${title}`)
    isBelow(t, rss, limit + REST, `resident memory in megabytes: ${title}`)
  }
  const { status, body } = await logInWithTokens(issuerAt(provider.issuer, 1), { sub: 'alice', action: 'allow' })
  t.equal(status, 200, `a login works afterwards: ${body.slice(0, 100)}`)
}
